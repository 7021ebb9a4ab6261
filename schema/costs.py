"""What an operation costs, told before it is run: the weights stand in the schema, pages multiply what is in them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import strawberry
from graphql import (
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
    get_named_type,
    is_composite_type,
)
from strawberry.schema_directive import Location
from strawberry.types.field import StrawberryField

from domain.paging import DEFAULT_SIZE

#: How many items a list has that says nothing of it.
_LIST = 10


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION], description="What the field costs; else an object costs 1 and a value 0."
)
class Cost:
    weight: int = strawberry.field(description="Of each one, where the field is of a list.")


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    description="How many items a field has: as an argument says, a number or a list, else as is assumed.",
)
class ListSize:
    slicing_arguments: list[str] = strawberry.field(description="The arguments that say it: the most of those given.")
    assumed_size: int = strawberry.field(description="How many are assumed where none is given.")
    sized_fields: list[str] | None = strawberry.field(
        default=None, description="The fields below that have as many; null: the field itself."
    )


IDS = ListSize(slicing_arguments=["ids"], assumed_size=_LIST)
TOP = ListSize(slicing_arguments=["first"], assumed_size=_LIST)
PAGE = ListSize(slicing_arguments=["first", "last"], assumed_size=DEFAULT_SIZE, sized_fields=["nodes", "edges"])
FORWARDS = replace(PAGE, slicing_arguments=["first"])


@dataclass(frozen=True, slots=True)
class Costs:
    """Compute what operations of *schema* cost with *variables*, on pages of *most* items."""

    schema: GraphQLSchema
    fragments: Mapping[str, FragmentDefinitionNode]
    variables: Mapping[str, Any]
    most: int
    _known: dict[tuple[int, ...], int] = field(default_factory=dict)

    def of(self, operation: OperationDefinitionNode) -> int:
        root = self.schema.get_root_type(operation.operation)
        return 0 if root is None else self._below([operation.selection_set], root, {})

    def _below(self, sets: list[SelectionSetNode], parent: GraphQLCompositeType, sized: Mapping[str, int]) -> int:
        key = (*map(id, sets), id(parent), *sized.values())
        if key not in self._known:
            fields: dict[str, list[tuple[FieldNode, GraphQLCompositeType]]] = {}
            seen: set[str] = set()
            for each in sets:
                self._collect(each, parent, fields, seen)
            self._known[key] = sum(self._field(nodes, sized) for nodes in fields.values())
        return self._known[key]

    def _collect(
        self,
        selections: SelectionSetNode,
        parent: GraphQLCompositeType,
        fields: dict[str, list[tuple[FieldNode, GraphQLCompositeType]]],
        seen: set[str],
    ) -> None:
        """Gather fields by the name of their answer; of several types there may be, those of all."""
        for node in selections.selections:
            if self._is_left_out(node.directives or ()):
                continue
            if isinstance(node, FieldNode):
                fields.setdefault(node.alias.value if node.alias else node.name.value, []).append((node, parent))
                continue
            inner: Any = node
            if isinstance(node, FragmentSpreadNode):
                if node.name.value in seen:
                    continue
                seen.add(node.name.value)
                inner = self.fragments[node.name.value]
            condition = inner.type_condition
            found = self.schema.get_type(condition.name.value) if condition else parent
            self._collect(inner.selection_set, found if is_composite_type(found) else parent, fields, seen)

    def _field(self, nodes: list[tuple[FieldNode, GraphQLCompositeType]], sized: Mapping[str, int]) -> int:
        node, parent = nodes[0]
        declared = getattr(parent, "fields", {}).get(node.name.value)
        if declared is None:
            return 0  # __typename, and what describes the schema, which has limits of its own
        type_ = get_named_type(declared.type)
        cost, size = directives_of(declared)
        sets = [each.selection_set for each, _ in nodes if each.selection_set is not None]
        below = 0
        count = self._count(node, declared, size)
        if size is not None and size.sized_fields:
            each_of = dict.fromkeys(size.sized_fields, count)
            own = 1
        else:
            each_of, own = {}, sized.get(node.name.value, count)
        if is_composite_type(type_):
            below = self._below(sets, type_, each_of)
        weight = cost.weight if cost is not None else int(is_composite_type(type_))
        return own * (weight + below)

    def _count(self, node: FieldNode, declared: GraphQLField, size: ListSize | None) -> int:
        """Say how many items of *node* there will be, at most."""
        if size is None:
            return _LIST if _is_list(declared) and is_composite_type(get_named_type(declared.type)) else 1
        given = {argument.name.value: argument.value for argument in node.arguments or ()}
        found = [self._number(given[name]) for name in size.slicing_arguments if name in given]
        numbers = [number for number in found if number is not None]
        # A page that is too large is refused as such.
        return max(0, min(max(numbers, default=size.assumed_size), self.most if size.sized_fields else 1 << 20))

    def _number(self, value: ValueNode) -> int | None:
        if isinstance(value, VariableNode):
            given = self.variables.get(value.name.value)
            return len(given) if isinstance(given, list) else whole(given)
        if isinstance(value, ListValueNode):
            return len(value.values)
        return int(value.value) if isinstance(value, IntValueNode) else None

    def _is_left_out(self, directives: tuple[DirectiveNode, ...]) -> bool:
        for each in directives:
            name = each.name.value
            if name in ("skip", "include"):
                value: Any = (each.arguments or ())[0].value
                said = self.variables.get(value.name.value) if isinstance(value, VariableNode) else value.value
                if said is (name == "skip"):
                    return True
        return False


def whole(value: object) -> int | None:
    """Read what GraphQL takes for a whole number, be it that JSON has written it with a point: 100.0 and 1e2."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else None
    return value if isinstance(value, int) else None


def directives_of(declared: GraphQLField) -> tuple[Cost | None, ListSize | None]:
    """Find what the schema says of the cost of a field."""
    own = (declared.extensions or {}).get("strawberry-definition")
    directives = own.directives if isinstance(own, StrawberryField) else ()
    cost = next((each for each in directives if isinstance(each, Cost)), None)
    return cost, next((each for each in directives if isinstance(each, ListSize)), None)


def defaults_of(operation: OperationDefinitionNode) -> dict[str, Any]:
    """Answer the numbers and truths that variables of *operation* are where they are not given."""
    return {
        one.variable.name.value: int(one.default_value.value)
        if isinstance(one.default_value, IntValueNode)
        else getattr(one.default_value, "value", None)
        for one in operation.variable_definitions or ()
        if one.default_value is not None
    }


def _is_list(declared: GraphQLField) -> bool:
    type_: Any = declared.type
    while isinstance(type_, GraphQLNonNull):
        type_ = type_.of_type
    return isinstance(type_, GraphQLList)
