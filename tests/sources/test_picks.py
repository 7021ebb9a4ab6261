"""What is picked of records is as it is in whole ones, and the rest as it is by default, in every store."""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any

import pytest

from domain.along import Along
from domain.filters import Children, CustomerRows
from domain.paging import Direction, Order, Page, PageRequest
from domain.records import Booking, CrmRecord, Lead
from sources.postgres import PostgresSource
from sources.postgres_records import ALL, EVERYTHING, Picks
from sources.profile_reading import read_profile
from tests.loading import EXISTING, EXPECTED, existing_store
from tests.servers import Servers

#: Those that have a CRM.
STORES = sorted(store for store in EXPECTED if (EXISTING / store / "postgres.sql").exists())


def some_of(kind: type[Any]) -> list[Picks]:
    """Pick each attribute alone, each with the next, nothing that is there, and all."""
    names = [one.name for one in fields(kind)]
    pairs = [frozenset(pair) for pair in itertools.pairwise(names)]
    return [*(frozenset({name}) for name in names), *pairs, frozenset({"no such"}), frozenset({EVERYTHING, "key"})]


def reduced(whole: Any, picks: Picks) -> Any:
    """Leave of *whole* what *picks* names, and its key."""
    if EVERYTHING in picks:
        return whole
    kept = {name: getattr(whole, name) for name in {*picks, "key"} if hasattr(whole, name)}
    return type(whole)(**kept)


def reduced_page(page: Page[Any], picks: Picks) -> Page[Any]:
    return replace(page, items=[reduced(one, picks) for one in page.items])


def listed(page: Page[Any]) -> tuple[Any, ...]:
    return page.request, list(page.items), list(page.positions), page.more


@pytest.mark.parametrize("store", STORES)
async def test_what_is_picked_is_as_in_whole_records(servers: Servers, store: str) -> None:
    settings = await existing_store(servers, store, f"picked_{store}")
    assert settings.postgres_url is not None
    crm = PostgresSource(read_profile(settings.profile), settings.postgres_url, seconds=30)
    try:
        for tenant in sorted(EXPECTED[store].get("tenants", {})) or [None]:
            await pick_of_one(crm, tenant)
        if EXPECTED[store].get("tenants"):
            await find_nothing(crm, "nobody's")
    finally:
        await crm.close()


async def find_nothing(crm: PostgresSource, tenant: str) -> None:
    request = PageRequest(Order("customers", "CREATED_AT", Direction.DESC), 100)
    for along in ((), [Along("revenue_by_customer", None, frozenset({"total"}))]):
        rows, positions, _ = await crm.customers_along(tenant, CustomerRows(), request, ALL, along)
        assert (list(rows), list(positions)) == ([], [])


async def pick_of_one(crm: PostgresSource, tenant: str | None) -> None:
    request = PageRequest(Order("customers", "CREATED_AT", Direction.DESC), 100)
    rows = await crm.customers(tenant, CustomerRows(), request)
    held, positions, _ = await crm.customers_along(tenant, CustomerRows(), request)
    assert list(zip(positions, held, strict=True)) == rows
    keys = [row.key for _, row in rows]
    for picks in some_of(CrmRecord):
        assert await crm.customers(tenant, CustomerRows(), request, picks) == [
            (at, reduced(row, picks)) for at, row in rows
        ]
        found = await crm.customers_by_key(tenant, keys, picks)
        assert list(found.items()) == [(row.key, reduced(row, picks)) for _, row in rows]
    for kind, by in ((Lead, "leads"), (Booking, "bookings")):
        if getattr(crm._profile, by[:-1]) is not None:
            await pick_of_lists(crm, tenant, keys, kind, by)


async def pick_of_lists(crm: PostgresSource, tenant: str | None, keys: list[str], kind: type[Any], by: str) -> None:
    read, by_key = getattr(crm, by), getattr(crm, f"{by}_by_key")
    orders = ["CREATED_AT", *(["START_AT"] if by == "bookings" else [])]
    for order, direction in itertools.product(orders, Direction):
        request = PageRequest(Order(by, order, direction), 3)
        whole = await read(tenant, None, request)
        of_each: Mapping[str, Page[Any]] = {}
        has_owner = getattr(crm._profile, by[:-1]).customer is not None
        if has_owner:
            of_each = await getattr(crm, f"{by}_by_customer")(tenant, keys, Children(request), ALL)
        for picks in some_of(kind):
            assert listed(await read(tenant, None, request, picks)) == listed(reduced_page(whole, picks))
            found = await by_key(tenant, keys_of(whole.items), picks)
            assert list(found.values()) == [reduced(one, picks) for one in whole.items]
            if has_owner:
                part = await getattr(crm, f"{by}_by_customer")(tenant, keys, Children(request), picks)
                assert {key: listed(page) for key, page in part.items()} == {
                    key: listed(reduced_page(page, picks)) for key, page in of_each.items()
                }


def keys_of(records: Iterable[Any]) -> list[str]:
    return [one.key for one in records]
