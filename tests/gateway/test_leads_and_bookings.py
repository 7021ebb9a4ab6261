"""Leads and bookings that are made, changed and converted through HTTP, on stores that keep them in their own ways."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest

from domain.ids import encode_id
from domain.records import RecordKind
from gateway.settings import Settings
from sources.own.migrating import migrate
from tests.loading import existing_store, indexed
from tests.running import Gateway, running
from tests.servers import Servers

SNAPSHOT = "snapshot { title brand model year price { amount currency } images externalRef archived }"
ERRORS = "errors { __typename code message path }"
LEAD = f"""lead {{ id key name email phone source status storeStatus notes contactAttempts nextFollowUpAt {SNAPSHOT}
  customer {{ name records {{ store key }} totalLeads }} }}"""
BOOKING = f"""booking {{ id key code status storeStatus startAt endAt service location staff source note
  amount {{ amount currency }} {SNAPSHOT} lead {{ key }} customer {{ name }} }}"""
MUTATIONS = {
    "createLead": ("CreateLeadInput", LEAD),
    "updateLead": ("UpdateLeadInput", LEAD),
    "convertLead": ("ConvertLeadInput", f"{LEAD} operation {{ kind state counts {{ created attached }} }}"),
    "createBooking": ("CreateBookingInput", BOOKING),
    "updateBooking": ("UpdateBookingInput", BOOKING),
}
IVAN, OLGA = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
SPA, NAILS = "11111111-0000-4000-8000-000000000001", "22222222-0000-4000-8000-000000000002"


async def made(servers: Servers, name: str, *, filled: bool = False) -> Settings:
    settings = await existing_store(servers, name, "leading")
    assert settings.postgres_url is not None
    await migrate(settings.postgres_url)
    return await indexed(settings) if filled else settings


@pytest.fixture
async def bikes(without_mongo: Servers) -> AsyncIterator[Gateway]:
    async with running(await made(without_mongo, "bikes", filled=True)) as gateway:
        yield gateway


@pytest.fixture
async def renos(without_mongo: Servers) -> AsyncIterator[Gateway]:
    async with running(await made(without_mongo, "renos", filled=True)) as gateway:
        yield gateway


@pytest.fixture
async def platform(without_mongo: Servers) -> AsyncIterator[Gateway]:
    async with running(await made(without_mongo, "platform")) as gateway:
        yield gateway


@pytest.fixture
async def salon(without_mongo: Servers) -> AsyncIterator[Gateway]:
    async with running(await made(without_mongo, "salon")) as gateway:
        yield gateway


@pytest.fixture
async def grocer(servers: Servers) -> AsyncIterator[Gateway]:
    async with running(await made(servers, "grocer")) as gateway:
        yield gateway


async def write(gateway: Gateway, mutation: str, tenant: str | None = None, **given: Any) -> dict[str, Any]:
    type_, said = MUTATIONS[mutation]
    query = f"mutation ($input: {type_}!) {{ {mutation}(input: $input) {{ {said} {ERRORS} }} }}"
    found: dict[str, Any] = (await gateway.data(query, {"input": given}, tenant=tenant))[mutation]
    return found


def customer(key: str, tenant: str | None = None) -> str:
    return encode_id("Customer", tenant, key, RecordKind.CRM)


def wrong(payload: dict[str, Any]) -> list[tuple[str, list[str]]]:
    return [(error["code"], error["path"]) for error in payload["errors"]]


async def rows(gateway: Gateway, query: str, *values: Any) -> list[Any]:
    assert gateway.settings.postgres_url is not None
    connection = await asyncpg.connect(gateway.settings.postgres_url.replace("+asyncpg", ""))
    try:
        return [tuple(row) for row in await connection.fetch(query, *values)]
    finally:
        await connection.close()


# ── leads ──


async def test_a_lead_of_a_customer(bikes: Gateway) -> None:
    snapshot = {"title": "Canyon Spectral", "price": "3100.50", "externalRef": "https://market.example/b/9"}
    payload = await write(
        bikes, "createLead", customerId=customer(IVAN), source="telegram", notes="soon", snapshot=snapshot
    )
    assert payload["errors"] == []
    lead = payload["lead"]
    assert (lead["status"], lead["storeStatus"], lead["source"], lead["notes"]) == ("NEW", "new", "telegram", "soon")
    assert lead["customer"]["name"] == "Иван Щукин"
    assert lead["snapshot"]["title"] == "Canyon Spectral"
    assert lead["snapshot"]["price"] == {"amount": "3100.50", "currency": "EUR"}
    assert lead["snapshot"]["externalRef"] == "https://market.example/b/9"


async def test_numbers_of_new_rows_go_on_within_their_tenant(grocer: Gateway) -> None:
    first = await write(grocer, "createLead", "north", customerId=customer("1", "north"))
    assert (first["errors"], first["lead"]["key"]) == ([], "5")
    both = await asyncio.gather(
        *(write(grocer, "createLead", tenant, customerId=customer("1", tenant)) for tenant in ("north", "south") * 5)
    )
    keys = [payload["lead"]["key"] for payload in both]
    assert sorted(map(int, keys[::2])) == [6, 7, 8, 9, 10]
    assert sorted(map(int, keys[1::2])) == [2, 3, 4, 5, 6]


async def test_a_lead_is_somebodys(bikes: Gateway) -> None:
    assert wrong(await write(bikes, "createLead", source="web")) == [("REQUIRED", ["name"])]
    assert wrong(await write(bikes, "createLead", customerId=customer(str(OLGA)[:-1] + "9"))) == [
        ("NOT_FOUND", ["customerId"])
    ]
    assert wrong(await write(bikes, "createLead", customerId="x")) == [("INVALID", ["customerId"])]


async def test_customers_of_others_are_not_there(platform: Gateway) -> None:
    ((key,),) = await rows(platform, "SELECT id::text FROM clients WHERE tenant_id = $1 LIMIT 1", NAILS)
    for tenant in (SPA, NAILS):
        payload = await write(platform, "createLead", SPA, customerId=customer(key, tenant))
        assert wrong(payload) == [("NOT_FOUND", ["customerId"])]


async def test_what_the_store_has_no_place_for_is_not_mapped(bikes: Gateway) -> None:
    assert wrong(await write(bikes, "createLead", name="Ann")) == [("NOT_MAPPED", ["name"])]
    snapshot = {"title": "x", "brand": "Canyon"}
    payload = await write(bikes, "createLead", customerId=customer(IVAN), snapshot=snapshot)
    assert wrong(payload) == [("NOT_MAPPED", ["snapshot", "brand"])]
    assert await rows(bikes, "SELECT count(*) FROM leads") == [(4,)]


async def test_a_lead_is_found_by_what_it_was_given(renos: Gateway) -> None:
    payload = await write(renos, "createLead", name="Erika Ødegaard", email="Erika@oed.example", phone="20 10 99 01")
    assert payload["errors"] == []
    found = await renos.data('{ leads(filter: {search: "odegaard"}) { nodes { name email } } }')
    assert found["leads"]["nodes"] == [{"name": "Erika Ødegaard", "email": "Erika@oed.example"}]
    payload = await write(renos, "updateLead", id=payload["lead"]["id"], name="Erika Berg", phone=None)
    assert (payload["lead"]["name"], payload["lead"]["phone"]) == ("Erika Berg", None)
    found = await renos.data('{ leads(filter: {search: "erika berg"}) { totalCount } }')
    assert found["leads"]["totalCount"] == 1


async def test_what_is_left_out_is_kept_and_what_is_null_is_cleared(platform: Gateway) -> None:
    lead = (await write(platform, "createLead", SPA, name="Zoe", phone="+353871111111", source="web"))["lead"]
    at = "2026-12-01T09:00:00+00:00"
    changed = await write(platform, "updateLead", SPA, id=lead["id"], nextFollowUpAt=at, contactAttempts=2)
    assert changed["errors"] == []
    assert (changed["lead"]["name"], changed["lead"]["nextFollowUpAt"], changed["lead"]["contactAttempts"]) == (
        "Zoe",
        at,
        2,
    )
    cleared = (await write(platform, "updateLead", SPA, id=lead["id"], nextFollowUpAt=None, name=None))["lead"]
    assert (cleared["nextFollowUpAt"], cleared["name"], cleared["phone"]) == (None, None, "+353871111111")
    assert wrong(await write(platform, "updateLead", SPA, id=lead["id"], contactAttempts=-1)) == [
        ("INVALID", ["contactAttempts"])
    ]
    assert wrong(await write(platform, "updateLead", SPA, id=lead["id"], contactAttempts=None)) == [
        ("REQUIRED", ["contactAttempts"])
    ]
    assert wrong(await write(platform, "updateLead", SPA, id=encode_id("Lead", SPA, "x"), name="y")) == [
        ("NOT_FOUND", ["id"])
    ]


# ── converting ──


async def test_a_lead_becomes_its_customers(renos: Gateway) -> None:
    lead = (await write(renos, "createLead", name="Birk", email="BIRK@holm.example"))["lead"]
    assert lead["customer"] is None
    payload = await write(renos, "convertLead", id=lead["id"])
    assert payload["errors"] == []
    assert (payload["lead"]["status"], payload["lead"]["customer"]["name"]) == ("WON", "Birk Holm")
    assert payload["lead"]["customer"]["totalLeads"] == 20
    assert payload["operation"] == {"kind": "CONVERT_LEAD", "state": "APPLIED", "counts": {"created": 0, "attached": 1}}
    again = await write(renos, "convertLead", id=lead["id"])
    assert (again["errors"], again["operation"], again["lead"]["status"]) == ([], None, "WON")


async def test_a_lead_of_nobody_makes_a_customer(renos: Gateway) -> None:
    lead = (await write(renos, "createLead", name="Nora Ny", email="nora@ny.example", phone="no number"))["lead"]
    payload = await write(renos, "convertLead", id=lead["id"], idempotencyKey="k")
    assert payload["errors"] == []
    assert payload["lead"]["customer"]["name"] == "Nora Ny"
    assert payload["operation"]["counts"] == {"created": 1, "attached": 1}
    assert await write(renos, "convertLead", id=lead["id"], idempotencyKey="k") == payload
    assert await rows(renos, 'SELECT "email", "phone" FROM "Customer" WHERE "name" = $1', "Nora Ny") == [
        ("nora@ny.example", None)
    ]


async def test_many_who_convert_at_once_make_one_customer(renos: Gateway) -> None:
    ids = [
        (await write(renos, "createLead", name=f"Nora {n}", email="nora@ny.example"))["lead"]["id"] for n in range(4)
    ]
    answers = await asyncio.gather(*(write(renos, "convertLead", id=id_) for id_ in ids * 2))
    assert [answer["errors"] for answer in answers] == [[]] * 8
    assert await rows(renos, 'SELECT count(*) FROM "Customer" WHERE "email" = $1', "nora@ny.example") == [(1,)]


async def test_a_lead_of_several_asks_which(renos: Gateway) -> None:
    await rows(renos, """INSERT INTO "Customer" ("id", "name", "phone") VALUES ('twin-1', 'T', '+4520101002')""")
    async with running(await indexed(renos.settings)) as gateway:
        lead = (await write(gateway, "createLead", name="B", phone="20101002"))["lead"]
        assert wrong(await write(gateway, "convertLead", id=lead["id"])) == [("AMBIGUOUS", ["customerId"])]
        payload = await write(gateway, "convertLead", id=lead["id"], customerId=customer("twin-1"))
        assert (payload["errors"], payload["lead"]["customer"]["name"]) == ([], "T")
        payload = await write(gateway, "convertLead", id=lead["id"], customerId=customer("ckx-birk"))
        assert wrong(payload) == [("ALREADY_LINKED", ["customerId"])]


async def test_a_lead_that_cannot_be_won_is_not_attached_either(bikes: Gateway) -> None:
    await rows(bikes, "UPDATE leads SET status = 'lost', customer_id = NULL WHERE id = '1042'")
    payload = await write(bikes, "convertLead", id=encode_id("Lead", None, "1042"), customerId=customer(IVAN))
    assert (wrong(payload), payload["lead"]["customer"]) == ([("INVALID_TRANSITION", ["id"])], None)


# ── bookings ──


async def test_a_booking_keeps_what_was_booked(bikes: Gateway) -> None:
    snapshot = {
        "title": "Trek Slash", "brand": "Trek", "model": "Slash 8", "year": 2024, "price": "4100.10",
        "images": ["https://market.example/1.jpg", "/copy/2.jpg"], "externalRef": "https://market.example/b/1",
        "catalogueKey": "bike-1",
    }  # fmt: skip
    lead = encode_id("Lead", None, "1042")
    payload = await write(bikes, "createBooking", leadId=lead, amount="4200.00", staff="Max", snapshot=snapshot)
    assert payload["errors"] == []
    booking = payload["booking"]
    assert (booking["status"], booking["storeStatus"], booking["staff"]) == ("REQUESTED", "pending_manager", "Max")
    assert (booking["customer"]["name"], booking["lead"]["key"]) == ("Иван Щукин", "1042")
    assert booking["amount"] == {"amount": "4200.00", "currency": "EUR"}
    assert booking["code"].startswith("EB-")
    kept = {name: value for name, value in snapshot.items() if name not in ("price", "catalogueKey")}
    assert booking["snapshot"] == {**kept, "price": {"amount": "4100.10", "currency": "EUR"}, "archived": False}
    await rows(bikes, "DELETE FROM bikes WHERE id = 'bike-1'")
    found = await bikes.data(
        "query ($id: ID!) { booking(id: $id) { snapshot { title archived } } }", {"id": booking["id"]}
    )
    assert found["booking"]["snapshot"] == {"title": "Trek Slash", "archived": True}


async def test_a_booking_is_about_what_its_lead_was(bikes: Gateway) -> None:
    lead = encode_id("Lead", None, "7b0c9a52-7a0e-4a54-9a63-0d8f3f2d1001")
    booking = (await write(bikes, "createBooking", leadId=lead))["booking"]
    assert (booking["snapshot"]["title"], booking["snapshot"]["price"]["amount"]) == ("Canyon Spectral 125", "3100.00")


async def test_codes_go_on_and_nobody_gets_one_twice(bikes: Gateway) -> None:
    answers = await asyncio.gather(*(write(bikes, "createBooking", customerId=customer(IVAN)) for _ in range(8)))
    assert [answer["errors"] for answer in answers] == [[]] * 8
    codes = [answer["booking"]["code"] for answer in answers]
    assert len(set(codes)) == 8
    assert all(code > "EB-0008" for code in codes)


async def test_what_a_booking_cannot_be(bikes: Gateway) -> None:
    cases: list[tuple[dict[str, Any], tuple[str, list[str]]]] = [
        ({"amount": "-1"}, ("INVALID", ["amount"])),
        ({"amount": "1.005"}, ("INVALID", ["amount"])),
        ({"amount": "99999999999999"}, ("CONSTRAINT", [])),
        ({"snapshot": {"title": " "}}, ("REQUIRED", ["snapshot", "title"])),
        ({"snapshot": {"title": "x" * 501}}, ("TOO_LONG", ["snapshot", "title"])),
        ({"snapshot": {"title": "x", "images": ["a\x00b"]}}, ("INVALID", ["snapshot", "images", "0"])),
        ({"snapshot": {"title": "x", "year": 0}}, ("INVALID", ["snapshot", "year"])),
        ({"snapshot": {"title": "x", "price": "-5"}}, ("INVALID", ["snapshot", "price"])),
        ({"snapshot": {"title": "x", "catalogueKey": "no-bike"}}, ("NOT_FOUND", ["snapshot", "catalogueKey"])),
        ({"service": "repair"}, ("NOT_MAPPED", ["service"])),
        ({"leadId": encode_id("Lead", None, "99")}, ("NOT_FOUND", ["leadId"])),
        ({"leadId": encode_id("Lead", None, "1043")}, ("INVALID", ["leadId"])),
        ({"customerId": None}, ("REQUIRED", ["customerId"])),
        ({"staff": "x" * 501}, ("TOO_LONG", ["staff"])),
        ({"idempotencyKey": "x" * 201}, ("TOO_LONG", ["idempotencyKey"])),
    ]
    for given, fault in cases:
        assert wrong(await write(bikes, "createBooking", **{"customerId": customer(IVAN), **given})) == [fault], given


async def test_a_booking_that_counts_minutes(platform: Gateway) -> None:
    start, end = "2026-12-01T09:00:00+00:00", "2026-12-01T09:45:00+00:00"
    given = {"service": "Massage", "startAt": start, "endAt": end, "amount": "80.00", "source": "web"}
    ((key,),) = await rows(platform, "SELECT id::text FROM clients WHERE tenant_id = $1 ORDER BY name LIMIT 1", SPA)
    payload = await write(platform, "createBooking", SPA, customerId=customer(key, SPA), **given)
    assert payload["errors"] == []
    booking = payload["booking"]
    assert (booking["startAt"], booking["endAt"], booking["amount"]["amount"]) == (start, end, "80.00")
    moved = await write(platform, "updateBooking", SPA, id=booking["id"], startAt="2026-12-02T09:00:00+00:00")
    assert moved["booking"]["endAt"] == "2026-12-02T09:45:00+00:00"
    longer = await write(
        platform, "updateBooking", SPA, id=booking["id"], endAt="2026-12-02T10:00:00+00:00", staff="Mia"
    )
    assert (longer["booking"]["endAt"], longer["booking"]["staff"]) == ("2026-12-02T10:00:00+00:00", "Mia")
    for name, value in (("endAt", start), ("endAt", "2026-12-02T10:00:30+00:00")):
        assert wrong(await write(platform, "updateBooking", SPA, id=booking["id"], **{name: value})) == [
            ("INVALID", ["endAt"])
        ]
    assert wrong(await write(platform, "updateBooking", SPA, id=booking["id"], startAt=None)) == [
        ("REQUIRED", ["startAt"])
    ]
    late = {**given, "startAt": end, "endAt": start}
    assert wrong(await write(platform, "createBooking", SPA, customerId=customer(key, SPA), **late)) == [
        ("INVALID", ["endAt"])
    ]


async def test_a_booking_that_reaches_its_customer_through_a_lead(renos: Gateway) -> None:
    times = {"startAt": "2026-12-01T09:00:00+00:00", "endAt": "2026-12-01T10:00:00+00:00"}
    assert wrong(await write(renos, "createBooking", customerId=customer("ckx-birk"), **times)) == [
        ("REQUIRED", ["leadId"])
    ]
    lead = encode_id("Lead", None, "lead-b1")
    payload = await write(renos, "createBooking", leadId=lead, **times)
    assert payload["errors"] == []
    assert (payload["booking"]["customer"]["name"], payload["booking"]["status"]) == ("Birk Holm", "CONFIRMED")
    assert wrong(await write(renos, "createBooking", leadId=lead)) == [
        ("REQUIRED", ["startAt"]),
        ("REQUIRED", ["endAt"]),
    ]
    payload = await write(renos, "updateBooking", id=payload["booking"]["id"], startAt="2026-12-01T11:00:00+00:00")
    assert wrong(payload) == [("INVALID", ["startAt"])]


async def test_a_column_that_nobody_fills_is_named(salon: Gateway) -> None:
    tenant = "aaaaaaaa-0000-4000-8000-000000000001"
    given = {"customerId": customer("SQ1", tenant), "startAt": "2026-12-01T09:00:00+00:00"}
    payload = await write(salon, "createBooking", tenant, **given)
    assert [code for code, _ in wrong(payload)] == ["REQUIRED"]
    assert "location" in payload["errors"][0]["message"]
    payload = await write(salon, "createBooking", tenant, **given, location="LOC-A")
    assert (payload["errors"], payload["booking"]["location"]) == ([], "LOC-A")


async def test_the_same_key_makes_one(bikes: Gateway) -> None:
    given = {"customerId": customer(IVAN), "amount": "10.00", "idempotencyKey": "k"}
    answers = await asyncio.gather(*(write(bikes, "createBooking", **given) for _ in range(6)))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["errors"] == []
    other = await write(bikes, "createBooking", **{**given, "amount": "11.00"})
    assert wrong(other) == [("IDEMPOTENCY_MISMATCH", ["idempotencyKey"])]
