"""An operation that was parsed and validated, with what it comes to."""

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    Node,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
)

from schema.compiled.plan import SelectionPlan
from schema.compiled.variables import Variables
from schema.costs import defaults_of


@dataclass(slots=True)
class Operation:
    """Be an operation that was parsed and validated, with its *plans*: what it comes to, or why it is not compiled."""

    document: DocumentNode
    node: OperationDefinitionNode
    fragments: dict[str, FragmentDefinitionNode]
    #: The variables that its conditions name.
    conditions: tuple[str, ...]
    #: All its variables, and what they are where they are not given.
    variables: tuple[str, ...]
    defaults: Mapping[str, Any]
    reader: Variables
    plans: dict[Hashable, SelectionPlan | str] = field(default_factory=dict)
    costs: dict[Hashable, int] = field(default_factory=dict)

    @classmethod
    def of(cls, document: DocumentNode, name: str | None) -> "Operation | None":
        """Find the operation *name* of *document*, its only one where it has no name; None where that is not one."""
        fragments, operations = {}, []
        for each in document.definitions:
            if isinstance(each, FragmentDefinitionNode):
                fragments[each.name.value] = each
            elif isinstance(each, OperationDefinitionNode) and (
                name is None or (each.name is not None and each.name.value == name)
            ):
                operations.append(each)
        if len(operations) != 1:
            return None
        conditions = sorted({*_conditions(operations[0]), *_conditions(list(fragments.values()))})
        node, declared = operations[0], tuple(operations[0].variable_definitions or ())
        names = tuple(one.variable.name.value for one in declared)
        return cls(document, node, fragments, tuple(conditions), names, defaults_of(node), Variables(declared))

    @property
    def is_serial(self) -> bool:
        return self.node.operation is OperationType.MUTATION


def _conditions(given: Any) -> Iterator[str]:
    """Name the variables that @skip and @include depend on anywhere in *given*."""
    if isinstance(given, list | tuple):
        for one in given:
            yield from _conditions(one)
    elif isinstance(given, Node):
        for directive in getattr(given, "directives", None) or ():
            for argument in directive.arguments or ():
                if directive.name.value in ("skip", "include") and isinstance(argument.value, VariableNode):
                    yield argument.value.name.value
        selections = getattr(given, "selection_set", None)
        if selections is not None:
            yield from _conditions(selections.selections)
