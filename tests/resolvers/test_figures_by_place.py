"""Figures at one location, and by location, held against plain Python over the same random rows, through HTTP."""

from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.answers import codes
from tests.filtering import relaxed
from tests.resolvers.random_reference import Reference, begin, money, rate, shown, starts_of, within
from tests.resolvers.random_rows import BOOKINGS, Booking, Ends, Rows, as_input, periods, rows
from tests.resolvers.random_store import PROFILE, Store, random_store
from tests.servers import Servers

#: What is earned is in rows that have no location, or in the bookings themselves.
EARNED = ("payments", "bookings")
OF_BOOKINGS = """[revenue]
table = "bookings"
tenant = "org"
amount = "price"
at = "start_at"
customer = "customer_id"
where = { status = ["done"] }
"""
AMOUNT = "{ amount }"
PARTED = f"""query ($period: Period, $interval: Interval) {{ dashboard(period: $period) {{
  series(interval: $interval, byLocation: true) {{ start location bookings newCustomers leads revenue {AMOUNT} }}
}} }}"""
BOARD = f"""query ($period: Period, $location: String) {{ dashboard(period: $period, location: $location) {{
  customers {{ total inCrm linked created active new bySource {{ count }} bySegment {{ count }} }}
  leads {{ total }}
  bookings {{ total byStatus {{ status count }} awaiting conversionRate noShowRate }}
  revenue {AMOUNT} unattributedRevenue {AMOUNT} otherCurrencies {AMOUNT} topCustomers {{ key: records {{ key }} }}
  series(interval: MONTH) {{ start location bookings newCustomers leads revenue {AMOUNT} }}
}} }}"""
Points = dict[tuple[str, str | None], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Places:
    """Count what was made of bookings by where they are; they are what is earned if *earning*."""

    reference: Reference
    earning: bool

    @property
    def bookings(self) -> Sequence[Booking]:
        return self.reference.made.bookings

    def earned(self, period: Ends) -> list[Booking]:
        """List the bookings that count as revenue; one that does not say when it starts is of no period."""
        done = [one for one in self.bookings if one.status == "done" and one.price is not None]
        return done if period == (None, None) else [one for one in done if within(one.start_at, period)]

    def points(self, period: Ends, interval: str) -> Points:
        points: Points = defaultdict(lambda: {"bookings": 0, "newCustomers": 0, "revenue": []})

        def point(clock: Any, one: Booking) -> dict[str, Any]:
            return points[begin(clock.date(), interval).isoformat(), shown(one.place)]

        for one in self.bookings:
            if within(one.start, period):
                point(one.start, one)["bookings"] += 1
        for one in self.reference.firsts(period):
            point(one.start, one)["newCustomers"] += 1
        for one in self.earned(period) if self.earning else ():
            if one.start_at is not None:
                point(one.start_at, one)["revenue"].append(one.price)
        return points

    def told(self, place: str | None, said: dict[str, Any] | None = None) -> dict[str, Any]:
        """Be a point at *place* as it is told, of which *said* was counted."""
        counted = said or {"bookings": 0, "newCustomers": 0, "revenue": []}
        revenue = {"amount": money(counted["revenue"])} if self.earning else None
        return {**counted, "location": place, "leads": None, "revenue": revenue}

    def board(self, period: Ends, place: str) -> dict[str, Any]:
        here = [one for one in self.bookings if shown(one.place) == place]
        starting = Counter(BOOKINGS.get(one.status or "", "UNKNOWN") for one in here if within(one.start, period))
        made = [one.status for one in here if within(one.created_at, period)]
        accepted = starting["CONFIRMED"] + starting["COMPLETED"]
        earned = [one for one in self.earned(period) if one in here]
        tops: dict[int, list[Decimal]] = defaultdict(list)
        for one in earned:
            if one.customer_id in self.reference.living:
                tops[one.customer_id].append(one.price or Decimal(0))
        ordered = sorted(((-Decimal(money(amounts)), str(key)) for key, amounts in tops.items()))
        lost = [one.price or Decimal(0) for one in earned if one.customer_id not in self.reference.living]
        revenue: dict[str, Any] = {
            "revenue": {"amount": money(one.price or Decimal(0) for one in earned)},
            "unattributedRevenue": {"amount": money(lost)},
            "otherCurrencies": [],
            "topCustomers": [{"key": [{"key": key}]} for amount, key in ordered if amount < 0],
        }
        unsaid = ("total", "inCrm", "linked", "created", "active", "bySource", "bySegment")
        return {
            "customers": {
                **dict.fromkeys(unsaid),
                "new": sum(shown(one.place) == place for one in self.reference.firsts(period)),
            },
            "leads": None,
            "bookings": {
                "total": starting.total(),
                "byStatus": starting,
                "awaiting": starting["REQUESTED"],
                "conversionRate": rate(made.count("done"), len(made)),
                "noShowRate": rate(starting["NO_SHOW"], starting["NO_SHOW"] + accepted),
            },
            **(revenue if self.earning else dict.fromkeys(revenue)),
        }


@pytest.fixture(scope="module", params=EARNED)
async def store(
    without_mongo: Servers, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[tuple[Store, bool]]:
    """Serve random rows, of which the one or the other is earned."""
    earning = request.param == "bookings"
    written = PROFILE.read_text()
    profile = tmp_path_factory.mktemp("places") / "figures.toml"
    profile.write_text(written.partition("[revenue]")[0] + OF_BOOKINGS if earning else written)
    async with random_store(without_mongo, f"places_{request.param}", clocked="instants", profile=profile) as store:
        yield store, earning


intervals = st.sampled_from(["DAY", "WEEK", "MONTH"])


@relaxed
@given(made=rows, period=periods, interval=intervals)
@example(made=Rows([], [], [], [], []), period=(None, None), interval="DAY")
async def test_a_series_by_location_is_what_python_counts(
    store: tuple[Store, bool], made: Rows, period: Ends, interval: str
) -> None:
    gateway, earning = store
    places = Places(await gateway.fill(made), earning)
    found = (await gateway.data(PARTED, period=as_input(period), interval=interval))["dashboard"]["series"]
    points = places.points(period, interval)
    known = sorted({place for _, place in points} or {None}, key=lambda place: (place is None, place or ""))
    starts = starts_of(period, {start for start, _ in points}, interval)
    assert found == [
        {"start": start, **places.told(place, points.get((start, place)))} for start in starts for place in known
    ]


@relaxed
@given(made=rows, period=periods)
async def test_a_dashboard_of_a_location_is_what_python_counts(
    store: tuple[Store, bool], made: Rows, period: Ends
) -> None:
    gateway, earning = store
    places, place = Places(await gateway.fill(made), earning), "there"
    variables = {"period": as_input(period), "location": place}
    body = await gateway.gateway.ask(BOARD, variables, tenant="a")
    if all(shown(one.place) != place for one in made.bookings):
        assert (body["data"], codes(body)) == ({"dashboard": None}, ["UNKNOWN_LOCATION"])
        return
    found = body["data"]["dashboard"]
    series = found.pop("series")
    points = {start: one for (start, at), one in places.points(period, "MONTH").items() if at == place}
    starts = starts_of(period, points, "MONTH")
    assert series == [{"start": start, **places.told(place, points.get(start))} for start in starts]
    found["bookings"]["byStatus"] = Counter(
        {one["status"]: one["count"] for one in found["bookings"]["byStatus"] if one["count"]}
    )
    assert found == places.board(period, place)
