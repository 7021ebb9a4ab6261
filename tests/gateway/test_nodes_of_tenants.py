"""Something of every type that has an id, made in one tenant: there it is found, and for another it is not there."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from graphql import GraphQLInterfaceType

from domain.access import Role
from tests.answers import assert_told_nothing_of_the_inside, codes, told_of
from tests.asking import BUILT, MUTATIONS, QUERIES, asked, selection
from tests.loading import existing_store, indexed
from tests.running import Gateway, running
from tests.servers import Servers

SECRET = "only the south knows"
NODE = BUILT.type_map["Node"]
assert isinstance(NODE, GraphQLInterfaceType)
TYPES = {one.name: one for one in BUILT.get_possible_types(NODE)}
FOUND = "query ($id: ID!) { node(id: $id) { __typename id } }"
SEVERAL = "query ($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }"
#: Of which nothing more can be made in this store than there is.
THERE = (
    """{ customers(first: 1) { nodes { id } } leads(first: 1) { nodes { id } } bookings(first: 1) { nodes { id } } }"""
)
NOTE = "mutation ($id: ID!, $text: String!) { addNote(input: {customerId: $id, text: $text}) { note { id } } }"
CUT = """mutation ($why: String!) { unlinkRecord(input: {record: {store: ACCOUNT, key: "A1"}, reason: $why}) {
  event { id } operation { id } } }"""
LIST = "{ linkHistory { nodes { id reason } } customers { nodes { id name notes { nodes { id text } } } } }"
Ids = Mapping[str, str]


@pytest.fixture(scope="module")
async def store(servers: Servers) -> AsyncIterator[Gateway]:
    async with running(await indexed(await existing_store(servers, "grocer", "grocer_nodes"))) as gateway:
        yield gateway


@pytest.fixture(scope="module")
async def ids(store: Gateway) -> Ids:
    """Make one of each in the south."""
    there = await store.data(THERE, tenant="south")
    customer, lead, booking = (there[name]["nodes"][0]["id"] for name in ("customers", "leads", "bookings"))
    note = (await store.data(NOTE, {"id": customer, "text": SECRET}, tenant="south"))["addNote"]["note"]["id"]
    cut = (await store.data(CUT, {"why": SECRET}, tenant="south"))["unlinkRecord"]
    return {
        "Customer": customer,
        "Lead": lead,
        "Booking": booking,
        "Note": note,
        "LinkEvent": cut["event"]["id"],
        "Operation": cut["operation"]["id"],
    }


def test_there_is_something_of_every_type_that_has_an_id(ids: Ids) -> None:
    assert ids.keys() == TYPES.keys()


@pytest.mark.parametrize("type_", TYPES)
async def test_it_is_found_where_it_belongs_and_nowhere_else(store: Gateway, ids: Ids, type_: str) -> None:
    id_ = ids[type_]
    here = {"__typename": type_, "id": id_}
    whole = f"query ($id: ID!) {{ node(id: $id) {{ ... on {type_} {selection(TYPES[type_], 2)} }} }}"
    for who in ({"tenant": "south"}, {"roles": [Role.PLATFORM_ADMIN], "headers": {"X-Tenant": "south"}}):
        assert (await store.data(FOUND, {"id": id_}, **who))["node"] == here
        assert (await store.data(SEVERAL, {"ids": [id_]}, **who))["nodes"] == [here]
        assert (await store.data(whole, {"id": id_}, **who))["node"]["id"] == id_
    for who in ({"tenant": "north"}, {"roles": [Role.PLATFORM_ADMIN], "headers": {"X-Tenant": "north"}}):
        assert await store.data(FOUND, {"id": id_}, **who) == {"node": None}
        assert await store.data(SEVERAL, {"ids": [id_]}, **who) == {"nodes": [None]}
        assert await store.data(whole, {"id": id_}, **who) == {"node": None}


@pytest.mark.parametrize("type_", TYPES)
async def test_nobody_else_is_told_of_it(store: Gateway, ids: Ids, type_: str) -> None:
    asked_for: dict[str, Any] = {"id": ids[type_]}
    for who, code in (
        ({"roles": [Role.SUPPORT], "tenant": "south"}, "FORBIDDEN"),
        ({"roles": [], "tenant": "south"}, "FORBIDDEN"),
        ({"roles": [Role.READER], "tenant": "north", "headers": {"X-Tenant": "south"}}, "FORBIDDEN"),
        ({"roles": [Role.PLATFORM_ADMIN]}, "TENANT_REQUIRED"),
    ):
        body = await store.ask(FOUND, asked_for, **who)
        assert (body["data"], codes(body)) == ({"node": None}, [code])
    bare = await store.http.post(f"{store.url}/graphql", json={"query": FOUND, "variables": asked_for})
    assert codes(bare.json()) == ["UNAUTHENTICATED"]


async def everything(gateway: Gateway) -> list[dict[str, Any]]:
    """Answer all that can be seen of the south, but for what says when it was looked at."""
    fields = (asked(name, QUERIES[name], depth=3) for name in ("customers", "leads", "bookings"))
    return [await gateway.data(query, tenant="south") for query in (LIST, *fields)]


@pytest.mark.parametrize("type_", TYPES)
async def test_no_field_and_no_mutation_does_anything_with_it_for_another_tenant(
    store: Gateway, ids: Ids, type_: str
) -> None:
    before = await everything(store)
    assert SECRET in str(before)
    for name, field in (*QUERIES.items(), *MUTATIONS.items()):
        answer = await store.post(asked(name, field, ids[type_], depth=2), tenant="north")
        assert_told_nothing_of_the_inside(answer)
        assert told_of((SECRET, "Uno", "Cuenta", "7.77"), answer.text) == [], name
    assert await everything(store) == before
