"""Customers that are created through HTTP: in every store, linked, or not at all."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from pymongo import MongoClient
from pymongo.database import Database

from domain.ids import encode_id
from domain.records import RecordKind
from gateway.embedded import EmbeddedStores
from gateway.settings import Settings
from sources.own.migrating import migrate
from tests.answers import codes
from tests.loading import existing_store
from tests.running import Gateway, running

NORTH: dict[str, Any] = {"tenant": "north"}
PAYLOAD = """
  customer {
    id name email phone linkage source records { store key name email phone }
    account { canLogIn } delivery { address area courier { key } }
  }
  operation { kind state counts { created linked failed } }
  errors { __typename code message path ... on DuplicateCustomer { customer { name records { key } } } }
"""
CREATE = f"mutation ($input: CreateCustomerInput!) {{ createCustomer(input: $input) {{ {PAYLOAD} }} }}"
UPDATE = f"mutation ($input: UpdateCustomerInput!) {{ updateCustomer(input: $input) {{ {PAYLOAD} }} }}"
ACCOUNT = f"mutation ($input: CreateAccountInput!) {{ createAccount(input: $input) {{ {PAYLOAD} }} }}"
COURIER = f"mutation ($input: AssignCourierInput!) {{ assignCourier(input: $input) {{ {PAYLOAD} }} }}"
ANNA = {"name": "Anna Lind", "email": "Anna@New.example", "phone": "+45 20 30 40 50"}


@pytest.fixture
async def grocer(servers: EmbeddedStores) -> AsyncIterator[Gateway]:
    """A store of its own for each test, which changes it."""
    settings = await existing_store(servers, "grocer", "creating")
    assert settings.postgres_url is not None
    await migrate(settings.postgres_url)
    async with running(settings) as gateway:
        yield gateway


async def written(gateway: Gateway, mutation: str, **given: Any) -> dict[str, Any]:
    """Do *mutation*, and answer its payload."""
    data = await gateway.data(mutation, {"input": given}, **NORTH)
    (payload,) = data.values()
    return dict(payload)


def faults(payload: dict[str, Any]) -> list[tuple[str, list[str]]]:
    return [(one["code"], one["path"]) for one in payload["errors"]]


def documents(settings: Settings, collection: str, **wanted: Any) -> list[dict[str, Any]]:
    assert settings.mongo_url is not None
    client: MongoClient[dict[str, Any]]
    with MongoClient(settings.mongo_url, tz_aware=True) as client:
        database: Database[dict[str, Any]] = client.get_default_database()
        return list(database[collection].find(wanted))


async def test_a_customer_is_written_to_every_store_and_linked_both_ways(grocer: Gateway) -> None:
    payload = await written(grocer, CREATE, **ANNA, source="web", delivery={"address": "1 New Road", "area": "west"})
    assert payload["errors"] == []
    customer = payload["customer"]
    assert customer["linkage"] == "COMPLETE"
    assert [one["store"] for one in customer["records"]] == ["CRM", "ACCOUNT", "DELIVERY"]
    assert {one["name"] for one in customer["records"]} == {"Anna Lind"}
    assert customer["email"] == "Anna@New.example"
    assert customer["source"] == "web"
    assert customer["account"] == {"canLogIn": False}
    assert customer["delivery"] == {"address": "1 New Road", "area": "west", "courier": None}
    assert payload["operation"] == {
        "kind": "CREATE_CUSTOMER",
        "state": "APPLIED",
        "counts": {"created": 3, "linked": 1, "failed": 0},
    }
    (account,) = documents(grocer.settings, "users", email="Anna@New.example")
    assert account["role"] == "customer"
    assert account["is_active"] is True
    assert "password_hash" not in account
    assert account["org"] == "north"


async def test_whoever_is_known_is_not_created_again(grocer: Gateway) -> None:
    await written(grocer, CREATE, **ANNA)
    payload = await written(grocer, CREATE, name="Another", email="ANNA@new.example")
    assert faults(payload) == [("DUPLICATE", ["email"])]
    assert payload["errors"][0]["__typename"] == "DuplicateCustomer"
    assert payload["errors"][0]["customer"]["name"] == "Anna Lind"
    assert payload["customer"] is None
    payload = await written(grocer, CREATE, name="Another", phone="20304050", withAccount=False)
    assert faults(payload) == [("DUPLICATE", ["phone"])]
    # Of the store's own, which no index has seen.
    payload = await written(grocer, CREATE, name="Another", email="A1@north.example")
    assert faults(payload) == [("DUPLICATE", ["email"])]


async def test_many_who_create_the_same_at_once_create_one(grocer: Gateway) -> None:
    payloads = await asyncio.gather(*(written(grocer, CREATE, **ANNA) for _ in range(8)))
    assert sorted(faults(one) for one in payloads) == [[], *[[("DUPLICATE", ["email"]), ("DUPLICATE", ["phone"])]] * 7]
    assert len(documents(grocer.settings, "users", email="Anna@New.example")) == 1


async def test_a_key_that_comes_again_creates_once(grocer: Gateway) -> None:
    first, second = await asyncio.gather(*(written(grocer, CREATE, **ANNA, idempotencyKey="k") for _ in range(2)))
    assert first["customer"]["id"] == second["customer"]["id"]
    assert faults(first) == faults(second) == []
    third = await written(grocer, CREATE, **{**ANNA, "name": "Other"}, idempotencyKey="k")
    assert faults(third) == [("IDEMPOTENCY_MISMATCH", ["idempotencyKey"])]


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"name": " "}, ("REQUIRED", ["name"])),
        ({"name": "A"}, ("REQUIRED", ["email"])),
        ({"name": "A", "email": "nowhere"}, ("INVALID", ["email"])),
        ({"name": "A", "email": "a@b@new.example"}, ("INVALID", ["email"])),
        ({"name": "A", "email": "a@new.example,b@new.example"}, ("INVALID", ["email"])),
        ({"name": "A", "phone": "12", "withAccount": False}, ("INVALID", ["phone"])),
        ({"name": "A" * 501, "withAccount": False}, ("TOO_LONG", ["name"])),
        ({"name": "A\x00", "withAccount": False}, ("INVALID", ["name"])),
        ({"name": "A", "withAccount": False, "delivery": {"address": " "}}, ("REQUIRED", ["delivery", "address"])),
        ({"name": "A", "withAccount": False, "invite": True}, ("INVALID", ["invite"])),
    ],
)
async def test_what_is_wrong_is_told_and_nothing_is_written(
    grocer: Gateway, given: dict[str, Any], fault: tuple[str, list[str]]
) -> None:
    before = len(documents(grocer.settings, "users"))
    payload = await written(grocer, CREATE, **given)
    assert faults(payload) == [fault]
    assert payload["operation"] is None
    assert len(documents(grocer.settings, "users")) == before


async def test_a_customer_changes_in_every_record_that_says_such_a_thing(grocer: Gateway) -> None:
    created = await written(grocer, CREATE, **ANNA, delivery={"address": "1 New Road"})
    id_ = created["customer"]["id"]
    payload = await written(grocer, UPDATE, id=id_, name="Anna Holm", phone=None, email="anna@holm.example")
    assert payload["errors"] == []
    assert {one["name"] for one in payload["customer"]["records"]} == {"Anna Holm"}
    emails = {one["store"]: one["email"] for one in payload["customer"]["records"]}
    assert emails == {"CRM": "anna@holm.example", "ACCOUNT": "Anna@New.example", "DELIVERY": None}
    assert payload["customer"]["phone"] is None
    assert payload["operation"]["kind"] == "UPDATE_CUSTOMER"
    again = await written(grocer, UPDATE, id=id_, name="Anna Holm")
    assert again["operation"] is None
    assert again["errors"] == []
    taken = await written(grocer, UPDATE, id=id_, email="a1@north.example")
    assert faults(taken) == [("DUPLICATE", ["email"])]
    assert faults(await written(grocer, UPDATE, id=id_, status="PAUSED")) == [("NOT_MAPPED", ["status"])]
    nobody = encode_id("Customer", "north", "4711", RecordKind.CRM)
    assert faults(await written(grocer, UPDATE, id=nobody, name="X")) == [("NOT_FOUND", ["id"])]


async def test_an_account_is_made_for_who_has_none(grocer: Gateway) -> None:
    created = await written(grocer, CREATE, name="Bo", email="bo@new.example", withAccount=False)
    assert [one["store"] for one in created["customer"]["records"]] == ["CRM"]
    id_ = created["customer"]["id"]
    payload = await written(grocer, ACCOUNT, customerId=id_)
    assert payload["errors"] == []
    assert [(one["store"], one["email"]) for one in payload["customer"]["records"]] == [
        ("CRM", "bo@new.example"),
        ("ACCOUNT", "bo@new.example"),
    ]
    assert faults(await written(grocer, ACCOUNT, customerId=id_)) == [("ALREADY_LINKED", ["customerId"])]
    history = await grocer.data("{ linkHistory { nodes { id kind records { key } } } }", **NORTH)
    (event,) = history["linkHistory"]["nodes"]
    undone = await grocer.ask(
        "mutation ($id: ID!) { undoLink(input: {eventId: $id}) { customers { records { store } } errors { code } } }",
        {"id": event["id"]},
        **NORTH,
    )
    assert codes(undone) == []
    customers = undone["data"]["undoLink"]["customers"]
    assert [[one["store"] for one in customer["records"]] for customer in customers] == [["CRM"], ["ACCOUNT"]]
