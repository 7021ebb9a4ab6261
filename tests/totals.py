"""Small stores with totals, made for one question: which columns there are, and what is in them."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import asyncpg

from sources.postgres_totals_reading import PostgresTotals
from sources.postgres_totals_writing import TotalsWriting
from sources.profile_reading import read_profile
from tests.loading import make_database, run_sql
from tests.servers import Servers

_PROFILE = """
[store]
name = "made-up"
currency = "{currency}"
timezone = "Europe/Berlin"

[customer]
table = "customer"
key = "id"
created_at = "created_at"
{dates}

[customer.stored_totals]
{totals}

[lead]
table = "lead"
key = "id"
customer = "customer_id"
created_at = "created_at"
status = {{ column = "status", words = {{ NEW = ["new"] }} }}

[booking]
table = "booking"
key = "id"
customer = {{ through = "lead", by = "lead_id" }}
start_at = "start_at"
created_at = "created_at"
status = {{ column = "status", words = {{ CONFIRMED = ["ok", "agreed"], IN_PROGRESS = ["at it"], NO_SHOW = ["no"] }} }}

[revenue]
table = "payment"
amount = "amount"
at = "at"
currency = "currency"
customer = "customer_id"
where = {{ paid = [true] }}
"""
_TABLES = """
CREATE TABLE customer (id {key} PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT now(){columns});
CREATE TABLE lead (id int PRIMARY KEY, customer_id {ref}, created_at timestamptz NOT NULL DEFAULT now(),
    status text NOT NULL DEFAULT 'new');
CREATE TABLE booking (id serial PRIMARY KEY, lead_id int, start_at {start}, created_at {start} NOT NULL,
    status text NOT NULL DEFAULT 'ok');
CREATE TABLE payment (customer_id {ref}, amount numeric, at timestamptz NOT NULL DEFAULT now(), currency text,
    paid boolean NOT NULL DEFAULT true);
"""
#: In the customers' own rows.
TOTALS = 'leads = "leads"\nbookings = "bookings"\nrevenue = "revenue"'
COLUMNS = ", leads int NOT NULL DEFAULT 0, bookings int NOT NULL DEFAULT 0, revenue float8 NOT NULL DEFAULT 0"
#: In a table of their own.
OWN = 'table = "totals"\ncustomer = "customer_id"\nleads = "leads"\nrevenue = "revenue"'

#: The databases that there are: to make one takes longer than to empty it.
_databases: dict[tuple[str, str], str] = {}


class Store:
    """Be a store made up: its *profile* and where it is."""

    def __init__(self, profile: Path, url: str) -> None:
        self.profile = read_profile(str(profile))
        self.url = url

    async def run(self, *statements: str) -> None:
        await run_sql(self.url, *statements)

    async def read(self, query: str) -> list[Any]:
        connection = await asyncpg.connect(self.url)
        try:
            return [tuple(row) for row in await connection.fetch(query)]
        finally:
            await connection.close()

    def totals(self) -> PostgresTotals:
        return PostgresTotals(self.profile, self.url, seconds=30)

    async def refresh(self, *, size: int = 100, keys: Iterable[str] | None = None) -> TotalsWriting:
        """Write what differs, of *keys* only where they are given."""
        totals = self.totals()
        outdated = await totals.outdated(None)
        writing = TotalsWriting(self.url, await totals.statements(), None, seconds=30)
        chosen = set(keys) if keys is not None else {*outdated.changed, *outdated.missing}
        try:
            await writing.write(
                [key for key in outdated.changed if key in chosen],
                [key for key in outdated.missing if key in chosen],
                size=size,
            )
        finally:
            await writing.close()
            await totals.close()
        return writing

    async def differing(self) -> set[str]:
        """Name the customers whose totals differ from the live ones."""
        totals = self.totals()
        try:
            outdated = await totals.outdated(None)
        finally:
            await totals.close()
        return {*outdated.changed, *outdated.missing}


async def make_store(
    servers: Servers,
    folder: Path,
    *,
    name: str = "made_up",
    totals: str = TOTALS,
    columns: str = COLUMNS,
    key: str = "int",
    ref: str | None = None,
    start: str = "timestamptz",
    dates: str = "",
    currency: str = "EUR",
) -> Store:
    """Make the tables of the profile anew in the database *name*, all of them empty."""
    path = folder / "profile.toml"
    path.write_text(_PROFILE.format(totals=totals, dates=dates, currency=currency))
    url = _databases.get((servers.postgres.url, name)) or await make_database(servers, name)
    _databases[servers.postgres.url, name] = url
    await run_sql(url, "DROP SCHEMA public CASCADE; CREATE SCHEMA public")
    await run_sql(url, _TABLES.format(key=key, ref=ref or key, columns=columns, start=start))
    return Store(path, url)
