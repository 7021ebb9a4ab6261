"""The list of customers, narrowed in every way: what is left of the whole list, page by page, and how many that are."""

import itertools
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.filters import CustomerFilter
from domain.paging import Direction, Order, PageRequest, Position
from domain.records import UNLINKED, BookingStats, Customer, RecordRef, Revenue
from gateway.opening import opened
from gateway.settings import Settings
from loaders.customers import LinkedByCustomer
from resolvers import searching
from resolvers.context import Limits
from resolvers.counting import count_customers
from resolvers.merge import Merge
from resolvers.searching import choose
from sources.profile_reading import read_profile, shipped_profiles
from sources.stores import Stores
from tests.filtering import EXAMPLES, Shown, customer_filters, customer_is, relaxed
from tests.loading import EXPECTED, existing_store, fill_mongo, indexed, make_database, mongo_url, run_sql
from tests.resolvers import people
from tests.running import secured
from tests.servers import Servers

STORES = [name for name in shipped_profiles() if name != "demo"]
WORDS = ("anna", "shchukin", "x.example", "030 1234567", "bo", "nobody", "a", "😀")
few = settings(relaxed, max_examples=1 + EXAMPLES // 5)
#: What a list is ordered by, and what that is of a customer.
ORDERS: dict[str, Callable[[Shown], Any]] = {
    "CREATED_AT": lambda one: one.created_at,
    "NAME": lambda one: one.name,
    "TOTAL_REVENUE": lambda one: one.revenue,
    "LAST_BOOKING_AT": lambda one: one.last_booking_at,
}
PROFILE = str(people.FOLDER / "filtered.toml")


@dataclass(frozen=True, slots=True)
class Everybody:
    """All customers of one tenant as they are shown, in their order."""

    stores: Stores
    tenant: str | None
    shown: dict[tuple[str, Direction], Sequence[Shown]]
    #: What can be searched for; nothing where there is no index.
    words: Sequence[str] = ()

    async def walk(
        self,
        chosen: CustomerFilter,
        order: Order,
        sizes: Sequence[int],
        *,
        backwards: bool = False,
        chunk: int = 256,
    ) -> list[Customer]:
        """Read the whole list page by page, in its own order."""
        found: list[Customer] = []
        position: Position | None = None
        who = await choose(self.stores, self.tenant, chosen)
        for number, size in enumerate(itertools.cycle(sizes)):
            assert number < 2000, "the list does not come to its end"
            request = PageRequest(order, size, backwards, position)
            page = await Merge(
                self.stores, self.tenant, who.choice, request, who.only, smallest_chunk=chunk, most_rounds=2
            ).page()
            assert len(page.items) <= size
            found = [*page.items, *found] if backwards else [*found, *page.items]
            if not page.more:
                return found
            position = page.start if backwards else page.end
            assert position is not None
        raise AssertionError


async def everybody(stores: Stores, tenant: str | None, words: Sequence[str] = ()) -> Everybody:
    everyone = Everybody(stores, tenant, {}, words)
    for by, direction in itertools.product(ORDERS, Direction):
        found = await everyone.walk(CustomerFilter(), Order("customers", by, direction), [2000])
        everyone.shown[by, direction] = await shown_of(stores, tenant, found)
    return everyone


async def shown_of(stores: Stores, tenant: str | None, found: Sequence[Customer]) -> list[Shown]:
    rows = [one.head.key for one in found if one.linked is None]
    linked = dict(zip(rows, await LinkedByCustomer(stores, tenant).fetch(rows), strict=True))
    keys, booking, revenue = (
        [one.crm_key for one in found if one.crm_key],
        stores.profile.booking,
        stores.profile.revenue,
    )
    bookings: Any = {}
    totals: Any = {}
    if booking is not None and booking.customer is not None:
        picks = frozenset({"segment", "first_at", "last_at"})
        bookings = await stores.crm.booking_stats_by_customer(tenant, keys, None, picks)
    if revenue is not None and revenue.customer is not None:
        totals = await stores.crm.revenue_by_customer(tenant, keys, None, frozenset({"total"}))
    return [
        Shown(
            one,
            linked.get(one.head.key, UNLINKED) if one.linked is None else one.linked,
            bookings.get(one.crm_key, BookingStats()) if booking is not None and booking.customer is not None else None,
            _total(totals.get(one.crm_key)) if revenue is not None and revenue.customer is not None else None,
        )
        for one in found
    ]


def _total(revenue: Revenue | None) -> Decimal:
    return Decimal(0) if revenue is None else revenue.total.amount


@pytest.fixture(scope="module", params=STORES)
async def existing(servers: Servers, request: pytest.FixtureRequest) -> AsyncIterator[list[Everybody]]:
    settings = await existing_store(servers, request.param, f"chosen_{request.param}")
    tenants = sorted(EXPECTED[request.param].get("tenants", {})) or [None]
    async with opened(read_profile(request.param), settings) as stores:
        yield [await everybody(stores, tenant) for tenant in tenants]


@pytest.fixture(scope="module")
async def at_random(servers: Servers) -> AsyncIterator[list[Everybody]]:
    postgres, mongo = await make_database(servers, "chosen"), mongo_url(servers, "chosen")
    await run_sql(postgres, *people.TABLES)
    fill_mongo(mongo, {"users": [], "customers_v2": []})
    connection = await asyncpg.connect(postgres)
    for number, size in enumerate((4, 12, 40)):
        await people.fill(connection, mongo, f"t{number}", seed=number, size=size)
    await connection.close()
    settings = await indexed(secured(profile=PROFILE, postgres_url=postgres, mongo_url=mongo))
    async with opened(read_profile(PROFILE), settings) as stores:
        yield [await everybody(stores, f"t{number}", WORDS) for number in range(3)]


@pytest.fixture(scope="module")
async def demo_people(demo_settings: Settings) -> AsyncIterator[list[Everybody]]:
    async with opened(read_profile("demo"), demo_settings) as stores:
        yield [await everybody(stores, None)]


async def assert_right(data: Any, several: list[Everybody]) -> None:
    everyone = data.draw(st.sampled_from(several))
    by, direction = data.draw(st.sampled_from(sorted(ORDERS))), data.draw(st.sampled_from(Direction))
    backwards = data.draw(st.booleans())
    shown = everyone.shown[by, direction]
    chosen = data.draw(customer_filters(shown, everyone.words))
    expected = [one.customer.head for one in shown if customer_is(one, chosen, everyone.stores.profile)]
    few = 1 + len(expected) // 8
    sizes = data.draw(st.lists(st.integers(few, 3 * few), min_size=1, max_size=3))
    chunk = data.draw(st.sampled_from((1 + len(shown) // 8, 256)))
    order = Order("customers", by, direction)
    found = await everyone.walk(chosen, order, sizes, backwards=backwards, chunk=chunk)
    assert heads(found) == expected
    who = await choose(everyone.stores, everyone.tenant, chosen)
    assert await count_customers(everyone.stores, everyone.tenant, who, Limits()) == len(expected)


def heads(customers: Sequence[Customer]) -> list[RecordRef]:
    return [customer.head for customer in customers]


def in_order(shown: Sequence[Shown], by: str, direction: Direction) -> list[RecordRef]:
    """Sort customers whose keys are texts: by value, kind and key, all reversed together, nulls last both ways."""

    def place(one: Shown) -> tuple[Any, ...]:
        head = one.customer.head
        return (ORDERS[by](one), head.kind.rank, head.key)

    valued = sorted((one for one in shown if ORDERS[by](one) is not None), key=place)
    others = sorted((one for one in shown if ORDERS[by](one) is None), key=lambda one: place(one)[1:])
    if direction is Direction.DESC:
        valued, others = valued[::-1], others[::-1]
    return [one.customer.head for one in (*valued, *others)]


@pytest.mark.parametrize("direction", Direction)
@pytest.mark.parametrize("by", ORDERS)
async def test_everybody_stands_in_the_order_that_is_asked_for(
    at_random: list[Everybody], by: str, direction: Direction
) -> None:
    for everyone in at_random:
        shown = everyone.shown[by, direction]
        assert [one.customer.head for one in shown] == in_order(
            everyone.shown["CREATED_AT", Direction.ASC], by, direction
        )


@relaxed
@given(data=st.data())
async def test_customers_at_random_are_narrowed_to_those_that_are_so(at_random: list[Everybody], data: Any) -> None:
    await assert_right(data, at_random)


@relaxed
@given(data=st.data())
async def test_a_search_that_finds_many_reads_the_list_itself(at_random: list[Everybody], data: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searching, "MOST_CANDIDATES", 3)
        await assert_right(data, at_random)


@relaxed
@given(data=st.data())
async def test_the_customers_of_every_store_are_narrowed_to_those_that_are_so(
    existing: list[Everybody], data: Any
) -> None:
    await assert_right(data, existing)


@few
@given(data=st.data())
async def test_the_customers_of_the_demo_are_narrowed_to_those_that_are_so(
    demo_people: list[Everybody], data: Any
) -> None:
    await assert_right(data, demo_people)
