"""What the arguments of a field come to: once where they are written in the document, else once a request."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    GraphQLArgument,
    GraphQLField,
    GraphQLNonNull,
    Node,
    Undefined,
    VariableNode,
    get_argument_values,
    get_nullable_type,
    is_leaf_type,
)
from strawberry.types.arguments import convert_arguments
from strawberry.types.base import StrawberryMaybe
from strawberry.types.field import StrawberryField

from schema.compiled.plan import Given


@dataclass(frozen=True, slots=True)
class _Passed:
    """Be an argument that is a *variable* and nothing else: the resolver, which calls it *name*, gets it as it is."""

    name: str
    variable: str
    required: bool
    may_be_left_out: bool


class Arguments:
    """Read the arguments of a field as its resolver takes them, whatever its parents."""

    def __init__(self, definition: GraphQLField, declared: StrawberryField, node: FieldNode, converter: Any) -> None:
        self._definition = definition
        self._declared = declared
        self._node = node
        self._converter = converter
        self._named_variables = any(_variables(node.arguments))
        self._kept: dict[str, Any] | None = {} if not definition.args else None
        self._passed = self._passed_on()

    @property
    def is_constant(self) -> bool:
        """Whether they come to the same for every request."""
        return not self._named_variables

    def read(self, given: Given) -> dict[str, Any]:
        """Raise what graphql-core or Strawberry raises of arguments that are none."""
        if self._kept is not None:
            read = self._kept if self._passed is None else _with(self._kept, self._passed, given.variable_values)
            if read is not None:
                return read
        values = get_argument_values(self._definition, self._node, given.variables)
        read = convert_arguments(
            values, self._declared.arguments, self._converter.scalar_registry, self._converter.config
        )
        if not self._named_variables:
            self._kept = read
        elif self._passed is not None:
            passed = {one.name for one in self._passed}
            self._kept = {name: value for name, value in read.items() if name not in passed}
        return read

    def _passed_on(self) -> tuple[_Passed, ...] | None:
        """Find what is passed on as it is; None where there is anything else that depends on variables."""
        given = {one.name.value: one.value for one in self._node.arguments or ()}
        passed = []
        for argument in self._declared.arguments if self._named_variables else ():
            name = self._converter.config.name_converter.from_argument(argument)
            value, definition = given.get(name), self._definition.args[name]
            if (
                isinstance(value, VariableNode)
                and is_leaf_type(get_nullable_type(definition.type))
                and not isinstance(argument.type, StrawberryMaybe)
            ):
                passed.append(_passed(argument.python_name, value, definition))
            elif any(_variables(value)):
                return None
        return tuple(passed) or None


def _passed(name: str, value: VariableNode, definition: GraphQLArgument) -> _Passed:
    required = isinstance(definition.type, GraphQLNonNull)
    has_default = definition.default is not None or definition.default_value is not Undefined
    return _Passed(name, value.name.value, required, not required and not has_default)


def _with(kept: dict[str, Any], passed: tuple[_Passed, ...], variables: Mapping[str, Any]) -> dict[str, Any] | None:
    """Add to *kept* what is *passed*; None where graphql-core has something to say of it."""
    read = dict(kept)
    for one in passed:
        value = variables.get(one.variable, Undefined)
        if value is Undefined:
            if not one.may_be_left_out:
                return None
        elif value is None and one.required:
            return None
        else:
            read[one.name] = value
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
