"""Look in MongoDB for what is wrong in the documents: one walk through a collection finds all of it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from domain.duplicates import SharedIdentifiers
from domain.findings import Check, Example, Finding
from domain.identity import Names
from domain.records import Key, RecordKind
from sources.checks_mongo_indexes import Reader, index_findings
from sources.mongo import MongoSource
from sources.mongo_forms import Document, KeyForm, fields_of, text_at, value_at
from sources.mongo_records import RecordReader
from sources.mongo_scope import Tenant
from sources.profile import AccountSection, DeliverySection, Field, Profile

_SHOWN = 40


class MongoChecks(MongoSource):
    """Look for what is wrong in the documents of a kind. Only ever reads."""

    def __init__(self, profile: Profile, url: str, *, seconds: float) -> None:
        super().__init__(profile, url, seconds=seconds)
        self._profile = profile

    async def walk(self, tenant: Tenant, kind: RecordKind, shared: SharedIdentifiers) -> "Walk":
        """Go through all documents of *kind*; their addresses and numbers are added to *shared*."""
        reader = self._readers[kind]
        walk = Walk(kind, reader, self.section(kind), await self._form(reader), shared)
        async for documents in self._stream(tenant, reader, walk.fields):
            walk.add(documents)
        return walk

    async def missing_indexes(self) -> list[Finding]:
        """Find what look-ups and lists have no index for, and which links no unique index keeps one-to-one."""
        there = set(await self._connection.collections())
        findings, known = [], dict[str, list[Document]]()
        readers: dict[str, Reader] = {kind.value.lower(): reader for kind, reader in self._readers.items()}
        if self._couriers is not None:
            readers["courier"] = self._couriers
        for name, reader in readers.items():
            collection = reader.collection
            if collection not in there:
                message = f"there is no collection {collection}"
                findings.append(Finding(check=Check.EMPTY_MAPPING, where=f"{name}.collection", message=message))
                continue
            if collection not in known:
                known[collection] = await self._connection.indexes(collection)
            findings += index_findings(name, reader, known[collection])
        return findings

    def section(self, kind: RecordKind) -> AccountSection | DeliverySection:
        section = self._profile.account if kind is RecordKind.ACCOUNT else self._profile.delivery
        assert section is not None
        return section


class Seen:
    """Remember what the documents of a *section*, called *name*, have, whichever tenant's they are."""

    def __init__(self, name: str, section: AccountSection | DeliverySection) -> None:
        self._name = name
        self._collection = section.name_of
        self._documents = 0
        self._unseen = dict(_mapped(section))

    def add(self, walk: "Walk") -> None:
        self._documents += walk.documents
        self._unseen = {where: field for where, field in self._unseen.items() if where in walk.unseen}

    def findings(self, tenant: Tenant) -> list[Finding]:
        """Tell what nothing has; *tenant* is the only one that was looked at, if any."""
        told = {
            where: f"no document of {self._collection} has the field {field}" for where, field in self._unseen.items()
        }
        if not self._documents:
            told = {"collection": f"{self._collection} has no such documents"}
        return [
            Finding(check=Check.EMPTY_MAPPING, where=f"{self._name}.{where}", message=message, tenant=tenant)
            for where, message in told.items()
        ]


class Walk:
    """Collect what is wrong in the documents of a *kind*, lot by lot."""

    def __init__(
        self,
        kind: RecordKind,
        reader: RecordReader,
        section: AccountSection | DeliverySection,
        form: KeyForm,
        shared: SharedIdentifiers,
    ) -> None:
        self.kind = kind
        self.documents = 0
        #: What each record names, by its key.
        self.names: dict[Key, Names] = {}
        self._reader = reader
        self._section = section
        self._form = form
        self._shared = shared
        self._mapped = dict(_mapped(section))
        #: The fields that no document has had so far, by the profile's key.
        self.unseen = dict(self._mapped)
        self._twice: Counter[Key] = Counter()
        self._odd_keys: list[tuple[str, str]] = []
        self._odd_dates: list[tuple[str, str]] = []
        self._words: dict[str | None, list[Key]] = {}
        status = section.status if isinstance(section, DeliverySection) else None
        self._status = None if status is None else status.column
        self._known = frozenset(word for listed in status.words.values() for word in listed) if status else frozenset()

    @property
    def fields(self) -> list[str]:
        return fields_of(*self._mapped.values())

    def add(self, documents: Iterable[Document]) -> None:
        for document in documents:
            self.documents += 1
            for where in [where for where, field in self.unseen.items() if value_at(document, field) is not None]:
                del self.unseen[where]
            stored = self._reader.key_at(document)
            key = self._form.text(stored)
            if key is None:
                self._odd_keys.append((_shown(stored), type(stored).__name__))
                continue
            self._add_record(key, document)

    def _add_record(self, key: Key, document: Document) -> None:
        reader = self._reader
        found = reader.read_links(document, self._form, None)
        assert found is not None
        if key in self.names:
            self._twice[key] += 1
        self.names[key] = found.names
        email, phone = text_at(document, self._section.email), text_at(document, self._section.phone)
        self._shared.add(key, email, phone)
        if reader.time is not None:
            stored = value_at(document, reader.time.field)
            if stored is not None and reader.time.stored.read(stored) is None:
                self._odd_dates.append((key, f"{_shown(stored)} ({type(stored).__name__})"))
        if self._status is not None:
            word = value_at(document, self._status)
            if word not in self._known if isinstance(word, str) else True:
                self._words.setdefault(None if word is None else _shown(word), []).append(key)

    def findings(self, tenant: Tenant, examples: int) -> list[Finding]:
        """Tell what was found."""
        return [
            Finding(
                check=check,
                where=f"{self.kind.value.lower()}.{field}",
                message=message,
                tenant=tenant,
                count=count,
                examples=tuple(Example(key=key, detail=detail) for key, detail in some[:examples]),
            )
            for check, field, message, count, some in self._found()
            if count
        ]

    def _found(self) -> Iterator[tuple[Check, str, str, int, Sequence[tuple[str, str]]]]:
        message = f"is no key of the kind that most have ({self._form.value}), so the document is left out"
        yield Check.ODD_KEY, "key", message, len(self._odd_keys), self._odd_keys
        twice = [(key, f"{more + 1} documents") for key, more in sorted(self._twice.items())]
        yield Check.DUPLICATE_KEY, "key", "has several documents", len(twice), twice
        message = "is no date of the form that the profile says, and counts as none"
        yield Check.ODD_DATE, "created_at", message, len(self._odd_dates), self._odd_dates
        for word, keys in sorted(self._words.items(), key=lambda item: -len(item[1])):
            about = "has no status" if word is None else f"has the word {word}, which is mapped to no status"
            yield Check.UNMAPPED_STATUS, "status", about, len(keys), [(key, "") for key in sorted(keys)]


def _mapped(section: AccountSection | DeliverySection) -> Iterator[tuple[str, str]]:
    """Go through the fields of documents that *section* reads, by the profile's key."""
    partner = "delivery" if isinstance(section, AccountSection) else "account"
    named: dict[str, Field | str | None] = {
        "key": section.key,
        f"links.{partner}": section.links.partner,
        "links.crm": section.links.crm,
        "created_at": section.created_at,
        **{role: getattr(section, role) for role in ("name", "email", "phone")},
    }
    if isinstance(section, AccountSection):
        named["password_hash"] = section.password_hash
        named |= {f"{role}.{field}": field for role in ("active", "verified") for field in getattr(section, role) or ()}
    else:
        named |= {role: getattr(section, role) for role in ("address", "area", "courier")}
        named["status"] = section.status.column if section.status else None
    for where, field in named.items():
        if isinstance(field, str):
            yield where, field
        elif field is not None:
            yield from ((f"{where}.{path}" if len(field) > 1 else where, str(path)) for path in field)


def _shown(stored: object) -> str:
    """Show what a store holds, shortened, so that no terminal takes it for anything else."""
    text = repr(stored) if isinstance(stored, str) else str(stored)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
