"""Ids, keys, cursors, pages and dates that a client can get wrong: each a clear error, or null without one."""

import base64
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from domain.ids import encode_id
from domain.records import RecordKind
from tests.answers import assert_told_nothing_of_the_inside, codes, refusal
from tests.loading import EXISTING, fill_mongo, make_database, mongo_url, run_sql
from tests.running import Gateway, running, secured
from tests.servers import Servers

NORTH: dict[str, Any] = {"tenant": "north"}
SOUTH: dict[str, Any] = {"tenant": "south"}


def packed(*parts: object) -> str:
    """Write *parts* as ids and cursors are written, whether or not they can be one."""
    return base64.urlsafe_b64encode(json.dumps(parts, separators=(",", ":")).encode()).decode().rstrip("=")


async def asked(gateway: Gateway, query: str, variables: dict[str, Any] | None = None, **how: Any) -> dict[str, Any]:
    answer = await gateway.post(query, variables, **how)
    assert_told_nothing_of_the_inside(answer)
    body: dict[str, Any] = answer.json()
    return body


# ── ids ──

CUSTOMER_ID = encode_id("Customer", "north", "1", RecordKind.CRM)
LEAD_ID = encode_id("Lead", "north", "1")
BOOKING_ID = encode_id("Booking", "north", "1")
NO_IDS = {
    "empty": "",
    "a space": " ",
    "a number": "1",
    "a word": "nonsense",
    "not ASCII": "Щукин",
    "NUL": "\x00",
    "Relay's form": base64.b64encode(b"Customer:1").decode(),
    "no list": base64.urlsafe_b64encode(b'{"a":1}').decode(),
    "no JSON": base64.urlsafe_b64encode(b"\xff\xfe\xfd").decode(),
    "too few parts": packed("Customer", "CRM", "north"),
    "too many parts": packed("Customer", "CRM", "north", "1", "2"),
    "another type": packed("Secret", None, "north", "1"),
    "another kind": packed("Customer", "ROOT", "north", "1"),
    "no kind": packed("Customer", None, "north", "1"),
    "a kind too many": packed("Lead", "CRM", "north", "1"),
    "a list as type": packed(["Customer"], "CRM", "north", "1"),
    "a list as kind": packed("Customer", ["CRM"], "north", "1"),
    "a number as key": packed("Customer", "CRM", "north", 1),
    "a number as tenant": packed("Customer", "CRM", 5, "1"),
    "a lone surrogate": packed("Customer", "CRM", "north", "\ud800"),
    "padded": f"{CUSTOMER_ID}====",
    "another spelling": base64.urlsafe_b64encode(b'["Customer", "CRM", "north", "1"]').decode().rstrip("="),
    "very long": encode_id("Customer", "north", "9" * 30_000, RecordKind.CRM),
    "deep": base64.urlsafe_b64encode(b"[" * 1400).decode().rstrip("="),
}
BY_ID = {name: f"query ($id: ID!) {{ {name}(id: $id) {{ __typename }} }}" for name in ("customer", "lead", "booking")}
BY_ID["node"] = "query ($id: ID!) { node(id: $id) { __typename } }"


@pytest.mark.parametrize("field", BY_ID)
@pytest.mark.parametrize("wrong", NO_IDS.values(), ids=NO_IDS)
async def test_what_is_no_id_is_bad_id(grocer: Gateway, field: str, wrong: str) -> None:
    body = await asked(grocer, BY_ID[field], {"id": wrong}, **NORTH)
    assert body["data"] == {field: None}
    assert codes(body) == ["BAD_ID"]
    assert body["errors"][0]["path"] == [field]
    assert len(body["errors"][0]["message"]) < 200


@pytest.mark.parametrize(
    ("field", "wrong"),
    [("customer", LEAD_ID), ("customer", BOOKING_ID), ("lead", CUSTOMER_ID), ("booking", LEAD_ID)],
)
async def test_the_id_of_another_type_is_bad_id(grocer: Gateway, field: str, wrong: str) -> None:
    assert codes(await asked(grocer, BY_ID[field], {"id": wrong}, **NORTH)) == ["BAD_ID"]


async def test_one_bad_id_among_many_harms_no_other(grocer: Gateway) -> None:
    unknown = encode_id("Lead", "north", "999")
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
    body = await asked(grocer, query, {"ids": [LEAD_ID, "nonsense", unknown, CUSTOMER_ID]}, **NORTH)
    assert body["data"]["nodes"] == [
        {"__typename": "Lead", "id": LEAD_ID},
        None,
        None,
        {"__typename": "Customer", "id": CUSTOMER_ID},
    ]
    assert [(error["path"], error["extensions"]["code"]) for error in body["errors"]] == [(["nodes", 1], "BAD_ID")]


async def test_more_ids_than_a_page_holds_are_bad_page(grocer: Gateway) -> None:
    query = "query ($ids: [ID!]!) { nodes(ids: $ids) { id } }"
    assert codes(await asked(grocer, query, {"ids": [LEAD_ID] * 101}, **NORTH)) == ["BAD_PAGE"]


ODD_KEYS = {
    "unknown": "999",
    "empty": "",
    "a word": "nonsense",
    "NUL": "1\x00",
    "spaces": " 1 ",
    "leading zero": "01",
    "a fraction": "1.0",
    "an exponent": "1e0",
    "another script": "\N{ARABIC-INDIC DIGIT ONE}",
    "beyond bigint": "9223372036854775808",
    "a thousand digits": "9" * 1_000,
    "an injection": "1 OR 1=1",
    "an operator": '{"$gt": ""}',
    "like a uuid": "0a0a0a0a-0b0b-0c0c-0d0d-0e0e0e0e0e0e",
    "like an ObjectId": "0123456789abcdef01234567",
}


@pytest.mark.parametrize("key", ODD_KEYS.values(), ids=ODD_KEYS)
async def test_the_id_of_what_is_not_there_is_null_without_error(grocer: Gateway, key: str) -> None:
    ids = [("customer", encode_id("Customer", "north", key, kind)) for kind in RecordKind]
    ids += [("lead", encode_id("Lead", "north", key)), ("booking", encode_id("Booking", "north", key))]
    wanted = " ".join(
        f"a{number}: {field}(id: {json.dumps(id_)}) {{ id }} b{number}: node(id: {json.dumps(id_)}) {{ id }}"
        for number, (field, id_) in enumerate(ids)
    )
    body = await asked(grocer, f"{{ {wanted} }}", **NORTH)
    assert "errors" not in body, body["errors"]
    assert set(body["data"].values()) == {None}


@pytest.mark.parametrize("field", BY_ID)
@pytest.mark.parametrize("tenant", ["south", None, "", "nobody's"])
async def test_the_id_of_another_tenant_is_null_without_error(grocer: Gateway, field: str, tenant: str | None) -> None:
    type_ = "Customer" if field == "node" else field.capitalize()
    id_ = encode_id(type_, tenant, "1", RecordKind.CRM if type_ == "Customer" else None)
    assert await grocer.data(BY_ID[field], {"id": id_}, **NORTH) == {field: None}


# ── keys ──

BY_KEY = "query ($key: CustomerKey!) { customerBy(key: $key) { id } }"


@pytest.mark.parametrize("kind", ["crm", "account", "delivery"])
@pytest.mark.parametrize("key", [*ODD_KEYS.values(), "x" * 100_000], ids=[*ODD_KEYS, "very long"])
async def test_a_key_that_cannot_be_is_null_without_error(grocer: Gateway, kind: str, key: str) -> None:
    assert await grocer.data(BY_KEY, {"key": {kind: key}}, **NORTH) == {"customerBy": None}


@pytest.fixture(scope="module")
async def uuids(servers: Servers) -> AsyncIterator[Gateway]:
    """Serve the grocer's tables with uuids for keys."""
    postgres, mongo = await make_database(servers, "uuids"), mongo_url(servers, "uuids")
    tables = (EXISTING / "grocer" / "postgres.sql").read_text().partition("INSERT INTO")[0].replace("bigint", "uuid")
    row = "INSERT INTO customers (org, id, created_at) VALUES ('north', '0a0a0a0a-0b0b-0c0c-0d0d-0e0e0e0e0e0e', now())"
    await run_sql(postgres, tables, row)
    fill_mongo(mongo, {"users": [], "customers_v2": []})
    async with running(secured(profile="grocer", postgres_url=postgres, mongo_url=mongo)) as gateway:
        yield gateway


@pytest.mark.parametrize("key", [key for name, key in ODD_KEYS.items() if name != "like a uuid"])
async def test_what_is_no_uuid_is_null_where_keys_are_uuids(uuids: Gateway, key: str) -> None:
    assert await uuids.data(BY_KEY, {"key": {"crm": key}}, **NORTH) == {"customerBy": None}


async def test_a_uuid_is_found_where_keys_are_uuids(uuids: Gateway) -> None:
    key = ODD_KEYS["like a uuid"]
    assert (await uuids.data(BY_KEY, {"key": {"crm": key}}, **NORTH))["customerBy"] is not None


@pytest.mark.parametrize("key", [{}, {"crm": None}, {"crm": "1", "account": "A1"}, {"crm": "1", "account": None}])
async def test_other_than_one_key_is_refused(grocer: Gateway, key: dict[str, Any]) -> None:
    assert refusal(await grocer.post(BY_KEY, {"key": key}, **NORTH)) == (200, ["GRAPHQL_VALIDATION_FAILED"])


@pytest.mark.parametrize("key", ["{}", "{crm: null}", '{crm: "1", account: "A1"}', "null", '"1"'])
async def test_other_than_one_key_is_refused_when_written_out(grocer: Gateway, key: str) -> None:
    answer = await grocer.post(f"{{ customerBy(key: {key}) {{ id }} }}", **NORTH)
    assert set(refusal(answer)[1]) == {"GRAPHQL_VALIDATION_FAILED"}
    assert [word for word in ("Maybe", "'str'") if word in answer.text] == []


# ── cursors ──

CURSORS = """{
  customers(first: 1) { pageInfo { endCursor } }
  leads(first: 1) { pageInfo { endCursor } }
  bookings(first: 1) { pageInfo { endCursor } }
  oldest: customers(first: 1, orderBy: {direction: ASC}) { pageInfo { endCursor } }
  oldestLeads: leads(first: 1, orderBy: {direction: ASC}) { pageInfo { endCursor } }
  created: bookings(first: 1, orderBy: {by: CREATED_AT}) { pageInfo { endCursor } }
}"""
FOREIGN = {
    "customers": ("leads", "bookings", "oldest"),
    "leads": ("customers", "bookings", "oldestLeads"),
    "bookings": ("customers", "leads", "created"),
}
CUSTOMERS = ("customers", "CREATED_AT", "DESC", "north")
LEADS = ("leads", "CREATED_AT", "DESC", "north")
NO_CURSORS = {
    "empty": "",
    "a word": "nonsense",
    "not ASCII": "é",
    "an id": LEAD_ID,
    "too short": packed(*LEADS),
    "too long": packed(*LEADS, 0, None, "1", 1),
    "a fraction as value": packed(*LEADS, 0.5, None, "1"),
    "true as value": packed(*LEADS, True, None, "1"),
    "a text as value": packed(*LEADS, "0", None, "1"),
    "before all time": packed(*LEADS, -(10**18), None, "1"),
    "after all time": packed(*LEADS, 10**18, None, "1"),
    "beyond all numbers": packed(*LEADS, 10**400, None, "1"),
    "a number as key": packed(*LEADS, 0, None, 1),
    "no key": packed(*LEADS, 0, None, None),
    "a word as key": packed(*LEADS, 0, None, "nonsense"),
    "a word as key among nulls": packed(*LEADS, None, None, "nonsense"),
    "NUL in the key": packed(*LEADS, 0, None, "1\x00"),
    "a kind of record": packed(*LEADS, 0, "CRM", "1"),
    "very long": packed(*LEADS, 0, None, "1" * 30_000),
}
NO_CUSTOMER_CURSORS = {
    "no kind": packed(*CUSTOMERS, 0, None, "1"),
    "another kind": packed(*CUSTOMERS, 0, "ROOT", "1"),
    "a list as kind": packed(*CUSTOMERS, 0, ["CRM"], "1"),
    "a word as key": packed(*CUSTOMERS, 0, "CRM", "nonsense"),
    "NUL in an account's key": packed(*CUSTOMERS, 0, "ACCOUNT", "1\x00"),
    "NUL in a delivery record's key": packed(*CUSTOMERS, None, "DELIVERY", "1\x00"),
}


@pytest.mark.parametrize("root", FOREIGN)
async def test_a_cursor_of_another_list_order_or_tenant_is_bad_cursor(grocer: Gateway, root: str) -> None:
    handed_out = await grocer.data(CURSORS, **NORTH)
    south = await grocer.data(CURSORS, **SOUTH)
    foreign = [handed_out[name]["pageInfo"]["endCursor"] for name in FOREIGN[root]]
    foreign.append(south[root]["pageInfo"]["endCursor"])
    assert all(foreign)
    for cursor in foreign:
        for arguments in (f'first: 1, after: "{cursor}"', f'last: 1, before: "{cursor}"'):
            body = await asked(grocer, f"{{ {root}({arguments}) {{ nodes {{ id }} }} }}", **NORTH)
            assert body["data"] == {root: None}
            assert codes(body) == ["BAD_CURSOR"]


@pytest.mark.parametrize("cursor", NO_CURSORS.values(), ids=NO_CURSORS)
async def test_a_forged_cursor_is_bad_cursor(grocer: Gateway, cursor: str) -> None:
    query = "query ($cursor: String) { leads(after: $cursor) { nodes { id } } }"
    body = await asked(grocer, query, {"cursor": cursor}, **NORTH)
    assert body["data"] == {"leads": None}
    assert codes(body) == ["BAD_CURSOR"]


@pytest.mark.parametrize("cursor", NO_CUSTOMER_CURSORS.values(), ids=NO_CUSTOMER_CURSORS)
async def test_a_forged_cursor_of_customers_is_bad_cursor(grocer: Gateway, cursor: str) -> None:
    query = "query ($cursor: String) { customers(after: $cursor) { nodes { id } } }"
    assert codes(await asked(grocer, query, {"cursor": cursor}, **NORTH)) == ["BAD_CURSOR"]


async def test_a_forged_cursor_of_a_customers_own_list_takes_only_that_list(grocer: Gateway) -> None:
    query = '{ customers(first: 2) { nodes { name leads(after: "nonsense") { nodes { id } } } } }'
    body = await asked(grocer, query, **NORTH)
    assert [one["leads"] for one in body["data"]["customers"]["nodes"]] == [None, None]
    assert all(one["name"] for one in body["data"]["customers"]["nodes"])
    assert codes(body) == ["BAD_CURSOR", "BAD_CURSOR"]


async def test_a_forged_cursor_takes_no_other_list_of_the_same_customer(grocer: Gateway) -> None:
    """It is of the right list, order and tenant, at a key that no lead can have: only the store can tell."""
    forged, newest = NO_CURSORS["a word as key among nulls"], encode_id("Lead", "north", "3")
    query = """query ($id: ID!, $after: String) { customer(id: $id) {
      name bad: leads(first: 1, after: $after) { nodes { id } } good: leads(first: 1) { nodes { id } }
    } }"""
    body = await asked(grocer, query, {"id": CUSTOMER_ID, "after": forged}, **NORTH)
    assert body["data"] == {"customer": {"name": "One", "bad": None, "good": {"nodes": [{"id": newest}]}}}
    assert [(error["path"], error["extensions"]["code"]) for error in body["errors"]] == [
        (["customer", "bad"], "BAD_CURSOR")
    ]


# ── pages ──

NO_PAGES = (
    "first: 0",
    "first: -1",
    "first: 101",
    "first: 2147483647",
    "last: 0",
    "last: -1",
    "last: 101",
    "first: 1, last: 1",
    'first: 1, before: "{cursor}"',
    'last: 1, after: "{cursor}"',
    'after: "{cursor}", before: "{cursor}"',
)


@pytest.mark.parametrize("root", FOREIGN)
@pytest.mark.parametrize("arguments", NO_PAGES)
async def test_a_page_that_cannot_be_is_bad_page(grocer: Gateway, root: str, arguments: str) -> None:
    cursor = (await grocer.data(CURSORS, **NORTH))[root]["pageInfo"]["endCursor"]
    given = arguments.replace("{cursor}", cursor)
    for selected in ("nodes { id }", "totalCount"):
        body = await asked(grocer, f"{{ {root}({given}) {{ {selected} }} }}", **NORTH)
        assert body["data"] == {root: None}
        assert codes(body) == ["BAD_PAGE"]


@pytest.mark.parametrize("arguments", NO_PAGES[:8])
async def test_a_page_that_cannot_be_is_bad_page_within_a_customer(grocer: Gateway, arguments: str) -> None:
    query = f"{{ customer(id: {json.dumps(CUSTOMER_ID)}) {{ name bookings({arguments}) {{ nodes {{ id }} }} }} }}"
    body = await asked(grocer, query, **NORTH)
    assert body["data"] == {"customer": {"name": "One", "bookings": None}}
    assert codes(body) == ["BAD_PAGE"]
    assert body["errors"][0]["path"] == ["customer", "bookings"]


async def test_null_is_like_nothing_given(grocer: Gateway) -> None:
    nulls = "first: null, last: null, after: null, before: null, filter: null, orderBy: null"
    period = "filter: {createdIn: {from: null, to: null}, source: null}"
    data = await grocer.data(
        f"{{ a: customers {{ nodes {{ id }} }} b: customers({nulls}) {{ nodes {{ id }} }}"
        f" c: customers({period}) {{ nodes {{ id }} }} }}",
        **NORTH,
    )
    assert data["a"] == data["b"] == data["c"]
    assert len(data["a"]["nodes"]) == 16


# ── periods and dates ──

REVERSED = '{from: "2026-01-02T00:00:00Z", to: "2026-01-01T00:00:00Z"}'


@pytest.mark.parametrize(
    ("root", "field"),
    [("customers", "createdIn"), ("leads", "createdIn"), ("bookings", "createdIn"), ("bookings", "startIn")],
)
async def test_a_period_that_ends_before_it_begins_is_bad_input(grocer: Gateway, root: str, field: str) -> None:
    for selected in ("nodes { id }", "totalCount"):
        query = f"{{ {root}(filter: {{{field}: {REVERSED}}}) {{ {selected} }} }}"
        body = await asked(grocer, query, **NORTH)
        assert body["data"] == {root: None}
        assert codes(body) == ["BAD_INPUT"]


async def test_a_period_that_ends_before_it_begins_is_bad_input_within_a_customer(grocer: Gateway) -> None:
    query = f"{{ customer(id: {json.dumps(CUSTOMER_ID)}) {{ name revenue(period: {REVERSED}) {{ count }} }} }}"
    body = await asked(grocer, query, **NORTH)
    assert body["data"] == {"customer": {"name": "One", "revenue": None}}
    assert codes(body) == ["BAD_INPUT"]


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "yesterday",
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-01-01T25:00:00Z",
        "2026-01-01T00:00:00+99:00",
        "0001-01-01T00:00:00+14:00",
        "0000-01-01T00:00:00Z",
        "10000-01-01T00:00:00Z",
        "infinity",
        "2026-01-01T00:00:00Z' OR '1'='1",
        "x" * 10_000,
        5,
        1e308,
        True,
        [],
        ["2026-01-01T00:00:00Z"],
        {"$gt": ""},
    ],
)
async def test_what_is_no_date_is_refused(grocer: Gateway, wrong: object) -> None:
    query = "query ($at: DateTime) { leads(filter: {createdIn: {from: $at}}) { totalCount } }"
    answer = await grocer.post(query, {"at": wrong}, **NORTH)
    assert refusal(answer) == (200, ["GRAPHQL_VALIDATION_FAILED"])
    assert len(answer.text) < 500


async def test_a_date_that_is_too_far_away_is_told_how_far_they_go(grocer: Gateway) -> None:
    query = "query ($at: DateTime) { leads(filter: {createdIn: {from: $at}}) { totalCount } }"
    for wrong in ("9999-01-01T00:00:00Z", "0001-01-01T00:00:00Z"):
        answer = await grocer.post(query, {"at": wrong}, **NORTH)
        assert "of the years 2 to 9998" in answer.text
