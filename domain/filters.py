"""What lists can be narrowed by. An empty list of choices chooses nothing; None does not narrow."""

from dataclasses import dataclass, field
from decimal import Decimal
from hashlib import sha256
from typing import Generic, TypeVar

from domain.paging import PageRequest
from domain.records import Key, LinkState, RecordKind
from domain.status import BookingStatus, CustomerStatus, LeadStatus, Segment
from domain.time import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFilter:
    """*has*, *lacks*: a record of each of these kinds; the values are those that a customer shows."""

    search: str | None = None
    status: tuple[CustomerStatus, ...] | None = None
    source: tuple[str, ...] | None = None
    segment: tuple[Segment, ...] | None = None
    linkage: tuple[LinkState, ...] | None = None
    created_in: Period | None = None
    first_booking_in: Period | None = None
    min_revenue: Decimal | None = None
    can_log_in: bool | None = None
    email_missing: bool | None = None
    has: tuple[RecordKind, ...] | None = None
    lacks: tuple[RecordKind, ...] | None = None
    area: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True)
class CustomerRows:
    """Ask for the CRM rows that *chosen* may choose; *beyond*: other records of theirs are looked at afterwards.

    Then a row that does not say what is asked for is answered as well. *keys* are all that count, where they are known.
    """

    chosen: CustomerFilter = field(default_factory=CustomerFilter)
    beyond: bool = False
    keys: frozenset[Key] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadFilter:
    """*follow_up_due*: its time has come, and it is neither won nor lost; *orphaned*: it belongs to nobody.

    *keys* are those that a *search* has found, where that was done.
    """

    status: tuple[LeadStatus, ...] | None = None
    store_status: tuple[str, ...] | None = None
    source: tuple[str, ...] | None = None
    created_in: Period | None = None
    follow_up_due: bool | None = None
    orphaned: bool | None = None
    search: str | None = None
    keys: frozenset[Key] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingFilter:
    """*noted*: something was noted about it."""

    status: tuple[BookingStatus, ...] | None = None
    store_status: tuple[str, ...] | None = None
    location: tuple[str, ...] | None = None
    service: tuple[str, ...] | None = None
    staff: tuple[str, ...] | None = None
    source: tuple[str, ...] | None = None
    payment_status: tuple[str, ...] | None = None
    start_in: Period | None = None
    created_in: Period | None = None
    noted: bool = False


def mark_of(chosen: object) -> str | None:
    """Write a few characters that tell one filter from another; None for none, and for one that narrows nothing."""
    if chosen is None or chosen == type(chosen)():
        return None
    return sha256(repr(chosen).encode(errors="backslashreplace")).hexdigest()[:12]


def narrows_nothing(chosen: object) -> bool:
    """Say whether *chosen* leaves a list as it is."""
    if isinstance(chosen, CustomerRows):
        return chosen.keys is None and chosen.chosen == _EVERYBODY
    return chosen is None or chosen in (_ANY_LEAD, _ANY_BOOKING)


_EVERYBODY, _ANY_LEAD, _ANY_BOOKING = CustomerFilter(), LeadFilter(), BookingFilter()


F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Children(Generic[F]):
    """Ask for a page of what belongs to each of some parents: leads, bookings, status events."""

    request: PageRequest
    chosen: F | None = None
