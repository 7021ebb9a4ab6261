"""What the gateway suggests to link, and how well it says that stores are linked, through HTTP."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from pymongo import MongoClient

from domain.access import Role
from gateway.settings import Settings
from tests.loading import EXPECTED, existing_store, indexed, make_database
from tests.running import Gateway, running
from tests.servers import Servers

STORE: dict[str, Any] = EXPECTED["delivery"]
FIGURES = """crmRecords accounts deliveryProfiles uniqueCustomers linkedAccounts linkedDeliveryProfiles orphanedAccounts
  orphanedDeliveryProfiles canLogIn cannotLogIn withoutEmail orphanedLeads oneWayLinks danglingLinks contradictions
  ambiguous completeness status"""
SUGGESTIONS = """query ($first: Int, $after: String, $certainty: [LinkCertainty!]) {
  linkSuggestions(first: $first, after: $after, certainty: $certainty) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes { id certainty records { key name phone } customers { name } evidence { rule value } } } }"""
REJECT = """mutation ($id: ID!, $key: String, $reason: String) {
  rejectSuggestion(input: {suggestionId: $id, idempotencyKey: $key, reason: $reason}) {
    customers { records { key } } retiredIds event { id kind reason records { key } } operation { id }
    errors { code message path } } }"""
UNDO = "mutation ($id: ID!) { undoLink(input: {eventId: $id}) { event { kind } errors { code message } } }"


async def delivery_store(servers: Servers, database: str) -> Settings:
    """Load the store `delivery`, with a database for the gateway's own tables, and fill the index."""
    settings = await existing_store(servers, "delivery", database)
    return await indexed(replace(settings, postgres_url=await make_database(servers, database)))


@pytest.fixture(scope="module")
async def delivery(servers: Servers) -> AsyncIterator[Gateway]:
    async with running(await delivery_store(servers, "suggesting")) as gateway:
        yield gateway


async def suggested(gateway: Gateway, **variables: Any) -> dict[str, Any]:
    found: dict[str, Any] = (await gateway.data(SUGGESTIONS, variables))["linkSuggestions"]
    return found


def by_certainty(nodes: list[dict[str, Any]]) -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = {"CERTAIN": [], "LIKELY": [], "AMBIGUOUS": []}
    for node in nodes:
        found[node["certainty"]].append([record["key"] for record in node["records"]])
    return {certainty: sorted(groups) for certainty, groups in found.items()}


async def test_suggestions_are_those_that_are_expected(delivery: Gateway) -> None:
    found = await suggested(delivery)
    expected = dict(STORE["suggestions"])
    assert found["totalCount"] == expected.pop("totalCount")
    assert by_certainty(found["nodes"]) == {name: sorted(groups) for name, groups in expected.items()}
    asha = next(node for node in found["nodes"] if node["records"][0]["key"] == "user-3")
    assert asha["evidence"] == [{"rule": "PHONE", "value": "+919876543201"}]
    assert [record["name"] for record in asha["records"]] == ["Asha Rao", "Asha Rao"]
    assert len(asha["customers"]) == 2
    bina = next(node for node in found["nodes"] if node["records"][0]["key"] == "user-4")
    assert bina["evidence"] == [
        {"rule": "EMAIL", "value": "bina@home.example"},
        {"rule": "PHONE", "value": "+919876543202"},
    ]


async def test_suggestions_come_in_pages_and_by_certainty(delivery: Gateway) -> None:
    keys, after, pages = [], None, 0
    while True:
        page = await suggested(delivery, first=1, after=after)
        keys += [node["records"][0]["key"] for node in page["nodes"]]
        after, pages = page["pageInfo"]["endCursor"], pages + 1
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert keys == ["user-4", "user-3", "user-8"]
    assert pages == 3
    only = await suggested(delivery, certainty=["AMBIGUOUS"])
    assert by_certainty(only["nodes"]) == {"CERTAIN": [], "LIKELY": [], "AMBIGUOUS": [["user-8", "cust-6", "cust-7"]]}
    assert only["totalCount"] == 1
    assert (await suggested(delivery, certainty=["LIKELY"]))["nodes"] == []


async def test_a_cursor_of_something_else_is_no_cursor(delivery: Gateway) -> None:
    for after in ("x", (await delivery.data("{ customers(first: 1) { pageInfo { endCursor } } }"))["customers"]):
        given = after if isinstance(after, str) else after["pageInfo"]["endCursor"]
        body = await delivery.ask(SUGGESTIONS, {"after": given})
        assert body["data"] == {"linkSuggestions": None}
        assert body["errors"][0]["extensions"]["code"] == "BAD_CURSOR"
    body = await delivery.ask(SUGGESTIONS, {"first": 0})
    assert body["errors"][0]["extensions"]["code"] == "BAD_PAGE"


async def test_the_report_is_what_is_expected(delivery: Gateway) -> None:
    found = (await delivery.data(f"{{ linkage {{ {FIGURES} }} }}"))["linkage"]
    assert found == STORE["linkage"]


async def test_only_what_is_selected_is_counted(delivery: Gateway) -> None:
    explain = await delivery.explained("{ linkage { crmRecords orphanedLeads } }")
    assert {store["statements"] for store in explain.values()} == {0}
    explain = await delivery.explained("{ linkage { accounts contradictions } }")
    assert explain["postgres"]["statements"] == 0


async def test_rejected_suggestions_are_not_made_again_until_that_is_undone(servers: Servers) -> None:
    async with running(await delivery_store(servers, "rejecting")) as gateway:
        nodes = {node["records"][0]["key"]: node["id"] for node in (await suggested(gateway))["nodes"]}
        done = await gateway.data(REJECT, {"id": nodes["user-8"], "key": "k", "reason": "twins"})
        payload = done["rejectSuggestion"]
        assert payload["errors"] == []
        assert payload["event"]["kind"] == "REJECTED"
        assert payload["event"]["reason"] == "twins"
        assert [record["key"] for record in payload["event"]["records"]] == ["user-8", "cust-6", "cust-7"]
        assert len(payload["customers"]) == 3
        assert payload["operation"] is None
        again = await gateway.data(REJECT, {"id": nodes["user-8"], "key": "k", "reason": "twins"})
        assert again == done
        other = await gateway.data(REJECT, {"id": nodes["user-8"], "key": "k", "reason": "others"})
        assert other["rejectSuggestion"]["errors"][0]["code"] == "IDEMPOTENCY_MISMATCH"
        gone = await gateway.data(REJECT, {"id": nodes["user-8"]})
        assert gone["rejectSuggestion"]["errors"][0]["code"] == "SUGGESTION_OUTDATED"
        assert (await suggested(gateway))["totalCount"] == 2
        figures = (await gateway.data("{ linkage { ambiguous completeness } }"))["linkage"]
        assert figures == {"ambiguous": 0, "completeness": 0.3333}
        undone = (await gateway.data(UNDO, {"id": payload["event"]["id"]}))["undoLink"]
        assert undone == {"event": {"kind": "REJECTED"}, "errors": []}
        assert (await suggested(gateway))["totalCount"] == 3


async def test_a_suggestion_whose_records_have_changed_is_outdated(servers: Servers) -> None:
    settings = await delivery_store(servers, "outdating")
    async with running(settings) as gateway:
        nodes = {node["records"][0]["key"]: node["id"] for node in (await suggested(gateway))["nodes"]}
        client: MongoClient[dict[str, Any]]
        with MongoClient(settings.mongo_url) as client:
            client.get_default_database()["customers_v2"].update_one({"id": "cust-1"}, {"$set": {"phone": "1"}})
        # The index has not seen it: nothing that it says is believed.
        assert {node["records"][0]["key"] for node in (await suggested(gateway))["nodes"]} == {"user-4", "user-8"}
        gone = await gateway.data(REJECT, {"id": nodes["user-3"]})
        assert gone["rejectSuggestion"]["errors"][0]["code"] == "SUGGESTION_OUTDATED"
        assert gone["rejectSuggestion"]["errors"][0]["path"] == ["suggestionId"]


async def test_what_is_no_suggestion_cannot_be_rejected(delivery: Gateway) -> None:
    customer = (await delivery.data("{ customers(first: 1) { nodes { id } } }"))["customers"]["nodes"][0]["id"]
    for id_, code in ((customer, "INVALID"), ("x", "INVALID"), ("ü", "INVALID")):
        payload = (await delivery.data(REJECT, {"id": id_}))["rejectSuggestion"]
        assert payload["errors"][0]["code"] == code
    one = (await suggested(delivery))["nodes"][0]["id"]
    payload = (await delivery.data(REJECT, {"id": one, "reason": "x" * 2001}))["rejectSuggestion"]
    assert payload["errors"][0]["code"] == "TOO_LONG"
    body = await delivery.ask("query ($id: ID!) { node(id: $id) { id } }", {"id": one})
    assert body["errors"][0]["extensions"]["code"] == "BAD_ID"
    body = await delivery.ask(REJECT, {"id": one}, roles=[Role.READER])
    assert body["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_without_an_index_nothing_is_suggested_and_the_rest_of_the_report_stands(servers: Servers) -> None:
    async with running(await existing_store(servers, "delivery", "unindexed")) as gateway:
        body = await gateway.ask(SUGGESTIONS)
        assert body["errors"][0]["extensions"]["code"] == "INDEX_MISSING"
        body = await gateway.ask("{ linkage { accounts ambiguous status } }")
        assert body["data"]["linkage"] == {"accounts": 6, "ambiguous": None, "status": None}
        assert {error["extensions"]["code"] for error in body["errors"]} == {"INDEX_MISSING"}


async def test_every_shape_of_links_is_counted(servers: Servers) -> None:
    async with running(await indexed(await existing_store(servers, "grocer", "grocer_linkage"))) as gateway:
        for tenant in ("north", "south"):
            found = (await gateway.data(f"{{ linkage {{ {FIGURES} }} }}", tenant=tenant))["linkage"]
            expected = EXPECTED["grocer"]["tenants"][tenant].get("linkage", {})
            assert {name: found[name] for name in expected} == expected
            assert found["canLogIn"] + found["cannotLogIn"] == found["uniqueCustomers"]
            assert found["orphanedLeads"] == 0
        assert found["status"] == "HEALTHY"
        assert found["completeness"] == 1
        assert found["withoutEmail"] == 0


async def test_a_store_of_one_kind_is_complete_without_an_index(servers: Servers) -> None:
    async with running(await existing_store(servers, "renos", "renos_linkage")) as gateway:
        found = (await gateway.data(f"{{ linkage {{ {FIGURES} }} }}"))["linkage"]
        orphans = EXPECTED["renos"]["orphanLeads"]
        number = sum(len(orphans[name]) for name in ("linkable", "createCustomer", "unresolvable"))
        assert found["orphanedLeads"] == number
        assert (found["crmRecords"], found["uniqueCustomers"], found["accounts"]) == (4, 4, 0)
        assert (found["completeness"], found["status"]) == (1, "NEEDS_ATTENTION")
        assert (found["canLogIn"], found["cannotLogIn"], found["withoutEmail"]) == (0, 4, 1)
