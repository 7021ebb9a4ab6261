"""Stored totals against live ones: in whatever columns and types they are kept, exactly what Python counts."""

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.servers import Servers
from tests.totals import COLUMNS, OWN, TOTALS, make_store

AT = datetime(2025, 6, 1, 8, 30, 15, 123456, tzinfo=UTC)
#: The same in Berlin, where the store is.
LOCAL = AT.astimezone(ZoneInfo("Europe/Berlin")).replace(tzinfo=None)


@pytest.mark.parametrize(
    ("kind", "unit", "expected"),
    [
        ("smallint", "major", 13),
        ("integer", "minor", 1235),
        ("bigint", "major", 13),
        ("numeric", "major", Decimal("12.50")),
        ("numeric(10, 1)", "major", Decimal("12.5")),
        ("numeric(10, 4)", "major", Decimal("12.5000")),
        ("real", "major", 12.5),
        ("double precision", "minor", 1235.0),
        ("text", "major", "12.50"),
        ("varchar(20)", "minor", "1235"),
    ],
)
async def test_revenue_is_written_as_its_column_can_hold_it(
    without_mongo: Servers, tmp_path: Path, kind: str, unit: str, expected: object
) -> None:
    """Half a cent and half a euro are rounded up; what the column made of it is no drift afterwards."""
    store = await make_store(
        without_mongo, tmp_path, totals=f'revenue = "revenue"\nunit = "{unit}"', columns=f", revenue {kind}"
    )
    amounts = (
        "(1, 12.34, 'eur'), (1, 0.005, ''), (1, 7, 'USD')" if unit == "minor" else "(1, 12.495, NULL), (1, 7, 'USD')"
    )
    await store.run(
        "INSERT INTO customer (id) VALUES (1), (2)",
        f"INSERT INTO payment (customer_id, amount, currency) VALUES {amounts}",
    )
    assert await store.differing() == {"1", "2"}, "NULL is no 0"
    await store.refresh()
    assert await store.differing() == set()
    assert await store.read("SELECT revenue FROM customer WHERE id = 1") == [(expected,)]
    assert [Decimal(str(row[0])) for row in await store.read("SELECT revenue FROM customer WHERE id = 2")] == [0]


@pytest.mark.parametrize(
    ("kind", "stored", "drifts"),
    [
        ("double precision", "0.1::float8 + 0.2::float8", False),
        ("double precision", "0.31", True),
        ("double precision", "'NaN'", True),
        ("numeric", "0.3000", False),
        ("numeric", "'NaN'", True),
        ("text", "'0.3'", False),
        ("text", "'about 0.30'", True),
        ("text", "NULL", True),
    ],
)
async def test_totals_are_compared_by_value(
    without_mongo: Servers, tmp_path: Path, kind: str, stored: str, drifts: bool
) -> None:
    store = await make_store(without_mongo, tmp_path, totals='revenue = "revenue"', columns=f", revenue {kind}")
    await store.run(
        f"INSERT INTO customer (id, revenue) VALUES (1, {stored})",
        "INSERT INTO payment (customer_id, amount) VALUES (1, 0.1), (1, 0.2)",
    )
    assert bool(await store.differing()) is drifts


@pytest.mark.parametrize("start", ["timestamptz", "timestamp", "date"])
@pytest.mark.parametrize(
    ("kind", "dates", "expected"),
    [
        ("timestamptz", "", {"timestamptz": AT, "timestamp": AT, "date": datetime(2025, 5, 31, 22, tzinfo=UTC)}),
        (
            "timestamp(0)",
            "",
            {
                "timestamptz": LOCAL.replace(microsecond=0),
                "timestamp": LOCAL.replace(microsecond=0),
                "date": LOCAL.replace(hour=0, minute=0, second=0, microsecond=0),
            },
        ),
        ("date", "", dict.fromkeys(("timestamptz", "timestamp", "date"), date(2025, 6, 1))),
        (
            "text",
            'dates = "iso"',
            {
                "timestamptz": "2025-06-01T10:30:15.123456",
                "timestamp": "2025-06-01T10:30:15.123456",
                "date": "2025-06-01T00:00:00",
            },
        ),
        (
            "text",
            'dates = "iso_z"',
            {
                "timestamptz": "2025-06-01T08:30:15.123Z",
                "timestamp": "2025-06-01T08:30:15.123Z",
                "date": "2025-05-31T22:00:00.000Z",
            },
        ),
    ],
)
async def test_the_first_booking_is_written_in_the_form_of_its_column(
    without_mongo: Servers, tmp_path: Path, *, start: str, kind: str, dates: str, expected: dict[str, object]
) -> None:
    """A booking without start counts by its creation, one whose start is no date not at all."""
    store = await make_store(
        without_mongo,
        tmp_path,
        totals='first_booking_at = "first"\naccepted = "accepted"\nno_shows = "no_shows"',
        columns=f", first {kind}, accepted int, no_shows int",
        start=start,
        dates=dates,
    )
    at = f"timestamptz '{AT.isoformat()}'"
    written = at if start == "timestamptz" else f"({at} AT TIME ZONE 'Europe/Berlin')::{start}"
    await store.run(
        "INSERT INTO customer (id) VALUES (1), (2)",
        "INSERT INTO lead (id, customer_id) VALUES (1, 1), (2, 2)",
        "INSERT INTO booking (lead_id, start_at, created_at, status) VALUES "
        f"(1, NULL, {written}, 'agreed'), (1, '2026-01-01', '2020-01-01', 'at it'),"
        "(1, '2020-01-01', '2020-01-01', 'off'), (1, '2019-01-01', '2019-01-01', 'no'),"
        "(1, '-infinity', '2019-01-01', 'ok'), (2, '2019-01-01', '2019-01-01', 'no')",
    )
    await store.refresh()
    assert await store.differing() == set()
    assert await store.read("SELECT first, accepted, no_shows FROM customer ORDER BY id") == [
        (expected[start], 3, 1),
        (None, 0, 1),
    ]


@pytest.mark.parametrize(
    ("key", "ref", "keys"),
    [
        ("int", "bigint", ("1", "-7")),
        ("text", "text", ("1", "Ω 'quoted\"")),
        ("text", "varchar", ("a", "b ")),
        ("text", "int", ("1", "007")),
        ("bigint", "text", ("1", "9223372036854775807")),
        ("uuid", "text", ("00000000-0000-4000-8000-00000000000a", "00000000-0000-4000-8000-00000000000b")),
        ("char(4)", "text", ("a", "b")),
    ],
)
@pytest.mark.parametrize("own", [False, True], ids=["in the row", "in a table"])
async def test_keys_are_told_apart_whatever_their_type(
    without_mongo: Servers, tmp_path: Path, *, key: str, ref: str, keys: tuple[str, str], own: bool
) -> None:
    """A key that the other column writes otherwise, as 007 is no integer, names nobody."""
    store = await make_store(
        without_mongo, tmp_path, key=key, ref=ref, totals=OWN if own else TOTALS, columns="" if own else COLUMNS
    )
    await store.run(f"CREATE TABLE totals (customer_id {ref}, leads int, revenue numeric)" if own else "SELECT")
    connection = await asyncpg.connect(store.url)
    try:
        for each in keys:
            await connection.execute(f"INSERT INTO customer (id) SELECT ($1::text)::{key}", each)
        await connection.execute(f"INSERT INTO lead (id, customer_id) SELECT 1, ($1::text)::{ref}", keys[0])
    finally:
        await connection.close()
    assert await store.differing() == (set(keys) if own else {keys[0]})
    writing = await store.refresh(size=1)
    table, column = ("totals", "customer_id") if own else ("customer", "id")
    found = dict(await store.read(f"SELECT btrim({column}::text), leads FROM {table}"))
    there = [one for one in keys if (one, own, ref) != ("007", True, "int")]
    assert found == {one.strip(): 1 if one == keys[0] else 0 for one in there}
    assert await store.differing() == set(keys) - set(there)
    assert [one.key for one in writing.unwritten] == [one for one in keys if one not in there]


async def test_totals_of_a_currency_without_decimals(without_mongo: Servers, tmp_path: Path) -> None:
    store = await make_store(
        without_mongo, tmp_path, currency="JPY", totals='revenue = "revenue"\nunit = "minor"', columns=", revenue int"
    )
    await store.run(
        "INSERT INTO customer (id) VALUES (1)", "INSERT INTO payment (customer_id, amount) VALUES (1, 1199.5)"
    )
    await store.refresh()
    assert await store.read("SELECT revenue FROM customer") == [(1200,)]


# ── against plain Python ──

_STATUSES = ("ok", "agreed", "at it", "no", "off")
_LEADS = st.lists(
    st.tuples(st.integers(1, 8), st.none() | st.integers(1, 5)), max_size=8, unique_by=lambda lead: lead[0]
)
_BOOKINGS = st.lists(
    st.tuples(
        st.none() | st.integers(1, 9), st.none() | st.integers(0, 99), st.integers(0, 99), st.sampled_from(_STATUSES)
    ),
    max_size=10,
)
_PAYMENTS = st.lists(
    st.tuples(
        st.none() | st.integers(1, 5),
        st.none() | st.decimals(-999, 999, places=3),
        st.sampled_from([None, "", " eur ", "EUR", "USD"]),
        st.booleans(),
    ),
    max_size=10,
)


@pytest.fixture(scope="module")
async def random_store(without_mongo: Servers, tmp_path_factory: pytest.TempPathFactory) -> Any:
    totals = 'first_booking_at = "first"\naccepted = "accepted"\nno_shows = "no_shows"'
    columns = ", first timestamptz, accepted int, no_shows int"
    folder = tmp_path_factory.mktemp("random")
    return await make_store(
        without_mongo, folder, name="random", totals=f"{TOTALS}\n{totals}", columns=COLUMNS + columns
    )


@given(leads=_LEADS, bookings=_BOOKINGS, payments=_PAYMENTS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_what_is_written_is_what_python_counts(
    random_store: Any,
    leads: list[tuple[int, int | None]],
    bookings: list[tuple[int | None, int | None, int, str]],
    payments: list[tuple[int | None, Decimal | None, str | None, bool]],
) -> None:
    connection = await asyncpg.connect(random_store.url)
    try:
        await connection.execute("TRUNCATE customer, lead, booking, payment")
        await connection.execute("INSERT INTO customer (id) SELECT generate_series(1, 4)")
        await connection.executemany("INSERT INTO lead (id, customer_id) VALUES ($1, $2)", leads)
        await connection.executemany(
            "INSERT INTO booking (lead_id, start_at, created_at, status) VALUES ($1, $2, $3, $4)",
            [(lead, _day(start), _day(created), status) for lead, start, created, status in bookings],
        )
        await connection.executemany(
            "INSERT INTO payment (customer_id, amount, currency, paid) VALUES ($1, $2, $3, $4)", payments
        )
    finally:
        await connection.close()
    await random_store.refresh(size=3)
    query = "SELECT id, leads, bookings, accepted, no_shows, first, revenue FROM customer ORDER BY id"
    assert await random_store.read(query) == _counted(leads, bookings, payments)
    assert await random_store.differing() == set()


def _day(number: int | None) -> datetime | None:
    return None if number is None else AT + timedelta(days=number)


def _counted(leads: Any, bookings: Any, payments: Any) -> list[tuple[object, ...]]:
    owner = dict(leads)
    of_customer = defaultdict(list)
    for lead, start, created, status in bookings:
        of_customer[owner.get(lead)].append((_day(created if start is None else start), status))
    found: list[tuple[object, ...]] = []
    for key in range(1, 5):
        accepted = [start for start, status in of_customer[key] if status in _STATUSES[:3]]
        revenue = sum(
            (
                amount
                for customer, amount, currency, paid in payments
                if customer == key and paid and amount is not None and (currency or "").strip().upper() in ("", "EUR")
            ),
            Decimal(0),
        )
        found.append(
            (
                key,
                sum(customer == key for customer in owner.values()),
                len(of_customer[key]),
                len(accepted),
                sum(status == "no" for _, status in of_customer[key]),
                min((start for start in accepted if start is not None), default=None),
                float(revenue.quantize(Decimal("0.01"), ROUND_HALF_UP)),
            )
        )
    return found
