"""What an operation comes to once it is compiled: for each selection its fields, and how a column of each is made."""

from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    FragmentDefinitionNode,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
)
from graphql.execution.collect_fields import FieldDetails

from domain.along import Along
from domain.columns import Columnar
from domain.written import Fields
from resolvers.context import Context
from schema.fields import KeyOf

#: A value for each parent: the value itself, or the exception that stands in its place.
Column = list[Any]


@dataclass(frozen=True, slots=True)
class Given:
    """Be what a request adds to a compiled operation: its *context* and the values of its *variables*."""

    context: Context
    schema: GraphQLSchema
    operation: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]
    #: As graphql-core keeps them, with where each came from.
    variables: Any
    #: Keys of parents, by what reads them: several fields of a level are asked for with the same.
    read_keys: dict[tuple[int, Any], list[Any]] = field(default_factory=dict)

    def keys(self, key: Callable[[Any], Any], parents: Sequence[Any]) -> list[Any]:
        """Read the *key* of each of *parents*, once: a level keeps its parents as long as the operation runs."""
        found = self.read_keys.get((id(parents), key))
        if found is None:
            if isinstance(parents, Columnar) and isinstance(key, KeyOf):
                found = parents.column(key.attribute)
            else:
                found = list(map(key, parents))
            self.read_keys[id(parents), key] = found
        return found

    @property
    def variable_values(self) -> dict[str, Any]:
        values: dict[str, Any] = self.variables.coerced
        return values


#: Makes the column of a field, given the request and the parents: at once, or something to wait for.
MakeColumn = Callable[[Given, Sequence[Any]], Column | Columnar[Any] | Awaitable[Column]]
#: Says what a field asks loaders for by the keys of its parents.
AskAlong = Callable[[Given], Iterable[Along]]
#: Says how a field is written by a store, as `domain.written` has it. Raises what is wrong with its arguments.
Write = Callable[[Given], Any]
#: Writes a column of leaves as the answer has them; None where any is not what it should be.
WriteColumn = Callable[[Column], Column | None]


@dataclass(slots=True, eq=False)
class FieldPlan:
    """Be one field of a selection."""

    #: What it is called in the answer.
    name: str
    details: list[FieldDetails]
    parent: GraphQLObjectType
    returns: GraphQLOutputType
    named: GraphQLNamedType
    make: MakeColumn
    #: Whether null is no answer; the same of the items, where it is a list.
    required: bool
    is_list: bool
    items_required: bool
    #: Which attributes of its record it is made of; None where it may be any.
    needs: frozenset[str] | None = None
    #: Of a connection: the attributes that are needed of its records; none where it may be any.
    picks: frozenset[str] = frozenset()
    #: What it will be asked for of its parents' keys, and of a root field what is asked along with what it finds.
    asks: "AskAlong | None" = None
    along: "tuple[AskAlong, ...]" = ()
    #: Whether what is selected below it is of the same records.
    is_same: bool = False
    #: Says how a store writes it itself, and of a root field how it writes what is selected of what that finds.
    writes: "Write | None" = None
    written: Callable[[Given], Fields] | None = None
    #: Whether its arguments, and those of all below it, come to the same for every request.
    is_constant: bool = True
    #: What was said of these, where that is the same for every request of a tenant.
    kept: dict[Hashable, Any] = field(default_factory=dict)
    #: Of a leaf.
    write: WriteColumn | None = None
    #: Of anything else: what is selected of it, by the name of its type.
    below: "dict[str, SelectionPlan]" = field(default_factory=dict)
    #: Of which type a value is, by its class; None where it is of none that may be there.
    classes: dict[type, str | None] = field(default_factory=dict)

    @property
    def is_constant_below(self) -> bool:
        """Whether the arguments of all below it come to the same for every request."""
        return all(one.is_constant for selection in self.below.values() for one in selection.fields)

    @property
    def field_name(self) -> str:
        return self.details[0].node.name.value


@dataclass(slots=True, eq=False)
class SelectionPlan:
    """Be what is selected of objects of one *type*."""

    type: GraphQLObjectType
    fields: list[FieldPlan]
    #: Makes an answer for each parent of the finished columns.
    assemble: Callable[[list[Column], int], list[dict[str, Any]]]
