"""The values of an operation's variables: plain ones are taken as they come, all others are read by graphql-core."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLError,
    GraphQLID,
    GraphQLInt,
    GraphQLNonNull,
    GraphQLSchema,
    GraphQLString,
    Undefined,
    VariableDefinitionNode,
    get_variable_values,
)
from graphql.execution.values import VariableValues, VariableValueSource

#: Of which class a value of JSON is that the scalar takes as it is.
_TAKEN = {GraphQLBoolean: bool, GraphQLID: str, GraphQLInt: int, GraphQLString: str}
_INTS = range(-(1 << 31), 1 << 31)
_NONE = VariableValues({}, {})


@dataclass(frozen=True, slots=True)
class _Known:
    """Be a variable as graphql-core has it; *taken* is the class of values that it takes as they are."""

    name: str
    signature: Any
    taken: type | None
    required: bool
    #: Whether nothing at all comes of it where it is not given.
    may_be_left_out: bool


class Variables:
    """Read the variables that *definitions* declare, for one request after another."""

    def __init__(self, definitions: tuple[VariableDefinitionNode, ...]) -> None:
        self._definitions = definitions
        self._known: tuple[_Known, ...] | None = None

    def read(self, schema: GraphQLSchema, given: Mapping[str, Any]) -> VariableValues | list[GraphQLError]:
        """Answer what graphql-core answers."""
        if not self._definitions:
            return _NONE
        taken = None if self._known is None else _taken(self._known, given)
        if taken is not None:
            return taken
        read = get_variable_values(schema, self._definitions, dict(given))
        if self._known is None and isinstance(read, VariableValues):
            self._known = tuple(_known(name, source.signature) for name, source in read.sources.items())
        return read


def _known(name: str, signature: Any) -> _Known:
    required = isinstance(signature.type, GraphQLNonNull)
    taken = _TAKEN.get(signature.type.of_type if required else signature.type)
    return _Known(name, signature, taken, required, not required and signature.default is None)


def _taken(known: tuple[_Known, ...], given: Mapping[str, Any]) -> VariableValues | None:
    """Take *given* as it is; None where anything of it has to be looked at."""
    sources: dict[str, VariableValueSource] = {}
    coerced: dict[str, Any] = {}
    for one in known:
        value: Any = given.get(one.name, Undefined)
        if value is Undefined:
            if not one.may_be_left_out:
                return None
            sources[one.name] = VariableValueSource(one.signature)
            continue
        if value is None:
            if one.required:
                return None
        elif type(value) is not one.taken or (one.taken is int and value not in _INTS):
            return None
        sources[one.name] = VariableValueSource(one.signature, value)
        coerced[one.name] = value
    return VariableValues(sources, coerced)
