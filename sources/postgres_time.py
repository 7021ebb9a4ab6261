"""Dates in PostgreSQL, whatever the form: as conditions that an index can serve, and as instants."""

import operator
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, tzinfo
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, and_, case, func, literal, literal_column, not_, or_

from domain.stored_time import Form, StoredTime
from domain.time import FIRST, ISO_SHAPES, LAST, Micros, Period, micros

_TYPES = {Form.INSTANT: "timestamptz", Form.NAIVE: "timestamp", Form.DAY: "date"}


@dataclass(frozen=True, slots=True)
class TimeColumn:
    """Be the dates in *expression*; *required* where the database says NOT NULL.

    *indexable* says whether an index can hold them: what texts mean as dates depends on settings of the server.
    """

    expression: ColumnElement[Any]
    form: Form
    zone: tzinfo
    required: bool = False
    indexable: bool = True

    @property
    def stored(self) -> StoredTime:
        return _stored(self.form, self.zone)

    @property
    def selected(self) -> ColumnElement[Any]:
        """Be the date where it counts as one: what Python's calendar does not have is NULL."""
        return case((self.has_value, self.expression))

    @property
    def has_value(self) -> ColumnElement[bool]:
        """Say which rows have a date."""
        if self.form.is_text:
            return self.expression.bool_op("~")(literal_column(_quoted(ISO_SHAPES[self.form.value])))
        return and_(self.expression >= self._constant(FIRST), self.expression <= self._constant(LAST))

    @property
    def has_none(self) -> ColumnElement[bool]:
        """Say which rows have no date, or none of the form that counts."""
        if self.form.is_text:
            return or_(self.expression.is_(None), not_(self.has_value))
        return or_(
            self.expression.is_(None),
            self.expression < self._constant(FIRST),
            self.expression > self._constant(LAST),
        )

    def compare(self, op: Callable[[Any, Any], Any], asked: datetime) -> ColumnElement[bool]:
        """Compare with *asked* by *op* (<, <=, >, >=), although the column may not be able to say just that instant."""
        bound = self.stored.bound(asked)
        if not bound.exact:
            op = operator.lt if op in (operator.lt, operator.le) else operator.ge
        value = bound.first if op in (operator.lt, operator.ge) else bound.value
        comparison: ColumnElement[bool] = op(self.expression, self._bound(value))
        return comparison

    def within(self, period: Period | None) -> list[ColumnElement[bool]]:
        """Hold the dates to *period*."""
        if period is None:
            return []
        start = period.start if period.start is not None else FIRST
        end = [] if period.end is None else [self.compare(operator.lt, period.end)]
        text = [self.has_value] if self.form.is_text else [self.expression <= self._constant(LAST)]
        return [self.compare(operator.ge, max(start, FIRST)), *end, *text]

    def or_else(self, other: "TimeColumn") -> "TimeColumn":
        """Be *other*'s date where this column is NULL."""
        if self.required:
            return self
        if self.form is other.form:
            return TimeColumn(
                func.coalesce(self.expression, other.expression), self.form, self.zone, required=other.required
            )
        both = func.coalesce(self.meant(), other.meant())
        indexable = not (self.form.is_text or other.form.is_text)
        return TimeColumn(both, Form.INSTANT, self.zone, required=other.required, indexable=indexable)

    def position(self, stored: Any) -> tuple[Micros | None, str | None]:
        """Read what `selected` has answered as the value of a position, and its mark."""
        time = self.stored
        at = time.read(stored)
        return None if at is None else micros(at), time.mark(stored, at)

    def bind(self, asked: datetime, mark: str | None = None) -> tuple[ColumnElement[Any], bool]:
        """Make a value of the column's form of *asked*, or of its *mark*, and say whether it is exact."""
        bound = self.stored.bound(asked) if mark is None else self.stored.marked(mark, asked)
        return self._bound(bound.value), bound.exact

    def meant(self) -> ColumnElement[Any]:
        """Be the instants that the dates mean, as `domain.time` reads them from what the clock showed."""
        if self.form in (Form.INSTANT, Form.ISO_Z) or str(self.zone) == "UTC":
            return self.as_instant()
        return _meant(self._clock, str(self.zone))

    def as_instant(self) -> ColumnElement[Any]:
        """Be the dates as timestamptz as PostgreSQL reads them: of an hour that is shown twice the second is meant."""
        if self.form is Form.INSTANT:
            return self.expression
        if self.form is Form.ISO_Z:
            return self._known.op("::")(literal_column("timestamptz"))
        return func.timezone(str(self.zone), self._clock)

    @property
    def _known(self) -> ColumnElement[Any]:
        return case((self.has_value, self.expression)) if self.form.is_text else self.expression

    @property
    def _clock(self) -> ColumnElement[Any]:
        """Be what the clock showed, as timestamp."""
        return self._known.op("::")(literal_column("timestamp"))

    @property
    def local(self) -> ColumnElement[Any]:
        """Be what the clock where the store is shows then; NULL for what is no date."""
        dated = TimeColumn(self.selected, self.form, self.zone)
        if self.form is Form.DAY:
            return self.selected.op("::")(literal_column("timestamp"))
        if self.form is Form.NAIVE and str(self.zone) == "UTC":
            return self.selected
        return func.timezone(str(self.zone), dated.as_instant())

    def _bound(self, value: object) -> ColumnElement[Any]:
        return literal(value, self.expression.type)

    def _constant(self, at: datetime) -> ColumnElement[Any]:
        written = at.replace(tzinfo=None).isoformat() + ("Z" if self.form is Form.INSTANT else "")
        return literal_column(f"'{written}'::{_TYPES[self.form]}")


def within_calendar(instant: str) -> str:
    """Write in SQL *instant* where it counts as a date."""
    first, last = (at.replace(tzinfo=None).isoformat() + "Z" for at in (FIRST, LAST))
    return f"CASE WHEN {instant} BETWEEN '{first}'::timestamptz AND '{last}'::timestamptz THEN {instant} END"


def _meant(clock: ColumnElement[Any], zone: str) -> ColumnElement[Any]:
    """Be the instant that *clock* means in *zone*: the first of an hour that is shown twice, the end of one left out.

    An index can hold it: nothing in it depends on the zone of a session.
    """
    day: ColumnElement[Any] = literal_column("interval '1 day'")
    direct = func.timezone(zone, clock)
    shown = func.timezone(zone, direct)
    # As if the clock were put forward or back as it was the day before.
    before = func.timezone("UTC", func.timezone("UTC", func.timezone(zone, clock.op("-")(day))).op("+")(day))
    # What is left out begins at a multiple of its own length.
    left_out = func.date_bin(shown.op("-")(clock), clock, literal_column("timestamp '2000-01-01'"))
    return case(
        (shown.op("<>")(clock), func.timezone(zone, left_out)),
        (func.timezone(zone, before).op("=")(clock), func.least(direct, before)),
        else_=direct,
    )


def _quoted(pattern: str) -> str:
    return "'" + pattern.replace("'", "''") + "'"


@lru_cache(maxsize=100)
def _stored(form: Form, zone: tzinfo) -> StoredTime:
    """Make one of each: lists ask for theirs once a row."""
    return StoredTime(form, zone)
