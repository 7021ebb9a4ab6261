"""Every figure of profiles and dashboards, held against plain Python over the same random rows, through HTTP."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.filtering import relaxed
from tests.loading import make_database, run_sql
from tests.resolvers.random_rows import CLOCKS, Ends, Reference, Rows, begin, every, make_tables, meant, put, rows
from tests.running import Gateway, running, secured
from tests.servers import Servers

PROFILE = Path(__file__).with_name("figures.toml")
PERIOD = "$period: Period"
CUSTOMERS = f"""query ({PERIOD}) {{ customers(orderBy: {{direction: ASC}}) {{ nodes {{
  key: records {{ key }} totalLeads totalBookings lastContactAt
  revenue(period: $period) {{
    total {{ amount }} count byMonth {{ month total {{ amount }} count }} otherCurrencies {{ amount currency }}
  }}
  analytics {{
    segment firstBookingAt lastBookingAt acceptedBookings cancelledBookings noShows noShowRate
    averageTicket {{ amount }} favoriteServices {{ service bookings }} isReferrer
  }}
}} }} }}"""
DASHBOARD = f"""query ({PERIOD}) {{ dashboard(period: $period) {{
  customers {{ total created active new bySource {{ source count }} bySegment {{ segment count }} }}
  leads {{ total byStatus {{ status count }} bySource {{ source count }} followUpsDue }}
  bookings {{ total byStatus {{ status count }} awaiting conversionRate noShowRate }}
  revenue {{ amount }} unattributedRevenue {{ amount }} otherCurrencies {{ amount currency }}
  topCustomers {{ revenue(period: $period) {{ total {{ amount }} }} }}
}} }}"""
SERIES = f"""query ({PERIOD}, $interval: Interval) {{ dashboard(period: $period) {{
  series(interval: $interval) {{ start bookings newCustomers leads revenue {{ amount }} }}
}} }}"""
#: Of the columns that there are in both forms.
NAMES = ("created_at", "contact_at", "updated_at", "start_at", "at")
EMPTY = Rows([], [], [], [], [])


@dataclass(frozen=True, slots=True)
class Store:
    """Be a gateway over tables that a test fills, with dates of these *types*."""

    gateway: Gateway
    connection: asyncpg.Connection
    types: dict[str, dict[str, str]]
    by_day: bool

    async def fill(self, made: Rows) -> Reference:
        await put(self.connection, made, self.types)
        return Reference(made, self.by_day)

    async def data(self, query: str, **variables: Any) -> dict[str, Any]:
        return await self.gateway.data(query, variables, tenant="a")


@pytest.fixture(scope="module", params=["instants", "clocks"])
async def store(without_mongo: Servers, request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    """Keep dates as instants, or as what the clock showed, and payments by the day then."""
    local = request.param == "clocks"
    when, day = ("timestamp", "date") if local else ("timestamptz", "timestamptz")
    url = await make_database(without_mongo, f"figures_{request.param}")
    await run_sql(url, make_tables(when=when, day=day))
    connection = await asyncpg.connect(url)
    kinds = {name: {**dict.fromkeys(NAMES, when), "at": day} for name in ("customers", "leads", "payments")}
    kinds["bookings"] = {"start_at": when}
    async with running(secured(profile=str(PROFILE), postgres_url=url)) as gateway:
        yield Store(gateway, connection, kinds, local)
    await connection.close()


bounds = st.none() | st.sampled_from(CLOCKS)
periods = st.tuples(bounds, bounds).map(lambda ends: _in_order(*ends))
ONE_DAY = (CLOCKS[0], CLOCKS[0] + timedelta(days=1))


def _in_order(one: datetime | None, other: datetime | None) -> Ends:
    reversed_ = one is not None and other is not None and meant(other) < meant(one)
    return (other, one) if reversed_ else (one, other)


def as_input(period: Ends) -> dict[str, str | None]:
    start, end = (None if clock is None else meant(clock).isoformat() for clock in period)
    return {"from": start, "to": end}


def counts(listed: list[dict[str, Any]]) -> dict[Any, int]:
    """Read a list of counts; what is not there is as good as zero."""
    named = {next(iter(one.values())): one["count"] for one in listed}
    assert len(named) == len(listed)
    return {name: count for name, count in named.items() if count}


@relaxed
@given(made=rows, period=periods)
@example(made=EMPTY, period=(None, None))
async def test_a_profile_is_what_python_counts(store: Store, made: Rows, period: Ends) -> None:
    reference = await store.fill(made)
    found = (await store.data(CUSTOMERS, period=as_input(period)))["customers"]["nodes"]
    by_key = {one.pop("key")[0]["key"]: one for one in found}
    assert by_key.keys() == {str(one.id) for one in made.customers}
    for customer in made.customers:
        one = by_key[str(customer.id)]
        for within, name in (
            (one, "lastContactAt"),
            *((one["analytics"], at) for at in ("firstBookingAt", "lastBookingAt")),
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
    start, end = period
    first = begin(start.date(), interval).isoformat() if start else min(expected, default=None)
    last = begin((end - timedelta(seconds=1)).date(), interval).isoformat() if end else max(expected, default=None)
    if first is None or last is None or (start is not None and start == end):
        assert starts == []
    else:
        from_, to = (datetime.fromisoformat(day).date() for day in (first, last))
        assert starts == list(every(from_, to, interval))
