"""Every figure of profiles and dashboards, held against plain Python over the same random rows, through HTTP."""

from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.filtering import relaxed
from tests.resolvers.random_reference import starts_of
from tests.resolvers.random_rows import (
    CLOCKS,
    Booking,
    Customer,
    Ends,
    Lead,
    Payment,
    Rows,
    as_input,
    periods,
    rows,
)
from tests.resolvers.random_store import CLOCKED, Store, random_store
from tests.servers import Servers

PERIOD = "$period: Period"
CUSTOMERS = f"""query ({PERIOD}) {{ customers(orderBy: {{direction: ASC}}) {{ nodes {{
  key: records {{ key }} totalLeads totalBookings totalRevenue {{ amount }} lastContactAt
  revenue(period: $period) {{
    total {{ amount }} count average {{ amount }} byMonth {{ month total {{ amount }} count }}
    otherCurrencies {{ amount currency }}
  }}
  analytics {{
    segment firstBookingAt lastBookingAt acceptedBookings cancelledBookings noShows noShowRate
    averageTicket {{ amount }} favoriteServices {{ service bookings }}
    bookingNotes(first: 3) {{ text at }} isReferrer
  }}
}} }} }}"""
DASHBOARD = f"""query ({PERIOD}) {{ dashboard(period: $period) {{
  customers {{ total created active new bySource {{ source count }} bySegment {{ segment count }} }}
  leads {{ total byStatus {{ status count }} bySource {{ source count }} followUpsDue }}
  bookings {{ total byStatus {{ status count }} awaiting conversionRate noShowRate }}
  revenue {{ amount }} unattributedRevenue {{ amount }} otherCurrencies {{ amount currency }}
  topCustomers(first: 3) {{ key: records {{ key }} revenue(period: $period) {{ total {{ amount }} }} }}
}} }}"""
SERIES = f"""query ({PERIOD}, $interval: Interval) {{ dashboard(period: $period) {{
  series(interval: $interval) {{ start bookings newCustomers leads revenue {{ amount }} }}
}} }}"""
EMPTY = Rows([], [], [], [], [])


def all_at(clock: str) -> Rows:
    """Let everything happen at what the clock is said to have shown."""
    at = datetime.fromisoformat(clock)
    before = at - timedelta(days=1)
    return Rows(
        [Customer(1, None, at, at)],
        [Lead(1, None, "new", at, at, at)],
        [Booking(1, "cut", None, "said", "done", at, before, Decimal(1))],
        [Payment(1, Decimal(1), None, at, True)],
        [],
    )


#: Of an hour that is shown twice the first is meant.
SHOWN_TWICE = all_at("2026-10-25T02:30")


@pytest.fixture(scope="module", params=CLOCKED)
async def store(without_mongo: Servers, request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    async with random_store(without_mongo, "figures", clocked=request.param) as store:
        yield store


ONE_DAY = (CLOCKS[0], CLOCKS[0] + timedelta(days=1))


def counts(listed: list[dict[str, Any]]) -> dict[Any, int]:
    """Read a list of counts; what is not there is as good as zero."""
    named = {next(iter(one.values())): one["count"] for one in listed}
    assert len(named) == len(listed)
    return {name: count for name, count in named.items() if count}


@relaxed
@given(made=rows, period=periods)
@example(made=EMPTY, period=(None, None))
@example(made=SHOWN_TWICE, period=(None, None))
async def test_a_profile_is_what_python_counts(store: Store, made: Rows, period: Ends) -> None:
    reference = await store.fill(made)
    found = (await store.data(CUSTOMERS, period=as_input(period)))["customers"]["nodes"]
    by_key = {one.pop("key")[0]["key"]: one for one in found}
    assert by_key.keys() == {str(one.id) for one in made.customers}
    for customer in made.customers:
        one = by_key[str(customer.id)]
        said = one["analytics"]
        for within, name in (
            (one, "lastContactAt"),
            *((said, at) for at in ("firstBookingAt", "lastBookingAt")),
            *((note, "at") for note in said["bookingNotes"]),
        ):
            within[name] = within[name] and datetime.fromisoformat(within[name])
        assert one == reference.profile(customer, period)


@relaxed
@given(made=rows, period=periods)
@example(made=EMPTY, period=(None, None))
async def test_a_dashboard_is_what_python_counts(store: Store, made: Rows, period: Ends) -> None:
    reference = await store.fill(made)
    found = (await store.data(DASHBOARD, period=as_input(period)))["dashboard"]
    for part in ("customers", "leads", "bookings"):
        found[part] = {name: counts(one) if isinstance(one, list) else one for name, one in found[part].items()}
    assert found == reference.dashboard(period)


@relaxed
@given(made=rows, period=periods, interval=st.sampled_from(["DAY", "WEEK", "MONTH"]))
@example(made=EMPTY, period=(None, None), interval="DAY")
@example(made=EMPTY, period=ONE_DAY, interval="DAY")
async def test_a_series_is_what_python_counts(store: Store, made: Rows, period: Ends, interval: str) -> None:
    reference = await store.fill(made)
    found = (await store.data(SERIES, period=as_input(period), interval=interval))["dashboard"]["series"]
    expected = reference.series(period, interval)
    zero = {"bookings": 0, "newCustomers": 0, "leads": 0, "revenue": {"amount": "0.00"}}
    starts = [one.pop("start") for one in found]
    assert dict(zip(starts, found, strict=True)) == {start: expected.get(start, zero) for start in starts}
    assert starts == starts_of(period, expected, interval)
