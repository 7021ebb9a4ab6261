"""What an account logs in with, through HTTP: an address that nobody else has, also where one is made up."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from pymongo import MongoClient

from domain.ids import encode_id
from domain.records import RecordKind
from gateway.settings import Settings
from tests.commanding import run_command
from tests.gateway.test_backfill import backfill, changed
from tests.gateway.test_creating import ACCOUNT, CREATE, UPDATE, documents, faults
from tests.gateway.test_creating_crashes import send
from tests.gateway.test_linking_crashes import pass_lease
from tests.gateway.test_suggestions import delivery_store
from tests.post import Box, post_office
from tests.running import Gateway, running
from tests.servers import Servers


@pytest.fixture
async def box() -> AsyncIterator[Box]:
    async with post_office() as box:
        yield box


@pytest.fixture
async def store(servers: Servers, box: Box) -> Settings:
    return replace(await delivery_store(servers, "logins"), smtp_url=box.url)


@pytest.fixture
async def gateway(store: Settings) -> AsyncIterator[Gateway]:
    async with running(store) as serving:
        yield serving


async def written(gateway: Gateway, mutation: str, **given: Any) -> dict[str, Any]:
    (payload,) = (await gateway.data(mutation, {"input": given})).values()
    return dict(payload)


def customer(key: str) -> str:
    return encode_id("Customer", None, key, RecordKind.DELIVERY)


def account(key: str) -> str:
    return encode_id("Customer", None, key, RecordKind.ACCOUNT)


async def test_two_who_share_a_number_do_not_share_a_login_that_is_made_up(gateway: Gateway) -> None:
    twins = [customer("cust-6"), customer("cust-7")]
    payloads = await asyncio.gather(*(written(gateway, ACCOUNT, customerId=twin) for twin in twins))
    assert sorted(map(faults, payloads)) == [[], [("REQUIRED", ["email"])]]
    assert len(documents(gateway.settings, "users", email="9876543206@delivery.local")) == 1
    refused = twins[payloads.index(next(one for one in payloads if one["errors"]))]
    assert (await written(gateway, ACCOUNT, customerId=refused, email="twin.two@home.example"))["errors"] == []


async def test_a_backfill_makes_one_login_up_once(gateway: Gateway) -> None:
    """Given two who share a number, and whom somebody has told apart."""
    suggested = await gateway.data("{ linkSuggestions { nodes { id certainty } } }")
    (id_,) = [one["id"] for one in suggested["linkSuggestions"]["nodes"] if one["certainty"] == "AMBIGUOUS"]
    reject = "mutation ($id: ID!) { rejectSuggestion(input: {suggestionId: $id}) { errors { code } } }"
    assert (await gateway.data(reject, {"id": id_}))["rejectSuggestion"]["errors"] == []
    await backfill(gateway, dryRun=False)
    assert len(documents(gateway.settings, "users", email="9876543206@delivery.local")) == 1
    assert (await backfill(gateway, dryRun=False))["counts"]["leftForReview"] == 1


async def test_a_login_that_is_made_up_is_nobodys_yet(gateway: Gateway, store: Settings) -> None:
    """Given staff who log in with what would be made up for somebody."""
    changed(store, "users", "user-2", {"email": "9876543204@delivery.local"})
    assert faults(await written(gateway, ACCOUNT, customerId=customer("cust-4"))) == [("REQUIRED", ["email"])]
    done = await backfill(gateway, dryRun=False)
    (step,) = [one for one in done["steps"]["nodes"] if one["records"][0]["key"] == "cust-4"]
    assert "9876543204@delivery.local" in step["message"]
    assert done["counts"]["created"] == 1


async def test_a_login_of_an_account_that_is_not_active_does_not_change(gateway: Gateway) -> None:
    payload = await written(gateway, UPDATE, id=customer("cust-3"), email="chand@new.example", changeLogin=True)
    assert faults(payload) == [("INVALID", ["changeLogin"])]
    (record,) = documents(gateway.settings, "customers_v2", id="cust-3")
    assert "email" not in record


# ── letters ──

NEW = {"name": "Anna Lind", "email": "anna@new.example"}


async def test_nobody_is_invited_at_an_address_that_is_made_up(gateway: Gateway, box: Box) -> None:
    cases = [
        (CREATE, {"name": "Anna Lind", "phone": "9876543210"}),
        (CREATE, {"name": "Anna Lind", "email": "9876543210@delivery.local"}),
        (ACCOUNT, {"customerId": customer("cust-4")}),
    ]
    for mutation, given in cases:
        assert faults(await written(gateway, mutation, **given, invite=True)) == [("REQUIRED", ["email"])]
        assert (await written(gateway, mutation, **given))["errors"] == []
    assert box.receivers == []


async def test_who_is_sent_again_is_mailed_once(store: Settings, box: Box) -> None:
    async with running(store) as gateway:
        for _ in range(3):
            assert (await written(gateway, CREATE, **NEW, invite=True, idempotencyKey="k"))["errors"] == []
            moved = {"email": "bina@new.example", "changeLogin": True, "idempotencyKey": "k"}
            assert (await written(gateway, UPDATE, id=account("user-4"), **moved))["errors"] == []
    # A gateway that ends sends what it has to send.
    assert sorted(box.receivers) == ["anna@new.example", "bina@new.example"]


async def test_what_was_to_be_mailed_is_mailed_by_whoever_carries_on(store: Settings, box: Box) -> None:
    document = "mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) { errors { code } } }"
    given = {**NEW, "invite": True, "idempotencyKey": "k"}
    assert await send(store, None, document, given, crash_at="write-0", smtp_url=box.url) == -9
    await pass_lease(store)
    ran = await run_command(store, "resume", "--json")
    assert [one["state"] for one in ran.json] == ["APPLIED"]
    assert box.receivers == ["anna@new.example"]


# ── rules of the store ──


async def test_what_an_index_of_the_store_is_against_is_turned_back(gateway: Gateway, store: Settings) -> None:
    """Given numbers that no two accounts may share, and staff who have one."""
    with MongoClient[dict[str, Any]](store.mongo_url) as client:
        client.get_default_database()["users"].create_index("phone", unique=True)
    payload = await written(gateway, UPDATE, id=customer("cust-3"), name="Chandra", phone="9000000002")
    assert faults(payload) == [("ALREADY_CHANGED", [])]
    assert "rule" in payload["errors"][0]["message"]
    assert (payload["operation"]["state"], payload["operation"]["counts"]["failed"]) == ("FAILED", 1)
    assert {one["name"] for one in payload["customer"]["records"]} == {"Chand"}
    assert {one["phone"] for one in payload["customer"]["records"]} == {"9876543203"}
    assert (await written(gateway, UPDATE, id=customer("cust-3"), name="Chandra"))["errors"] == []
