"""What is counted of bookings and summed of revenue, defined once: for profiles, lists, dashboards and stored totals.

Accepted are CONFIRMED, IN_PROGRESS and COMPLETED; a booking counts by its start, which is its creation where the store
has no start. The first and the last booking are accepted ones whose start is a date.
"""

import operator
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, and_, case, cast, exists, func, literal_column, select

from domain.figures import SegmentBounds
from domain.records import Booking
from domain.status import ACCEPTED, BookingStatus, Segment
from sources.postgres_mapping import MappedTable
from sources.postgres_rows import Owner, RowStatements
from sources.postgres_sections import in_status
from sources.postgres_time import TimeColumn
from sources.profile import Segments, StatusMap


@dataclass(frozen=True, slots=True)
class BookingFigures:
    """Count the bookings of *rows*, whose status *words* translate."""

    rows: RowStatements[Booking]
    words: StatusMap[BookingStatus]

    @property
    def mapped(self) -> MappedTable:
        return self.rows.mapped

    @property
    def owner(self) -> Owner:
        assert self.rows.owner is not None
        return self.rows.owner

    @property
    def start(self) -> TimeColumn:
        return self.rows.orders["START_AT"]

    @property
    def created(self) -> TimeColumn:
        return self.rows.orders["CREATED_AT"]

    def are(self, *statuses: BookingStatus) -> ColumnElement[bool]:
        """Say which bookings have one of *statuses*."""
        return and_(*in_status(self.mapped, self.words, statuses, BookingStatus.UNKNOWN))

    @property
    def accepted(self) -> ColumnElement[bool]:
        return self.are(*ACCEPTED)

    @property
    def first(self) -> TimeColumn:
        """Be, of some bookings together, the start of the first accepted one."""
        return self._of_accepted(func.min(self.start.selected))

    @property
    def last(self) -> TimeColumn:
        """Be, of some bookings together, the start of the last accepted one."""
        return self._of_accepted(func.max(self.start.selected))

    def _of_accepted(self, aggregate: Any) -> TimeColumn:
        return replace(self.start, expression=aggregate.filter(self.accepted), required=False)

    def by_customer(self, tenant: str = "tenant") -> Select[Any]:
        """Read `owner`, `first_at` and `last_at` of all whose accepted bookings have a start, in the tenant `:tenant`.

        It goes through all accepted bookings: for one page of customers ask `of_customer` instead.
        """
        starts = self.start.selected
        return (
            select(self.owner.key.label("owner"), func.min(starts).label("first_at"), func.max(starts).label("last_at"))
            .select_from(self.owner.joined)
            .where(*self.mapped.of_tenant(tenant), self.accepted, self.owner.key.is_not(None), self.start.has_value)
            .group_by(self.owner.key)
        )

    def of_customer(self, customers: MappedTable) -> Select[Any]:
        """Read `first_at` and `last_at` of the customer in a row of *customers*: one row, to be joined laterally."""
        starts = self.start.selected
        return (
            select(func.min(starts).label("first_at"), func.max(starts).label("last_at"))
            .select_from(self.owner.joined)
            .where(*same_customer(self.mapped, self.owner, customers), *self.mapped.own_conditions, self.accepted)
            .correlate(customers.table)
        )

    def starts(self, column: ColumnElement[Any]) -> TimeColumn:
        """Be *column*, the `first_at` or `last_at` of a subquery, as dates."""
        return replace(self.start, expression=column, required=False)


def segment_word(first: TimeColumn, last: TimeColumn, bounds: SegmentBounds) -> ColumnElement[Any]:
    """Be the name of the segment that the starts of the *first* and the *last* accepted booking put a customer in."""

    def since(time: TimeColumn, bound: datetime, segment: Segment) -> tuple[ColumnElement[bool], ColumnElement[Any]]:
        return time.compare(operator.ge, bound), _word(segment)

    return case(
        (first.expression.is_(None), _word(Segment.PROSPECT)),
        since(first, bounds.new, Segment.NEW),
        since(last, bounds.active, Segment.ACTIVE),
        since(last, bounds.at_risk, Segment.AT_RISK),
        else_=_word(Segment.LAPSED),
    )


def segment_is(
    first: TimeColumn, last: TimeColumn, bounds: SegmentBounds, chosen: Collection[Segment]
) -> ColumnElement[bool]:
    """Hold customers to the segments *chosen*."""
    return segment_word(first, last, bounds).in_([segment.value for segment in chosen])


def bounds_of(segments: Segments, now: datetime) -> SegmentBounds:
    """Say from when on a booking counts for each of the profile's *segments*."""
    return SegmentBounds.ago(now, new=segments.new, active=segments.active, at_risk=segments.at_risk)


def same_customer(mapped: MappedTable, owner: Owner, customers: MappedTable) -> list[ColumnElement[bool]]:
    """Join the rows of *mapped*, which are some *owner*'s, to the *customers* whose they are."""
    same = [same_key(owner, customers)]
    if mapped.has_tenant and customers.has_tenant:
        alike = mapped.info("tenant").type == customers.info("tenant").type
        one, other = (table["tenant"] if alike else table.text("tenant") for table in (mapped, customers))
        same.append(one == other)
    return same


def same_key(owner: Owner, customers: MappedTable, named: ColumnElement[Any] | None = None) -> ColumnElement[bool]:
    """Compare who is *named*, by default the *owner* of a row, with the key of *customers*, whatever types they are."""
    key = owner.key if named is None else named
    if owner.type.name == customers.key_type().name:
        return key == customers["key"]
    return cast(key, Text) == cast(customers["key"], Text)


def is_somebodys(mapped: MappedTable, owner: Owner, customers: MappedTable) -> ColumnElement[bool]:
    """Say which rows of *mapped* belong to a customer that is there."""
    return (
        exists()
        .where(*same_customer(mapped, owner, customers), *customers.own_conditions)
        .correlate_except(customers.table)
    )


def _word(segment: Segment) -> ColumnElement[Any]:
    return literal_column(f"'{segment.value}'")
