"""A store that is down takes only its own fields with it, and comes back by itself."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from domain.ids import encode_id
from domain.records import RecordKind
from gateway.embedded import EmbeddedStores
from tests.gateway.test_grocer import LIST, STORE, head, read_all
from tests.loading import existing_store
from tests.running import Gateway, running

SECONDS = 2.0
WIDE = """{ customers(first: 50) { totalCount missingStores nodes {
  id name email linkage records { key } account { key } delivery { key }
  totalLeads totalRevenue { amount } leads { nodes { key } }
} } }"""


@pytest.fixture(scope="module")
def own_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStores]:
    """Run servers that these tests may stop."""
    with EmbeddedStores(tmp_path_factory.mktemp("stopped")) as stores:
        yield stores
        stores.remove()


@pytest.fixture(scope="module")
async def gateway(own_servers: EmbeddedStores) -> AsyncIterator[Gateway]:
    settings = await existing_store(own_servers, "grocer")
    async with running(type(settings)(**{**_fields(settings), "store_timeout": SECONDS})) as gateway:
        yield gateway


def _fields(settings: Any) -> dict[str, Any]:
    return {name: getattr(settings, name) for name in settings.__dataclass_fields__}


@pytest.fixture
async def whole(own_servers: EmbeddedStores, gateway: Gateway) -> AsyncIterator[Gateway]:
    """A gateway whose stores are up before the test, and again after it."""
    for server in (own_servers.postgres, own_servers.mongo):
        await asyncio.to_thread(server.start)
    await gateway.until_ready()
    yield gateway
    for server in (own_servers.postgres, own_servers.mongo):
        await asyncio.to_thread(server.start)
    await gateway.until_ready()


def unavailable(body: dict[str, Any], field: str) -> set[str]:
    """Name the stores that the errors at *field* blame; fail on an error of another kind."""
    found = set()
    for error in body["errors"]:
        assert error["extensions"]["code"] == "SOURCE_UNAVAILABLE"
        if error["path"][-1] == field:
            found.add(error["extensions"]["store"])
    return found


async def is_as_expected(gateway: Gateway) -> None:
    customers = await read_all(gateway, "north")
    assert [head(one) for one in customers] == STORE["north"]["orderByCreatedAtDesc"]


async def test_without_mongo_the_crm_is_answered_whole(whole: Gateway, own_servers: EmbeddedStores) -> None:
    await is_as_expected(whole)
    own_servers.mongo.stop()
    await whole.until_ready(up=False)
    body = await whole.ask(WIDE, tenant="north")
    customers = body["data"]["customers"]
    assert customers["missingStores"] == ["mongo"]
    assert customers["totalCount"] is None
    assert [one["name"] for one in customers["nodes"]] == ["One", "Two", "Three", "Four", "Five", "Six", "7", "Eight"]
    first = customers["nodes"][0]
    assert first["totalLeads"] == 3
    assert first["totalRevenue"] == {"amount": "150.50"}
    assert len(first["leads"]["nodes"]) == 3
    assert first["email"] == "one@grocer.example"
    assert [first[field] for field in ("linkage", "records", "account", "delivery")] == [None] * 4
    for field in ("totalCount", "linkage", "records", "account", "delivery"):
        assert unavailable(body, field) == {"mongo"}
    missing = next(one for one in customers["nodes"] if one["name"] == "Five")
    assert missing["email"] is None, "an e-mail may stand in the store that cannot be asked"
    assert unavailable(body, "email") == {"mongo"}
    own_servers.mongo.start()
    await whole.until_ready()
    await is_as_expected(whole)


async def narrowed(gateway: Gateway, chosen: str) -> tuple[int | None, list[str], set[str]]:
    """Answer the total, the stores that could not be asked, and the names of those that *chosen* leaves."""
    page = f"{{ customers(filter: {{{chosen}}}) {{ totalCount missingStores nodes {{ name }} }} }}"
    found = (await gateway.ask(page, tenant="north"))["data"]["customers"]
    return found["totalCount"], found["missingStores"], {one["name"] for one in found["nodes"]}


async def test_what_a_store_that_is_down_would_decide_is_left_out(whole: Gateway, own_servers: EmbeddedStores) -> None:
    _, _, with_email = await narrowed(whole, "emailMissing: false, has: [CRM]")
    own_servers.mongo.stop()
    await whole.until_ready(up=False)
    total, missing, left = await narrowed(whole, "emailMissing: false, has: [CRM]")
    assert (total, missing) == (None, ["mongo"])
    assert left < with_email
    assert left
    for chosen in ("emailMissing: true", "linkage: [UNLINKED]", "canLogIn: false", "lacks: [ACCOUNT]"):
        assert await narrowed(whole, chosen) == (None, ["mongo"], set())
    total, missing, left = await narrowed(whole, "has: [CRM]")
    assert (total, missing, len(left)) == (8, [], 8)
    own_servers.mongo.start()
    await whole.until_ready()
    assert (await narrowed(whole, "emailMissing: false, has: [CRM]"))[2] == with_email


async def test_without_the_crm_its_records_are_left_out_and_found_by_id(
    whole: Gateway, own_servers: EmbeddedStores
) -> None:
    every = await read_all(whole, "north")
    ids = {head(one): one["id"] for one in every}
    account = (await whole.data('{ customerBy(key: {account: "A1"}) { id } }', tenant="north"))["customerBy"]["id"]
    assert account == ids["1"]
    own_servers.postgres.stop()
    await whole.until_ready(up=False)
    body = await whole.ask(WIDE, tenant="north")
    customers = body["data"]["customers"]
    assert customers["missingStores"] == ["postgres"]
    assert customers["totalCount"] is None
    assert [one["records"][0]["key"] for one in customers["nodes"]] == ["A10", "A9", "A12", "D14"]
    assert {one["totalLeads"] for one in customers["nodes"]} == {0}
    assert {error["path"][-1] for error in body["errors"]} == {"totalCount"}
    fields = "id name email account { key } delivery { key } records { key } totalLeads"
    found = await whole.ask(f'{{ customerBy(key: {{account: "A1"}}) {{ {fields} }} }}', tenant="north")
    one = found["data"]["customerBy"]
    assert one["id"] == ids["1"]
    assert one["name"] == "Account A1"
    assert (one["account"], one["delivery"]) == ({"key": "A1"}, {"key": "D1"})
    assert (one["email"], one["records"], one["totalLeads"]) == (None, None, None)
    for field in ("email", "records", "totalLeads"):
        assert unavailable(found, field) == {"postgres"}
    lists = await whole.ask("{ leads { totalCount nodes { key } } bookings { nodes { key } } }", tenant="north")
    assert lists["data"] == {"leads": None, "bookings": None}
    assert unavailable(lists, "leads") == unavailable(lists, "bookings") == {"postgres"}
    by_id = await whole.ask("query ($id: ID!) { node(id: $id) { id } }", {"id": ids["2"]}, tenant="north")
    assert by_id["data"] == {"node": None}
    assert unavailable(by_id, "node") == {"postgres"}
    own_servers.postgres.start()
    await whole.until_ready()
    await is_as_expected(whole)


async def test_with_both_down_the_gateway_still_answers(whole: Gateway, own_servers: EmbeddedStores) -> None:
    own_servers.postgres.stop()
    own_servers.mongo.kill()
    await whole.until_ready(up=False)
    body = await whole.ask("{ viewer { subject } stores { store up message } }", tenant="north")
    assert "errors" not in body
    assert {one["store"]: one["up"] for one in body["data"]["stores"]} == {"postgres": False, "mongo": False}
    page = (await whole.data("{ customers { missingStores nodes { id } } }", tenant="north"))["customers"]
    assert page == {"missingStores": ["mongo", "postgres"], "nodes": []}
    ready = await whole.http.get(f"{whole.url}/readyz")
    assert ready.status_code == 503
    assert ready.json() == {"postgres": "down", "mongo": "down"}
    assert (await whole.http.get(f"{whole.url}/healthz")).status_code == 200


@pytest.mark.parametrize("store", ["postgres", "mongo"])
async def test_a_store_that_hangs_costs_a_bounded_time(whole: Gateway, own_servers: EmbeddedStores, store: str) -> None:
    server = getattr(own_servers, store)
    processes = _with_children(server.pid)
    for pid in processes:
        os.kill(pid, signal.SIGSTOP)
    try:
        async with asyncio.timeout(60 * SECONDS):
            body = await whole.ask(LIST, tenant="north")
        assert body["data"]["customers"]["missingStores"] == [store]
    finally:
        for pid in processes:
            os.kill(pid, signal.SIGCONT)
    await whole.until_ready()
    await is_as_expected(whole)


def _with_children(pid: int) -> list[int]:
    import psutil  # noqa: PLC0415 - only where a store is made to hang

    process = psutil.Process(pid)
    return [pid, *(child.pid for child in process.children(recursive=True))]


async def test_a_gateway_starts_while_its_stores_are_down(own_servers: EmbeddedStores, gateway: Gateway) -> None:
    own_servers.postgres.stop()
    own_servers.mongo.stop()
    try:
        async with running(gateway.settings) as late:
            assert (await late.http.get(f"{late.url}/readyz")).status_code == 503
            own_servers.postgres.start()
            own_servers.mongo.start()
            await late.until_ready()
            await is_as_expected(late)
    finally:
        own_servers.postgres.start()
        own_servers.mongo.start()
        await gateway.until_ready()


LEAD, BOOKING = encode_id("Lead", "north", "1"), encode_id("Booking", "north", "1")
CUSTOMER = encode_id("Customer", "north", "1", RecordKind.CRM)
WRITES = f"""mutation {{
  createLead(input: {{name: "Ann", customerId: "{CUSTOMER}"}}) {{ errors {{ code }} }}
  updateLead(input: {{id: "{LEAD}", notes: "x"}}) {{ errors {{ code }} }}
  updateLeadStatus(input: {{id: "{LEAD}", to: LOST}}) {{ errors {{ code }} }}
  convertLead(input: {{id: "{LEAD}", customerId: "{CUSTOMER}"}}) {{ errors {{ code }} }}
  createBooking(input: {{customerId: "{CUSTOMER}"}}) {{ errors {{ code }} }}
  updateBooking(input: {{id: "{BOOKING}", note: "x"}}) {{ errors {{ code }} }}
  updateBookingStatus(input: {{id: "{BOOKING}", to: CANCELLED}}) {{ errors {{ code }} }}
}}"""


async def test_what_cannot_be_written_is_null_and_says_why(whole: Gateway, own_servers: EmbeddedStores) -> None:
    await asyncio.to_thread(own_servers.postgres.stop)
    body = await whole.ask(WRITES, tenant="north")
    assert set(body["data"].values()) == {None}
    assert len(body["data"]) == len(body["errors"]) == 7
    for error in body["errors"]:
        assert (error["extensions"]["code"], error["extensions"]["store"]) == ("SOURCE_UNAVAILABLE", "postgres")


BOARD = """{ dashboard {
  customers { total inCrm accounts deliveryProfiles created bySegment { count } } bookings { total } revenue { amount }
} }"""


async def test_a_dashboard_loses_the_figures_of_the_store_that_is_down(
    whole: Gateway, own_servers: EmbeddedStores
) -> None:
    every = (await whole.data(BOARD, tenant="north"))["dashboard"]
    own_servers.mongo.stop()
    await whole.until_ready(up=False)
    body = await whole.ask(BOARD, tenant="north")
    lost = ("total", "accounts", "deliveryProfiles", "created", "bySegment")
    assert body["data"]["dashboard"] == {**every, "customers": {**every["customers"], **dict.fromkeys(lost)}}
    for field in lost:
        assert unavailable(body, field) == {"mongo"}
    own_servers.mongo.start()
    await whole.until_ready()
    own_servers.postgres.stop()
    await whole.until_ready(up=False)
    body = await whole.ask(BOARD, tenant="north")
    kept = {"accounts": every["customers"]["accounts"], "deliveryProfiles": every["customers"]["deliveryProfiles"]}
    assert body["data"]["dashboard"] == {
        "customers": {**dict.fromkeys(every["customers"]), **kept},
        "bookings": None,
        "revenue": None,
    }
    for field in ("total", "inCrm", "bookings", "revenue"):
        assert unavailable(body, field) == {"postgres"}
