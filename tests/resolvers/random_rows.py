"""Random rows of customers, leads, bookings and payments, and periods to ask about."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
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
#: Some of which are shown alike, and some as nothing.
amounts = (
    st.none() | st.sampled_from([Decimal("0.004"), Decimal(10), Decimal("10.004")]) | st.decimals(-99, 999, places=3)
)


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
    price: Decimal | None = None

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
            amounts,
        ),
        max_size=14,
    ),
    payments=st.lists(
        st.builds(
            Payment,
            owners,
            amounts,
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
        status text, start_at {when}, created_at timestamptz, price numeric);
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


# ── periods ──

bounds = st.none() | st.sampled_from(CLOCKS)
periods = st.tuples(bounds, bounds).map(lambda ends: _in_order(*ends))


def _in_order(one: datetime | None, other: datetime | None) -> Ends:
    reversed_ = one is not None and other is not None and meant(other) < meant(one)
    return (other, one) if reversed_ else (one, other)


def as_input(period: Ends) -> dict[str, str | None]:
    """Write *period* as a variable."""
    start, end = (None if clock is None else meant(clock).isoformat() for clock in period)
    return {"from": start, "to": end}
