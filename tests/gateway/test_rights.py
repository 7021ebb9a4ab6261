"""Every root field and mutation there is: what each role gets, and nothing of another tenant, whatever is asked."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from graphql import GraphQLField
from strawberry.types.base import get_object_definition

from domain.access import LOOK_AFTER_TENANTS, READ_CUSTOMERS, SIGNED_IN, WRITE_CUSTOMERS, Role, Rule
from domain.ids import encode_id
from domain.records import RecordKind
from schema.fields import RULE
from schema.mutation import Mutation
from schema.query import Query
from sources.own.migrating import migrate
from tests.answers import assert_told_nothing_of_the_inside, codes, told_of
from tests.asking import MUTATIONS, QUERIES, asked
from tests.loading import existing_store
from tests.running import Gateway, running
from tests.servers import Servers

#: What is not for those who read customers, or write them.
OTHER_RULES = {"viewer": SIGNED_IN, "stores": SIGNED_IN, "tenants": LOOK_AFTER_TENANTS}
#: Asked for by whoever has no token yet.
WITHOUT_TOKEN = {"requestPasswordReset", "resetPassword", "confirmLogin"}
NORTH: dict[str, Any] = {"tenant": "north"}
SOUTH_IDS = {
    "customer": encode_id("Customer", "south", "1", RecordKind.CRM),
    "account": encode_id("Customer", "south", "A1", RecordKind.ACCOUNT),
    "delivery": encode_id("Customer", "south", "D1", RecordKind.DELIVERY),
    "lead": encode_id("Lead", "south", "1"),
    "booking": encode_id("Booking", "south", "1"),
    "operation": encode_id("Operation", "south", "00000000-0000-4000-8000-000000000001"),
    "event": encode_id("LinkEvent", "south", "1"),
}
SOUTHERN = ("Uno", "Cuenta", "7.77", "2025-02-01", "2024-06-01")


def rules() -> Iterator[tuple[str, GraphQLField, Rule]]:
    """Go through every root field, with its rule."""
    for root, fields in ((Query, QUERIES), (Mutation, MUTATIONS)):
        ruled = {field.python_name: field.metadata[RULE] for field in get_object_definition(root, strict=True).fields}
        named = {name.replace("_", "").lower(): rule for name, rule in ruled.items()}
        for name, field in fields.items():
            yield name, field, named[name.lower()]


RULES = [one for one in rules() if one[0] not in WITHOUT_TOKEN]


def test_every_root_field_has_the_rule_that_is_expected_of_it() -> None:
    for name, _, rule in RULES:
        expected = OTHER_RULES.get(name, WRITE_CUSTOMERS if name in MUTATIONS else READ_CUSTOMERS)
        assert rule == expected, name
    assert {name for name, _, _ in rules()} - {name for name, _, _ in RULES} <= WITHOUT_TOKEN


@pytest.fixture(scope="module")
async def store(servers: Servers) -> AsyncIterator[Gateway]:
    settings = await existing_store(servers, "grocer", "grocer_rights")
    assert settings.postgres_url is not None
    await migrate(settings.postgres_url)
    async with running(settings) as gateway:
        yield gateway


@pytest.mark.parametrize("role", [None, *Role])
async def test_each_role_gets_what_the_rule_says(store: Gateway, role: Role | None) -> None:
    """Refused before any store is asked, or not refused; a mutation that is let through finds nothing with this id."""
    for name, field, rule in RULES:
        query = asked(name, field, SOUTH_IDS["lead"])
        allowed = role in rule.roles
        if allowed and name in MUTATIONS:
            continue  # what it writes belongs to tests of its own
        how: dict[str, Any] = {"roles": [role], **NORTH} if role else {"roles": []}
        headers = {"X-Tenant": "north", "X-Gateway-Explain": "1"} | ({} if role else {"Authorization": ""})
        if role is None:
            answer = await store.http.post(
                f"{store.url}/graphql", json={"query": query}, headers={"X-Gateway-Explain": "1"}
            )
        else:
            answer = await store.post(query, headers=headers, **how)
        assert_told_nothing_of_the_inside(answer)
        body = answer.json()
        refusals = {"FORBIDDEN", "UNAUTHENTICATED", "TENANT_REQUIRED"} & set(codes(body))
        assert refusals == (set() if allowed else {"FORBIDDEN" if role else "UNAUTHENTICATED"}), (name, body)
        if not allowed:
            asked_of = body["extensions"]["explain"]
            assert [asked_of[store]["statements"] for store in ("postgres", "mongo")] == [0, 0], name


async def south(gateway: Gateway) -> str:
    """Answer all that there is in the other tenant."""
    fields = [f"q{number}: {inside}" for number, inside in enumerate(_inside(depth=4))]
    answer = await gateway.post("{ " + " ".join(fields) + " }", tenant="south")
    return answer.text


def _inside(depth: int) -> Iterator[str]:
    for name in ("customers", "leads", "bookings"):
        yield asked(name, QUERIES[name], depth=depth).removeprefix("query { ").removesuffix(" }")


@pytest.mark.parametrize("kind", SOUTH_IDS)
async def test_no_query_answers_anything_of_another_tenant(store: Gateway, kind: str) -> None:
    for name, field, _ in RULES:
        if name in MUTATIONS or name == "tenants":
            continue
        answer = await store.post(asked(name, field, SOUTH_IDS[kind], depth=2), **NORTH)
        assert_told_nothing_of_the_inside(answer)
        assert "TOO_COSTLY" not in answer.text, name
        assert told_of(SOUTHERN, answer.text) == [], (name, answer.text)
        if any(str(argument.type) == "ID!" for argument in field.args.values()):
            assert answer.json()["data"] == {name: None}


async def test_no_mutation_touches_anything_of_another_tenant(store: Gateway) -> None:
    before = await south(store)
    assert told_of(SOUTHERN, before) == list(SOUTHERN)
    for name, field, _ in RULES:
        if name not in MUTATIONS:
            continue
        for id_ in SOUTH_IDS.values():
            answer = await store.post(asked(name, field, id_, depth=2), **NORTH)
            assert_told_nothing_of_the_inside(answer)
            assert told_of(SOUTHERN, answer.text) == [], (name, answer.text)
    assert await south(store) == before
