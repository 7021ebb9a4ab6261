"""Make accounts and delivery records, and change what they say, through what the profile maps."""

import re
import uuid
from collections.abc import Collection, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bson import ObjectId

from domain.link_plans import LinkField
from domain.mutation_errors import ErrorCode, RefusedError, UserError
from domain.operations import Insert, Write
from domain.records import Key, RecordKind, RecordRef
from sources.inserted_values import NEXT, filled_with, is_counted
from sources.mongo import MongoSource
from sources.mongo_forms import Document, KeyForm, all_of, fields_of, link_key, one_of, spellings, stored_time, value_at
from sources.mongo_records import AccountReader
from sources.mongo_scope import Scope, Tenant
from sources.mongo_writing import OddValueError
from sources.mongo_writing_many import MongoWritingMany
from sources.postgres_places import camel, places_of
from sources.postgres_values import written_at
from sources.profile import NO_CONDITION, AccountSection, DeliverySection, Profile

#: What a server can be asked to compare with what a field holds.
_PLAIN = (str, int, float, ObjectId)
_NO_WORD = re.compile(r"[^\w]+")


@dataclass(frozen=True, slots=True)
class Taken:
    """Be what *customers* log in with, and what *others* do, such as staff."""

    customers: set[str] = field(default_factory=set)
    others: set[str] = field(default_factory=set)

    def by_others(self, emails: AbstractSet[str]) -> bool:
        return not self.others.isdisjoint(emails)

    def by_anybody(self, emails: AbstractSet[str]) -> bool:
        return self.by_others(emails) or not self.customers.isdisjoint(emails)


class MongoDocuments(MongoWritingMany):
    """Write documents of the kinds that *profile* maps. Raises RefusedError for what a user can do about."""

    def __init__(self, profile: Profile, source: MongoSource | None) -> None:
        super().__init__(source)
        self._zone = ZoneInfo(profile.store.timezone)
        self._sections: dict[RecordKind, AccountSection | DeliverySection | None] = {
            RecordKind.ACCOUNT: profile.account,
            RecordKind.DELIVERY: profile.delivery,
        }
        self._courier = profile.courier

    def maps(self, kind: RecordKind, name: str) -> bool:
        """Say whether records of *kind* have somewhere to write *name* to."""
        section = self._sections.get(kind)
        return section is not None and bool(places_of(getattr(section, name, None)))

    def placeholder(self, name: str, phone: str | None, key: Key) -> str | None:
        """Make up the address of an account whose owner has none; None where the profile knows no such addresses."""
        account = self._sections[RecordKind.ACCOUNT]
        template = account.placeholder_email if isinstance(account, AccountSection) else None
        digits = "".join(character for character in phone or "" if character.isdigit())
        if template is None or ("{phone}" in template and not digits):
            return None
        word = _NO_WORD.sub(".", name.casefold()).strip(".") or "customer"
        return template.format(name=word, phone=digits, key=key)

    def is_placeholder(self, email: str) -> bool:
        """Say whether *email* is of the form of addresses that are made up."""
        reader = self._readers.get(RecordKind.ACCOUNT)
        return isinstance(reader, AccountReader) and reader.is_placeholder(email)

    # ── new ones ──

    async def new_keys(self, tenant: Tenant, kind: RecordKind, number: int) -> list[Any]:
        """Say what the keys of a *number* of new records of *kind* are to be."""
        section, first = self._section(kind), await self.new_key(tenant, kind)
        if section.insert.get(section.key) == NEXT:
            return [first + place for place in range(number)]
        return [first, *[await self.new_key(tenant, kind) for _ in range(number - 1)]]

    async def new_key(self, tenant: Tenant, kind: RecordKind) -> Any:
        """Say what the key of a new record of *kind* is to be, as its collection holds keys."""
        section, form = self._section(kind), await self._source.form(kind)
        given = section.insert.get(section.key)
        if given is None:
            if form is KeyForm.TEXT and section.key != "_id":
                return str(uuid.uuid4())
            return ObjectId()
        if given == NEXT and form is KeyForm.INTEGER:
            return await self._next(tenant, kind)
        if is_counted(given):
            message = f"The profile's insert cannot count the keys of {section.name_of}: they are no numbers."
            raise RefusedError(UserError(ErrorCode.NOT_MAPPED, message, (section.key,)))
        return filled_with(given, None)

    async def new_document(
        self, tenant: Tenant, kind: RecordKind, key: Any, values: Mapping[str, Any]
    ) -> dict[str, Any]:
        """Make the document of a new record of *kind*: of *values*, and of the profile's `insert`.

        Values are named as records name them; what this kind does not map is left out.
        """
        section, now = (
            self._section(kind),
            written_at(stored_time(self._section(kind).dates, self._zone), datetime.now(UTC)),
        )
        document: dict[str, Any] = {"_id": ObjectId()}
        filled: dict[str, Any] = {}
        for conditions in (section.where, section.active if isinstance(section, AccountSection) else None):
            filled |= {name: allowed[0] for name, allowed in (conditions or {}).items()}
        filled |= {} if section.created_at is None else {section.created_at: now}
        if isinstance(section, DeliverySection) and section.status is not None:
            words = section.status.words
            filled[section.status.column] = next(iter(words.values()))[0] if words else None
        filled |= {name: filled_with(value, now) for name, value in section.insert.items() if not is_counted(value)}
        filled[section.key] = key
        if section.tenant is not None:
            filled[section.tenant] = await self._tenant(tenant, kind)
        for name, value in values.items():
            for place in places_of(getattr(section, name, None))[:1]:
                filled[".".join((place.column, *place.keys))] = value
        for path, value in filled.items():
            if value is not None:
                _set(document, path, value)
        return document

    async def link(self, kind: RecordKind, document: dict[str, Any], field: LinkField, key: Key) -> Write:
        """Let the new *document* name *key*; answer the same as a write, for whoever undoes it."""
        path = self._path(kind, field)
        assert path is not None
        value = (await self._form(kind, field)).parse(key)
        _set(document, path, key if value is None else value)
        own = link_key(value_at(document, self._section(kind).key))
        assert own is not None
        return Write(RecordRef(kind, own), document["_id"], path, None, value_at(document, path))

    # ── those that are there ──

    async def changes_of(self, tenant: Tenant, ref: RecordRef, values: Mapping[str, Any]) -> list[Write]:
        """Say what has to be written so that the record *ref* holds *values*; None clears.

        Raises LookupError where the record is gone, or there twice.
        """
        section = self._section(ref.kind)
        wanted: dict[str, Any] = {}
        for name, value in values.items():
            places = [".".join((place.column, *place.keys)) for place in places_of(getattr(section, name, None))]
            wanted |= dict.fromkeys(places) if value is None else dict(zip(places[:1], [value], strict=False))
        if not wanted:
            return []
        document = await self._document(tenant, ref, list(wanted))
        writes = []
        for path, value in wanted.items():
            before = value_at(document, path)
            if before is not None and not isinstance(before, _PLAIN):
                raise OddValueError(ref.kind, ref.key, path)
            if before != value:
                writes.append(Write(ref, document["_id"], path, before, value))
        return writes

    async def courier_value(self, key: Key) -> Any:
        """Write the *key* of a courier as delivery records name couriers: as most do, else as the key itself is."""
        section, reader = self._section(RecordKind.DELIVERY), self._readers[RecordKind.DELIVERY]
        assert isinstance(section, DeliverySection)
        assert section.courier is not None
        assert self._courier is not None
        query = all_of(reader.scope.any_tenant)
        named = await self._connection.find(reader.collection, query, [section.courier], limit=200)
        form = next((form for one in named if (form := KeyForm.of(value_at(one, section.courier)))), None)
        if form is None:
            sample = await self._connection.find(self._courier.name_of, {}, [self._courier.key], limit=1)
            form = next((form for one in sample if (form := KeyForm.of(value_at(one, self._courier.key)))), None)
        value = None if form is None else form.parse(key)
        return key if value is None else value

    # ── who has what ──

    async def with_texts(self, tenant: Tenant, kind: RecordKind, name: str, texts: Collection[str]) -> list[Key]:
        """List the keys of the records of *kind* that have just one of *texts* as their *name* (email, phone)."""
        section, reader, found = self._section(kind), self._readers[kind], []
        form = await self._source.form(kind)
        for place in places_of(getattr(section, name, None)):
            path = ".".join((place.column, *place.keys))
            query = all_of([*reader.scope.query(tenant), one_of(path, sorted(texts))])
            fields = fields_of(reader.key, *reader.scope.fields)
            for one in await self._connection.find(reader.collection, query, fields, limit=100):
                key = form.text(reader.key_at(one))
                if key is not None and reader.scope.holds(one, tenant):
                    found.append(key)
        return found

    async def taken(self, tenant: Tenant, emails: Collection[str]) -> Taken:
        """Say with which of *emails* anybody has an account, and with which somebody who is no customer."""
        section, reader = self._section(RecordKind.ACCOUNT), self._readers[RecordKind.ACCOUNT]
        anybody, found = Scope(reader.scope.tenant, NO_CONDITION), Taken()
        for place in places_of(section.email):
            path = ".".join((place.column, *place.keys))
            query = all_of([*anybody.query(tenant), one_of(path, sorted(emails))])
            fields = fields_of(reader.key, path, *anybody.fields, *reader.scope.fields)
            for one in await self._connection.find(reader.collection, query, fields):
                if anybody.holds(one, tenant):
                    texts = _texts_at(one, path)
                    (found.customers if reader.scope.holds(one, tenant) else found.others).update(texts)
        return found

    # ── how ──

    def _section(self, kind: RecordKind) -> AccountSection | DeliverySection:
        section = self._sections[kind]
        assert section is not None
        return section

    async def _document(self, tenant: Tenant, ref: RecordRef, fields: Sequence[str]) -> Mapping[str, Any]:
        reader, form = self._readers[ref.kind], await self._source.form(ref.kind)
        query = all_of([*reader.scope.query(tenant), one_of(reader.key, [form.parse(ref.key)])])
        wanted = fields_of(reader.key, *fields, *reader.scope.fields)
        found = await self._connection.find_whole(reader.collection, query, wanted)
        own = [one for one in found if form.text(reader.key_at(one)) == ref.key and reader.scope.holds(one, tenant)]
        if len(own) != 1:
            raise LookupError(f"{ref.kind.value} {ref.key}")
        return own[0]

    async def _tenant(self, tenant: Tenant, kind: RecordKind) -> Any:
        """Write *tenant* as the documents of *kind* do."""
        reader = self._readers[kind]
        assert reader.tenant is not None
        if tenant is None:
            return None
        query = one_of(reader.tenant, spellings([tenant]))
        found = await self._connection.find(reader.collection, query, [reader.tenant], limit=1)
        value = value_at(found[0], reader.tenant) if found else None
        return tenant if link_key(value) is None else value

    async def _next(self, tenant: Tenant, kind: RecordKind) -> int:
        reader = self._readers[kind]
        anybody = Scope(reader.scope.tenant, NO_CONDITION)
        query = all_of(anybody.query(tenant))
        found = await self._connection.find(reader.collection, query, [reader.key], sort=[(reader.key, -1)], limit=1)
        largest = reader.key_at(found[0]) if found else 0
        return (largest if isinstance(largest, int) else 0) + 1


def inserted(kind: RecordKind, key: Any, document: Mapping[str, Any]) -> Insert:
    """Be the write that makes *document*."""
    return Insert(RecordRef(kind, Key(key)), document)


def require(value: str | None, name: str, why: str) -> str:
    """Answer *value*; refuse where there is none, saying *why* there has to be."""
    if value is None:
        raise RefusedError(UserError(ErrorCode.REQUIRED, why, (camel(name),)))
    return value


def _texts_at(document: Document, path: str) -> list[Any]:
    """List what *document* holds at *path*: servers find a text in a list as well."""
    value = value_at(document, path)
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, str)]


def _set(document: dict[str, Any], path: str, value: Any) -> None:
    *outer, last = path.split(".")
    for name in outer:
        document = document.setdefault(name, {})
    document[last] = value
