"""What lists can be narrowed by. An empty list of choices chooses nothing; None does not narrow."""

from dataclasses import dataclass
from hashlib import sha256
from typing import Generic, TypeVar

from domain.paging import PageRequest
from domain.status import BookingStatus, LeadStatus
from domain.time import Period


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerFilter:
    source: tuple[str, ...] | None = None
    created_in: Period | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadFilter:
    """*follow_up_due*: its time has come, and it is neither won nor lost; *orphaned*: it belongs to nobody."""

    status: tuple[LeadStatus, ...] | None = None
    store_status: tuple[str, ...] | None = None
    source: tuple[str, ...] | None = None
    created_in: Period | None = None
    follow_up_due: bool | None = None
    orphaned: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingFilter:
    status: tuple[BookingStatus, ...] | None = None
    store_status: tuple[str, ...] | None = None
    location: tuple[str, ...] | None = None
    service: tuple[str, ...] | None = None
    staff: tuple[str, ...] | None = None
    source: tuple[str, ...] | None = None
    payment_status: tuple[str, ...] | None = None
    start_in: Period | None = None
    created_in: Period | None = None


def mark_of(chosen: object) -> str | None:
    """Write a few characters that tell one filter from another; None for none, and for one that narrows nothing."""
    if chosen is None or chosen == type(chosen)():
        return None
    return sha256(repr(chosen).encode(errors="backslashreplace")).hexdigest()[:12]


F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Children(Generic[F]):
    """Ask for a page of what belongs to each of some parents: leads, bookings, status events."""

    request: PageRequest
    chosen: F | None = None
