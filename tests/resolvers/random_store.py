"""A gateway over the tables of random rows, with dates in either form."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg

from tests.loading import make_database, run_sql
from tests.resolvers.random_reference import Reference
from tests.resolvers.random_rows import Rows, make_tables, put
from tests.running import Gateway, running, secured
from tests.servers import Servers

PROFILE = Path(__file__).with_name("figures.toml")
#: How dates are kept: as instants, or as what the clock showed, and payments by the day then.
CLOCKED = ("instants", "clocks")
#: Of the columns that there are in both forms.
NAMES = ("created_at", "contact_at", "updated_at", "start_at", "at")


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

    async def keys(self, table: str) -> list[str]:
        """List the keys of the tenant's rows of *table*, as they were put there."""
        rows = await self.connection.fetch(f"SELECT id FROM {table} WHERE org = 'a' ORDER BY id")
        return [str(row["id"]) for row in rows]


@asynccontextmanager
async def random_store(servers: Servers, name: str, *, clocked: str, profile: Path = PROFILE) -> AsyncIterator[Store]:
    """Serve the tables in a database called after *name*, with dates as *clocked* says."""
    local = clocked == "clocks"
    when, day = ("timestamp", "date") if local else ("timestamptz", "timestamptz")
    url = await make_database(servers, f"{name}_{clocked}")
    await run_sql(url, make_tables(when=when, day=day))
    connection = await asyncpg.connect(url)
    kinds = {name: {**dict.fromkeys(NAMES, when), "at": day} for name in ("customers", "leads", "payments")}
    kinds["bookings"] = {"start_at": when}
    async with running(secured(profile=str(profile), postgres_url=url)) as gateway:
        yield Store(gateway, connection, kinds, local)
    await connection.close()
