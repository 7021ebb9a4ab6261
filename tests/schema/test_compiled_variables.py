"""What an operation is asked with again and again, its variables and arguments, is read as graphql-core reads it."""

from enum import Enum
from itertools import product
from typing import Any, cast

import orjson
import pytest
import strawberry
from graphql import execute, get_variable_values, parse, validate
from graphql.execution.values import VariableValues

from resolvers.context import Context
from schema.compiled.answering import answer
from schema.compiled.operation import Operation
from schema.compiled.variables import Variables
from sources.meter import Meter


@strawberry.enum
class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@strawberry.input
class Wanted:
    least: int = 3
    name: str | None = strawberry.UNSET
    nick: strawberry.Maybe[str | None]


@strawberry.type
class Query:
    @strawberry.field
    def plain(
        self,
        id: strawberry.ID,  # noqa: A002 - its name in the schema
        number: int | None = strawberry.UNSET,
        text: str | None = None,
        truth: bool = True,
    ) -> str:
        return repr((id, number, text, truth))

    @strawberry.field
    def other(
        self,
        some_floats: list[float] | None = None,
        colour: Colour = Colour.RED,
        wanted: Wanted | None = strawberry.UNSET,
        maybe: strawberry.Maybe[str | None] = None,
        names: list[str | None] | None = None,
    ) -> str:
        return repr((some_floats, colour, wanted, maybe, names))


SCHEMA = strawberry.Schema(query=Query)
#: Each with values for its variables, of which many are wrong.
ASKED: dict[str, dict[str, list[Any]]] = {
    "query ($id: ID!, $n: Int) { plain(id: $id, number: $n) other: plain(id: $id) }": {
        "id": ["a", "b", 7, None, 1.5, True, []],
        "n": [1, 0, -(1 << 31), (1 << 31) - 1, 1 << 31, -(1 << 31) - 1, None, 2.0, 2.5, "2", True, [1]],
    },
    "query ($t: String, $b: Boolean!) { plain(id: 1, text: $t, truth: $b) }": {
        "t": ["a", "", None, 7, ["a"]],
        "b": [True, False, None, 1, "true"],
    },
    'query ($id: ID = "x", $n: Int = 7, $b: Boolean) { plain(id: $id, number: $n, truth: $b) }': {
        "id": ["a", None],
        "n": [1, None, "1"],
        "b": [True, None],
    },
    "query ($c: Colour!, $f: [Float!], $m: String) { other(someFloats: $f, colour: $c, maybe: $m) }": {
        "c": ["RED", "BLUE", "red", None],
        "f": [[1.5, 2], [], 3, None, ["x"]],
        "m": ["a", None],
    },
    'query ($w: Wanted, $s: String) { other(wanted: $w, names: ["a", $s]) }': {
        "w": [{}, {"least": 1, "nick": None}, {"name": None}, {"least": None}, {"unknown": 1}, None],
        "s": ["a", None],
    },
    "query ($l: Int!, $s: String) { other(wanted: {least: $l, nick: $s}, names: [$s]) plain(id: 1, text: $s) }": {
        "l": [1, 2, None],
        "s": ["a", "b", None],
    },
    "query ($yes: Boolean!, $n: Int) { plain(id: 1, number: $n) @include(if: $yes) plain(id: 1, number: $n) }": {
        "yes": [True, False],
        "n": [1, None],
    },
}
LEFT_OUT = object()


def every(variables: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """List all that may be given, with any of them left out."""
    values = product(*([*each, LEFT_OUT] for each in variables.values()))
    given = [dict(zip(variables, one, strict=True)) for one in values]
    return [{name: value for name, value in one.items() if value is not LEFT_OUT} for one in given]


def parsed(query: str) -> Operation:
    document = parse(query)
    assert validate(SCHEMA._schema, document) == []
    operation = Operation.of(document, None)
    assert operation is not None
    return operation


class _Nobody:
    not_compiled: str | None = None

    def __init__(self) -> None:
        self.meter = Meter()


async def said(operation: Operation, variables: dict[str, Any]) -> Any:
    context = cast("Context", _Nobody())
    result = await answer(operation, SCHEMA._schema, SCHEMA.schema_converter, context, variables)
    if result is None:
        assert context.not_compiled == "variables"
        return None
    return orjson.dumps(result.data), [(one.message, one.path) for one in result.errors or ()]


def said_plainly(operation: Operation, variables: dict[str, Any]) -> Any:
    result: Any = execute(SCHEMA._schema, operation.document, variable_values=variables)
    if result.data is None and all(one.path is None for one in result.errors):
        return None
    return orjson.dumps(result.data), [(one.message, one.path) for one in result.errors or ()]


@pytest.mark.parametrize("query", ASKED)
async def test_an_operation_says_the_same_whatever_it_was_asked_before(query: str) -> None:
    given = every(ASKED[query])
    plain = [said_plainly(parsed(query), one) for one in given]
    assert any(plain)
    for first in range(len(given)):
        operation = parsed(query)
        assert await said(operation, given[first]) == plain[first]
        for one, expected in zip(given[:: 1 + first % 7], plain[:: 1 + first % 7], strict=True):
            assert await said(operation, one) == expected


@pytest.mark.parametrize("query", ASKED)
def test_variables_are_read_as_graphql_core_reads_them(query: str) -> None:
    definitions = tuple(parsed(query).node.variable_definitions or ())
    variables = Variables(definitions)
    for one in every(ASKED[query]) * 2:
        read, expected = variables.read(SCHEMA._schema, one), get_variable_values(SCHEMA._schema, definitions, one)
        assert isinstance(read, VariableValues) is isinstance(expected, VariableValues)
        if isinstance(expected, VariableValues):
            assert isinstance(read, VariableValues)
            assert orjson.dumps(read.coerced) == orjson.dumps(expected.coerced)
            assert [*read.sources] == [*expected.sources]
            assert [source.value for source in read.sources.values()] == [
                source.value for source in expected.sources.values()
            ]
        else:
            assert [str(error) for error in cast("list[Any]", read)] == [str(error) for error in expected]
