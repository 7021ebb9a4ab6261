"""What is asked of PostgreSQL: short checkouts, a time limit, and the errors that the gateway speaks."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import asyncpg
from sqlalchemy import URL, Executable, Select, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from domain.errors import SourceMismatchError
from sources.availability import Availability
from sources.meter import statement
from sources.patience import patience
from sources.postgres_along import AlongWith
from sources.postgres_packing import Columns, names_of
from sources.postgres_pool import LostConnectionError, Pool, UnconnectedError
from sources.postgres_sending import Statements
from sources.postgres_together import Together, TooLongTogetherError
from sources.turns import Use

#: What is not there or of another type than mapped: a column, a table, a schema, a function; or not to be read.
_MISMATCH = frozenset({"42703", "42P01", "42883", "42501", "3F000", "42804"})
#: A statement that took longer than it may, or that somebody cancelled.
_CANCELLED = "57014"
#: Connections refused, lost, cut or not admitted; the server starting or stopping.
_DOWN = ("08", "57P0", "53", "28", "3D")
#: What was prepared for columns that are of another type now.
_OUTDATED = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError)
#: One request rarely needs more at once; the rest wait in line for a place, not for a new connection.
_POOL = 10
_TO_CONNECT = 30.0
#: Rows of a lot, where very many are gone through.
_LOT = 10_000
_NO_VALUES: Mapping[str, Any] = {}


class PostgresConnection:
    """Run statements, each on a connection of its own from the pool, each within *seconds*.

    They run on the driver itself, without a transaction around them. *options* are settings of the server for these
    connections.
    """

    def __init__(self, url: str, seconds: float, options: Mapping[str, str] | None = None) -> None:
        self._seconds = seconds
        self.availability = Availability("postgres")
        #: How often connections were found lost: whoever keeps what the database is like looks again.
        self.losses = 0
        self._statements = Statements()
        self._together = Together(self._row)
        self.along = AlongWith(self._statements, self._row)
        self._pool = Pool(
            asyncpg_url(url),
            _POOL,
            # Only where nobody waits with patience: the driver counts the time in which the loop was late as well.
            timeout=seconds + _TO_CONNECT,
            settings={
                "application_name": "customer-gateway",
                # What is written as JSON shows instants in the zone of the session.
                "timezone": "UTC",
                "statement_timeout": str(int(seconds * 1000)),
                **(options or {}),
            },
        )

    @property
    def use(self) -> Use:
        return self._pool.places.use

    async def rows(self, query: Executable, values: Mapping[str, Any] | None = None) -> Sequence[Any]:
        """Answer what *query* finds: rows whose columns are attributes, and items.

        Raises SourceUnavailableError and SourceMismatchError.
        """
        given = values or _NO_VALUES
        sent = self._statements.sent(query, given)
        # Whoever waits for a place waits without the clock that statements run against.
        async with self._pool.places:
            self.availability.check()
            return await self._rows(sent.sql, sent.arguments(given), planned=not sent.is_kept)

    async def columns(self, query: Executable, values: Mapping[str, Any] | None = None) -> Columns:
        """Answer what *query* finds, held as columns; together with what else is asked now, where that is seen ahead.

        Raises SourceUnavailableError and SourceMismatchError.
        """
        given = values or _NO_VALUES
        sent = self._statements.sent(query, given)
        packing = self._statements.packing(query, sent)
        if packing is None:
            return Columns.of_rows(names_of(query), await self.rows(query, given))
        arguments = sent.arguments(given)
        if sent.is_kept:
            return await self._together.columns(packing, arguments)
        return packing.columns(await self._row(packing.sql, arguments, planned=True))

    async def _row(
        self, sql: str, arguments: Sequence[Any], *, planned: bool = False, seconds: float | None = None
    ) -> Sequence[Any]:
        """Answer the one row that *sql* finds. Raises TooLongTogetherError where that takes more than *seconds*."""
        async with self._pool.places:
            self.availability.check()
            rows = await self._rows(sql, arguments, planned=planned, seconds=seconds)
        row: Sequence[Any] = rows[0]
        return row

    async def stream(self, query: Executable, values: Mapping[str, Any] | None = None) -> AsyncIterator[Sequence[Any]]:
        """Go through all that *query* finds, some thousands of rows at a time.

        Raises SourceUnavailableError and SourceMismatchError.
        """
        given = values or _NO_VALUES
        sent = self._statements.sent(query, given)
        async with self._pool.places:
            self.availability.check()
            try:
                with statement("postgres"):
                    # Only a transaction can hold the place in what is gone through.
                    async with (
                        self._pool.held() as held,
                        held.connection.transaction(isolation="repeatable_read"),
                    ):
                        prepared = await held.prepared(sent.sql)
                        cursor = await prepared.cursor(*sent.arguments(given))
                        while rows := await cursor.fetch(_LOT):
                            yield rows
            except LostConnectionError as error:
                raise self.availability.found_down(error) from error
            except Exception as error:
                self._tell(error)
                raise

    async def plan(self, query: Select[Any], values: Mapping[str, Any]) -> Mapping[str, Any]:
        """Ask how the server would find what *query* asks for, without finding it: the plan as EXPLAIN has it in JSON.

        Raises SourceUnavailableError and SourceMismatchError.
        """
        sent = self._statements.sent(query, values)
        async with self._pool.places:
            self.availability.check()
            told = await self._rows(f"EXPLAIN (FORMAT JSON) {sent.sql}", sent.arguments(values))
        plan: Mapping[str, Any] = told[0][0][0]["Plan"]
        return plan

    async def close(self) -> None:
        await self._pool.close()

    async def _rows(
        self, sql: str, arguments: Sequence[Any], *, planned: bool = True, seconds: float | None = None
    ) -> list[Any]:
        try:
            return await self._run(sql, arguments, planned=planned, seconds=seconds)
        except LostConnectionError:
            # The server went away and came back while the connection lay in the pool, which has dropped it now.
            self.losses += 1
        try:
            return await self._run(sql, arguments, planned=planned, seconds=seconds)
        except LostConnectionError as error:
            raise self.availability.found_down(error) from error

    async def _run(
        self, sql: str, arguments: Sequence[Any], *, planned: bool, seconds: float | None = None
    ) -> list[Any]:
        # There has to be time left for asking again.
        allowed = self._seconds if seconds is None else min(seconds, self._seconds / 2)
        try:
            with statement("postgres"):
                async with patience(allowed):
                    rows = await self._pool.fetch(sql, arguments, planned=planned)
        except Exception as error:
            if seconds is not None and isinstance(error, TimeoutError):
                raise TooLongTogetherError from error
            self._tell(error)
            raise
        self.availability.found_up()
        return rows

    def _tell(self, error: Exception) -> None:
        """Raise *error* of the driver as one that the gateway speaks; not one that is only worth another try."""
        state = (error.sqlstate or "") if isinstance(error, asyncpg.PostgresError) else ""
        if isinstance(error, TimeoutError) or state == _CANCELLED:
            raise self.availability.found_slow(self._seconds) from error
        if isinstance(error, _OUTDATED) or state in _MISMATCH:
            raise SourceMismatchError("postgres", str(error)) from error
        if isinstance(error, UnconnectedError | OSError | asyncpg.InterfaceError) or state.startswith(_DOWN):
            raise self.availability.found_down(error) from error
        if state:
            raise DBAPIError(None, None, error) from error

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
        if state == _CANCELLED:
            return self.availability.found_slow(self._seconds)
        if state.startswith(_DOWN) or (not state and isinstance(error, InterfaceError | OperationalError)):
            return self.availability.found_down(error)
        return error


def _is_outdated(error: BaseException | None) -> bool:
    """Say whether a statement was prepared for columns that are of another type now."""
    return error is not None and isinstance(error.__cause__, asyncpg.InvalidCachedStatementError)


def asyncpg_url(url: str) -> URL:
    """Name the driver in *url*, whatever scheme of PostgreSQL it has."""
    parsed = make_url(url)
    return parsed.set(drivername="postgresql+asyncpg")
