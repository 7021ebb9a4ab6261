"""What a record can be found by: its e-mail, its phone number, and a text in which words of a search are looked for."""

from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from domain.matching import normal_email, normal_phone
from domain.records import AccountRecord, Key, Lead, Record, RecordKind, RecordRef
from domain.searching import searchable

#: Longer addresses are none (RFC 5321 allows 254 characters), and an index has to hold them.
_LONGEST_EMAIL = 320


class IndexedKind(Enum):
    """The kinds of records that the identifier index knows: those of customers, and leads."""

    CRM = "CRM"
    ACCOUNT = "ACCOUNT"
    DELIVERY = "DELIVERY"
    LEAD = "LEAD"

    @classmethod
    def of(cls, kind: RecordKind) -> "IndexedKind":
        return cls(kind.value)


#: Everything that belongs to customers.
CUSTOMER_KINDS = tuple(IndexedKind.of(kind) for kind in RecordKind)


class IndexedRef(NamedTuple):
    kind: IndexedKind
    key: Key

    @property
    def record(self) -> RecordRef:
        """The record of a customer; a lead is none."""
        return RecordRef(RecordKind(self.kind.value), self.key)


class IdentifierKind(Enum):
    """What tells records apart, or brings them together."""

    EMAIL = "EMAIL"
    PHONE = "PHONE"


class Identifier(NamedTuple):
    """Be an identifier as somebody wrote it."""

    kind: IdentifierKind
    text: str


@dataclass(frozen=True, slots=True)
class Identifiers:
    """Be what a record is found by, normalised; *text* is what `domain.searching` looks for words in."""

    email: str | None
    phone: str | None
    text: str


def identifiers_of(record: Record | Lead, region: str | None) -> Identifiers:
    """Say what *record* is found by; phone numbers without + are of *region*.

    A placeholder address is nobody's: it is found by a search, but brings no records together.
    """
    number = None if record.phone is None else normal_phone(record.phone, region)
    placeholder = isinstance(record, AccountRecord) and record.email_is_placeholder
    return Identifiers(
        None if placeholder or record.email is None else comparable_email(record.email),
        number,
        searchable(record.name, record.email, record.phone, number),
    )


def comparable_email(text: str) -> str | None:
    """Write the address *text* as the index has it; None for what is too long to be one, or cannot be kept."""
    email = normal_email(text)
    return None if email is None or len(email) > _LONGEST_EMAIL or not email.isprintable() else email


def comparable(kind: IdentifierKind, text: str, region: str | None) -> str | None:
    """Write *text*, an identifier of *kind*, as the index has it; None where it is none."""
    return comparable_email(text) if kind is IdentifierKind.EMAIL else normal_phone(text, region)
