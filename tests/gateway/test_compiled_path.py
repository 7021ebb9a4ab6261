"""Which path answers: told where it is asked for, the same answers on both, and what is kept is bounded."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from graphql import parse

from domain.ids import encode_id
from domain.records import RecordKind
from schema.compiled.cache import Operations
from schema.compiled.operation import Operation
from schema.document_cache import LONGEST_KEPT
from tests.loading import existing_store
from tests.running import Gateway, running
from tests.servers import Servers

PAGE = """query Page($size: Int!, $count: Boolean = false) {
  customers(first: $size) { totalCount @include(if: $count) nodes { id } }
}"""


async def path_of(gateway: Gateway, query: str, variables: dict[str, Any] | None = None) -> tuple[str, str | None]:
    answer = await gateway.post(query, variables, headers={"X-Gateway-Explain": "1"})
    explain = answer.json()["extensions"]["explain"]
    return explain["path"], explain.get("because")


async def test_queries_are_answered_by_the_compiled_path(demo: Gateway) -> None:
    for _ in range(2):
        assert await path_of(demo, "{ customers(first: 2) { nodes { id name leads { nodes { id } } } } }") == (
            "compiled",
            None,
        )


async def test_questions_about_the_schema_are_left_to_graphql_core(demo: Gateway) -> None:
    for query in ("{ __schema { queryType { name } } }", '{ __type(name: "Lead") { name } stores { up } }'):
        for _ in range(2):
            assert await path_of(demo, query) == ("graphql-core", "introspection")


async def test_a_mutation_is_answered_by_the_compiled_path(demo: Gateway) -> None:
    query = 'mutation { updateLead(input: {id: "nonsense"}) { errors { code } } }'
    assert await path_of(demo, query) == ("compiled", None)


async def test_conditions_decide_anew_each_time(demo: Gateway) -> None:
    for count in (False, True, False, None):
        data = await demo.data(PAGE, {"size": 2} if count is None else {"size": 2, "count": count})
        assert ("totalCount" in data["customers"]) is bool(count)
        assert len(data["customers"]["nodes"]) == 2


async def test_variables_of_a_known_document_are_held_to_their_types(demo: Gateway) -> None:
    await demo.data(PAGE, {"size": 2})
    for variables in ({}, {"size": None}, {"size": "two"}, {"size": 1 << 40}, {"size": [2]}):
        body = (await demo.post(PAGE, variables)).json()
        assert [error["extensions"]["code"] for error in body["errors"]] == ["GRAPHQL_VALIDATION_FAILED"]
        assert "data" not in body


async def test_a_known_document_is_held_to_the_limits_each_time(servers: Servers) -> None:
    settings = await existing_store(servers, "bikes", "bikes_compiled")
    query = "query ($ids: [ID!]!, $size: Int) { nodes(ids: $ids) { id } leads(first: $size) { nodes { id } } }"
    async with running(replace(settings, max_list=5, max_cost=60, open=True)) as gateway:

        async def codes(ids: int, size: int) -> list[str]:
            body = await gateway.ask(query, {"ids": ["x"] * ids, "size": size})
            return sorted({error["extensions"]["code"] for error in body.get("errors", ())})

        assert await codes(2, 3) == ["BAD_ID"]
        assert await codes(6, 3) == ["LIST_TOO_LONG"]
        assert await codes(2, 100) == ["TOO_COSTLY"]
        assert await codes(2, 3) == ["BAD_ID"]


def test_no_more_is_kept_than_there_is_room_for() -> None:
    kept = Operations(most=3)
    for number in range(10):
        text = f"{{ a{number}: viewer {{ subject }} }}"
        operation = Operation.of(parse(text), None)
        assert operation is not None
        assert kept.find(text, None) is None
        kept.keep(text, None, operation)
        assert kept.find(text, None) is operation
    assert (len(kept), kept.counts.evicted, kept.counts.hits, kept.counts.misses) == (3, 7, 10, 10)
    seventh = kept.find("{ a7: viewer { subject } }", None)
    assert seventh is not None
    kept.keep("another", None, seventh)
    assert kept.find("{ a7: viewer { subject } }", None) is not None, "what was used last stays"


async def test_a_long_document_is_answered_and_not_kept(demo: Gateway) -> None:
    query = "{ viewer { subject } } #" + "x" * LONGEST_KEPT
    for _ in range(2):
        assert await path_of(demo, query) == ("compiled", None)


async def test_many_ask_the_same_at_once(demo: Gateway) -> None:
    query = "{ customers(first: 3) { nodes { id name totalLeads bookings(first: 2) { totalCount nodes { id } } } } }"
    once = await demo.data(query)
    assert await asyncio.gather(*(demo.data(query) for _ in range(20))) == [once] * 20


@pytest.mark.parametrize("name", [None, "One", "Two"])
async def test_the_operation_that_is_named_is_answered(demo: Gateway, name: str | None) -> None:
    query = "query One { one: viewer { subject } } query Two { two: viewer { subject } }"
    for _ in range(2):
        answer = await demo.http.post(f"{demo.url}/graphql", json={"query": query, "operationName": name})
        body = answer.json()
        assert body.get("data", {}).keys() == ({name.lower()} if name else set())


async def test_several_fields_may_wait_for_the_same(demo: Gateway) -> None:
    query = "query ($id: ID!) { customer(id: $id) { one: revenue { count } other: revenue { count } } }"
    data = await demo.data(query, {"id": encode_id("Customer", None, "1", RecordKind.CRM)})
    assert list(data["customer"]) == ["one", "other"]
    assert data["customer"]["one"] == data["customer"]["other"]
