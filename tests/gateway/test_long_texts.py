"""How many characters a text may have, as the schema says it: so many are taken, and one more is TOO_LONG."""

import re
from collections.abc import AsyncIterator, Iterator

import pytest
from graphql import (
    GraphQLInputField,
    GraphQLInputObjectType,
    get_named_type,
    is_required_input_field,
)

from domain.ids import encode_id
from domain.records import RecordKind
from tests.asking import MUTATIONS, value_of
from tests.loading import existing_store, indexed
from tests.running import Gateway, running
from tests.servers import Servers

_SAID = re.compile(r"(?:up|Up) to ([\d,]+) characters")
#: What an id may be of: the right one is the one by which the text is looked at.
IDS = (
    encode_id("Customer", None, "1", RecordKind.CRM),
    encode_id("Lead", None, "1"),
    encode_id("Booking", None, "1"),
    encode_id("LinkEvent", None, "1"),
)


def texts_in(type_: GraphQLInputObjectType) -> Iterator[tuple[tuple[str, ...], int]]:
    """Find where in *type_* there are texts of which the schema says how long they may be."""
    for name, field in type_.fields.items():
        inner = get_named_type(field.type)
        if isinstance(inner, GraphQLInputObjectType):
            yield from (((name, *path), longest) for path, longest in texts_in(inner))
        elif (said := _SAID.search(field.description or "")) and "[" not in str(field.type):
            yield (name,), int(said[1].replace(",", ""))


FOUND = [
    (mutation, path, longest)
    for mutation, field in MUTATIONS.items()
    if "input" in field.args and isinstance(type_ := get_named_type(field.args["input"].type), GraphQLInputObjectType)
    for path, longest in texts_in(type_)
]


def written(type_: GraphQLInputObjectType, path: tuple[str, ...], text: str, id: str) -> str:  # noqa: A002 - the contract's word
    """Write what *type_* needs, and *text* at *path*."""
    given = {name: value_of(one.type, id) for name, one in type_.fields.items() if _is_needed(name, one)}
    inner = get_named_type(type_.fields[path[0]].type)
    is_text = not isinstance(inner, GraphQLInputObjectType)
    given[path[0]] = f'"{text}"' if is_text else written(inner, path[1:], text, id)
    return "{" + ", ".join(f"{name}: {value}" for name, value in given.items()) + "}"


def _is_needed(name: str, field: GraphQLInputField) -> bool:
    return is_required_input_field(field) or name in ("id", "customerId")


@pytest.fixture(scope="module")
async def store(without_mongo: Servers) -> AsyncIterator[Gateway]:
    async with running(await indexed(await existing_store(without_mongo, "renos", "renos_long_texts"))) as gateway:
        yield gateway


async def too_long(store: Gateway, mutation: str, path: tuple[str, ...], length: int, id: str) -> list[list[str]]:  # noqa: A002 - the contract's word
    """Answer where a text of *length* is called too long."""
    type_ = get_named_type(MUTATIONS[mutation].args["input"].type)
    assert isinstance(type_, GraphQLInputObjectType)
    given = written(type_, path, "x" * length, id)
    asked = f"mutation {{ done: {mutation}(input: {given}) {{ errors {{ code path }} }} }}"
    body = await store.ask(asked)
    assert "errors" not in body, body["errors"]
    return [error["path"] for error in body["data"]["done"]["errors"] if error["code"] == "TOO_LONG"]


def test_the_schema_says_it_of_most_texts() -> None:
    assert len(FOUND) > 50


@pytest.mark.parametrize(("mutation", "path", "longest"), FOUND)
async def test_so_many_and_no_more(store: Gateway, mutation: str, path: tuple[str, ...], longest: int) -> None:
    refused = [id_ for id_ in IDS if [*path] in await too_long(store, mutation, path, longest + 1, id_)]
    assert refused
    assert await too_long(store, mutation, path, longest, refused[0]) == []
