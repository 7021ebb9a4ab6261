"""Links that are made, cut and undone through HTTP, on the store `grocer`, with the trail that tells of it."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from domain.access import Role
from domain.ids import encode_id
from domain.records import RecordKind
from gateway.embedded import EmbeddedStores
from sources.own.migrating import migrate
from tests.answers import codes
from tests.loading import EXPECTED, existing_store
from tests.running import Gateway, running

NORTH: dict[str, Any] = {"tenant": "north"}
PAYLOAD = """
  customers { records { key } linkage } retiredIds event { id kind by reason undoOf records { store key name } }
  operation { id kind state done total counts { linked repaired failed } }
  errors {
    __typename code message path
    ... on LinkConflict { record { store key } linkedTo { records { key } } }
  }
"""
LINK = f"mutation ($input: LinkRecordsInput!) {{ linkRecords(input: $input) {{ {PAYLOAD} }} }}"
UNLINK = f"mutation ($input: UnlinkRecordInput!) {{ unlinkRecord(input: $input) {{ {PAYLOAD} }} }}"
UNDO = f"mutation ($input: UndoLinkInput!) {{ undoLink(input: $input) {{ {PAYLOAD} }} }}"
HISTORY = "{ linkHistory { totalCount nodes { id kind by reason undoOf undoneBy records { key } } } }"


@pytest.fixture
async def grocer(servers: EmbeddedStores) -> AsyncIterator[Gateway]:
    """A store of its own for each test, which changes it."""
    settings = await existing_store(servers, "grocer", "linking")
    assert settings.postgres_url is not None
    await migrate(settings.postgres_url)
    async with running(settings) as gateway:
        yield gateway


def record(kind: str, key: str) -> dict[str, str]:
    return {"store": kind, "key": key}


async def written(gateway: Gateway, mutation: str, name: str, given: dict[str, Any]) -> dict[str, Any]:
    payload: dict[str, Any] = (await gateway.data(mutation, {"input": given}, **NORTH))[name]
    return payload


async def link(gateway: Gateway, *records: tuple[str, str], **given: Any) -> dict[str, Any]:
    chosen = [record(*one) for one in records]
    return await written(gateway, LINK, "linkRecords", {"records": chosen, **given})


async def unlink(gateway: Gateway, kind: str, key: str, **given: Any) -> dict[str, Any]:
    return await written(gateway, UNLINK, "unlinkRecord", {"record": record(kind, key), **given})


async def undo(gateway: Gateway, event: str, **given: Any) -> dict[str, Any]:
    return await written(gateway, UNDO, "undoLink", {"eventId": event, **given})


async def customers(gateway: Gateway, tenant: str = "north") -> set[tuple[str, ...]]:
    """Read which records make one customer."""
    query = "{ customers(first: 50) { nodes { records { key } } } }"
    found = (await gateway.data(query, tenant=tenant))["customers"]["nodes"]
    return {tuple(one["key"] for one in customer["records"]) for customer in found}


async def linkage(gateway: Gateway, account: str) -> str:
    query = f'{{ customerBy(key: {{account: "{account}"}}) {{ linkage }} }}'
    state: str = (await gateway.data(query, **NORTH))["customerBy"]["linkage"]
    return state


def keys(payload: dict[str, Any]) -> list[list[str]]:
    return [[one["key"] for one in customer["records"]] for customer in payload["customers"]]


def error_codes(payload: dict[str, Any]) -> list[str]:
    return [error["code"] for error in payload["errors"]]


# ── what is done ──


async def test_records_of_three_stores_become_one_customer(grocer: Gateway) -> None:
    old = (await grocer.data('{ customerBy(key: {delivery: "D14"}) { id } }', **NORTH))["customerBy"]["id"]
    found = await link(grocer, ("CRM", "8"), ("ACCOUNT", "A13"), ("DELIVERY", "D14"), reason="same person")
    assert found["errors"] == []
    assert keys(found) == [["8", "A13", "D14"]]
    assert found["customers"][0]["linkage"] == "COMPLETE"
    assert old in found["retiredIds"]
    assert found["event"]["kind"] == "LINKED"
    assert (found["event"]["by"], found["event"]["reason"]) == ("ada", "same person")
    assert [one["key"] for one in found["event"]["records"]] == ["8", "A13", "D14"]
    assert found["operation"]["state"] == "APPLIED"
    assert found["operation"]["done"] == found["operation"]["total"] == 4
    assert found["operation"]["counts"] == {"linked": 1, "repaired": 0, "failed": 0}
    assert ("8", "A13", "D14") in await customers(grocer)
    retired = await grocer.data("query ($id: ID!) { customer(id: $id) { records { key } } }", {"id": old}, **NORTH)
    assert [one["key"] for one in retired["customer"]["records"]] == ["8", "A13", "D14"]


async def test_what_is_linked_already_is_left_as_it_is(grocer: Gateway) -> None:
    for _ in range(2):
        found = await link(grocer, ("CRM", "1"), ("ACCOUNT", "A1"))
        assert (found["errors"], found["event"], found["operation"]) == ([], None, None)
        assert keys(found) == [["1", "A1", "D1"]]
    assert (await grocer.data(HISTORY, **NORTH))["linkHistory"]["totalCount"] == 0


async def test_a_link_of_one_side_is_repaired(grocer: Gateway) -> None:
    found = await link(grocer, ("ACCOUNT", "A3"), ("DELIVERY", "D3"))
    assert found["event"]["kind"] == "REPAIRED"
    assert found["operation"]["counts"] == {"linked": 0, "repaired": 1, "failed": 0}
    assert keys(found) == [["3", "A3", "D3"]]


@pytest.mark.parametrize(("kind", "key"), [("ACCOUNT", "A1"), ("DELIVERY", "D3")])
async def test_a_record_is_cut_loose_and_the_others_stay_linked(grocer: Gateway, kind: str, key: str) -> None:
    before = await customers(grocer)
    found = await unlink(grocer, kind, key, reason="another person")
    expected = {tuple(one) for one in EXPECTED["grocer"]["tenants"]["north"][f"afterUnlink{key}"]}
    assert {tuple(one) for one in keys(found)} == expected
    assert found["event"]["kind"] == "UNLINKED"
    whole = tuple(sorted({one for customer in expected for one in customer}))
    (was,) = before - await customers(grocer)
    assert sorted(was) == list(whole)
    assert await customers(grocer) == (before - {was}) | expected
    again = await unlink(grocer, kind, key)
    assert (again["errors"], again["operation"]) == ([], None)


async def test_to_undo_restores_what_was_found(grocer: Gateway) -> None:
    before = await customers(grocer)
    for kind, key in (("ACCOUNT", "A13"), ("ACCOUNT", "A1"), ("CRM", "4")):
        done = await (link(grocer, ("CRM", "8"), (kind, key)) if key == "A13" else unlink(grocer, kind, key))
        undone = await undo(grocer, done["event"]["id"])
        assert undone["errors"] == []
        assert undone["event"]["undoOf"] == done["event"]["id"]
        assert await customers(grocer) == before
        assert error_codes(await undo(grocer, done["event"]["id"])) == ["ALREADY_CHANGED"]
    assert await linkage(grocer, "A4a") == "CONFLICT"
    redone = await undo(grocer, undone["event"]["id"])
    assert redone["event"]["kind"] == "UNLINKED"
    assert await linkage(grocer, "A4a") == "UNLINKED"


async def test_a_contradiction_is_ended_by_cutting_what_stands_in_the_way(grocer: Gateway) -> None:
    refused = await link(grocer, ("CRM", "4"), ("ACCOUNT", "A4a"))
    (error,) = refused["errors"]
    assert (error["__typename"], error["code"], error["path"]) == ("LinkConflict", "ALREADY_LINKED", ["records"])
    assert error["record"] == record("CRM", "4")
    assert error["linkedTo"] == {"records": [{"key": "A4b"}]}
    await unlink(grocer, "ACCOUNT", "A4b")
    assert keys(await link(grocer, ("CRM", "4"), ("ACCOUNT", "A4a"))) == [["4", "A4a"]]
    assert await linkage(grocer, "A4a") == "PARTIAL"


# ── the trail ──


async def test_the_trail_tells_all_of_it_latest_first_and_by_customer(grocer: Gateway) -> None:
    first = await link(grocer, ("CRM", "8"), ("ACCOUNT", "A13"))
    second = await unlink(grocer, "ACCOUNT", "A1")
    third = await undo(grocer, second["event"]["id"])
    found = (await grocer.data(HISTORY, **NORTH))["linkHistory"]
    assert found["totalCount"] == 3
    assert [one["id"] for one in found["nodes"]] == [done["event"]["id"] for done in (third, second, first)]
    assert [one["undoneBy"] for one in found["nodes"]] == [None, third["event"]["id"], None]
    one = encode_id("Customer", "north", "A1", RecordKind.ACCOUNT)
    query = "query ($id: ID, $after: String) { linkHistory(first: 1, after: $after, customerId: $id) { %s } }"
    fields = "totalCount nodes { id } pageInfo { hasNextPage endCursor }"
    page = (await grocer.data(query % fields, {"id": one}, **NORTH))["linkHistory"]
    assert (page["totalCount"], page["nodes"]) == (2, [{"id": third["event"]["id"]}])
    assert page["pageInfo"]["hasNextPage"]
    after = {"id": one, "after": page["pageInfo"]["endCursor"]}
    page = (await grocer.data(query % fields, after, **NORTH))["linkHistory"]
    assert page["nodes"] == [{"id": second["event"]["id"]}]
    assert not page["pageInfo"]["hasNextPage"]


async def test_events_and_operations_have_ids_and_belong_to_a_tenant(grocer: Gateway) -> None:
    done = await link(grocer, ("CRM", "8"), ("ACCOUNT", "A13"))
    ids = {"event": done["event"]["id"], "operation": done["operation"]["id"]}
    query = """query ($event: ID!, $operation: ID!) {
      node(id: $event) { ... on LinkEvent { kind } } nodes(ids: [$event, $operation]) { id }
      operation(id: $operation) { kind state createdAt by }
    }"""
    found = await grocer.data(query, ids, **NORTH)
    assert found["node"] == {"kind": "LINKED"}
    assert [one["id"] for one in found["nodes"]] == list(ids.values())
    assert (found["operation"]["kind"], found["operation"]["by"]) == ("LINK", "ada")
    other = await grocer.data(query, ids, tenant="south")
    assert (other["node"], other["nodes"], other["operation"]) == (None, [None, None], None)
    assert (await grocer.data(HISTORY, tenant="south"))["linkHistory"]["totalCount"] == 0
    mutation = UNDO.replace("UndoLinkInput!", "UndoLinkInput!")
    refused = await grocer.data(mutation, {"input": {"eventId": ids["event"]}}, tenant="south")
    assert error_codes(refused["undoLink"]) == ["NOT_FOUND"]


# ── what cannot be done ──


@pytest.mark.parametrize(
    ("records", "code", "path"),
    [
        ([("CRM", "1")], "INVALID", ["records"]),
        ([], "INVALID", ["records"]),
        ([("ACCOUNT", "A1"), ("ACCOUNT", "A2"), ("ACCOUNT", "A3")], "INVALID", ["records"]),
        ([("CRM", "8"), ("ACCOUNT", "nobody")], "NOT_FOUND", ["records", "1"]),
        ([("CRM", "88"), ("ACCOUNT", "A13")], "NOT_FOUND", ["records", "0"]),
        ([("CRM", "x"), ("ACCOUNT", "A13")], "NOT_FOUND", ["records", "0"]),
        ([("CRM", "8"), ("ACCOUNT", "S1")], "NOT_A_CUSTOMER", ["records", "1"]),
        ([("CRM", "2"), ("ACCOUNT", "A1")], "ALREADY_LINKED", ["records"]),
        ([("CRM", "8"), ("ACCOUNT", "A1")], "ALREADY_LINKED", ["records"]),
    ],
)
async def test_what_cannot_be_linked_is_told_and_nothing_is_written(
    grocer: Gateway, records: list[tuple[str, str]], code: str, path: list[str]
) -> None:
    before = await customers(grocer)
    found = await link(grocer, *records)
    assert [(error["code"], error["path"]) for error in found["errors"]] == [(code, path)]
    assert (found["customers"], found["event"], found["operation"]) == ([], None, None)
    assert await customers(grocer) == before
    assert (await grocer.data(HISTORY, **NORTH))["linkHistory"]["totalCount"] == 0


async def test_records_of_another_tenant_are_not_found(grocer: Gateway) -> None:
    chosen = [record("CRM", "2"), record("ACCOUNT", "A2")]
    found = await grocer.data(LINK, {"input": {"records": chosen}}, tenant="south")
    assert error_codes(found["linkRecords"]) == ["NOT_FOUND", "NOT_FOUND"]


async def test_an_event_that_was_overtaken_is_not_undone(grocer: Gateway) -> None:
    """Given a record that was cut loose, and whose place another one has taken since."""
    cut = await unlink(grocer, "ACCOUNT", "A2")
    await link(grocer, ("CRM", "2"), ("ACCOUNT", "A13"))
    assert error_codes(await undo(grocer, cut["event"]["id"])) == ["ALREADY_CHANGED"]
    assert ("2", "A13") in await customers(grocer)
    made = await link(grocer, ("CRM", "8"), ("DELIVERY", "D14"))
    await unlink(grocer, "DELIVERY", "D14")
    assert error_codes(await undo(grocer, made["event"]["id"])) == ["ALREADY_CHANGED"]


@pytest.mark.parametrize("event", ["nonsense", encode_id("LinkEvent", "north", "77"), encode_id("Lead", "north", "1")])
async def test_an_event_that_is_none_is_told(grocer: Gateway, event: str) -> None:
    assert error_codes(await undo(grocer, event))[0] in ("INVALID", "NOT_FOUND")


async def test_who_may_not_write_writes_nothing(grocer: Gateway) -> None:
    given = {"input": {"records": [record("CRM", "8"), record("ACCOUNT", "A13")]}}
    for role in (Role.READER, Role.SUPPORT):
        body = await grocer.ask(LINK, given, roles=[role], **NORTH)
        assert (body["data"], codes(body)) == ({"linkRecords": None}, ["FORBIDDEN"])
    body = await grocer.ask(LINK, given, roles=[Role.PLATFORM_ADMIN])
    assert codes(body) == ["TENANT_REQUIRED"]


async def test_without_tables_of_its_own_a_gateway_only_reads(servers: EmbeddedStores) -> None:
    given = {"input": {"records": [record("CRM", "8"), record("ACCOUNT", "A13")]}}
    async with running(await existing_store(servers, "grocer", "linking")) as gateway:
        body = await gateway.ask(LINK, given, **NORTH)
        assert (body["data"], codes(body)) == ({"linkRecords": None}, ["READ_ONLY"])
        assert codes(await gateway.ask(HISTORY, **NORTH)) == ["READ_ONLY"]
        assert await customers(gateway)


# ── sent twice ──


async def test_what_is_sent_again_is_written_once(grocer: Gateway) -> None:
    records = (("CRM", "8"), ("ACCOUNT", "A13"))
    first = await link(grocer, *records, idempotencyKey="k")
    await unlink(grocer, "ACCOUNT", "A13")
    again = await link(grocer, *records, idempotencyKey="k")
    assert again["event"]["id"] == first["event"]["id"]
    assert again["operation"]["id"] == first["operation"]["id"]
    assert again["retiredIds"] == first["retiredIds"]
    assert ("8", "A13") not in await customers(grocer)
    assert keys(again) == [["8"], ["A13"]]
    other = await link(grocer, ("CRM", "8"), ("DELIVERY", "D14"), idempotencyKey="k")
    assert error_codes(other) == ["IDEMPOTENCY_MISMATCH"]
    assert error_codes(await link(grocer, ("CRM", "2"), ("ACCOUNT", "A1"), idempotencyKey="bad")) == ["ALREADY_LINKED"]
    assert error_codes(await link(grocer, *records, idempotencyKey="bad")) == []


async def test_mutations_of_one_document_run_in_order_and_see_each_other(grocer: Gateway) -> None:
    document = """mutation {
      cut: unlinkRecord(input: {record: {store: ACCOUNT, key: "A2"}}) { customers { records { key } } errors { code } }
      join: linkRecords(input: {records: [{store: CRM, key: "2"}, {store: ACCOUNT, key: "A13"}]}) {
        customers { records { key } } errors { code }
      }
      wrong: linkRecords(input: {records: []}) { errors { code } }
      last: unlinkRecord(input: {record: {store: CRM, key: "2"}}) { customers { records { key } } }
    }"""
    found = await grocer.data(document, **NORTH)
    assert sorted(keys(found["cut"])) == [["2"], ["A2"]]
    assert keys(found["join"]) == [["2", "A13"]]
    assert error_codes(found["wrong"]) == ["INVALID"]
    assert sorted(keys(found["last"])) == [["2"], ["A13"]]


@pytest.mark.parametrize(
    ("given", "code", "path"),
    [
        ({"reason": "a\0b"}, "INVALID", ["reason"]),
        ({"reason": "x" * 2_001}, "TOO_LONG", ["reason"]),
        ({"idempotencyKey": "a\0b"}, "INVALID", ["idempotencyKey"]),
        ({"idempotencyKey": "x" * 201}, "TOO_LONG", ["idempotencyKey"]),
        ({"record": record("ACCOUNT", "A\0")}, "NOT_FOUND", ["record"]),
        ({"record": record("CRM", "\0")}, "NOT_FOUND", ["record"]),
        ({"record": record("ACCOUNT", "Щ" * 20_000)}, "TOO_LONG", ["record"]),
    ],
)
async def test_texts_that_cannot_be_kept_are_told(
    grocer: Gateway, given: dict[str, Any], code: str, path: list[str]
) -> None:
    payload = await written(grocer, UNLINK, "unlinkRecord", {"record": record("ACCOUNT", "A1"), **given})
    assert [(error["code"], error["path"]) for error in payload["errors"]] == [(code, path)]
    assert payload["operation"] is None


async def test_more_undos_at_once_than_connections_end_all(grocer: Gateway) -> None:
    done = await link(grocer, ("CRM", "8"), ("ACCOUNT", "A13"))
    others = await unlink(grocer, "ACCOUNT", "A1")
    events = [done["event"]["id"], others["event"]["id"]]
    found = await asyncio.gather(*(undo(grocer, events[number % 2]) for number in range(24)))
    assert [error_codes(one) for one in found].count([]) == 2
    assert {code for one in found for code in error_codes(one)} == {"ALREADY_CHANGED"}


async def test_a_cut_is_not_undone_where_that_would_join_whom_nobody_spoke_of(grocer: Gateway) -> None:
    await link(grocer, ("ACCOUNT", "A13"), ("DELIVERY", "D14"))
    cut = await unlink(grocer, "DELIVERY", "D14")
    await link(grocer, ("CRM", "8"), ("ACCOUNT", "A13"))
    payload = await undo(grocer, cut["event"]["id"])
    assert [error["code"] for error in payload["errors"]] == ["ALREADY_CHANGED"]
    assert ("8", "A13") in await customers(grocer)


async def test_a_link_is_not_undone_where_they_would_be_one_all_the_same(grocer: Gateway) -> None:
    joined = await link(grocer, ("ACCOUNT", "A13"), ("DELIVERY", "D14"))
    await link(grocer, ("CRM", "8"), ("ACCOUNT", "A13"))
    payload = await undo(grocer, joined["event"]["id"])
    assert [error["code"] for error in payload["errors"]] == ["ALREADY_CHANGED"]
    assert ("8", "A13", "D14") in await customers(grocer)


async def test_a_cut_is_not_undone_where_those_that_it_left_together_are_apart(grocer: Gateway) -> None:
    await link(grocer, ("CRM", "8"), ("ACCOUNT", "A13"), ("DELIVERY", "D14"))
    cut = await unlink(grocer, "ACCOUNT", "A13")
    await unlink(grocer, "CRM", "8")
    payload = await undo(grocer, cut["event"]["id"])
    assert [error["code"] for error in payload["errors"]] == ["ALREADY_CHANGED"]
    assert {("8",), ("A13",), ("D14",)} <= await customers(grocer)
