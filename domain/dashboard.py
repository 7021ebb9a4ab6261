"""What dashboards show: figures of all customers together, and how they come along in time."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from enum import Enum
from typing import Generic, TypeVar

from domain.errors import TooManyPointsError
from domain.figures import share
from domain.money import Money
from domain.status import ACCEPTED, BookingStatus, LeadStatus, Segment
from domain.time import Period

#: More points than these no chart shows, and no list of sources.
MOST_POINTS = 5_000
_MICRO = timedelta(microseconds=1)
S = TypeVar("S", bound=Enum)


@dataclass(frozen=True, slots=True)
class Scope:
    """Be what a dashboard is about: a *period*, if it is not all time, and a *location*, if it is not all of them."""

    period: Period | None = None
    location: str | None = None


class Interval(Enum):
    """Be what a series counts by; weeks are those of ISO 8601, which begin on Monday."""

    DAY = "DAY"
    WEEK = "WEEK"
    MONTH = "MONTH"

    def begin(self, day: date) -> date:
        """Find the first day of the interval that *day* is in."""
        if self is Interval.WEEK:
            return day - timedelta(days=day.weekday())
        return day.replace(day=1) if self is Interval.MONTH else day

    def next(self, begin: date) -> date:
        if self is Interval.MONTH:
            return (begin + timedelta(days=31)).replace(day=1)
        return begin + timedelta(days=7 if self is Interval.WEEK else 1)

    def count(self, first: date, last: date) -> int:
        """Count the intervals from the one that begins on *first* to the one that begins on *last*."""
        if self is Interval.MONTH:
            return (last.year - first.year) * 12 + last.month - first.month + 1
        return (last - first).days // (7 if self is Interval.WEEK else 1) + 1


def intervals(
    period: Period | None, interval: Interval, zone: tzinfo, *, found: Sequence[date] = (), most: int = MOST_POINTS
) -> list[date]:
    """List the first days of the intervals of *period*, as days are in *zone*.

    Where it is open, it reaches from the first to the last interval in which something was *found*. Raises
    TooManyPointsError where there are more than *most*.
    """
    first = last = None
    if period is not None and period.start is not None:
        first = interval.begin(_day(period.start, zone))
    if period is not None and period.end is not None:
        last = interval.begin(_day(period.end - _MICRO, zone))
    first, last = first or min(found, default=None), last or max(found, default=None)
    if (
        first is None
        or last is None
        or (period is not None and period.start is not None and period.start == period.end)
    ):
        return []
    if interval.count(first, last) > most:
        raise TooManyPointsError("points", most)
    days = []
    while first <= last:
        days.append(first)
        first = interval.next(first)
    return days


def _day(at: datetime, zone: tzinfo) -> date:
    return at.astimezone(zone).date()


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceCount:
    """Count what came from a *source*; None where nothing says from where."""

    source: str | None
    count: int


def by_source(counts: Mapping[str | None, int]) -> tuple[SourceCount, ...]:
    """Order *counts*: the most first, then by name, those without a source last of equals."""
    ordered = sorted(counts.items(), key=lambda one: (-one[1], one[0] is None, one[0] or ""))
    return tuple(SourceCount(source=source, count=count) for source, count in ordered if count)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowCounts:
    """Count the CRM's rows: all, those that are *active*, those *created* in the period, and these by source."""

    rows: int = 0
    active: int = 0
    created: int = 0
    sources: tuple[SourceCount, ...] = ()


@dataclass(frozen=True, slots=True)
class StatusCount(Generic[S]):
    """Count what has a *status*."""

    status: S
    count: int


@dataclass(frozen=True, slots=True)
class SegmentCount:
    """Count the customers of a *segment*."""

    segment: Segment
    count: int


def by_status(counts: Mapping[S, int], known: Collection[S], every: Iterable[S]) -> tuple[StatusCount[S], ...]:
    """Order *counts* as *every* status comes, with zeros for those that are *known* to the store."""
    return tuple(StatusCount(status, counts.get(status, 0)) for status in every if status in known or status in counts)


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadCounts:
    """Count leads; *follow_ups_due* is None where the store has no such time."""

    total: int = 0
    by_status: tuple[StatusCount[LeadStatus], ...] = ()
    by_source: tuple[SourceCount, ...] | None = None
    follow_ups_due: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingCounts:
    """Count bookings: *starting* by status, and those that were *created* in the period, for what became of them."""

    starting: Mapping[BookingStatus, int]
    created: Mapping[BookingStatus, int]
    known: Collection[BookingStatus]

    @property
    def total(self) -> int:
        return sum(self.starting.values())

    @property
    def by_status(self) -> tuple[StatusCount[BookingStatus], ...]:
        return by_status(self.starting, self.known, BookingStatus)

    @property
    def awaiting(self) -> int:
        return self.starting.get(BookingStatus.REQUESTED, 0)

    @property
    def conversion_rate(self) -> float | None:
        return share(self.created.get(BookingStatus.COMPLETED, 0), sum(self.created.values()))

    @property
    def no_show_rate(self) -> float | None:
        missed = self.starting.get(BookingStatus.NO_SHOW, 0)
        return share(missed, missed + sum(self.starting.get(status, 0) for status in ACCEPTED))


@dataclass(frozen=True, slots=True, kw_only=True)
class RevenueFigures:
    """Sum revenue in the store's currency; *unattributed* is what no customer can be named for."""

    total: Money
    unattributed: Money
    others: tuple[Money, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """Be what happened in the interval that begins on *start*; None where nothing can tell."""

    start: date
    location: str | None = None
    bookings: int | None = None
    new_customers: int | None = None
    leads: int | None = None
    revenue: Money | None = None
