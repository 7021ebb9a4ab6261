"""Write many documents at once, each only where it still holds what it was seen to hold."""

from collections.abc import Sequence

from domain.operations import Insert, Write
from domain.records import RecordKind
from sources.mongo_forms import fields_of, one_of, value_at
from sources.mongo_writing import MongoWriting, Outcome, change_of, is_same


class MongoWritingMany(MongoWriting):
    """Write many documents by one statement of each kind.

    A server tells how many of a statement's writes have found their document, not which: where not all have, what is
    stored says which are done, and the others are done alone.
    """

    async def write_all(self, writes: Sequence[Write | Insert]) -> list[Outcome]:
        """Do each of *writes*, no two of one document, as `write` does."""
        groups: dict[tuple[RecordKind, bool], list[Write | Insert]] = {}
        for write in writes:
            groups.setdefault((write.record.kind, isinstance(write, Insert)), []).append(write)
        done: set[tuple[RecordKind, str]] = set()
        for (kind, _), group in groups.items():
            done |= {(kind, id_) for id_ in await self._written(kind, group)}
        return [
            Outcome.WRITTEN if (write.record.kind, repr(write.id)) in done else await self.write(write)
            for write in writes
        ]

    async def _written(self, kind: RecordKind, writes: Sequence[Write | Insert]) -> set[str]:
        """Do *writes*, all of one sort; answer the `_id`s of those that are done, as texts."""
        collection = self._readers[kind].collection
        inserts = [write.document for write in writes if isinstance(write, Insert)]
        updates = [change_of(write) for write in writes if isinstance(write, Write)]
        is_done = (
            await self._connection.insert_all(collection, inserts)
            if inserts
            else await self._connection.update_all(collection, updates)
        )
        return {repr(write.id) for write in writes} if is_done else await self._stored(collection, writes)

    async def _stored(self, collection: str, writes: Sequence[Write | Insert]) -> set[str]:
        """Say which documents there are, or hold what they are to hold."""
        fields = fields_of(*(write.field for write in writes if isinstance(write, Write)))
        query = one_of("_id", [write.id for write in writes])
        found = {repr(one["_id"]): one for one in await self._connection.find_whole(collection, query, fields)}
        there = {repr(write.id): write for write in writes if repr(write.id) in found}
        return {
            id_
            for id_, write in there.items()
            if isinstance(write, Insert) or is_same(value_at(found[id_], write.field), write.after)
        }
