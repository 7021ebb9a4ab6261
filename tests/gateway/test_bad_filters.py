"""Filters that a client can get wrong: each a clear error, or an empty list."""

from typing import Any

import pytest

from tests.answers import assert_told_nothing_of_the_inside, codes, refusal
from tests.running import Gateway

NORTH: dict[str, Any] = {"tenant": "north"}
TEXTS = {
    "customers": ("source", "area"),
    "leads": ("storeStatus", "source"),
    "bookings": ("storeStatus", "location", "service", "staff", "source", "paymentStatus"),
}
FIELDS = [(root, field) for root, fields in TEXTS.items() for field in fields]


@pytest.mark.parametrize(("root", "field"), FIELDS)
@pytest.mark.parametrize(
    "text", ["nowhere", "", "\x00", "a\x00b", "' OR '1'='1", "%", "x" * 100_000], ids=lambda text: text[:12]
)
async def test_what_no_store_says_is_nowhere(grocer: Gateway, root: str, field: str, text: str) -> None:
    query = f"query ($it: [String!]) {{ {root}(filter: {{{field}: $it}}) {{ totalCount nodes {{ id }} }} }}"
    answer = await grocer.post(query, {"it": [text]}, **NORTH)
    assert_told_nothing_of_the_inside(answer)
    assert answer.json()["data"] == {root: {"totalCount": 0, "nodes": []}}


@pytest.mark.parametrize(("root", "field"), FIELDS)
async def test_more_choices_than_a_form_offers_are_bad_input(grocer: Gateway, root: str, field: str) -> None:
    query = f"query ($it: [String!]) {{ {root}(filter: {{{field}: $it}}) {{ totalCount }} }}"
    body = await grocer.ask(query, {"it": [str(number) for number in range(101)]}, **NORTH)
    assert body["data"] == {root: None}
    assert codes(body) == ["BAD_INPUT"]
    assert "101" in body["errors"][0]["message"]


@pytest.mark.parametrize("root", ["customers", "leads", "bookings"])
async def test_a_cursor_belongs_to_the_filter_that_it_was_handed_out_for(grocer: Gateway, root: str) -> None:
    narrowed = 'filter: {createdIn: {from: "2020-01-01T00:00:00Z"}}'
    page = f"{{ {root}(first: 1, %s) {{ pageInfo {{ endCursor }} }} }}"
    cursor = (await grocer.data(page % narrowed, **NORTH))[root]["pageInfo"]["endCursor"]
    assert cursor
    after = f'after: "{cursor}"'
    assert "errors" not in await grocer.ask(page % f"{narrowed}, {after}", **NORTH)
    for other in ("filter: {}", 'filter: {createdIn: {from: "2020-01-02T00:00:00Z"}}'):
        assert codes(await grocer.ask(page % f"{other}, {after}", **NORTH)) == ["BAD_CURSOR"]


async def test_choices_are_the_same_filter_in_any_order(grocer: Gateway) -> None:
    page = "{ leads(first: 1, filter: {status: [%s]}%s) { nodes { id } pageInfo { endCursor } } }"
    found = (await grocer.data(page % ("NEW, WON, NEW", ""), **NORTH))["leads"]
    cursor = found["pageInfo"]["endCursor"]
    if cursor is not None:
        await grocer.data(page % ("WON, NEW", f', after: "{cursor}"'), **NORTH)


@pytest.mark.parametrize(
    "narrowed",
    [
        "status: []",
        "linkage: []",
        "area: []",
        "source: []",
        "has: [CRM], lacks: [CRM]",
        'area: ["North"], lacks: [CRM, DELIVERY]',
    ],
)
async def test_what_nobody_can_be_is_an_empty_list(grocer: Gateway, narrowed: str) -> None:
    page = "{ customers(filter: {%s}) { totalCount missingStores nodes { id } pageInfo { hasNextPage endCursor } } }"
    found = (await grocer.data(page % narrowed, **NORTH))["customers"]
    nothing = {"hasNextPage": False, "endCursor": None}
    assert found == {"totalCount": 0, "missingStores": [], "nodes": [], "pageInfo": nothing}


@pytest.mark.parametrize("narrowed", ["has: []", "lacks: []", "has: null", "canLogIn: null", "emailMissing: null"])
async def test_what_asks_for_nothing_narrows_nothing(grocer: Gateway, narrowed: str) -> None:
    page = "{ customers(filter: {%s}) { totalCount } }"
    assert (await grocer.data(page % narrowed, **NORTH))["customers"]["totalCount"] == 16


@pytest.mark.parametrize("status", ['"NEW"', "new", "1", "null", "{}"])
async def test_what_is_no_status_is_refused(grocer: Gateway, status: str) -> None:
    for root in ("leads", "bookings"):
        answer = await grocer.post(f"{{ {root}(filter: {{status: [{status}]}}) {{ totalCount }} }}", **NORTH)
        assert set(refusal(answer)[1]) == {"GRAPHQL_VALIDATION_FAILED"}
