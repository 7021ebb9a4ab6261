"""Random rows of customers, leads, bookings and payments, and what they add up to in plain Python."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import asyncpg
from hypothesis import strategies as st

ZONE = ZoneInfo("Europe/Berlin")
NOW = datetime.now(ZONE).replace(tzinfo=None, microsecond=0)
#: Around the days on which clocks change, weeks and months that end elsewhere than a year, and what segments end on.
CLOCKS = [
    *map(
        datetime.fromisoformat,
        (
            *(
                "2026-03-29",
                "2026-03-29T00:30",
                "2026-03-29T01:30",
                "2026-03-29T03:30",
                "2026-03-29T23:30",
                "2026-03-30",
            ),
            *(
                "2026-10-24",
                "2026-10-25",
                "2026-10-25T00:30",
                "2026-10-25T01:30",
                "2026-10-25T02:30",
                "2026-10-25T03:30",
            ),
            *("2026-10-25T23:30", "2026-10-26", "2025-12-28T12:00", "2025-12-29", "2025-12-31T23:59", "2026-01-01"),
            *("2026-02-28T23:59:59", "2026-03-01", "2027-01-03T23:59", "2027-01-04"),
        ),
    ),
    *(NOW - timedelta(days=days, hours=hours) for days in (30, 90, 180) for hours in (-12, 12)),
]
ACCEPTED = ("agreed", "paid", "done")
LEADS = {"new": "NEW", "won": "WON", "lost": "LOST", "gone": "LOST"}
BOOKINGS = {
    "asked": "REQUESTED",
    "agreed": "CONFIRMED",
    "paid": "CONFIRMED",
    "done": "COMPLETED",
    "off": "CANCELLED",
    "missed": "NO_SHOW",
}
#: When something begins and ends, either of which may be open.
Ends = tuple[datetime | None, datetime | None]
times = st.sampled_from(CLOCKS)
owners = st.none() | st.integers(1, 5)


class Customer(NamedTuple):
    id: int
    source: str | None
    created_at: datetime
    contact_at: datetime | None


class Lead(NamedTuple):
    customer_id: int | None
    source: str | None
    status: str | None
    created_at: datetime
    updated_at: datetime | None
    follow_up_at: datetime | None


class Booking(NamedTuple):
    customer_id: int | None
    service: str | None
    place: str | None
    note: str | None
    status: str | None
    start_at: datetime | None
    created_at: datetime

    @property
    def start(self) -> datetime:
        return self.start_at or self.created_at


class Payment(NamedTuple):
    customer_id: int | None
    amount: Decimal | None
    currency: str | None
    at: datetime
    settled: bool


@dataclass(frozen=True, slots=True)
class Rows:
    customers: list[Customer]
    leads: list[Lead]
    bookings: list[Booking]
    payments: list[Payment]
    referrers: list[tuple[int, bool]]


sources = st.sampled_from([None, "", "web", " web ", "fair"])
rows = st.builds(
    Rows,
    customers=st.lists(
        st.builds(Customer, st.integers(1, 4), sources, times, st.none() | times), unique_by=lambda one: one[0]
    ),
    leads=st.lists(
        st.builds(
            Lead, owners, sources, st.sampled_from([None, *LEADS, "odd"]), times, st.none() | times, st.none() | times
        )
    ),
    bookings=st.lists(
        st.builds(
            Booking,
            owners,
            st.sampled_from([None, " ", "cut", "wash", " wash"]),
            st.sampled_from([None, "here", "there "]),
            st.sampled_from([None, "", "said"]),
            st.sampled_from([None, *BOOKINGS, "odd"]),
            st.none() | times,
            times,
        ),
        max_size=14,
    ),
    payments=st.lists(
        st.builds(
            Payment,
            owners,
            st.none() | st.decimals(-99, 999, places=3),
            st.sampled_from([None, "", "eur", "EUR", "USD"]),
            times,
            st.booleans(),
        ),
        max_size=12,
    ),
    referrers=st.lists(st.tuples(st.integers(1, 4), st.booleans()), max_size=3, unique_by=lambda one: one[0]),
)


def make_tables(*, when: str, day: str) -> str:
    """Write the tables, with dates of the type *when*, and of *day* for payments."""
    return f"""
    CREATE TABLE customers (org text, id int, source text, created_at {when}, contact_at {when}, PRIMARY KEY (org, id));
    CREATE TABLE leads (id serial PRIMARY KEY, org text, customer_id int, source text, status text,
        created_at {when}, updated_at {when}, follow_up_at timestamptz);
    CREATE TABLE bookings (id serial PRIMARY KEY, org text, customer_id int, service text, place text, note text,
        status text, start_at {when}, created_at timestamptz);
    CREATE TABLE payments (org text, customer_id int, amount numeric, currency text, at {day}, settled boolean);
    CREATE TABLE referrers (org text, customer_id int, is_one boolean);
    """


async def put(connection: asyncpg.Connection, made: Rows, types: dict[str, dict[str, str]]) -> None:
    """Let the tables hold just what was *made*; another tenant has the same, and what is odd."""
    await connection.execute("TRUNCATE customers, leads, bookings, payments, referrers")
    for name in ("customers", "leads", "bookings", "payments"):
        for org in ("a", "b"):
            given = [
                (org, *map(written(types[name]), zip(row._fields, row, strict=True))) for row in getattr(made, name)
            ]
            if given:
                columns = ("org", *getattr(made, name)[0]._fields)
                marks = ", ".join(f"${number}" for number in range(1, len(columns) + 1))
                await connection.executemany(f"INSERT INTO {name} ({', '.join(columns)}) VALUES ({marks})", given)
    await connection.executemany("INSERT INTO referrers VALUES ('a', $1, $2)", made.referrers)
    await connection.execute(
        "INSERT INTO bookings (org, customer_id, status, start_at) VALUES ('b', 1, 'done', '2026-02-02')"
    )


def written(types: dict[str, str]) -> Any:
    """Write a value as its column holds it: an instant, or what the clock showed."""

    def write(one: tuple[str, Any]) -> Any:
        name, value = one
        if not isinstance(value, datetime):
            return value
        kind = types.get(name, "timestamptz")
        return meant(value) if kind == "timestamptz" else value.date() if kind == "date" else value

    return write


def meant(clock: datetime) -> datetime:
    return clock.replace(tzinfo=ZONE).astimezone(UTC)


# ── what it adds up to ──


def money(amounts: Iterable[Decimal]) -> str:
    total = sum(amounts, Decimal(0)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return f"{total or abs(total):f}"


def rate(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def shown(text: str | None) -> str | None:
    return (text or "").strip() or None


def currency(payment: Payment) -> str:
    return (payment.currency or "").strip().upper() or "EUR"


def within(clock: datetime | None, period: Ends) -> bool:
    start, end = period
    return (
        clock is not None
        and (start is None or meant(start) <= meant(clock))
        and (end is None or meant(clock) < meant(end))
    )


@dataclass(frozen=True, slots=True)
class Reference:
    """Count what was *made*, where payments are told to the day if *by_day*."""

    made: Rows
    by_day: bool

    def at(self, payment: Payment) -> datetime:
        return payment.at.replace(hour=0, minute=0, second=0) if self.by_day else payment.at

    @property
    def paid(self) -> list[Payment]:
        return [one for one in self.made.payments if one.settled and one.amount is not None]

    @property
    def living(self) -> set[int]:
        return {one.id for one in self.made.customers}

    def accepted(self, customer: int) -> list[Booking]:
        of = [one for one in self.made.bookings if one.customer_id == customer and one.status in ACCEPTED]
        return sorted(of, key=lambda one: meant(one.start))

    def segment(self, customer: int) -> str:
        starts = [meant(one.start) for one in self.accepted(customer)]
        if not starts:
            return "PROSPECT"
        if starts[0] >= meant(NOW) - timedelta(days=30):
            return "NEW"
        last = (meant(NOW) - starts[-1]).days
        return "ACTIVE" if last < 90 else "AT_RISK" if last < 180 else "LAPSED"

    def firsts(self, period: Ends) -> list[Booking]:
        """List the first accepted bookings of those whose first one starts in *period*."""
        found = (self.accepted(customer) for customer in self.living)
        return [one[0] for one in found if one and within(one[0].start, period)]

    def profile(self, customer: Customer, period: Ends) -> dict[str, Any]:
        key, accepted = customer.id, self.accepted(customer.id)
        bookings = [one for one in self.made.bookings if one.customer_id == key]
        leads = [one for one in self.made.leads if one.customer_id == key]
        statuses = Counter(one.status for one in bookings)
        own = [one for one in self.paid if one.customer_id == key and currency(one) == "EUR"]
        services = Counter(service for one in accepted if (service := shown(one.service)))
        touched = [customer.contact_at, *(at for one in leads for at in (one.created_at, one.updated_at))]
        touched += [one.created_at for one in bookings]
        return {
            "totalLeads": len(leads),
            "totalBookings": len(bookings),
            "lastContactAt": max((meant(at) for at in touched if at is not None), default=None),
            "revenue": self.revenue(key, period),
            "analytics": {
                "segment": self.segment(key),
                "firstBookingAt": meant(accepted[0].start) if accepted else None,
                "lastBookingAt": meant(accepted[-1].start) if accepted else None,
                "acceptedBookings": len(accepted),
                "cancelledBookings": statuses["off"],
                "noShows": statuses["missed"],
                "noShowRate": rate(statuses["missed"], statuses["missed"] + len(accepted)),
                "averageTicket": None
                if not own
                else {"amount": money([Decimal(money(one.amount or Decimal(0) for one in own)) / len(own)])},
                "favoriteServices": [
                    {"service": name, "bookings": count}
                    for name, count in sorted(services.items(), key=lambda one: (-one[1], one[0]))
                ][:3],
                "isReferrer": (key, True) in self.made.referrers,
            },
        }

    def revenue(self, key: int, period: Ends) -> dict[str, Any]:
        mine = [one for one in self.paid if one.customer_id == key and within(self.at(one), period)]
        months: dict[date, list[Decimal]] = {}
        for one in mine:
            if currency(one) == "EUR":
                months.setdefault(self.at(one).date().replace(day=1), []).append(one.amount or Decimal(0))
        return {
            **self.summed(mine),
            "count": sum(map(len, months.values())),
            "byMonth": [
                {"month": month.isoformat(), "total": {"amount": money(amounts)}, "count": len(amounts)}
                for month, amounts in sorted(months.items())
            ],
        }

    def summed(self, payments: Sequence[Payment]) -> dict[str, Any]:
        others: dict[str, list[Decimal]] = {}
        for one in payments:
            others.setdefault(currency(one), []).append(one.amount or Decimal(0))
        own = others.pop("EUR", [])
        return {
            "total": {"amount": money(own)},
            "otherCurrencies": [
                {"amount": money(amounts), "currency": name} for name, amounts in sorted(others.items())
            ],
        }

    def dashboard(self, period: Ends) -> dict[str, Any]:
        created = [one for one in self.made.customers if within(one.created_at, period)]
        leads = [one for one in self.made.leads if within(one.created_at, period)]
        starting = Counter(
            BOOKINGS.get(one.status or "", "UNKNOWN") for one in self.made.bookings if within(one.start, period)
        )
        made = [one.status for one in self.made.bookings if within(one.created_at, period)]
        accepted = starting["CONFIRMED"] + starting["COMPLETED"]
        paid = [one for one in self.paid if within(self.at(one), period)]
        due = [one for one in leads if one.follow_up_at and meant(one.follow_up_at) <= meant(NOW)]
        lost = [one for one in paid if currency(one) == "EUR" and one.customer_id not in self.living]
        tops = {key: self.revenue(key, period)["total"]["amount"] for key in self.living}
        return {
            "customers": {
                "total": len(self.living),
                "created": len(created),
                "active": sum(self.segment(key) in ("NEW", "ACTIVE") for key in self.living),
                "new": len(self.firsts(period)),
                "bySource": Counter(shown(one.source) for one in created),
                "bySegment": Counter(self.segment(one.id) for one in created),
            },
            "leads": {
                "total": len(leads),
                "byStatus": Counter(LEADS.get(one.status or "", "UNKNOWN") for one in leads),
                "bySource": Counter(shown(one.source) for one in leads),
                "followUpsDue": sum(LEADS.get(one.status or "") not in ("WON", "LOST") for one in due),
            },
            "bookings": {
                "total": starting.total(),
                "byStatus": starting,
                "awaiting": starting["REQUESTED"],
                "conversionRate": rate(made.count("done"), len(made)),
                "noShowRate": rate(starting["NO_SHOW"], starting["NO_SHOW"] + accepted),
            },
            "revenue": self.summed(paid)["total"],
            "unattributedRevenue": {"amount": money(one.amount or Decimal(0) for one in lost)},
            "otherCurrencies": self.summed(paid)["otherCurrencies"],
            "topCustomers": [
                {"revenue": {"total": {"amount": amount}}}
                for _, amount in sorted(tops.items(), key=lambda one: (-Decimal(one[1]), str(one[0])))
                if Decimal(amount) > 0
            ],
        }

    def series(self, period: Ends, interval: str) -> dict[str, dict[str, Any]]:
        """Count by the first day of each interval in which anything happened."""
        points: dict[str, dict[str, Any]] = {}

        def point(clock: datetime) -> dict[str, Any]:
            empty = {"bookings": 0, "newCustomers": 0, "leads": 0, "revenue": []}
            return points.setdefault(begin(clock.date(), interval).isoformat(), empty)

        for what, clocks in (
            ("bookings", [one.start for one in self.made.bookings]),
            ("newCustomers", [one.start for one in self.firsts(period)]),
            ("leads", [one.created_at for one in self.made.leads]),
        ):
            for clock in clocks:
                if within(clock, period):
                    point(clock)[what] += 1
        for one in self.paid:
            if within(self.at(one), period) and currency(one) == "EUR":
                point(self.at(one))["revenue"].append(one.amount)
        return {start: {**one, "revenue": {"amount": money(one["revenue"])}} for start, one in points.items()}


def begin(day: date, interval: str) -> date:
    if interval == "WEEK":
        year, week, _ = day.isocalendar()
        return date.fromisocalendar(year, week, 1)
    return day.replace(day=1) if interval == "MONTH" else day


def every(first: date, last: date, interval: str) -> Iterator[str]:
    """Go through the first days of the intervals from *first* to *last*."""
    day = first
    while day <= last:
        if begin(day, interval) == day:
            yield day.isoformat()
        day += timedelta(days=1)
