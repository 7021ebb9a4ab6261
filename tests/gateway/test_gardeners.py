"""A store that nobody here has seen: drafted by `profile init`, finished by hand, served by its path."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from domain.access import Role
from gateway.__main__ import main
from sources.profile_reading import read_profile
from tests.drafting import edit, refusals
from tests.loading import existing_store
from tests.running import Gateway, running
from tests.servers import Servers

HERE = Path(__file__).parent
#: All that somebody who knows the store has to do to the draft.
EDITS = (
    (
        '# created_at = "Eingang"  # needed: a date that every row has; is it this one?',
        'created_at = "Eingang"',
    ),
    (
        '# timezone = "UTC"  # unsure: where days and months begin, and dates without zone are',
        'timezone = "Europe/Berlin"',
    ),
    ('words = { NEW = ["neu"], ', 'words = { NEW = ["neu"], QUALIFIED = ["auf Eis"], '),
    ('# unattached = "open"  # unsure: if', 'unattached = "open"  # if'),
)
LIST = """{ customers(first: 20) { totalCount missingStores nodes {
  name email createdAt linkage records { store key }
  account { isActive } delivery { address area status courier { name } }
  totalLeads totalBookings totalRevenue { amount currency } revenue { otherCurrencies { amount currency } }
  leads(first: 5) { nodes { status storeStatus } }
  bookings(first: 5) { nodes { status startAt lead { key } } }
} } }"""
TOTALS = ("totalLeads", "totalBookings")


@pytest.fixture(scope="module")
async def gardeners(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    file = tmp_path_factory.mktemp("gardeners") / "gardeners.toml"
    settings = await existing_store(servers, "gardeners", within=HERE)
    with pytest.MonkeyPatch.context() as environ:
        environ.setenv("GATEWAY_POSTGRES_URL", settings.postgres_url or "")
        environ.setenv("GATEWAY_MONGO_URL", settings.mongo_url or "")
        assert await asyncio.to_thread(main, ["profile", "init", "--output", str(file)]) == 0
    assert refusals(file) == {"lead.created_at"}
    edit(file, *EDITS)
    assert read_profile(str(file)).has_tenants
    async with running(replace(settings, profile=str(file))) as gateway:
        yield gateway


async def customers(gardeners: Gateway, tenant: str) -> dict[str, dict[str, Any]]:
    page = (await gardeners.data(LIST, tenant=tenant))["customers"]
    assert page["missingStores"] == []
    assert page["totalCount"] == len(page["nodes"])
    return {"+".join(record["key"] for record in one["records"]): one for one in page["nodes"]}


async def test_records_of_both_stores_are_one_customer_and_rows_that_were_deleted_are_none(gardeners: Gateway) -> None:
    assert set(await customers(gardeners, "1")) == {"1+K1+L1", "2", "3", "K2", "L2"}
    assert set(await customers(gardeners, "2")) == {"1+K1+L1"}


async def test_totals_are_those_of_the_store(gardeners: Gateway) -> None:
    north, south = await customers(gardeners, "1"), (await customers(gardeners, "2"))["1+K1+L1"]
    first = north["1+K1+L1"]
    assert [first[total] for total in TOTALS] == [2, 2]
    assert first["totalRevenue"] == {"amount": "129.50", "currency": "EUR"}
    assert first["revenue"]["otherCurrencies"] == [{"amount": "50.00", "currency": "CHF"}]
    assert [north["2"][total] for total in TOTALS] == [1, 1]
    assert north["2"]["totalRevenue"] == {"amount": "0.00", "currency": "EUR"}
    assert [south[total] for total in TOTALS] == [1, 1]
    assert south["totalRevenue"] == {"amount": "42.00", "currency": "EUR"}


async def test_names_statuses_and_dates_are_read_in_the_form_that_they_have(gardeners: Gateway) -> None:
    found = await customers(gardeners, "1")
    first = found["1+K1+L1"]
    assert first["name"] == "Änne Groß"
    assert first["createdAt"] == "2025-01-01T07:00:00+00:00"
    assert found["3"]["createdAt"] == "2025-01-03T07:00:00.500000+00:00"
    assert found["L2"]["createdAt"] == "2025-01-09T08:00:00+00:00"
    assert first["account"] == {"isActive": True}
    delivery = {"address": "Am Beet 1", "area": "Mitte", "status": "ACTIVE", "courier": {"name": "Uwe"}}
    assert first["delivery"] == delivery
    assert {(lead["status"], lead["storeStatus"]) for lead in first["leads"]["nodes"]} == {
        ("WON", "gewonnen"),
        ("QUALIFIED", "auf Eis"),
    }
    assert {(one["status"], one["startAt"], one["lead"]["key"]) for one in first["bookings"]["nodes"]} == {
        ("COMPLETED", "2025-04-01T06:00:00+00:00", "1"),
        ("CONFIRMED", "2025-05-01T06:00:00+00:00", "1"),
    }


async def test_the_tenants_are_listed(gardeners: Gateway) -> None:
    tenants = (await gardeners.data("{ tenants { key name } }", roles=[Role.PLATFORM_ADMIN]))["tenants"]
    assert {(one["key"], one["name"]) for one in tenants} == {("1", "Nord"), ("2", "Süd")}
