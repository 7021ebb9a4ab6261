"""Notes about customers, through HTTP: written once, found by any record, told in the timeline."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from domain.access import Role
from domain.ids import encode_id
from domain.records import RecordKind
from sources.own.migrating import migrate
from tests.answers import codes
from tests.loading import existing_store
from tests.running import Gateway, running
from tests.servers import Servers

ADD = """mutation ($input: AddNoteInput!) { addNote(input: $input) {
  note { id at by text } errors { code message path } } }"""
READ = """query ($id: ID!, $first: Int, $after: String) { customer(id: $id) {
  notes(first: $first, after: $after) { totalCount nodes { text by } pageInfo { hasNextPage endCursor } } } }"""
ONE = encode_id("Customer", "north", "1", RecordKind.CRM)
ITS_ACCOUNT = encode_id("Customer", "north", "A1", RecordKind.ACCOUNT)


@pytest.fixture
async def grocer(servers: Servers) -> AsyncIterator[Gateway]:
    settings = await existing_store(servers, "grocer", "notes")
    await migrate(str(settings.postgres_url))
    async with running(settings) as gateway:
        yield gateway


async def add(gateway: Gateway, text: str, customer: str = ONE, tenant: str = "north", **given: Any) -> dict[str, Any]:
    asked = {"customerId": customer, "text": text, **given}
    payload: dict[str, Any] = (await gateway.data(ADD, {"input": asked}, tenant=tenant))["addNote"]
    return payload


def wrong(payload: dict[str, Any]) -> list[tuple[str, list[str]]]:
    return [(error["code"], error["path"]) for error in payload["errors"]]


async def test_notes_of_any_record_are_the_customers_latest_first(grocer: Gateway) -> None:
    first = (await add(grocer, "  likes plums "))["note"]
    assert (first["text"], first["by"]) == ("likes plums", "ada")
    await add(grocer, "moved", ITS_ACCOUNT)
    await add(grocer, "calls on Mondays")
    found = (await grocer.data(READ, {"id": ITS_ACCOUNT, "first": 2}, tenant="north"))["customer"]["notes"]
    assert (found["totalCount"], [one["text"] for one in found["nodes"]]) == (3, ["calls on Mondays", "moved"])
    assert found["pageInfo"]["hasNextPage"] is True
    after = {"id": ONE, "first": 2, "after": found["pageInfo"]["endCursor"]}
    rest = (await grocer.data(READ, after, tenant="north"))["customer"]["notes"]
    assert ([one["text"] for one in rest["nodes"]], rest["pageInfo"]["hasNextPage"]) == (["likes plums"], False)
    query = "query ($id: ID!) { node(id: $id) { ... on Note { text } } }"
    assert (await grocer.data(query, {"id": first["id"]}, tenant="north"))["node"] == {"text": "likes plums"}
    assert (await grocer.data(query, {"id": first["id"]}, tenant="south"))["node"] is None


async def test_a_timeline_tells_of_notes(grocer: Gateway) -> None:
    await add(grocer, "one")
    await add(grocer, "two")
    query = """query ($id: ID!, $after: String) { customer(id: $id) { timeline(first: 1, after: $after) {
      nodes { __typename ... on Note { text } } pageInfo { hasNextPage endCursor } } } }"""
    told: list[Any] = []
    after = None
    while True:
        page = (await grocer.data(query, {"id": ONE, "after": after}, tenant="north"))["customer"]["timeline"]
        told += [one.get("text", one["__typename"]) for one in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert told[:2] == ["two", "one"]
    assert sorted(told[2:]) == ["Booking", "Booking", "Lead", "Lead", "Lead"]


async def test_the_same_key_writes_one_note(grocer: Gateway) -> None:
    answers = await asyncio.gather(*(add(grocer, "once", idempotencyKey="k") for _ in range(5)))
    assert len({answer["note"]["id"] for answer in answers}) == 1
    assert wrong(await add(grocer, "other", idempotencyKey="k")) == [("IDEMPOTENCY_MISMATCH", ["idempotencyKey"])]


async def test_what_cannot_be_noted(grocer: Gateway) -> None:
    for text, code in ((" ", "REQUIRED"), ("a\x00b", "INVALID"), ("x" * 20_001, "TOO_LONG")):
        assert wrong(await add(grocer, text)) == [(code, ["text"])]
    assert wrong(await add(grocer, "x", "nonsense")) == [("INVALID", ["customerId"])]
    assert wrong(await add(grocer, "x", encode_id("Customer", "north", "99", RecordKind.CRM))) == [
        ("NOT_FOUND", ["customerId"])
    ]
    assert wrong(await add(grocer, "x", encode_id("Customer", "south", "1", RecordKind.CRM))) == [
        ("NOT_FOUND", ["customerId"])
    ]
    body = await grocer.ask(ADD, {"input": {"customerId": ONE, "text": "x"}}, tenant="north", roles=[Role.READER])
    assert codes(body) == ["FORBIDDEN"]
