"""Write single fields of accounts and delivery records, each only where it still holds what it was seen to hold."""

import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from bson import ObjectId

from domain.link_plans import Change, LinkField, LinkFields
from domain.operations import Insert, Write
from domain.records import Key, RecordKind, RecordRef
from sources.mongo import MongoSource
from sources.mongo_connection import MongoConnection
from sources.mongo_forms import KeyForm, Query, all_of, fields_of, link_key, one_of, value_at
from sources.mongo_scope import Scope, Tenant
from sources.profile import NO_CONDITION

_SAMPLE = 200
#: For how long what they show is taken to hold: many links are written in a row.
_LEARNT_SECONDS = 5.0
#: What a server can be asked to compare with what a field holds: nothing, or one plain value.
_COMPARABLE = (str, int, ObjectId)


class Outcome(Enum):
    """WRITTEN: it holds the new value, now or before; OVERTAKEN: it does not, and is not to: it is another, or gone."""

    WRITTEN = "written"
    OVERTAKEN = "overtaken"


class OddValueError(Exception):
    """Say that *field* of a record holds something that no write can be made conditional on."""

    def __init__(self, kind: RecordKind, key: Key, field: str) -> None:
        super().__init__(f"{field} of {kind.value} {key} holds neither a key nor nothing")
        self.kind, self.key, self.field = kind, key, field


@dataclass(frozen=True, slots=True)
class LinkDocument:
    """Be the link fields of the document *id*, as they are stored; None where a field is not there."""

    id: Any
    stored: Mapping[LinkField, Any]


#: By their records; several where a key is there twice.
Documents = Mapping[RecordRef, Sequence[LinkDocument]]


class MongoWriting:
    """Write through *source*'s connection. Every method takes the tenant first; None where the store has none.

    Raises SourceUnavailableError while the store does not answer.
    """

    def __init__(self, source: MongoSource | None) -> None:
        self._mongo = source
        self._readers = {} if source is None else source.readers
        self._forms: dict[tuple[RecordKind, LinkField], tuple[KeyForm, float]] = {}

    @property
    def _source(self) -> MongoSource:
        assert self._mongo is not None
        return self._mongo

    @property
    def _connection(self) -> MongoConnection:
        return self._source.connection

    @property
    def fields(self) -> LinkFields:
        """Say which link fields the profile maps."""
        return {
            kind: frozenset(field for field in LinkField if self._path(kind, field) is not None)
            for kind in self._readers
        }

    async def link_documents(
        self, tenant: Tenant, kind: RecordKind, keys: AbstractSet[Key]
    ) -> Mapping[Key, Sequence[LinkDocument]]:
        """Read the documents that have *keys*: several where a key is there twice."""
        reader = self._readers[kind]
        form = await self._source.form(kind)
        values = [value for value in map(form.parse, keys) if value is not None]
        paths = {field: path for field in LinkField if (path := self._path(kind, field)) is not None}
        query = all_of([*reader.scope.query(tenant), one_of(reader.key, values)])
        fields = fields_of(reader.key, *paths.values(), *reader.scope.fields)
        found: dict[Key, list[LinkDocument]] = {}
        for document in await self._connection.find_whole(reader.collection, query, fields):
            key = form.text(reader.key_at(document))
            if key is not None and key in keys and reader.scope.holds(document, tenant):
                stored = {field: value_at(document, path) for field, path in paths.items()}
                found.setdefault(key, []).append(LinkDocument(document["_id"], stored))
        return found

    async def exists(self, tenant: Tenant, kind: RecordKind, key: Key) -> bool:
        """Say whether there is a document with *key*, also one that the profile's `where` keeps out."""
        reader = self._readers[kind]
        value = (await self._source.form(kind)).parse(key)
        if value is None:
            return False
        anybody = Scope(reader.scope.tenant, NO_CONDITION)
        query = all_of([*anybody.query(tenant), one_of(reader.key, [value])])
        found = await self._connection.find(reader.collection, query, fields_of(reader.key, *anybody.fields))
        return any(reader.key_at(one) == value and anybody.holds(one, tenant) for one in found)

    async def writes(self, tenant: Tenant, changes: Sequence[Change]) -> list[Write]:
        """Make of planned *changes* the writes that they take, from what is stored now.

        Raises OddValueError, and LookupError where a record is gone, or there twice.
        """
        return await self.writes_of(changes, await self.changed_documents(tenant, changes))

    async def changed_documents(self, tenant: Tenant, changes: Iterable[Change]) -> Documents:
        """Read the documents that *changes* change."""
        refs = {change.record for change in changes}
        found: dict[RecordRef, Sequence[LinkDocument]] = {}
        for kind in {ref.kind for ref in refs}:
            read = await self.link_documents(tenant, kind, {ref.key for ref in refs if ref.kind is kind})
            found |= {RecordRef(kind, key): documents for key, documents in read.items()}
        return found

    async def writes_of(self, changes: Sequence[Change], documents: Documents) -> list[Write]:
        """Make of planned *changes* the writes that they take, from the *documents* that were read.

        Raises what `writes` does.
        """
        return [await self._write(change, documents.get(change.record, ())) for change in changes]

    async def _write(self, change: Change, documents: Sequence[LinkDocument]) -> Write:
        kind, key = change.record
        (document,) = documents if len(documents) == 1 else _raise(LookupError(f"{kind.value} {key}"))
        path, before = self._path(kind, change.field), document.stored[change.field]
        assert path is not None
        if before is not None and (isinstance(before, bool) or not isinstance(before, _COMPARABLE)):
            raise OddValueError(kind, key, path)
        after = None if change.after is None else (await self._form(kind, change.field)).parse(change.after)
        return Write(change.record, document.id, path, before, change.after if after is None else after)

    async def write(self, write: Write | Insert) -> Outcome:
        """Do *write*, or find that it is done. To be repeated after any failure."""
        collection = self._readers[write.record.kind].collection
        if isinstance(write, Insert):
            if await self._connection.insert(collection, write.document):
                return Outcome.WRITTEN
            is_there = await self._connection.find_document(collection, write.id) is not None
            return Outcome.WRITTEN if is_there else Outcome.OVERTAKEN
        if await self._connection.update(collection, *change_of(write)):
            return Outcome.WRITTEN
        found = await self._connection.find_whole(collection, one_of("_id", [write.id]), [write.field])
        holds = bool(found) and is_same(value_at(found[0], write.field), write.after)
        return Outcome.WRITTEN if holds else Outcome.OVERTAKEN

    async def turn_back(self, write: Write | Insert) -> bool:
        """Undo *write* where it still is as it was written; False where a document that was made stays."""
        if isinstance(write, Write):
            await self.write(write.turned)
            return True
        collection = self._readers[write.record.kind].collection
        found = await self._connection.find_document(collection, write.id)
        if found is None:
            return True
        if found != write.document:
            return False
        plain = {name: value for name, value in write.document.items() if isinstance(value, _COMPARABLE)}
        return await self._connection.delete(collection, all_of([one_of(name, [plain[name]]) for name in plain]))

    async def is_named(self, tenant: Tenant, crm_key: Key) -> bool:
        """Say whether any account or delivery record names the row *crm_key*."""
        return any([await self._source.by_crm(tenant, kind, {crm_key}) for kind in self._readers])

    async def hold(self, writes: Sequence[Write]) -> bool:
        """Say whether every field still is as *writes* left it."""
        for write in writes:
            collection = self._readers[write.record.kind].collection
            found = await self._connection.find_whole(collection, one_of("_id", [write.id]), [write.field])
            if not found or not is_same(value_at(found[0], write.field), write.after):
                return False
        return True

    def changes(self, writes: Sequence[Write]) -> list[Change]:
        """Be what *writes* change in what records say of each other."""
        fields = {(kind, self._path(kind, field)): field for kind in self._readers for field in LinkField}
        return [Change(write.record, fields[write.record.kind, write.field], link_key(write.after)) for write in writes]

    def _path(self, kind: RecordKind, field: LinkField) -> str | None:
        links = self._readers[kind].links
        return links.partner if field is LinkField.PARTNER else links.crm

    async def _form(self, kind: RecordKind, field: LinkField) -> KeyForm:
        """Know how the store writes such a link, and look at it again after a moment."""
        known, until = self._forms.get((kind, field), (KeyForm.TEXT, 0.0))
        if time.monotonic() >= until:
            known = await self._learnt(kind, field)
            self._forms[kind, field] = known, time.monotonic() + _LEARNT_SECONDS
        return known

    async def _learnt(self, kind: RecordKind, field: LinkField) -> KeyForm:
        """Learn how the store writes such a link: as most of its documents do, else as the key itself is."""
        path = self._path(kind, field)
        assert path is not None
        reader = self._readers[kind]
        first = await self._connection.find(reader.collection, all_of(reader.scope.any_tenant), [path], limit=_SAMPLE)
        forms = Counter(form for one in first if (form := KeyForm.of(value_at(one, path))) is not None)
        if forms:
            return forms.most_common(1)[0][0]
        if field is LinkField.CRM:
            return KeyForm.TEXT
        other = RecordKind.DELIVERY if kind is RecordKind.ACCOUNT else RecordKind.ACCOUNT
        return await self._source.form(other)


def change_of(write: Write) -> tuple[Query, Query]:
    """Ask for the document where it still holds what it held, and say how it changes."""
    # A field that is absent and one that holds null are the same to a link, and to every server.
    still = all_of([one_of("_id", [write.id]), _equals(write.field, write.before)])
    return still, ({"$unset": {write.field: ""}} if write.after is None else {"$set": {write.field: write.after}})


def _equals(field: str, value: object) -> Query:
    """Ask for *field* to hold just *value*; some servers compare dates by the second unless they are asked so."""
    if isinstance(value, datetime):
        return {field: {"$gte": value, "$lte": value, "$nin": []}}
    return one_of(field, [value])


def is_same(stored: object, wanted: object) -> bool:
    return type(stored) is type(wanted) and stored == wanted


def _raise(error: Exception) -> Any:
    raise error
