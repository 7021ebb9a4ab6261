"""Statuses that change along their rules, through HTTP, on stores with keys of every type."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from domain.access import Role
from domain.ids import encode_id
from gateway.settings import Settings
from sources.own.migrating import migrate
from tests.answers import codes
from tests.loading import existing_store, run_sql
from tests.running import Gateway, running
from tests.servers import Servers, WithoutMongo

ERRORS = "errors { __typename code message path ... on InvalidTransition { from to allowed } }"
SAID = "id status storeStatus allowedTransitions { to storeStatus } history { totalCount nodes { from to by note } }"
LEAD = (
    f"mutation ($input: UpdateLeadStatusInput!) {{ updateLeadStatus(input: $input) {{ lead {{ {SAID} }} {ERRORS} }} }}"
)
BOOKING = (
    "mutation ($input: UpdateBookingStatusInput!)"
    f" {{ updateBookingStatus(input: $input) {{ booking {{ {SAID} }} {ERRORS} }} }}"
)
UUID_LEAD = "7b0c9a52-7a0e-4a54-9a63-0d8f3f2d1001"
SPA = "11111111-0000-4000-8000-000000000001"


async def made(servers: Servers, name: str, database: str = "statuses") -> Settings:
    settings = await existing_store(servers, name, database)
    assert settings.postgres_url is not None
    await migrate(settings.postgres_url)
    return settings


@pytest.fixture
async def bikes(without_mongo: Servers) -> AsyncIterator[Gateway]:
    async with running(await made(without_mongo, "bikes")) as gateway:
        yield gateway


@pytest.fixture(scope="module")
async def unchanged(both_servers: Servers) -> AsyncIterator[Gateway]:
    """The store `bikes`, for tests in which nothing is written."""
    async with running(await made(WithoutMongo(both_servers.postgres), "bikes", "unchanged")) as gateway:
        yield gateway


@pytest.fixture
async def renos(without_mongo: Servers) -> AsyncIterator[Gateway]:
    async with running(await made(without_mongo, "renos")) as gateway:
        yield gateway


@pytest.fixture
async def platform(without_mongo: Servers) -> AsyncIterator[Gateway]:
    async with running(await made(without_mongo, "platform")) as gateway:
        yield gateway


@pytest.fixture
async def grocer(servers: Servers) -> AsyncIterator[Gateway]:
    async with running(await made(servers, "grocer")) as gateway:
        yield gateway


async def lead(gateway: Gateway, key: str, to: str, tenant: str | None = None, **given: Any) -> dict[str, Any]:
    asked = {"id": encode_id("Lead", tenant, key), "to": to, **given}
    found: dict[str, Any] = (await gateway.data(LEAD, {"input": asked}, tenant=tenant))["updateLeadStatus"]
    return found


async def booking(gateway: Gateway, key: str, to: str, tenant: str | None = None, **given: Any) -> dict[str, Any]:
    asked = {"id": encode_id("Booking", tenant, key), "to": to, **given}
    found: dict[str, Any] = (await gateway.data(BOOKING, {"input": asked}, tenant=tenant))["updateBookingStatus"]
    return found


async def rows(gateway: Gateway, query: str, *values: Any) -> list[Any]:
    assert gateway.settings.postgres_url is not None
    connection = await asyncpg.connect(gateway.settings.postgres_url.replace("+asyncpg", ""))
    try:
        return [tuple(row) for row in await connection.fetch(query, *values)]
    finally:
        await connection.close()


def wrong(payload: dict[str, Any]) -> list[tuple[str, list[str]]]:
    return [(error["code"], error["path"]) for error in payload["errors"]]


# ── changes, and what tells of them ──


@pytest.mark.parametrize("key", [UUID_LEAD, "1042"])
async def test_a_lead_changes_whatever_its_key_is_like(bikes: Gateway, key: str) -> None:
    payload = await lead(bikes, key, "QUALIFIED", note="knows what he wants")
    assert payload["errors"] == []
    assert (payload["lead"]["status"], payload["lead"]["storeStatus"]) == ("QUALIFIED", "qualified")
    assert [way["storeStatus"] for way in payload["lead"]["allowedTransitions"]] == ["won", "lost"]
    before = {UUID_LEAD: "new", "1042": "contacted"}[key]
    (event,) = payload["lead"]["history"]["nodes"]
    assert event == {"from": before, "to": "qualified", "by": "ada", "note": "knows what he wants"}
    (changed,) = await rows(
        bikes, "SELECT status, updated_at > now() - interval '1 minute' FROM leads WHERE id = $1", key
    )
    assert changed == ("qualified", True)


async def test_a_word_that_the_profile_does_not_know_can_be_left(bikes: Gateway) -> None:
    asked = await bikes.data("query ($id: ID!) { lead(id: $id) { status storeStatus allowedTransitions { to } } }",
                             {"id": encode_id("Lead", None, "1044")})  # fmt: skip
    assert asked["lead"]["status"] == "UNKNOWN"
    assert [way["to"] for way in asked["lead"]["allowedTransitions"]] == [
        "NEW",
        "CONTACTED",
        "QUALIFIED",
        "WON",
        "LOST",
    ]
    payload = await lead(bikes, "1044", "NEW", expectedStoreStatus="НОВЫЙ")
    assert payload["errors"] == []
    assert payload["lead"]["history"]["nodes"][0]["from"] == "НОВЫЙ"


async def test_unknown_cannot_be_entered(unchanged: Gateway) -> None:
    assert wrong(await lead(unchanged, "1042", "UNKNOWN")) == [("INVALID", ["to"])]


async def test_a_status_that_the_store_has_no_word_for_cannot_be_entered(unchanged: Gateway) -> None:
    assert wrong(await lead(unchanged, "1042", "QUOTED")) == [("NOT_MAPPED", ["to"])]


async def test_integer_keys_and_tenants(grocer: Gateway) -> None:
    payload = await lead(grocer, "1", "CONTACTED", "north")
    assert payload["lead"]["status"] == "CONTACTED"
    assert await rows(grocer, "SELECT org, status FROM leads WHERE id = 1 ORDER BY org") == [
        ("north", "contacted"), ("south", "new")
    ]  # fmt: skip


async def test_uuid_keys_and_uuid_tenants(platform: Gateway) -> None:
    confirmed = "SELECT id::text FROM bookings WHERE status = 'confirmed' AND tenant_id = $1 LIMIT 1"
    ((key,),) = await rows(platform, confirmed, SPA)
    payload = await booking(platform, key, "COMPLETED", SPA, expected="CONFIRMED")
    assert (payload["errors"], payload["booking"]["status"]) == ([], "COMPLETED")


async def test_the_stores_own_history_gets_its_row_and_shows_it_once(bikes: Gateway) -> None:
    order = "10000000-0000-4000-8000-000000000001"
    before = await rows(bikes, "SELECT count(*) FROM order_status_events WHERE order_id = $1", order)
    query = "query ($id: ID!) { booking(id: $id) { storeStatus allowedTransitions { to storeStatus } } }"
    found = await bikes.data(query, {"id": encode_id("Booking", None, order)})
    word, way = found["booking"]["storeStatus"], found["booking"]["allowedTransitions"][0]
    payload = await booking(bikes, order, way["to"], storeStatus=way["storeStatus"], note="as agreed")
    assert payload["errors"] == []
    history = payload["booking"]["history"]
    assert history["totalCount"] == before[0][0] + 1
    assert history["nodes"][0] == {"from": word, "to": way["storeStatus"], "by": "ada", "note": "as agreed"}
    latest = "SELECT old_status, new_status FROM order_status_events WHERE order_id = $1 ORDER BY id DESC LIMIT 1"
    kept = await rows(bikes, latest, order)
    assert kept == [(word, way["storeStatus"])]


async def test_words_of_one_status_follow_each_other_where_the_profile_says_so(bikes: Gateway) -> None:
    (key,) = (await rows(bikes, "SELECT id::text FROM orders WHERE status = 'delivered' LIMIT 1"))[0]
    assert wrong(await booking(bikes, key, "COMPLETED")) == [("INVALID_TRANSITION", ["to"])]
    assert wrong(await booking(bikes, key, "COMPLETED", storeStatus="paid_out")) == [("INVALID_TRANSITION", ["to"])]
    for word in ("closed", "paid_out"):
        assert (await booking(bikes, key, "COMPLETED", storeStatus=word))["booking"]["storeStatus"] == word


# ── refusals ──


async def test_what_is_not_allowed_tells_what_is(unchanged: Gateway) -> None:
    payload = await lead(unchanged, "1043", "NEW")
    (error,) = payload["errors"]
    assert (error["__typename"], error["from"], error["to"], error["allowed"]) == (
        "InvalidTransition",
        "won",
        "new",
        [],
    )
    assert payload["lead"]["status"] == "WON"
    (error,) = (await lead(unchanged, "1042", "NEW"))["errors"]
    assert error["allowed"] == ["qualified", "won", "lost"]


async def test_what_is_no_longer_as_expected_is_stale_and_shows_what_it_is(unchanged: Gateway) -> None:
    payload = await lead(unchanged, "1042", "LOST", expected="NEW")
    assert (wrong(payload), payload["lead"]["status"]) == ([("STALE", ["expected"])], "CONTACTED")
    payload = await lead(unchanged, "1042", "LOST", expectedStoreStatus="new")
    assert (wrong(payload), payload["lead"]["status"]) == ([("STALE", ["expectedStoreStatus"])], "CONTACTED")


async def test_a_word_that_is_not_the_status_is_refused(unchanged: Gateway) -> None:
    assert wrong(await lead(unchanged, "1042", "LOST", storeStatus="won")) == [("INVALID", ["storeStatus"])]
    assert wrong(await lead(unchanged, "1042", "LOST", storeStatus="gone")) == [("INVALID", ["storeStatus"])]


@pytest.mark.parametrize(("text", "code"), [("x\x00y", "INVALID"), ("x" * 2001, "TOO_LONG")])
@pytest.mark.parametrize("name", ["note", "storeStatus", "expectedStoreStatus", "idempotencyKey"])
async def test_texts_that_cannot_be_kept(unchanged: Gateway, name: str, text: str, code: str) -> None:
    assert wrong(await lead(unchanged, "1042", "LOST", **{name: text})) == [(code, [name])]


async def test_what_is_not_there_or_not_yours(grocer: Gateway) -> None:
    for id_ in (encode_id("Lead", "north", "99"), encode_id("Lead", "north", "x"), encode_id("Lead", "south", "1")):
        found = (await grocer.data(LEAD, {"input": {"id": id_, "to": "LOST"}}, tenant="north"))["updateLeadStatus"]
        assert (wrong(found), found["lead"]) == ([("NOT_FOUND", ["id"])], None)
    found = (await grocer.data(LEAD, {"input": {"id": "nonsense", "to": "LOST"}}, tenant="north"))["updateLeadStatus"]
    assert wrong(found) == [("INVALID", ["id"])]


async def test_readers_write_nothing(grocer: Gateway) -> None:
    asked = {"id": encode_id("Lead", "north", "1"), "to": "LOST"}
    body = await grocer.ask(LEAD, {"input": asked}, tenant="north", roles=[Role.READER])
    assert (codes(body), body["data"]) == (["FORBIDDEN"], {"updateLeadStatus": None})


async def test_a_constraint_of_the_store_is_a_typed_error(bikes: Gateway) -> None:
    assert bikes.settings.postgres_url is not None
    await run_sql(
        bikes.settings.postgres_url, "ALTER TABLE leads ADD CONSTRAINT few CHECK (status <> 'lost') NOT VALID"
    )
    payload = await lead(bikes, "1042", "LOST")
    assert (wrong(payload)[0][0], payload["lead"]["status"]) == ("CONSTRAINT", "CONTACTED")
    await run_sql(
        bikes.settings.postgres_url,
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'inner'; END $$",
        "CREATE TRIGGER no BEFORE UPDATE ON leads FOR EACH ROW EXECUTE FUNCTION no()",
    )
    payload = await lead(bikes, "1042", "WON")
    assert (wrong(payload)[0][0], "inner" in payload["errors"][0]["message"]) == ("CONSTRAINT", False)


# ── once, and in turn ──


async def test_the_same_key_writes_once(bikes: Gateway) -> None:
    first = await lead(bikes, "1042", "QUALIFIED", idempotencyKey="k")
    again = await lead(bikes, "1042", "QUALIFIED", idempotencyKey="k")
    assert first == again
    assert wrong(await lead(bikes, "1042", "WON", idempotencyKey="k")) == [("IDEMPOTENCY_MISMATCH", ["idempotencyKey"])]
    async with running(bikes.settings) as other:
        assert await lead(other, "1042", "QUALIFIED", idempotencyKey="k") == first


async def test_the_same_key_at_the_same_moment_writes_once(bikes: Gateway) -> None:
    async with running(bikes.settings) as other:
        both = [lead(one, "1042", "QUALIFIED", idempotencyKey="k") for one in (bikes, other) * 10]
        answers = await asyncio.gather(*both)
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["lead"]["history"]["totalCount"] == 1


async def test_a_hundred_changes_at_once_one_wins_each_step(bikes: Gateway) -> None:
    steps = ["QUALIFIED", "WON"]
    async with running(bikes.settings) as other:
        for step in steps:
            tries = [lead((bikes, other)[n % 2], "1042", step) for n in range(50)]
            answers = await asyncio.gather(*tries)
            won = [answer for answer in answers if not answer["errors"]]
            assert len(won) == 1
            assert {code for answer in answers for code, _ in wrong(answer)} <= {"STALE", "INVALID_TRANSITION"}
            assert all(answer["lead"]["status"] == step for answer in answers)
    events = await rows(bikes, 'SELECT "from", "to" FROM gateway.status_event ORDER BY at, id')
    assert events == [("contacted", "qualified"), ("qualified", "won")]


async def test_a_document_runs_its_mutations_in_turn_and_a_refusal_stops_nothing(bikes: Gateway) -> None:
    id_ = encode_id("Lead", None, UUID_LEAD)
    query = f"""mutation {{
      a: updateLeadStatus(input: {{id: "{id_}", to: CONTACTED}}) {{ lead {{ status }} errors {{ code }} }}
      b: updateLeadStatus(input: {{id: "{id_}", to: NEW}}) {{ lead {{ status }} errors {{ code }} }}
      c: updateLeadStatus(input: {{id: "{id_}", to: QUALIFIED}}) {{
        lead {{ status history {{ totalCount }} }} errors {{ code }}
      }}
    }}"""
    found = await bikes.data(query)
    assert [found[name]["lead"]["status"] for name in "abc"] == ["CONTACTED", "CONTACTED", "QUALIFIED"]
    assert [[error["code"] for error in found[name]["errors"]] for name in "abc"] == [[], ["INVALID_TRANSITION"], []]
    assert found["c"]["lead"]["history"]["totalCount"] == 2


async def test_bookings_that_reach_their_customer_through_a_lead(renos: Gateway) -> None:
    (key,) = (await rows(renos, 'SELECT id FROM "Booking" WHERE status = $1 LIMIT 1', "scheduled"))[0]
    payload = await booking(renos, key, "CANCELLED")
    assert (payload["errors"], payload["booking"]["storeStatus"]) == ([], "cancelled")
    assert payload["booking"]["history"]["nodes"] == [
        {"from": "scheduled", "to": "cancelled", "by": "ada", "note": None}
    ]
