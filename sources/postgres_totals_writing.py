"""Write stored totals: the only statements of the gateway that change rows of a store's own.

Customers are taken in batches, each in one short transaction at REPEATABLE READ: what is counted and what is written
are of one moment, and a row that somebody else changes meanwhile is counted again. Rows that somebody holds are not
waited for but passed over, and tried again after all others. An end at any point leaves whole batches behind, and no
state is kept: whoever carries on finds what still differs.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import suppress
from typing import Any

import asyncpg
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from domain.records import Key
from domain.totals import Drift, Unwritten
from sources.postgres_connection import asyncpg_url
from sources.postgres_reading import Tenant
from sources.postgres_totals import TotalsStatements
from sources.postgres_totals_changes import TotalsChanges
from sources.postgres_totals_reading import drift_of

#: Somebody else was there first: serialization_failure, deadlock_detected, lock_not_available.
_CONFLICTS = frozenset({"40001", "40P01", "55P03"})
#: It is about single rows: data that a column cannot hold, a constraint, what a trigger raises.
_OF_ROWS = ("22", "23", "44", "P0")
_LOCK_TIMEOUT = text("SET LOCAL lock_timeout = '1s'")
_TIMED_OUT = "55P03"
#: Rows are never waited for, so whoever keeps us waiting this often, in a row, holds the table.
_MOST_TIMED_OUT = 5
#: Seconds after which rows that others held are tried again, in ever smaller batches.
_PAUSES = (0.5, 1.0, 2.0, 3.0)
_SMALLER = 8
#: After so many rows that cannot be written, it is not about single rows.
_MOST_UNWRITTEN = 100
_HELD = "another transaction holds the row"


class WritingStoppedError(Exception):
    """Say why nothing more can be written; what was written before stays."""


class TotalsWriting:
    """Write the totals of *tenant* that differ, each statement within *seconds*; *wrote* is told of every batch."""

    def __init__(
        self,
        url: str,
        statements: TotalsStatements,
        tenant: Tenant,
        *,
        seconds: float,
        wrote: Callable[[Sequence[Drift]], None] = lambda _: None,
    ) -> None:
        #: The rows that could not be written.
        self.unwritten: list[Unwritten] = []
        self._statements = statements
        self._changes = TotalsChanges(statements)
        self._tenant = tenant
        self._wrote = wrote
        self._timed_out = 0
        #: The customers that had no row when they were looked at last.
        self._missing: set[Key] = set()
        self._engine = create_async_engine(
            asyncpg_url(url),
            hide_parameters=True,  # errors are logged
            isolation_level="REPEATABLE READ",
            pool_size=1,
            max_overflow=0,
            connect_args={
                "timeout": seconds,
                "server_settings": {
                    "application_name": "customer-gateway",
                    "statement_timeout": str(int(seconds * 1000)),
                },
            },
        )

    async def close(self) -> None:
        await self._engine.dispose()

    async def write(self, changed: Sequence[Key], missing: Sequence[Key], *, size: int) -> None:
        """Write the totals of the customers *changed* and *missing*, *size* at a time.

        Raises WritingStoppedError where it is of no use to go on.
        """
        self._missing = set(missing)
        held: list[Key] = []
        for key, owner in zip((*changed, *missing), self._owners((*changed, *missing)), strict=True):
            if owner is None:
                self._give_up(key, "the table of totals cannot hold such a key")
            else:
                held.append(key)
        for pause in (0.0, *_PAUSES):
            if held:
                await asyncio.sleep(pause)
                held = await self._write_all(held, size)
                size = max(1, size // _SMALLER)
        self.unwritten += [Unwritten(key, _HELD) for key in held]

    async def _write_all(self, keys: Sequence[Key], size: int) -> list[Key]:
        """Write what can be written, and answer whose rows others hold."""
        batches = deque(keys[first : first + size] for first in range(0, len(keys), size))
        held: list[Key] = []
        while batches:
            batch = batches.popleft()
            try:
                held += await self._to_its_end(self._write_batch(batch))
                self._timed_out = 0
            except DBAPIError as error:
                state = str(getattr(error.orig, "sqlstate", ""))
                self._timed_out = self._timed_out + 1 if state == _TIMED_OUT else 0
                if self._timed_out == _MOST_TIMED_OUT:
                    raise WritingStoppedError(f"somebody holds the whole table: {_message(error)}") from error
                if state in _CONFLICTS:
                    held += batch
                elif not state.startswith(_OF_ROWS):
                    raise WritingStoppedError(_message(error)) from error
                elif len(batch) > 1:
                    half = len(batch) // 2
                    batches.extendleft((batch[half:], batch[:half]))
                else:
                    self._give_up(batch[0], _message(error))
            except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
                raise WritingStoppedError(f"the database does not answer ({type(error).__name__})") from error
        return held

    def _give_up(self, key: Key, reason: str) -> None:
        self.unwritten.append(Unwritten(key, reason))
        if len(self.unwritten) >= _MOST_UNWRITTEN:
            raise WritingStoppedError(f"{_MOST_UNWRITTEN} rows could not be written, the last one: {reason}")

    async def _to_its_end(self, writing: Coroutine[Any, Any, list[Key]]) -> list[Key]:
        """Let a batch under way come to its end although it is interrupted: what is told of it is what was done."""
        batch = asyncio.ensure_future(writing)
        try:
            return await asyncio.shield(batch)
        except asyncio.CancelledError:
            with suppress(Exception):
                await batch
            raise

    async def _write_batch(self, keys: Sequence[Key]) -> list[Key]:
        async with self._engine.connect() as connection, connection.begin():
            await connection.execute(_LOCK_TIMEOUT)
            exclusion = self._changes.exclude_others()
            if exclusion is not None and not self._missing.isdisjoint(keys):
                await connection.execute(exclusion)
            values = self._statements.values(self._tenant, keys)
            found = (await connection.execute(self._statements.of(), values)).all()
            rows = {str(row.key): row for row in found}
            done = await self._update(connection, {key: row for key, row in rows.items() if not row.missing})
            may_insert = exclusion is None or not self._missing.isdisjoint(keys)
            done |= await self._insert(
                connection, {key: row for key, row in rows.items() if row.missing and may_insert}
            )
        self._missing |= {key for key, row in rows.items() if row.missing}
        self._wrote([drift_of(self._statements, row) for key, row in rows.items() if key in done])
        return [key for key in rows if key not in done]

    async def _update(self, connection: AsyncConnection, rows: Mapping[Key, Any]) -> set[Key]:
        if not rows:
            return set()
        values = {**self._statements.values(self._tenant), "owners": self._owners(rows)}
        free = {str(key) for key in (await connection.execute(self._changes.free(), values)).scalars()}
        return await self._change(connection, self._changes.update(), {key: rows[key] for key in rows if key in free})

    async def _insert(self, connection: AsyncConnection, rows: Mapping[Key, Any]) -> set[Key]:
        return await self._change(connection, self._changes.insert(), rows)

    async def _change(self, connection: AsyncConnection, change: Any, rows: Mapping[Key, Any]) -> set[Key]:
        if not rows:
            return set()
        values = {**self._statements.values(self._tenant), "new_key": self._owners(rows)}
        for role in self._statements.roles:
            values[f"new_{role}"] = [getattr(row, f"live_{role}") for row in rows.values()]
        return {str(key) for key in (await connection.execute(change, values)).scalars()}

    def _owners(self, keys: Collection[Key]) -> list[Any]:
        """Turn *keys* into what the table of totals holds."""
        parse = self._statements.stored.mapped.key_type("owner").parse
        return [parse(key) for key in keys]


def _message(error: DBAPIError) -> str:
    """Say what the database said, without the row that it may show beside it."""
    cause = error.orig.__cause__ if error.orig is not None else None
    return str(getattr(cause, "message", None) or type(error.orig).__name__)
