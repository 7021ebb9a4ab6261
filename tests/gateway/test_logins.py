"""What an account logs in with, through HTTP: an address that nobody else has, also where one is made up."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from domain.ids import encode_id
from domain.records import RecordKind
from gateway.settings import Settings
from tests.gateway.test_backfill import backfill, changed
from tests.gateway.test_creating import ACCOUNT, UPDATE, documents, faults
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


async def test_two_who_share_a_number_do_not_share_a_login_that_is_made_up(gateway: Gateway) -> None:
    twins = [customer("cust-6"), customer("cust-7")]
    payloads = await asyncio.gather(*(written(gateway, ACCOUNT, customerId=twin) for twin in twins))
    assert sorted(map(faults, payloads)) == [[], [("REQUIRED", ["email"])]]
    assert len(documents(gateway.settings, "users", email="9876543206@delivery.local")) == 1
    refused = twins[payloads.index(next(one for one in payloads if one["errors"]))]
    assert (await written(gateway, ACCOUNT, customerId=refused, email="twin.two@home.example"))["errors"] == []


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
