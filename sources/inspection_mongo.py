"""Look at a MongoDB database as one who writes a profile would: its collections, and some documents of each."""

from sources.inspection import Place, collection_of
from sources.mongo_connection import MongoConnection

_MOST_COLLECTIONS = 60
#: Documents come whole, however big they are.
_HALF = 200


async def mongo_places(connection: MongoConnection) -> list[Place]:
    """Describe the collections by their first documents and their newest. Raises SourceUnavailableError."""
    names = [name for name in await connection.collections() if not name.startswith("system.")]
    return [await _place(connection, name) for name in sorted(names)[:_MOST_COLLECTIONS]]


async def _place(connection: MongoConnection, name: str) -> Place:
    first = await connection.sample(name, _HALF)
    newest = await connection.sample(name, _HALF, newest=True) if len(first) == _HALF else []
    documents = {str(one.get("_id")): one for one in (*first, *newest)}
    return collection_of(name, list(documents.values()), await connection.about_how_many(name))
