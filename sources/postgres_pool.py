"""Connections of the driver itself, few and kept: each knows the statements that it has prepared."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
from asyncpg.prepared_stmt import PreparedStatement
from sqlalchemy import URL

from sources.postgres_sending import DIALECT
from sources.turns import Turns

#: As many prepared statements each connection keeps.
_MOST_PREPARED = 200
#: So often the server plans a prepared statement for what it is given; then it may find a plan for anything cheaper.
_PLANNED = 5
#: Seconds for which a connection may take its leave: what it was about is cancelled in the server then.
_TO_LEAVE = 2.0
#: Raised where what was prepared, or known of types, holds no longer.
OUTDATED = (asyncpg.InvalidCachedStatementError, asyncpg.OutdatedSchemaCacheError, asyncpg.InternalServerError)
#: Whatever else the driver raises.
_DRIVER = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)


class Row(asyncpg.Record):  # type: ignore[misc]  # the driver has no types
    """Be a row whose columns are attributes as well."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class UnconnectedError(Exception):
    """Say that no connection could be made; its cause says why."""


class LostConnectionError(Exception):
    """Say that a pooled connection was dead: worth one more try."""


class Held:
    """Be a connection, and what it has prepared."""

    __slots__ = ("_prepared", "_runs", "connection", "generation")

    def __init__(self, connection: "asyncpg.Connection[Row]", generation: int) -> None:
        self.connection = connection
        self.generation = generation
        self._prepared: dict[str, PreparedStatement[Row]] = {}
        #: How often those were run that are planned each time.
        self._runs: dict[str, int] = {}

    async def planned(self, sql: str) -> "PreparedStatement[Row]":
        """Find *sql* prepared so that it is planned for what it is given: whether that is much is not for a guess."""
        runs = self._runs.get(sql, 0)
        if runs == _PLANNED:
            # It may not be there: what it was prepared for the last time has failed.
            self._prepared.pop(sql, None)
            runs = 0
        found = await self.prepared(sql)
        self._runs[sql] = runs + 1
        return found

    async def prepared(self, sql: str) -> "PreparedStatement[Row]":
        """Find *sql* prepared, or have it prepared."""
        found = self._prepared.get(sql)
        if found is None:
            found = await self.connection.prepare(sql)
            if len(self._prepared) >= _MOST_PREPARED:
                # The one that was prepared first; the driver lets the server know.
                first = next(iter(self._prepared))
                del self._prepared[first]
                self._runs.pop(first, None)
            self._prepared[sql] = found
        return found


class Pool:
    """Keep up to *size* connections to the database at *url*, made when they are needed, with *settings* of the server.

    Whoever waits for one waits in line. The connection that came back last is the first to be used again, and nothing
    is asked of it in between: what runs on it sets nothing up that would have to be undone.
    """

    def __init__(self, url: URL, size: int, *, timeout: float, settings: Mapping[str, str]) -> None:
        arguments: dict[str, Any] = DIALECT.create_connect_args(url)[1]
        # As the URLs of SQLAlchemy say it, for poolers that share a connection among many.
        self._prepares = arguments.pop("prepared_statement_cache_size", 1) != 0
        arguments.pop("prepared_statement_name_func", None)
        if not self._prepares:
            arguments["statement_cache_size"] = 0
        self._arguments = {"timeout": timeout, "server_settings": dict(settings), **arguments}
        self._size = size
        #: Whoever asks for a connection has a place first.
        self.places = Turns(size)
        self._idle: list[Held] = []
        self._leaving: set[asyncio.Task[None]] = set()
        self._generation = 0

    async def fetch(self, sql: str, arguments: Sequence[Any], *, planned: bool = True) -> list[Any]:
        """Answer the rows that *sql* finds with *arguments*; *planned* for these, or as it was for others.

        Raises UnconnectedError, LostConnectionError, and what else the driver raises.
        """
        held = self._idle.pop() if self._idle else await self._new()
        try:
            if self._prepares:
                prepared = await (held.planned(sql) if planned else held.prepared(sql))
                rows: list[Any] = await prepared.fetch(*arguments)
            else:
                rows = await held.connection.fetch(sql, *arguments)
        except BaseException as error:
            self._failed(held, error)
            raise
        self._back(held)
        return rows

    @asynccontextmanager
    async def held(self) -> AsyncIterator[Held]:
        """Have a connection to oneself. Raises as `fetch` does."""
        held = self._idle.pop() if self._idle else await self._new()
        try:
            yield held
        except BaseException as error:
            self._failed(held, error)
            raise
        self._back(held)

    async def close(self) -> None:
        self._forget()
        if self._leaving:
            await asyncio.wait(self._leaving)

    async def _new(self) -> Held:
        while len(self._leaving) >= self._size:
            # Where many give up at once, not as many more connections are asked for as there are places.
            await asyncio.wait(self._leaving, return_when=asyncio.FIRST_COMPLETED)
        generation = self._generation
        try:
            connection = await asyncpg.connect(**self._arguments, record_class=Row)
            try:
                await _speak_json(connection)
            except BaseException:
                connection.terminate()
                raise
        except TimeoutError:
            raise
        except (OSError, *_DRIVER) as error:
            raise UnconnectedError(f"{type(error).__name__}: {error}") from error
        return Held(connection, generation)

    def _back(self, held: Held) -> None:
        if held.generation == self._generation:
            self._idle.append(held)
        else:
            self._leave(held)

    def _failed(self, held: Held, error: BaseException) -> None:
        """Take *held* back from whoever met *error*. Raises LostConnectionError where it is no more."""
        if isinstance(error, OUTDATED):
            self._forget()
        lost = held.connection.is_closed() or _is_farewell(error)
        if isinstance(error, asyncpg.PostgresError) and not lost:
            self._back(held)
            return
        # Whatever it is still about (the wait was given up, say) ends with it.
        self._leave(held)
        if lost and isinstance(error, _DRIVER):
            self._forget()
            raise LostConnectionError(f"{type(error).__name__}: {error}") from error

    def _forget(self) -> None:
        """Use none of the connections again that are there now."""
        self._generation += 1
        idle, self._idle = self._idle, []
        for held in idle:
            self._leave(held)

    def _leave(self, held: Held) -> None:
        task = asyncio.create_task(_leave(held))
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)


def _is_farewell(error: BaseException) -> bool:
    """Say whether the server has ended the connection, which the driver has been told but has not seen closed yet."""
    return isinstance(error, asyncpg.InternalClientError) and str(error).startswith("cannot switch to state")


async def _leave(held: Held) -> None:
    try:
        await held.connection.close(timeout=_TO_LEAVE)
    except (OSError, *_DRIVER):
        held.connection.terminate()


async def _speak_json(connection: "asyncpg.Connection[Row]") -> None:
    """Read and write JSON as values; parameters are text already."""
    for name in ("json", "jsonb"):
        await connection.set_type_codec(name, encoder=_as_is, decoder=json.loads, schema="pg_catalog")


def _as_is(text: str) -> str:
    return text
