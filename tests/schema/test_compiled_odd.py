"""What a resolver should not answer, and now and then does: the compiled path says of it what graphql-core says."""

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from enum import Enum
from typing import Any, cast

import orjson
import pytest
import strawberry
from graphql import ExecutionResult, execute, parse, validate

from resolvers.context import Context
from schema import build_schema
from schema.compiled.answering import answer
from schema.compiled.leaves import column_writer
from schema.compiled.operation import Operation
from schema.scalars import write_instant
from sources.meter import Meter


@strawberry.enum
class Colour(Enum):
    RED = "red"
    BLUE = "blue"


@strawberry.interface
class Animal:
    name: str


@strawberry.type
class Dog(Animal):
    barks: int


@strawberry.type
class Cat(Animal):
    lives: int


@strawberry.type
class Other:
    name: str


class Broken:
    """Fail for whoever asks for its leaf."""

    @property
    def leaf(self) -> str:
        raise ValueError("broken")


def of_what(value: Any) -> Any:
    """Declare a field that answers *value*, or what it makes where it can be called."""

    def resolver() -> Any:
        return value() if callable(value) else value

    return strawberry.field(resolver=resolver)


def raising() -> Any:
    raise ValueError("raised")


async def later(value: Any = "later") -> Any:
    await asyncio.sleep(0)
    return value() if callable(value) else value


@strawberry.type
class Part:
    leaf: str = "leaf"
    needed: str = of_what(None)
    later_needed: str = of_what(lambda: later(None))
    fails: str | None = of_what(raising)
    fails_needed: str = of_what(raising)
    late: str | None = of_what(later)
    late_fails: str | None = of_what(lambda: later(raising))
    late_fails_needed: str = of_what(lambda: later(raising))
    returned: str | None = of_what(ValueError("returned"))
    part: "Part | None" = of_what(lambda: Part())  # noqa: PLW0108 - it is not there yet
    needed_part: "Part" = of_what(lambda: Part())  # noqa: PLW0108 - it is not there yet


VALUES: dict[str, tuple[Any, Any]] = {
    "text": (str | None, 7),
    "text_of_bool": (str | None, True),
    "text_of_object": (str | None, object()),
    "whole": (int | None, "3"),
    "whole_of_float": (int | None, 3.0),
    "whole_of_half": (int | None, 3.5),
    "whole_of_bool": (int | None, True),
    "whole_too_large": (int | None, 1 << 40),
    "number": (float | None, 3),
    "number_not": (float | None, float("nan")),
    "number_infinite": (float | None, float("inf")),
    "truth": (bool | None, 1),
    "truth_of_text": (bool | None, "yes"),
    "id": (strawberry.ID | None, 12),
    "id_of_float": (strawberry.ID | None, 1.5),
    "colour": (Colour | None, Colour.RED),
    "colour_wrong": (Colour | None, "green"),
    "colour_unhashable": (Colour | None, ["red"]),
    "at": (datetime | None, datetime(2026, 1, 31, 9, 0, 0, 120, tzinfo=UTC)),
    "at_elsewhere": (datetime | None, datetime(2026, 1, 31, 9, tzinfo=timezone(timedelta(hours=5, minutes=30)))),
    "at_nowhere": (datetime | None, datetime(26, 1, 31, 9)),  # noqa: DTZ001 - without a zone
    "at_text": (datetime | None, "now"),
    "texts": (list[str] | None, ["a", "b"]),
    "texts_with_null": (list[str] | None, ["a", None]),
    "texts_maybe": (list[str | None] | None, ["a", None, "c"]),
    "texts_wrong": (list[str | None] | None, ["a", object(), ValueError("inside")]),
    "texts_tuple": (list[str] | None, ("a", "b")),
    "texts_made": (list[str] | None, lambda: (letter for letter in "ab")),
    "texts_of_text": (list[str] | None, "ab"),
    "texts_of_number": (list[str] | None, 7),
    "texts_late": (list[str] | None, lambda: [later("a"), later("b")]),
    "texts_needed": (list[str], None),
    "colours": (list[Colour] | None, [Colour.RED, Colour.BLUE]),
    "parts": (list[Part] | None, lambda: [Part(), Part()]),
    "parts_with_null": (list[Part] | None, lambda: [Part(), None]),
    "parts_maybe": (list[Part | None] | None, lambda: [Part(), None, ValueError("inside")]),
    "parts_late": (list[Part | None] | None, lambda: [later(Part), Part(), later(raising)]),
    "parts_of_text": (list[Part] | None, "ab"),
    "parts_made": (list[Part] | None, lambda: (Part() for _ in range(2))),
    "parts_none": (list[Part] | None, []),
    "broken": (Part | None, Broken),
    "broken_list": (list[Part | None] | None, lambda: [Part(), Broken()]),
    "animal": (Animal | None, lambda: Dog(name="Rex", barks=3)),
    "animals": (
        list[Animal] | None,
        lambda: [Dog(name="Rex", barks=3), Cat(name="Tom", lives=9), Dog(name="A", barks=1)],
    ),
    "animals_maybe": (list[Animal | None] | None, lambda: [Cat(name="Tom", lives=9), None, Dog(name="Rex", barks=3)]),
    "animal_wrong": (Animal | None, lambda: Other(name="x")),
    "animals_wrong": (list[Animal | None] | None, lambda: [Dog(name="Rex", barks=3), Other(name="x"), 7]),
    "either": (Cat | Dog | None, lambda: Cat(name="Tom", lives=9)),
    "eithers": (list[Cat | Dog] | None, lambda: [Cat(name="Tom", lives=9), Dog(name="Rex", barks=3)]),
    "either_wrong": (Cat | Dog | None, lambda: Other(name="x")),
    "grid": (list[list[int]] | None, [[1, 2], [3]]),
}
Query = strawberry.type(
    type(
        "Query",
        (),
        {
            "__annotations__": {name: type_ for name, (type_, _) in VALUES.items()} | {"part": Part | None},
            **{name: of_what(value) for name, (_, value) in VALUES.items()},
            "part": of_what(Part),
        },
    )
)
SCHEMA = strawberry.Schema(query=Query, types=[Dog, Cat])
BELOW = {
    "Part": "{ leaf }",
    "Animal": "{ __typename name ... on Dog { barks } ... on Cat { lives } }",
    "CatDog": "{ ... on Cat { lives name } ... on Dog { barks } }",
}


async def both(query: str) -> tuple[ExecutionResult | None, ExecutionResult]:
    document = parse(query)
    assert validate(SCHEMA._schema, document) == []
    operation = Operation.of(document, None)
    assert operation is not None
    context = cast("Context", _Nobody())
    compiled = await answer(operation, SCHEMA._schema, SCHEMA.schema_converter, context, {})
    plain: Any = execute(SCHEMA._schema, document)
    return compiled, await plain if asyncio.iscoroutine(plain) else plain


class _Nobody:
    not_compiled: str | None = None

    def __init__(self) -> None:
        self.meter = Meter()


def written(result: ExecutionResult | None) -> Any:
    assert result is not None
    errors = sorted((str(one.path), one.message, str(one.locations)) for one in result.errors or ())
    return orjson.dumps(result.data, default=str), errors


@pytest.mark.parametrize("name", [name for name in VALUES if name != "grid"])
async def test_what_a_field_answers_is_completed_alike(name: str) -> None:
    field = SCHEMA._schema.query_type.fields[SCHEMA.config.name_converter.apply_naming_config(name)]  # type: ignore[union-attr]
    below = next((one for type_, one in BELOW.items() if type_ in str(field.type)), "")
    compiled, plain = await both(f"{{ {SCHEMA.config.name_converter.apply_naming_config(name)} {below} }}")
    assert written(compiled) == written(plain)


PARTS = [
    "{ part { needed leaf } }",
    "{ part { leaf part { needed leaf } } }",
    "{ part { leaf neededPart { leaf needed } late } }",
    "{ part { neededPart { neededPart { lateFailsNeeded } } leaf } }",
    "{ part { fails late lateFails returned leaf } }",
    "{ part { part { failsNeeded } late } }",
    "{ part { part { lateFailsNeeded late } late } }",
    "{ part { part { laterNeeded } lateFails } }",
    "{ parts { needed leaf } }",
    "{ parts { part { fails leaf } leaf } }",
    "{ partsMaybe { needed } }",
    "{ partsMaybe { part { leaf late } leaf } }",
    "{ partsLate { part { leaf late } leaf } }",
    "{ textsNeeded }",
    "{ part { leaf } textsNeeded }",
    "{ part @include(if: false) { leaf } }",
    "{ part { leaf @skip(if: true) } }",
    "{ a: part { leaf } b: part { leaf late } ... on Query { a: part { late } } __typename }",
]


@pytest.mark.parametrize("query", PARTS)
async def test_nulls_where_none_may_be_are_carried_up_alike(query: str) -> None:
    compiled, plain = await both(query)
    assert written(compiled) == written(plain)


@pytest.mark.parametrize("at", [value for _, value in (VALUES["at"], VALUES["at_elsewhere"])])
async def test_instants_are_written_as_the_schema_writes_them(at: datetime) -> None:
    written_at = column_writer(build_schema()._schema.type_map["DateTime"], required=True)([at])  # type: ignore[arg-type]
    assert orjson.dumps(written_at) == orjson.dumps([write_instant(at)])


async def test_what_is_not_compiled_says_why() -> None:
    document = parse("{ grid }")
    operation = Operation.of(document, None)
    assert operation is not None
    context = _Nobody()
    assert await answer(operation, SCHEMA._schema, SCHEMA.schema_converter, cast("Context", context), {}) is None
    assert context.not_compiled == "a list of lists"
