"""The connection to the gateway's own tables: transactions, and the errors that the gateway speaks."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Executable, Row, text
from sqlalchemy.ext.asyncio import AsyncConnection, create_async_engine

from domain.errors import ReadOnlyError, SourceMismatchError
from sources.postgres_connection import PostgresConnection, asyncpg_url
from sources.postgres_pool import LostConnectionError
from sources.postgres_refusals import refusals
from sources.turns import Turns, Use

_POOL = 5
_MADE = text("SELECT to_regclass('gateway.status_event') IS NOT NULL")


class OwnStore(PostgresConnection):
    """Work in the schema `gateway`: single statements as anywhere, and transactions.

    Single statements have connections of their own: who sends one within a transaction waits for no other transaction.
    """

    def __init__(self, url: str, seconds: float) -> None:
        super().__init__(url, seconds)
        millis = int(seconds * 1000)
        self._turns = Turns(_POOL)
        self._is_made = False
        self._transactions = create_async_engine(
            asyncpg_url(url),
            hide_parameters=True,  # errors are logged
            pool_size=_POOL,
            max_overflow=0,
            pool_timeout=seconds,
            pool_pre_ping=True,  # what was lost while it lay in the pool is no reason to give up a transaction
            connect_args={
                "timeout": seconds,
                "server_settings": {
                    "application_name": "customer-gateway",
                    "statement_timeout": str(millis),
                    # Within a transaction the other stores are read, whose statements have as long each.
                    "idle_in_transaction_session_timeout": str(10 * millis),
                },
            },
        )

    @property
    def use_of_transactions(self) -> Use:
        return self._turns.use

    async def rows(self, query: Executable, values: Mapping[str, Any] | None = None) -> Sequence[Row[Any]]:
        """Answer what *query* finds.

        Raises SourceUnavailableError, and ReadOnlyError where the tables are not there.
        """
        try:
            return await super().rows(query, values)
        except SourceMismatchError as error:
            raise ReadOnlyError from error

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection]:
        """Commit what is done within, or nothing of it.

        Raises SourceUnavailableError, ReadOnlyError where the tables are not there, and RefusedError where the store
        says no as late as that.
        """
        try:
            async with self._turns:
                self.availability.check()
                with self.translating(), refusals():
                    async with self._transactions.connect() as connection, connection.begin():
                        yield connection
        except SourceMismatchError as error:
            raise ReadOnlyError from error
        except LostConnectionError as error:
            raise self.availability.found_down(error) from error
        self.availability.found_up()

    async def require(self) -> None:
        """Raise ReadOnlyError where the tables are not there; once they have been, they are believed to be."""
        if not self._is_made:
            self._is_made = bool((await self.rows(_MADE))[0][0])
        if not self._is_made:
            raise ReadOnlyError

    async def close(self) -> None:
        await self._transactions.dispose()
        await super().close()
