"""What the arguments of a field come to: once where they are written in the document, else once a request."""

from collections.abc import Iterator
from typing import Any

from graphql import FieldNode, GraphQLField, Node, VariableNode, get_argument_values
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from schema.compiled.plan import Given


class Arguments:
    """Read the arguments of a field as its resolver takes them, whatever its parents."""

    def __init__(self, definition: GraphQLField, declared: StrawberryField, node: FieldNode, converter: Any) -> None:
        self._definition = definition
        self._declared = declared
        self._node = node
        self._converter = converter
        self._named_variables = any(_variables(node.arguments))
        self._kept: dict[str, Any] | None = {} if not definition.args else None

    def read(self, given: Given) -> dict[str, Any]:
        """Raise what graphql-core or Strawberry raises of arguments that are none."""
        if self._kept is not None:
            return self._kept
        values = get_argument_values(self._definition, self._node, given.variables)
        read = convert_arguments(
            values, self._declared.arguments, self._converter.scalar_registry, self._converter.config
        )
        if not self._named_variables:
            self._kept = read
        return read


def _variables(given: Any) -> Iterator[str]:
    """Name the variables that stand anywhere in *given*, a node or several."""
    if isinstance(given, VariableNode):
        yield given.name.value
    elif isinstance(given, Node):
        for key in given.keys:
            yield from _variables(getattr(given, key, None)) if key != "loc" else ()
    elif isinstance(given, list | tuple):
        for one in given:
            yield from _variables(one)
