"""What a clock without zone showed means the same instant to PostgreSQL as to Python, and an index can hold that."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
from sqlalchemy import DateTime, column, select, table
from sqlalchemy.dialects import postgresql

from domain.stored_time import Form
from domain.time import meant
from sources.postgres_time import TimeColumn
from tests.servers import Servers

#: Zones, and days on or beside which their clocks changed: by an hour, at midnight, by half an hour, by a whole day.
ZONES = {
    "Europe/Berlin": ("2026-03-29", "2026-10-25"),
    "America/New_York": ("2025-03-09", "2025-11-02"),
    "America/Havana": ("2025-03-09", "2025-11-02"),
    "America/Sao_Paulo": ("2018-02-18", "2018-11-04"),
    "Asia/Beirut": ("2025-03-30", "2025-10-26"),
    "Australia/Lord_Howe": ("2025-04-06", "2025-10-05"),
    "Pacific/Apia": ("2011-12-30", "2012-04-01"),
    "Europe/Moscow": ("2011-03-27", "2014-10-26"),
    "Europe/Dublin": ("2026-03-29", "2026-10-25"),
    "Asia/Kolkata": ("2026-01-01",),
    "UTC": ("2026-01-01",),
}


@pytest.mark.parametrize("zone", ZONES)
async def test_a_clock_means_the_same_to_both(without_mongo: Servers, zone: str) -> None:
    steps = [timedelta(minutes=10 * number) for number in range(-6 * 50, 6 * 50)]
    clocks = [datetime.fromisoformat(day) + step for day in ZONES[zone] for step in steps]
    clocks += [datetime(1, 1, 1), datetime(9999, 12, 31)]  # noqa: DTZ001 - as stored, without zone
    instants = TimeColumn(column("clock", DateTime()), Form.NAIVE, ZoneInfo(zone)).meant()
    found = select(column("clock"), instants.label("instant")).select_from(table("clocks"))
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own
    written: dict[str, Any] = {"dialect": dialect, "compile_kwargs": {"literal_binds": True}}
    connection = await asyncpg.connect(without_mongo.postgres.url)
    try:
        async with connection.transaction():
            await connection.execute("CREATE TEMPORARY TABLE clocks (clock timestamp) ON COMMIT DROP")
            await connection.executemany("INSERT INTO clocks VALUES ($1)", [(clock,) for clock in clocks])
            await connection.execute(f"CREATE INDEX ON clocks (({instants.compile(**written)}))")
            rows = await connection.fetch(str(found.compile(**written)))
    finally:
        await connection.close()
    assert len(rows) == len(clocks)
    odd = [
        row for row in rows if 2 <= row["clock"].year < 9999 and meant(row["clock"], ZoneInfo(zone)) != row["instant"]
    ]
    assert odd == []
