"""Documents as records: what the profile maps of an account and of a delivery record, odd values left out."""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from domain.identity import Names
from domain.records import AccountRecord, Courier, DeliveryRecord, Key
from domain.status import CustomerStatus
from domain.time import Period
from sources.mongo_forms import (
    Document,
    KeyForm,
    TimeField,
    fields_of,
    link_key,
    stored_time,
    text_at,
    text_of,
    value_at,
)
from sources.mongo_orders import ByText
from sources.mongo_scope import Scope, is_any
from sources.profile import AccountSection, Condition, CourierSection, DeliverySection


class Found(NamedTuple):
    """Be a record and what it says of others; *mark* is what a position must say of its date, see `StoredTime.mark`."""

    record: AccountRecord | DeliveryRecord
    names: Names
    mark: str | None = None


class Links(NamedTuple):
    """Be a record's key, what it says of others, and whether it was created in the period that was asked for."""

    key: Key
    names: Names
    within: bool
    status: CustomerStatus | None = None


class RecordReader(ABC):
    """Read what the kinds of records in MongoDB have in common."""

    #: Where a record says how it stands.
    status_fields: tuple[str, ...] = ()

    def __init__(self, section: AccountSection | DeliverySection, zone: ZoneInfo) -> None:
        self.collection = section.name_of
        self.key = section.key
        self.tenant = section.tenant
        self.scope = Scope.of(section)
        self.links = section.links
        self.created_at = section.created_at
        self.time = None
        if section.created_at is not None:
            self.time = TimeField(section.created_at, stored_time(section.dates, zone))
        #: Where a name may stand: each place is an order of its own, of those that have none in the places before.
        self.names = tuple(
            ByText(path, paths[:place]) for paths in [section.name or ()] for place, path in enumerate(paths)
        )
        self._section = section
        self.fields = fields_of(
            section.key,
            section.links.partner,
            section.links.crm,
            section.created_at,
            section.name,
            section.email,
            section.phone,
            *self._own_fields(),
            *self.scope.fields,
        )

    def key_at(self, document: Document) -> Any:
        return value_at(document, self.key)

    def read(self, document: Document, form: KeyForm) -> Found | None:
        """Make a record of *document*; None where its key is no key of this collection."""
        key = form.text(self.key_at(document))
        if key is None:
            return None
        record = self._record(key, document)
        mark = None if self.time is None else self.time.mark(document, record.created_at)
        return Found(record, self._names(document), mark)

    def read_links(self, document: Document, form: KeyForm, period: Period | None) -> Links | None:
        key = form.text(self.key_at(document))
        if key is None:
            return None
        return Links(key, self._names(document), self._is_within(document, period), self.status_at(document))

    def status_at(self, _: Document) -> CustomerStatus | None:
        """Say how the record stands, where it says so."""
        return None

    def _is_within(self, document: Document, period: Period | None) -> bool:
        if period is None:
            return True
        at = None if self.time is None else self.time.read(document)
        return at is not None and period.holds(at)

    def _names(self, document: Document) -> Names:
        return Names(
            None if self.links.partner is None else link_key(value_at(document, self.links.partner)),
            None if self.links.crm is None else link_key(value_at(document, self.links.crm)),
        )

    def _shared(self, document: Document) -> dict[str, Any]:
        section = self._section
        return {
            "name": text_at(document, section.name),
            "email": text_at(document, section.email),
            "phone": text_at(document, section.phone),
            "created_at": None if self.time is None else self.time.read(document),
        }

    @abstractmethod
    def _own_fields(self) -> list[Any]:
        """List the fields that only this kind of record has."""

    @abstractmethod
    def _record(self, key: Key, document: Document) -> AccountRecord | DeliveryRecord:
        """Make a record of *document*."""


class AccountReader(RecordReader):
    """Read login accounts."""

    def __init__(self, section: AccountSection, zone: ZoneInfo) -> None:
        self._account = section
        self._placeholder = _pattern(section.placeholder_email)
        super().__init__(section, zone)

    def is_placeholder(self, email: str) -> bool:
        """Say whether *email* only stands for an address where there is none."""
        return self._placeholder is not None and bool(self._placeholder.fullmatch(email))

    def _own_fields(self) -> list[Any]:
        return [self._account.password_hash, *(self._account.active or {}), *(self._account.verified or {})]

    def _record(self, key: Key, document: Document) -> AccountRecord:
        shared = self._shared(document)
        active = _holds(document, self._account.active)
        email = shared["email"]
        placeholder = email is not None and self.is_placeholder(email)
        hash_field = self._account.password_hash
        # Where the profile maps no password, nothing says that one is missing.
        has_password = hash_field is None or text_of(value_at(document, hash_field)) is not None
        return AccountRecord(
            key=key,
            **shared,
            is_active=active,
            email_is_placeholder=placeholder,
            email_is_verified=self._account.verified is not None and _holds(document, self._account.verified),
            can_log_in=active and has_password and email is not None and not placeholder,
        )


class DeliveryReader(RecordReader):
    """Read delivery and billing records."""

    def __init__(self, section: DeliverySection, zone: ZoneInfo) -> None:
        self._delivery = section
        status = section.status
        self._words: Mapping[str, CustomerStatus] = (
            {} if status is None else {word: meaning for meaning, words in status.words.items() for word in words}
        )
        self.status_fields = () if status is None else (status.column,)
        super().__init__(section, zone)

    def _own_fields(self) -> list[Any]:
        section = self._delivery
        return [section.address, section.area, section.courier, *self.status_fields]

    def _record(self, key: Key, document: Document) -> DeliveryRecord:
        section = self._delivery
        return DeliveryRecord(
            key=key,
            **self._shared(document),
            address=text_at(document, section.address),
            area=text_at(document, section.area),
            courier_key=None if section.courier is None else link_key(value_at(document, section.courier)),
            status=self.status_at(document),
        )

    def status_at(self, document: Document) -> CustomerStatus | None:
        section = self._delivery
        return None if section.status is None else self._status(value_at(document, section.status.column))

    def _status(self, stored: object) -> CustomerStatus | None:
        if stored is None or stored == "":
            return None
        return self._words.get(stored, CustomerStatus.UNKNOWN) if isinstance(stored, str) else CustomerStatus.UNKNOWN


class CourierReader:
    """Read those who can be assigned to deliveries."""

    def __init__(self, section: CourierSection) -> None:
        self.collection = section.name_of
        self.key = section.key
        self.tenant = section.tenant
        self.scope = Scope.of(section)
        self.fields = fields_of(section.key, section.name, section.phone, *self.scope.fields)
        self._section = section

    def key_at(self, document: Document) -> Any:
        return value_at(document, self.key)

    def read(self, document: Document, form: KeyForm) -> Courier | None:
        """Make a courier of *document*; None where its key is no key of this collection."""
        key = form.text(self.key_at(document))
        if key is None:
            return None
        name, phone = text_at(document, self._section.name), text_at(document, self._section.phone)
        return Courier(key=key, name=name, phone=phone)


def _holds(document: Document, condition: Condition | None) -> bool:
    """Say whether *document* fulfils *condition*."""
    return all(is_any(value_at(document, field), allowed) for field, allowed in (condition or {}).items())


def _pattern(template: str | None) -> re.Pattern[str] | None:
    """Match what an address made by *template* looks like, whatever stands for its fields in braces."""
    if template is None:
        return None
    parts = re.split(r"\{[^{}]*\}", template)
    return re.compile(".+".join(re.escape(part) for part in parts), re.IGNORECASE)
