"""The lists of leads and bookings, narrowed in every way: what is left of the whole list, page by page."""

import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.filters import Children
from domain.paging import Direction, Order, PageRequest
from domain.records import Booking, Lead
from gateway.opening import opened
from gateway.settings import Settings
from resolvers import searching
from resolvers.context import Limits
from resolvers.counting import count_leads
from resolvers.searching import search_leads
from sources.profile_reading import read_profile, shipped_profiles
from sources.stores import Stores
from tests.filtering import booking_filters, booking_is, lead_filters, lead_is, relaxed, sizes
from tests.loading import EXPECTED, existing_store, indexed
from tests.servers import Servers

STORES = [name for name in shipped_profiles() if name not in ("demo", "delivery")]
ORDERS = {"leads": ("CREATED_AT", "UPDATED_AT"), "bookings": ("START_AT", "CREATED_AT")}


@dataclass(frozen=True, slots=True)
class Lists:
    """The leads and bookings of one tenant of a store, whole in each of their orders, newest first."""

    stores: Stores
    tenant: str | None
    whole: dict[tuple[str, str], Sequence[Any]]
    customers: frozenset[str]
    #: What can be searched for; nothing where there is no index.
    words: Sequence[str] = ()

    async def page(self, name: str, chosen: Any, request: PageRequest) -> Any:
        if name == "leads":
            return await (await search_leads(self.stores, self.tenant, chosen)).page(request)
        return await self.stores.crm.bookings(self.tenant, chosen, request)

    async def count(self, name: str, chosen: Any) -> int:
        if name == "leads":
            return await count_leads(await search_leads(self.stores, self.tenant, chosen), Limits())
        return await self.stores.crm.count_bookings(self.tenant, chosen)

    async def walk(
        self, name: str, by: str, chosen: Any, direction: Direction, sizes: Sequence[int], *, backwards: bool = False
    ) -> list[Any]:
        """Read the whole list page by page, in its own order."""
        found: list[Any] = []
        position = None
        for size in itertools.cycle(sizes):
            page = await self.page(name, chosen, PageRequest(Order(name, by, direction), size, backwards, position))
            found = [*page.items, *found] if backwards else [*found, *page.items]
            if not page.more:
                return found
            position = page.start if backwards else page.end
        raise AssertionError

    def is_orphaned(self, lead: Lead) -> bool | None:
        """Say whether *lead* is orphaned; None where nothing can tell."""
        section = self.stores.profile.lead
        assert section is not None
        if section.customer is None:
            return None
        if not (lead.customer_key or "").strip():
            return section.unattached == "orphaned"
        return self.stores.profile.customer is not None and lead.customer_key not in self.customers

    def leads(self, by: str, chosen: Any, now: datetime) -> list[Lead]:
        section = self.stores.profile.lead
        due = section is not None and section.next_follow_up_at is not None
        region = self.stores.profile.store.phone_region
        return [
            one
            for one in self.whole["leads", by]
            if lead_is(one, chosen, now, due_is_mapped=due, is_orphaned=self.is_orphaned(one), region=region)
        ]

    def bookings(self, by: str, chosen: Any) -> list[Booking]:
        return [one for one in self.whole["bookings", by] if booking_is(one, chosen)]


async def whole(stores: Stores, tenant: str | None, *, is_indexed: bool = False) -> Lists:
    lists = Lists(stores, tenant, {}, frozenset())
    sections = {"leads": stores.profile.lead, "bookings": stores.profile.booking}
    for name, orders in ORDERS.items():
        for by in orders if sections[name] is not None else ():
            lists.whole[name, by] = await lists.walk(name, by, None, Direction.DESC, [500])
    named = {one.customer_key for records in lists.whole.values() for one in records if one.customer_key}
    living = await stores.crm.living_customers(tenant, named) if stores.profile.customer else set()
    leads = lists.whole.get(("leads", "CREATED_AT"), ()) if is_indexed else ()
    words = {text.split()[0] for one in leads for text in (one.name, one.email) if text} | {"nobody", "a", "7"}
    return Lists(stores, tenant, lists.whole, frozenset(living), sorted(words) if is_indexed else ())


@pytest.fixture(scope="module", params=STORES)
async def lists(servers: Servers, request: pytest.FixtureRequest) -> AsyncIterator[list[Lists]]:
    """The lists of every tenant of a store that comes with the gateway."""
    settings = await indexed(await existing_store(servers, request.param, f"filtered_{request.param}"))
    tenants = sorted(EXPECTED[request.param].get("tenants", {})) or [None]
    async with opened(read_profile(request.param), settings) as stores:
        yield [await whole(stores, tenant, is_indexed=True) for tenant in tenants]


@pytest.fixture(scope="module")
async def demo_lists(demo_settings: Settings) -> AsyncIterator[list[Lists]]:
    async with opened(read_profile("demo"), demo_settings) as stores:
        yield [await whole(stores, None)]


async def assert_leads_are_right(data: st.DataObject, lists: list[Lists]) -> None:
    one = data.draw(st.sampled_from(lists))
    if not one.whole.get(("leads", "CREATED_AT")):
        return
    chosen = data.draw(lead_filters(one.whole["leads", "CREATED_AT"], one.words))
    by, direction = data.draw(st.sampled_from(ORDERS["leads"])), data.draw(st.sampled_from(Direction))
    expected = one.leads(by, chosen, datetime.now(UTC))
    if direction is Direction.ASC:
        expected = without_dates_last(expected[::-1], "created_at" if by == "CREATED_AT" else "updated_at")
    pages, backwards = data.draw(page_sizes(expected)), data.draw(st.booleans())
    assert await one.walk("leads", by, chosen, direction, pages, backwards=backwards) == expected
    assert await one.count("leads", chosen) == len(expected)


async def assert_bookings_are_right(data: st.DataObject, lists: list[Lists]) -> None:
    one = data.draw(st.sampled_from(lists))
    if not one.whole.get(("bookings", "START_AT")):
        return
    chosen = data.draw(booking_filters(one.whole["bookings", "START_AT"]))
    by, direction = data.draw(st.sampled_from(ORDERS["bookings"])), data.draw(st.sampled_from(Direction))
    expected = one.bookings(by, chosen)
    if direction is Direction.ASC:
        expected = without_dates_last(expected[::-1], by.lower())
    pages, backwards = data.draw(page_sizes(expected)), data.draw(st.booleans())
    assert await one.walk("bookings", by, chosen, direction, pages, backwards=backwards) == expected
    assert await one.count("bookings", chosen) == len(expected)


def page_sizes(records: Sequence[Any]) -> st.SearchStrategy[list[int]]:
    """Choose sizes that make a few pages of *records*."""
    return st.lists(st.integers(1 + len(records) // 10, 5 + len(records) // 2), min_size=1, max_size=3)


def without_dates_last(records: list[Any], field: str) -> list[Any]:
    """Put what has no date behind what has one: a list that is turned around keeps it there."""
    return sorted(records, key=lambda one: getattr(one, field) is None)


@relaxed
@given(data=st.data())
async def test_the_leads_of_every_store_are_narrowed_to_those_that_are_so(lists: list[Lists], data: Any) -> None:
    await assert_leads_are_right(data, lists)


@relaxed
@given(data=st.data())
async def test_a_search_that_finds_many_leads_reads_the_list_itself(lists: list[Lists], data: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searching, "MOST_CANDIDATES", 2)
        await assert_leads_are_right(data, lists)


@relaxed
@given(data=st.data())
async def test_the_bookings_of_every_store_are_narrowed_to_those_that_are_so(lists: list[Lists], data: Any) -> None:
    await assert_bookings_are_right(data, lists)


@relaxed
@given(data=st.data())
async def test_the_leads_of_the_demo_are_narrowed_to_those_that_are_so(demo_lists: list[Lists], data: Any) -> None:
    await assert_leads_are_right(data, demo_lists)


@relaxed
@given(data=st.data())
async def test_the_bookings_of_the_demo_are_narrowed_to_those_that_are_so(demo_lists: list[Lists], data: Any) -> None:
    await assert_bookings_are_right(data, demo_lists)


@relaxed
@given(data=st.data(), sizes=sizes)
async def test_a_customers_own_lists_are_narrowed_alike(lists: list[Lists], data: Any, sizes: list[int]) -> None:
    one = data.draw(st.sampled_from(lists))
    for name, by in (("leads", "CREATED_AT"), ("bookings", "START_AT")):
        records = one.whole.get((name, by), ())
        owners = sorted(one.customers & {record.customer_key for record in records})
        if not owners:
            continue
        chosen = data.draw(lead_filters(records, one.words) if name == "leads" else booking_filters(records))
        left = one.leads(by, chosen, datetime.now(UTC)) if name == "leads" else one.bookings(by, chosen)
        crm = one.stores.crm
        request = PageRequest(Order(name, by, Direction.DESC), sizes[0])
        read, stats = (
            (crm.leads_by_customer, crm.lead_stats_by_customer)
            if name == "leads"
            else (crm.bookings_by_customer, crm.booking_stats_by_customer)
        )
        pages = await read(one.tenant, owners, Children(request, chosen), frozenset())
        counts = await stats(one.tenant, owners, chosen, frozenset())
        for owner in owners:
            expected = [record for record in left if record.customer_key == owner]
            assert list(pages[owner].items) == expected[: sizes[0]]
            assert (counts[owner].count if owner in counts else 0) == len(expected)
