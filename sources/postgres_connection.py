"""One pool of connections to PostgreSQL: short checkouts, a time limit, and the errors that the gateway speaks."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import asyncpg
import orjson
from sqlalchemy import URL, Executable, Row, Select, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.sql.compiler import SQLCompiler

from domain.errors import SourceMismatchError
from sources.availability import Availability
from sources.meter import statement
from sources.patience import patience

#: What is not there or of another type than mapped: a column, a table, a schema, a function; or not to be read.
_MISMATCH = frozenset({"42703", "42P01", "42883", "42501", "3F000", "42804"})
#: Connections refused, lost, cut or not admitted; the server starting or stopping.
_DOWN = ("08", "57P0", "53", "28", "3D")
#: One request rarely needs more at once; the rest wait in line for a place, not for a new connection.
_POOL = 10
_TO_CONNECT = 30.0
#: Rows of a lot, where very many are gone through.
_LOT = 10_000


class PostgresConnection:
    """Run statements, each on a connection of its own from the pool, each within *seconds*.

    *options* are settings of the server for these connections.
    """

    def __init__(self, url: str, seconds: float, options: Mapping[str, str] | None = None) -> None:
        self._seconds = seconds
        self.availability = Availability("postgres")
        #: How often connections were found lost: whoever keeps what the database is like looks again.
        self.losses = 0
        #: Whoever waits for a place waits without the clock that statements run against.
        self._places = asyncio.Semaphore(_POOL)
        self._engine: AsyncEngine = create_async_engine(
            asyncpg_url(url),
            isolation_level="AUTOCOMMIT",
            pool_size=_POOL,
            max_overflow=0,
            pool_timeout=seconds,
            pool_reset_on_return=None,
            connect_args={
                # Only where nobody waits with patience: the driver counts the time in which the loop was late as well.
                "timeout": seconds + _TO_CONNECT,
                "server_settings": {
                    "application_name": "customer-gateway",
                    "statement_timeout": str(int(seconds * 1000)),
                    **(options or {}),
                },
            },
        )

    async def rows(self, query: Executable, values: Mapping[str, Any] | None = None) -> Sequence[Row[Any]]:
        """Answer what *query* finds.

        Raises SourceUnavailableError and SourceMismatchError.
        """
        async with self._places:
            self.availability.check()
            try:
                return await self._run(query, values)
            except LostConnectionError:
                # The server went away and came back while the connection lay in the pool, which has dropped it now.
                self.losses += 1
                try:
                    return await self._run(query, values)
                except LostConnectionError as error:
                    raise self.availability.found_down(error) from error

    async def stream(
        self, query: Executable, values: Mapping[str, Any] | None = None
    ) -> AsyncIterator[Sequence[Row[Any]]]:
        """Go through all that *query* finds, some thousands of rows at a time.

        Raises SourceUnavailableError and SourceMismatchError.
        """
        async with self._places:
            self.availability.check()
            try:
                with self.translating(), statement("postgres"):
                    async with self._engine.connect() as connection:
                        # Only a transaction can hold the place in what is gone through.
                        reading = await connection.execution_options(isolation_level="REPEATABLE READ")
                        result = await reading.stream(query, values)
                        async for rows in result.partitions(_LOT):
                            yield rows
            except LostConnectionError as error:
                raise self.availability.found_down(error) from error

    async def plan(self, query: Select[Any], values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask how the server would find what *query* asks for, without finding it: the plan as EXPLAIN has it in JSON.

        Raises SourceUnavailableError and SourceMismatchError.
        """
        compiled = query.params(values).compile(dialect=self._engine.dialect)
        assert isinstance(compiled, SQLCompiler)
        written = compiled.construct_expanded_state()
        async with self._places:
            self.availability.check()
            try:
                with self.translating(), statement("postgres"):
                    async with patience(self._seconds), self._engine.connect() as connection:
                        sql = f"EXPLAIN (FORMAT JSON) {written.statement}"
                        told = (await connection.exec_driver_sql(sql, written.positional_parameters)).scalar_one()
            except LostConnectionError as error:
                raise self.availability.found_down(error) from error
        plan: Mapping[str, Any] = (orjson.loads(told) if isinstance(told, str | bytes) else told)[0]["Plan"]
        return plan

    async def close(self) -> None:
        await self._engine.dispose()

    async def _run(self, query: Executable, values: Mapping[str, Any] | None) -> Sequence[Row[Any]]:
        with self.translating(), statement("postgres"):
            async with patience(self._seconds), self._engine.connect() as connection:
                result = await connection.execute(query, values)
                rows = result.all()
        self.availability.found_up()
        return rows

    @contextmanager
    def translating(self) -> Iterator[None]:
        """Raise what goes wrong within as the errors that the gateway speaks."""
        try:
            yield
        except (TimeoutError, PoolTimeoutError) as error:
            raise self.availability.found_slow(self._seconds) from error
        except (OSError, asyncpg.InterfaceError, asyncpg.PostgresConnectionError) as error:
            raise self.availability.found_down(error) from error
        except asyncpg.PostgresError as error:
            raise self.availability.found_down(error) from error
        except DBAPIError as error:
            raise self._translated(error) from error

    def _translated(self, error: DBAPIError) -> Exception:
        state = str(getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None) or "")
        if state in _MISMATCH or _is_outdated(error.orig):
            return SourceMismatchError("postgres", str(error.orig))
        if error.connection_invalidated:
            return LostConnectionError(str(error.orig))
        if state == "57014":
            return self.availability.found_slow(self._seconds)
        if state.startswith(_DOWN) or (not state and isinstance(error, InterfaceError | OperationalError)):
            return self.availability.found_down(error)
        return error


def _is_outdated(error: BaseException | None) -> bool:
    """Say whether a statement was prepared for columns that are of another type now."""
    return error is not None and isinstance(error.__cause__, asyncpg.InvalidCachedStatementError)


class LostConnectionError(Exception):
    """Say that a pooled connection was dead: worth one more try."""


def asyncpg_url(url: str) -> URL:
    """Name the driver in *url*, whatever scheme of PostgreSQL it has."""
    parsed = make_url(url)
    return parsed.set(drivername="postgresql+asyncpg")
