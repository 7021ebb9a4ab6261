"""Days of zones whose clocks change at midnight, by half an hour, or leave out a day: each holds what it should."""

import itertools
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.resolvers.random_reference import begin
from tests.resolvers.random_store import CLOCKED, PROFILE, Store, random_store
from tests.servers import Servers

#: Zones, and days on or beside which their clocks changed.
ZONES = {
    "America/Havana": ("2025-03-09", "2025-11-02"),
    "America/Sao_Paulo": ("2018-02-18", "2018-11-04"),
    "Asia/Beirut": ("2025-03-30", "2025-10-26"),
    "Africa/Cairo": ("2025-04-25", "2025-10-31"),
    "Australia/Lord_Howe": ("2025-04-06", "2025-10-05"),
    "Pacific/Apia": ("2011-12-30", "2012-04-01"),
}
HALF_AN_HOUR = timedelta(minutes=30)
QUERY = """query ($period: Period, $interval: Interval) { dashboard(period: $period) {
  leads { total } bookings { total } revenue { amount }
  series(interval: $interval) { start leads bookings revenue { amount } }
} }"""


@dataclass(frozen=True, slots=True)
class Zoned:
    """Be a store in *zone* in which something happened every half hour around a change, at each of *instants*."""

    store: Store
    zone: ZoneInfo
    instants: list[datetime]

    def day(self, at: datetime) -> date:
        return at.astimezone(self.zone).date()

    async def ask(self, start: datetime, end: datetime, interval: str) -> dict[str, Any]:
        period = {"from": start.isoformat(), "to": end.isoformat()}
        found: dict[str, Any] = (await self.store.data(QUERY, period=period, interval=interval))["dashboard"]
        return found


def told(count: int) -> dict[str, Any]:
    return {"leads": count, "bookings": count, "revenue": {"amount": f"{count}.00"}}


@pytest.fixture(scope="module", params=itertools.product(ZONES, CLOCKED), ids="-".join)
async def zoned(
    without_mongo: Servers, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[list[Zoned]]:
    name, clocked = request.param
    profile = tmp_path_factory.mktemp("zoned") / "figures.toml"
    profile.write_text(PROFILE.read_text().replace("Europe/Berlin", name))
    zone, found = ZoneInfo(name), []
    async with random_store(without_mongo, f"days_{name}", clocked=clocked, profile=profile) as store:
        for day in ZONES[name]:
            middle = datetime.fromisoformat(day).replace(tzinfo=UTC)
            instants = [middle + number * HALF_AN_HOUR for number in range(-120, 120)]
            clocks = [at.astimezone(zone).replace(tzinfo=None) for at in instants]
            kept, days = (clocks, [at.date() for at in clocks]) if clocked == "clocks" else (instants, instants)
            add = store.connection.executemany
            await add("INSERT INTO leads (org, created_at) VALUES ('a', $1)", [(at,) for at in kept])
            await add(
                "INSERT INTO bookings (org, start_at, created_at) VALUES ('a', $1, $2)",
                zip(kept, instants, strict=True),
            )
            await add("INSERT INTO payments VALUES ('a', NULL, 1, NULL, $1, true)", [(at,) for at in days])
            found.append(Zoned(store, zone, instants))
        yield found


@pytest.mark.parametrize("interval", ["DAY", "WEEK", "MONTH"])
async def test_every_interval_has_what_happened_in_it(zoned: list[Zoned], interval: str) -> None:
    for one in zoned:
        days = [one.day(at) for at in one.instants]
        # Whole days only: of a payment nothing but its day is known.
        inner = [at for at, day in zip(one.instants, days, strict=True) if days[0] < day < days[-1]]
        expected = Counter(begin(one.day(at), interval).isoformat() for at in inner)
        found = await one.ask(inner[0], inner[-1] + HALF_AN_HOUR, interval)
        series = found.pop("series")
        counted = {point.pop("start"): point for point in series}
        assert found == {
            "leads": {"total": len(inner)},
            "bookings": {"total": len(inner)},
            "revenue": {"amount": f"{len(inner)}.00"},
        }
        assert {start: point for start, point in counted.items() if point["leads"]} == {
            start: told(count) for start, count in expected.items()
        }


async def test_a_day_is_a_period_that_holds_just_that_day(zoned: list[Zoned]) -> None:
    for one in zoned:
        by_day: dict[date, list[datetime]] = {}
        for at in one.instants:
            by_day.setdefault(one.day(at), []).append(at)
        for (day, held), (_, after) in list(itertools.pairwise(by_day.items()))[1:]:
            found = await one.ask(held[0], after[0], "DAY")
            (point,) = found["series"]
            assert point == {"start": day.isoformat(), **told(len(held))}
            assert (found["leads"]["total"], found["bookings"]["total"]) == (len(held), len(held))
