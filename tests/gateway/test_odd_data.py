"""Rows and documents that nobody planned for: none breaks a page, each customer is there once."""

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from bson import ObjectId
from pymongo.errors import BulkWriteError

import gateway.demo_data
from gateway.settings import Settings
from tests.loading import fill_mongo, make_database, mongo_url, run_sql
from tests.running import PATIENT, Gateway, running
from tests.servers import Servers

TABLES = (Path(gateway.demo_data.__file__).parent / "tables.sql").read_text()
ROWS = r"""
INSERT INTO customers (id, name, email, phone, status, source, created_at) VALUES
    (1, 'Plain', 'plain@shop.example', '+4520000001', 'active', 'web', '2026-01-01Z'),
    (2, NULL, NULL, NULL, 'vip', NULL, '2026-01-02Z'),
    (3, '', '', '', '', '', '2026-01-03Z'),
    (4, '  ', NULL, '+4520000004', 'ACTIVE', 'web', '2026-01-04Z'),
    (5, 'Forever', NULL, NULL, 'active', 'web', 'infinity'),
    (6, 'Never', NULL, NULL, 'active', 'web', '-infinity'),
    (7, 'Caesar', NULL, NULL, 'active', 'web', '0044-03-15 12:00:00+00 BC'),
    (8, 'Far', NULL, NULL, 'active', 'web', '294276-12-31 23:59:59Z'),
    (9, E'Line\nbreak \u202e 🌿 ''; DROP TABLE leads; --', NULL, NULL, 'active', 'web', '9999-12-31 23:59:59.999999Z'),
    (-10, 'Negative key', NULL, NULL, 'active', 'web', '2026-01-05Z'),
    (9223372036854775807, 'Largest key', NULL, NULL, 'active', 'web', '2026-01-05Z');
INSERT INTO leads (id, customer_id, status, contact_attempts, next_follow_up_at, created_at, updated_at) VALUES
    (1, 1, 'new', 0, NULL, '2026-01-01Z', '2026-01-01Z'),
    (2, 1, 'archived', 2147483647, 'infinity', 'infinity', '-infinity'),
    (3, 1, '', -1, '-infinity', '-infinity', 'infinity'),
    (4, 999, 'NEW', 0, '0001-01-01 BC', '0044-03-15 BC', '294276-01-01Z'),
    (5, NULL, 'won', 0, NULL, '9999-12-31 23:59:59.999999Z', '0001-01-01Z');
INSERT INTO bookings
    (id, code, customer_id, lead_id, status, price, payment_status, start_at, minutes, created_at) VALUES
    (1, '', 1, 1, 'requested', 10, 'paid', '2026-01-01Z', 60, '2026-01-01Z'),
    (2, 'B-2', 1, 999, 'waiting', 'NaN', '', 'infinity', 60, 'infinity'),
    (3, 'B-3', 999, NULL, '', -1, 'odd', '-infinity', 2147483647, '-infinity'),
    (4, 'B-4', NULL, 2, 'done', NULL, 'open', '9998-12-30Z', 2147483647, '0044-01-01 BC'),
    (5, 'B-5', 1, 5, 'done', 0, 'open', '0002-01-02Z', -2147483648, '2026-01-01Z');
INSERT INTO quotes (id, customer_id, status, total, accepted_at) VALUES
    (1, 1, 'accepted', 10.50, '2026-01-01Z'), (2, 1, 'accepted', 1, 'infinity'), (3, 1, 'accepted', 2, NULL),
    (4, 1, 'ACCEPTED', 1000, '2026-01-01Z'), (5, 2, 'accepted', 'NaN', '2026-01-01Z'),
    (6, 999, 'accepted', 5, '2026-01-01Z'), (7, 3, 'accepted', -3, '2026-01-01Z'),
    (8, 4, 'accepted', 99999999.99, '0044-01-01 BC');
"""
FORWARDS = ("first", "after", "endCursor", "hasNextPage")
BACKWARDS = ("last", "before", "startCursor", "hasPreviousPage")
FIRST_ID = ObjectId("0123456789abcdef01234567")
Values = tuple[Any, ...]
Documents = list[dict[str, Any]]
Things = dict[str, dict[str, Any]]
A_DAY = datetime(2026, 1, 1, tzinfo=UTC)
OPERATOR = {"$gt": ""}
#: What is no link to the row 1, whatever it looks like.
NO_LINKS: Values = (True, False, 0, 1.0, 1.5, {}, OPERATOR, [], ["1"], [1], FIRST_ID, None, "", " 1", "01", "1.0")
NO_LINKS += ("+1", "1\x00", "999", A_DAY)
#: Dates in other forms than the one that counts: dates for accounts, ISO texts for delivery records.
NO_DATES: Values = ("2026-01-01T00:00:00", "yesterday", "", 0, 1.5, True, None, {}, [], [A_DAY])
NO_ISO_DATES: Values = ("2026-01-01", "2026-1-1T00:00:00", "yesterday", "", 5, None, {}, [], A_DAY)
NO_TEXTS: Values = ({}, [], {"first": "Ada"}, ["Ada"], True, None, "", "  ")
NO_KEYS: Values = (5, 1.0, True, None, {}, [], FIRST_ID)


def named(prefix: str, field: str, values: Values, **more: Any) -> Documents:
    """Make a document of each of *values*."""
    return [{"id": f"{prefix}{number}", field: value, **more} for number, value in enumerate(values)]


USERS: Documents = [
    {"id": "plain", "crm_customer_id": "1", "created_at": A_DAY, "name": "Account", "email": "in@shop.example"},
    {"id": "integer", "crm_customer_id": 4, "created_at": A_DAY},
    {"id": "nothing"},
    {"id": "", "name": "an empty key is one", "created_at": A_DAY},
    {"id": "odd login", "is_active": "yes", "password_hash": 5, "email": 5, "created_at": A_DAY},
    *named("row", "crm_customer_id", NO_LINKS, created_at=A_DAY),
    *named("partner", "customer_v2_id", NO_LINKS, created_at=A_DAY),
    *named("date", "created_at", NO_DATES),
    *({**one, "email": one["name"], "phone": one["name"]} for one in named("text", "name", NO_TEXTS)),
]
KEYLESS: Documents = [{"id": key, "name": "without a key", "created_at": A_DAY} for key in NO_KEYS]
DELIVERIES: Documents = [
    {"id": "D1", "user_id": "plain", "created_at": "2025-01-01T00:00:00", "status": "active"},
    *({**one, "crm_customer_id": one["user_id"]} for one in named("Dlink", "user_id", NO_LINKS)),
    *named("Ddate", "created_at", NO_ISO_DATES),
    *({**one, "status": one["name"], "area": one["name"]} for one in named("Dtext", "name", NO_TEXTS)),
]


@pytest.fixture(scope="module")
def storable(servers: Servers) -> Callable[[Documents], Documents]:
    """Leave out documents with an operator for a value where the server refuses to store such: none can be there."""
    try:
        fill_mongo(mongo_url(servers, "operators"), {"documents": [{"value": OPERATOR}]})
    except BulkWriteError:
        return lambda documents: [one for one in documents if OPERATOR not in one.values()]
    return lambda documents: documents


@pytest.fixture(scope="module")
async def odd(servers: Servers, storable: Callable[[Documents], Documents]) -> AsyncIterator[Gateway]:
    """Serve the demo's shape with data that have everything wrong."""
    postgres, mongo = await make_database(servers, "odd"), mongo_url(servers, "odd")
    await run_sql(postgres, TABLES, ROWS)
    users = [{"role": "customer", **user} for user in [*storable(USERS), *KEYLESS, {"name": "without a key"}]]
    fill_mongo(mongo, {"users": users, "customers_v2": storable(DELIVERIES)})
    async with running(
        Settings(profile="demo", postgres_url=postgres, mongo_url=mongo, open=True, **PATIENT)
    ) as gateway:
        yield gateway


LEAD = "id key status storeStatus contactAttempts nextFollowUpAt createdAt updatedAt"
BOOKING = "id key code status storeStatus startAt endAt createdAt amount { amount } paymentStatus paid"
CUSTOMER = f"""
  id name email phone status source area createdAt firstSeenAt linkage
  records {{ store key name email phone createdAt }} account {{ key email phone isActive canLogIn emailIsPlaceholder }}
  delivery {{ key address area status }} totalLeads totalBookings totalRevenue {{ amount currency }}
  revenue(period: {{from: "2020-01-01"}}) {{ total {{ amount }} count average {{ amount }} }}
  leads {{ totalCount nodes {{ {LEAD} }} }} bookings {{ totalCount nodes {{ {BOOKING} }} }}
"""
FIELDS = {
    "customers": CUSTOMER,
    "leads": f"{LEAD} customer {{ name }}",
    "bookings": f"{BOOKING} customer {{ name }} lead {{ {LEAD} }}",
}
#: Pages that end among ties, at the last value and among the nulls.
SIZES = {"customers": 23, "leads": 2, "bookings": 2}
LISTS = {
    "customers": ("", ", orderBy: {direction: ASC}", ', filter: {createdIn: {from: "2020-01-01"}}'),
    "leads": ("", ", orderBy: {by: UPDATED_AT, direction: ASC}", ', filter: {createdIn: {to: "2030-01-01"}}'),
    "bookings": ("", ", orderBy: {by: CREATED_AT, direction: ASC}", ', filter: {startIn: {from: "2020-01-01"}}'),
}


async def read_all(gateway: Gateway, root: str, given: str = "", *, backwards: bool = False) -> Documents:
    count, cursor, end, more = BACKWARDS if backwards else FORWARDS
    query = f"""query ($at: String) {{ {root}({count}: {SIZES[root]}, {cursor}: $at {given}) {{
      totalCount pageInfo {{ {end} {more} }} nodes {{ {FIELDS[root]} }} }} }}"""
    found: Documents = []
    at = None
    while True:
        page = (await gateway.data(query, {"at": at}))[root]
        found = page["nodes"] + found if backwards else found + page["nodes"]
        if not page["pageInfo"][more]:
            assert page["totalCount"] == len(found)
            return found
        at = page["pageInfo"][end]


@pytest.mark.parametrize(("root", "given"), [(root, given) for root, every in LISTS.items() for given in every])
async def test_every_page_is_read_from_either_end(odd: Gateway, root: str, given: str) -> None:
    forwards = await read_all(odd, root, given)
    assert len({one["id"] for one in forwards}) == len(forwards)
    assert forwards == await read_all(odd, root, given, backwards=True)


@pytest.fixture(scope="module")
async def lists(odd: Gateway) -> dict[str, Documents]:
    """Read every list once."""
    return {root: await read_all(odd, root) for root in LISTS}


@pytest.fixture
def customers(lists: dict[str, Documents]) -> Things:
    """Know customers by the keys of their first records."""
    return {one["records"][0]["key"]: one for one in lists["customers"]}


@pytest.fixture
def leads(lists: dict[str, Documents]) -> Things:
    return {one["key"]: one for one in lists["leads"]}


@pytest.fixture
def bookings(lists: dict[str, Documents]) -> Things:
    return {one["key"]: one for one in lists["bookings"]}


def test_every_record_with_a_key_is_a_customers_and_none_is_two(
    lists: dict[str, Documents], storable: Callable[[Documents], Documents]
) -> None:
    customers = lists["customers"]
    keys = [record["key"] for one in customers for record in one["records"]]
    rows = [*map(str, range(1, 10)), "-10", "9223372036854775807"]
    assert sorted(keys) == sorted([*rows, *(str(one["id"]) for one in storable([*USERS, *DELIVERIES]))])


def test_what_is_no_link_links_nothing(customers: Things) -> None:
    linked = {key: one["linkage"] for key, one in customers.items() if one["linkage"] != "UNLINKED"}
    assert linked == {"1": "COMPLETE", "4": "PARTIAL"}
    assert [record["key"] for record in customers["1"]["records"]] == ["1", "plain", "D1"]
    assert [record["key"] for record in customers["4"]["records"]] == ["4", "integer"]


def test_every_customer_is_called_something(customers: Things) -> None:
    assert [customers[key]["name"] for key in ("1", "2", "3", "4")] == ["Plain", "2", "3", "+4520000004"]
    assert customers["9"]["name"] == "Line\nbreak \u202e 🌿 '; DROP TABLE leads; --"
    for number in range(len(NO_TEXTS)):
        for one in (customers[f"text{number}"], customers[f"Dtext{number}"]):
            assert one["name"] == one["records"][0]["key"]
            assert (one["email"], one["phone"], one["area"]) == (None, None, None)


def test_a_status_without_a_meaning_is_unknown_and_none_is_null(
    customers: Things, leads: Things, bookings: Things
) -> None:
    assert [customers[key]["status"] for key in ("1", "2", "3", "4")] == ["ACTIVE", "UNKNOWN", None, "UNKNOWN"]
    said = {repr(text): customers[f"Dtext{number}"]["status"] for number, text in enumerate(NO_TEXTS)}
    assert {text for text, status in said.items() if status is None} == {"None", "''"}
    assert [leads[key]["status"] for key in "12345"] == ["NEW", "UNKNOWN", "UNKNOWN", "UNKNOWN", "WON"]
    assert [leads[key]["storeStatus"] for key in "12345"] == ["new", "archived", "", "NEW", "won"]
    assert [bookings[key]["storeStatus"] for key in "12345"] == ["requested", "waiting", "", "done", "done"]


def test_a_date_beyond_the_calendar_or_of_another_form_is_null(
    customers: Things, leads: Things, bookings: Things
) -> None:
    dateless = [*"56789", *(f"date{n}" for n in range(len(NO_DATES))), *(f"Ddate{n}" for n in range(len(NO_ISO_DATES)))]
    assert {customers[key]["createdAt"] for key in dateless} == {None}
    for key in "2345":
        assert (leads[key]["createdAt"], leads[key]["updatedAt"], leads[key]["nextFollowUpAt"]) == (None, None, None)
    assert {bookings[key]["endAt"] for key in "2345"} == {None}
    assert (bookings["1"]["startAt"], bookings["1"]["endAt"]) == (
        "2026-01-01T00:00:00+00:00",
        "2026-01-01T01:00:00+00:00",
    )


async def test_dates_without_a_value_come_last_and_no_period_holds_them(odd: Gateway) -> None:
    for given in ("", ", orderBy: {direction: ASC}"):
        dates = [one["createdAt"] for one in await read_all(odd, "customers", given)]
        assert None not in dates[: dates.index(None)]
        assert set(dates[dates.index(None) :]) == {None}
    for bound in ('from: "0002-01-02"', 'to: "9998-12-30"'):
        for root, every in (("customers", None), ("leads", 1), ("bookings", 2)):
            found = await read_all(odd, root, f", filter: {{createdIn: {{{bound}}}}}")
            assert None not in {one["createdAt"] for one in found}
            assert every is None or len(found) == every


def test_a_link_to_nothing_is_null(leads: Things, bookings: Things) -> None:
    assert [leads[key]["customer"] is None for key in "12345"] == [False, False, False, True, True]
    assert [bookings[key]["customer"] is None for key in "12345"] == [False, False, True, True, False]
    assert [bookings[key]["lead"] is None for key in "12345"] == [False, True, True, False, False]


def test_money_that_is_no_number_is_none_and_not_counted(customers: Things, bookings: Things) -> None:
    amounts = [bookings[key]["amount"] and bookings[key]["amount"]["amount"] for key in "12345"]
    assert amounts == ["10.00", None, "-1.00", None, "0.00"]
    assert [customers[key]["totalRevenue"]["amount"] for key in "1234"] == ["13.50", "0.00", "-3.00", "99999999.99"]
    assert [customers[key]["revenue"]["count"] for key in "1234"] == [1, 0, 1, 0]


def test_an_odd_login_is_none(customers: Things) -> None:
    account = customers["odd login"]["account"]
    assert (account["isActive"], account["canLogIn"], account["email"]) == (False, False, "5")


async def test_each_is_found_by_its_id(odd: Gateway, lists: dict[str, Documents]) -> None:
    ids = [one["id"] for root in LISTS for one in lists[root]]
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    for first in range(0, len(ids), 100):
        asked = ids[first : first + 100]
        assert (await odd.data(query, {"ids": asked}))["nodes"] == [{"id": id_} for id_ in asked]
