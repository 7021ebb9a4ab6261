"""The statements of dashboards: each counts or sums the rows of one table, and reads no more than a period of them."""

import operator
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Date,
    FromClause,
    Select,
    Subquery,
    Text,
    cast,
    exists,
    false,
    func,
    literal_column,
    null,
    select,
)
from sqlalchemy.dialects.postgresql import distinct_on

from domain.dashboard import Interval
from domain.time import FIRST, Period
from sources.postgres_analytics import BookingFigures, same_key
from sources.postgres_mapping import MappedTable
from sources.postgres_time import TimeColumn


@dataclass(frozen=True, slots=True)
class Counted:
    """Be rows to be counted or summed: of *mapped*, *joined* to whatever says whose they are, by when they are *at*."""

    mapped: MappedTable
    joined: FromClause
    at: TimeColumn
    conditions: Sequence[ColumnElement[bool]] = ()
    location: ColumnElement[Any] | None = None

    def within(self, period: Period | None) -> list[ColumnElement[bool]]:
        return [*self.mapped.of_tenant(), *self.conditions, *self.at.within(period)]

    def series(
        self, period: Period | None, interval: Interval, value: ColumnElement[Any], *, parted: bool
    ) -> Select[Any]:
        """Read `begin`, `location` (where *parted*) and the aggregate `value` of each interval that has any rows."""
        begin = bucket(self.at, interval)
        location = self.location if parted and self.location is not None else cast(null(), Text)
        groups = [begin, location] if parted and self.location is not None else [begin]
        return (
            select(begin.label("begin"), location.label("location"), value.label("value"))
            .select_from(self.joined)
            .where(*self.within(period), self.at.has_value)
            .group_by(*groups)
        )


def bucket(at: TimeColumn, interval: Interval) -> ColumnElement[Any]:
    """Be the first day of the interval that a date is in, where the store is."""
    return cast(func.date_trunc(literal_column(f"'{interval.value.lower()}'"), at.local), Date)


def first_bookings(
    figures: BookingFigures,
    customers: MappedTable,
    period: Period | None,
    location: ColumnElement[Any] | None,
) -> Subquery:
    """Read `first_at` and `location` of the customers whose first accepted booking starts in *period*.

    What starts in it is looked at, and then whether the same customer had an earlier one.
    """
    owner, start = figures.owner, figures.start
    candidates = (
        select(
            owner.key.label("owner"),
            start.expression.label("first_at"),
            (cast(null(), Text) if location is None else location).label("location"),
        )
        .ext(distinct_on(owner.key))
        .select_from(owner.joined)
        .where(
            *figures.mapped.of_tenant(),
            *start.within(period),
            start.has_value,
            figures.accepted,
            owner.key.is_not(None),
        )
        .order_by(owner.key, start.expression, figures.rows.key)
    ).subquery("candidates")
    named: ColumnElement[Any] = candidates.c.owner
    lives = exists().where(same_key(owner, customers, named), *customers.of_tenant("customer_tenant"))
    query = select(candidates).where(lives)
    if period is not None and period.start is not None:
        earlier: Select[Any] = (
            select(literal_column("1"))
            .select_from(owner.joined)
            .where(
                owner.key == named,
                *figures.mapped.of_tenant(),
                figures.accepted,
                start.compare(operator.lt, max(period.start, FIRST)),
                start.has_value,
            )
        )
        query = query.where(~earlier.exists())
    return query.subquery("firsts")


def series_of_firsts(
    figures: BookingFigures,
    firsts: Subquery,
    interval: Interval,
    conditions: Sequence[ColumnElement[bool]],
    *,
    parted: bool,
) -> Select[Any]:
    """Count the first bookings *firsts* by interval: `begin`, `location` (where *parted*), `value`."""
    begin = bucket(figures.starts(firsts.c.first_at), interval)
    location = firsts.c.location if parted else cast(null(), Text)
    return (
        select(begin.label("begin"), location.label("location"), func.count().label("value"))
        .select_from(firsts)
        .where(*conditions)
        .group_by(begin, *([location] if parted else []))
    )


def at_location(place: ColumnElement[Any] | None, location: str | None) -> list[ColumnElement[bool]]:
    """Hold rows to a *location*, if there is one; where nothing says their *place* none is there."""
    if location is None:
        return []
    return [false() if place is None else place == location]


def counted(condition: ColumnElement[bool] | None) -> ColumnElement[Any]:
    """Count the rows that fulfil *condition*, or all of them."""
    return func.count() if condition is None else func.count().filter(condition)


def summed(rows: Sequence[Any], by: str) -> Mapping[Any, int]:
    """Add up the `number` of *rows* for each value of *by*."""
    counts: Counter[Any] = Counter()
    for row in rows:
        counts[getattr(row, by)] += row.number
    return counts
