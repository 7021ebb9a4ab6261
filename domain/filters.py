"""What lists can be narrowed by. An empty list of choices chooses nothing; None does not narrow."""

from dataclasses import dataclass
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
    status: tuple[LeadStatus, ...] | None = None
    source: tuple[str, ...] | None = None
    created_in: Period | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingFilter:
    status: tuple[BookingStatus, ...] | None = None
    source: tuple[str, ...] | None = None
    start_in: Period | None = None
    created_in: Period | None = None


F = TypeVar("F")


@dataclass(frozen=True, slots=True)
class Children(Generic[F]):
    """Ask for a page of what belongs to each of some parents: leads, bookings, status events."""

    request: PageRequest
    chosen: F | None = None
