"""The connection to MongoDB, through motor: a time limit, and the errors that the gateway speaks."""

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient
from pymongo import UpdateOne
from pymongo.errors import (
    BulkWriteError,
    ConfigurationError,
    ConnectionFailure,
    NetworkTimeout,
    OperationFailure,
    PyMongoError,
    WriteError,
)

from sources.availability import Availability
from sources.meter import statement
from sources.mongo_forms import Document, Query, one_of
from sources.patience import patience
from sources.turns import Turns, Use

#: A server that is not there is looked for this long: a store that is down must not cost a request its patience.
_SELECTION_SECONDS = 1.0
_BATCH = 5_000
#: Motor asks in threads, five for each processor.
_THREADS = 5 * (os.cpu_count() or 1)
#: Unauthorized, AuthenticationFailed, NotWritablePrimary and its kin: the server is there and does not serve.
_NOT_SERVING = frozenset({13, 18, 91, 189, 10107, 11600, 11602, 13435, 13436})
Sort = Sequence[tuple[str, int]]


class MongoConnection:
    """Find documents in the database that *url* names, each statement within *seconds*.

    To be made inside the event loop that uses it.
    """

    def __init__(self, url: str, seconds: float) -> None:
        self._seconds = seconds
        self._availability = Availability("mongo")
        #: Whoever waits for a place waits without the clock that statements run against.
        self._places = Turns(_THREADS)
        millis = int(seconds * 1000)
        self._client: AsyncIOMotorClient[Any] = AsyncIOMotorClient(
            url,
            tz_aware=True,
            datetime_conversion="DATETIME_AUTO",
            unicode_decode_error_handler="replace",
            serverSelectionTimeoutMS=min(millis, int(_SELECTION_SECONDS * 1000)),
            connectTimeoutMS=millis,
            socketTimeoutMS=millis,
            appname="customer-gateway",
        )
        self._database = self._client.get_default_database()

    @property
    def use(self) -> Use:
        return self._places.use

    def close(self) -> None:
        self._client.close()

    async def ping(self) -> None:
        await self._asked(lambda: self._database.command("ping"))

    async def find(
        self, collection: str, query: Query, fields: Sequence[str], *, sort: Sort = (), limit: int = 0
    ) -> list[Document]:
        """Answer the documents that *query* finds, with *fields* only.

        Raises SourceUnavailableError.
        """
        cursor = self._database[collection].find(query, projection=_projection(fields))
        if sort:
            cursor = cursor.sort(list(sort))
        if limit:
            cursor = cursor.limit(limit)
        found: list[Document] = await self._asked(lambda: cursor.to_list(None))
        return found

    async def stream(self, collection: str, query: Query, fields: Sequence[str]) -> AsyncIterator[list[Document]]:
        """Go through all documents that *query* finds, some thousands at a time; each lot within the time limit."""
        cursor = self._database[collection].find(query, projection=_projection(fields), batch_size=_BATCH)
        try:
            while lot := await self._asked(lambda: cursor.to_list(_BATCH)):
                yield lot
        finally:
            await cursor.close()

    async def update(self, collection: str, query: Query, change: Query) -> bool:
        """Make *change* in one document that *query* finds; False where it finds none, or a rule is against it."""
        try:
            result = await self._asked(lambda: self._database[collection].update_one(query, change))
        except OperationFailure as error:
            if not _is_against_a_rule(error):
                raise
            return False
        return bool(result.matched_count)

    async def insert(self, collection: str, document: Document) -> bool:
        """Add *document*; False where an index or a rule is against it, be it that its `_id` is there."""
        try:
            await self._asked(lambda: self._database[collection].insert_one(dict(document)))
        except WriteError:
            return False
        return True

    async def update_all(self, collection: str, changes: Sequence[tuple[Query, Query]]) -> bool:
        """Make each change in one document that its query finds, by one statement; False unless each has found one."""
        updates = [UpdateOne(query, change) for query, change in changes]
        try:
            result = await self._asked(lambda: self._database[collection].bulk_write(updates, ordered=False))
        except OperationFailure as error:
            if not _is_against_a_rule(error):
                raise
            return False
        return bool(result.matched_count == len(changes))

    async def insert_all(self, collection: str, documents: Sequence[Document]) -> bool:
        """Add *documents* by one statement; False where an index has something against any of them."""
        copies = [dict(document) for document in documents]
        try:
            await self._asked(lambda: self._database[collection].insert_many(copies, ordered=False))
        except BulkWriteError:
            return False
        return True

    async def delete(self, collection: str, query: Query) -> bool:
        """Remove one document that *query* finds; False where it finds none."""
        result = await self._asked(lambda: self._database[collection].delete_one(query))
        return bool(result.deleted_count)

    async def find_document(self, collection: str, id_: Any) -> Document | None:
        """Answer all of the document that has this `_id`."""
        cursor = self._database[collection].find(one_of("_id", [id_]))
        found: list[Document] = await self._asked(lambda: cursor.to_list(None))
        return found[0] if found else None

    async def find_whole(self, collection: str, query: Query, fields: Sequence[str]) -> list[Document]:
        """Answer the documents that *query* finds, with *fields* and their `_id`."""
        cursor = self._database[collection].find(query, projection={"_id": 1, **_whole(fields)})
        found: list[Document] = await self._asked(lambda: cursor.to_list(None))
        return found

    async def collections(self) -> list[str]:
        """Name the collections of the database."""
        names: list[str] = await self._asked(self._database.list_collection_names)
        return names

    async def indexes(self, collection: str) -> list[Document]:
        """Describe the indexes of *collection*, which has to be there: `key` is what each is made of."""
        found: list[Document] = await self._asked(lambda: self._database[collection].list_indexes().to_list(None))
        return found

    async def sample(self, collection: str, limit: int, *, newest: bool = False) -> list[Document]:
        """Answer some whole documents: the first in the order of the collection, or those with the last `_id`s."""
        cursor = self._database[collection].find()
        if newest:
            cursor = cursor.sort([("_id", -1)])
        found: list[Document] = await self._asked(lambda: cursor.limit(limit).to_list(None))
        return found

    async def about_how_many(self, collection: str) -> int:
        """Answer what the server takes the number of documents to be, without counting them."""
        number: int = await self._asked(self._database[collection].estimated_document_count)
        return number

    async def _asked(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        """Answer what *ask* asks: calling it is what sends it, so that waits until one of motor's threads is free."""
        async with self._places:
            self._availability.check()
            return await self._answered(ask)

    async def _answered(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        try:
            with statement("mongo"):
                async with patience(self._seconds):
                    found = await ask()
        except (TimeoutError, NetworkTimeout) as error:
            raise self._availability.found_slow(self._seconds) from error
        except (ConnectionFailure, ConfigurationError) as error:
            # The name behind mongodb+srv:// is looked up with the first statement, and may be unknown for a while.
            raise self._availability.found_down(error) from error
        except OperationFailure as error:
            if error.code in _NOT_SERVING:
                raise self._availability.found_down(error) from error
            raise
        except PyMongoError as error:
            if error.timeout:
                raise self._availability.found_slow(self._seconds) from error
            raise
        self._availability.found_up()
        return found


def _projection(fields: Sequence[str]) -> dict[str, int]:
    return {"_id": 0, **_whole(fields)}


def _whole(fields: Sequence[str]) -> dict[str, int]:
    """Ask for the outermost of *fields*: some servers answer a nested one under its dotted name, where nobody looks."""
    return dict.fromkeys((field.partition(".")[0] for field in fields), 1)


def _is_against_a_rule(error: OperationFailure) -> bool:
    """Say whether an index or a rule of the collection refused a write; of updates FerretDB says so as SQLite does."""
    return isinstance(error, WriteError | BulkWriteError) or "UNIQUE constraint failed" in str(error)
