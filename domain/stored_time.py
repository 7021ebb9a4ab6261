"""The forms in which stores keep instants, and where an instant of ours falls among what such a form can say."""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from enum import Enum
from typing import Any

from domain.errors import BadCursorError
from domain.time import from_local, meant, read_iso, sane, to_local, write_iso


class Form(Enum):
    """INSTANT: to the microsecond; MILLIS: to the millisecond; NAIVE, DAY: in the store's zone; ISO, ISO_Z: text."""

    INSTANT = "instant"
    MILLIS = "millis"
    NAIVE = "naive"
    DAY = "day"
    ISO = "iso"
    ISO_Z = "iso_z"

    #: There is one of each: that is quicker to see than its name.
    __hash__ = object.__hash__

    @property
    def is_text(self) -> bool:
        return self in (Form.ISO, Form.ISO_Z)


#: What is kept without zone: in an hour that the clock skips, several dates mean the same instant.
_LOCAL = frozenset({Form.NAIVE, Form.DAY, Form.ISO})


class OtherFormError(Exception):
    """Say that a column of dates in *form* holds *stored*: it is of another type than it was."""

    def __init__(self, form: Form, stored: date) -> None:
        super().__init__(f"a column of dates ({form.value}) holds a {type(stored).__name__} of another form")


@dataclass(frozen=True, slots=True)
class Bound:
    """Be the first *value* that is written at or after an instant; *exact* if it is that instant.

    *first* is the first of all that mean it, where that is not *value*: dates in an hour that the clock skipped.
    """

    value: Any
    exact: bool
    skipped_from: Any = None

    @property
    def first(self) -> Any:
        return self.value if self.skipped_from is None else self.skipped_from


@dataclass(frozen=True, slots=True)
class StoredTime:
    """Read and write instants as one column or field keeps them: in a *form*, without zone in *zone*."""

    form: Form
    zone: tzinfo = UTC

    def read(self, stored: object) -> datetime | None:
        """Answer the instant that *stored* means; None for a date of any other form than this one.

        Raises OtherFormError where such a date says that the whole column is of another type by now.
        """
        form = self.form
        if isinstance(stored, str):
            return read_iso(stored, form.value, self.zone) if form is Form.ISO or form is Form.ISO_Z else None
        if not isinstance(stored, date):
            return None
        if isinstance(stored, datetime):
            if stored.tzinfo is not None and (form is Form.INSTANT or form is Form.MILLIS):
                return sane(stored)
            if stored.tzinfo is None and form is Form.NAIVE:
                return from_local(stored, self.zone)
        elif form is Form.DAY:
            return from_local(_midnight(stored), self.zone)
        if form is Form.MILLIS or form.is_text:
            return None
        # A column holds dates of one form alone, so it has another one now.
        raise OtherFormError(form, stored)

    def mark(self, stored: object, read: datetime | None) -> str | None:
        """Write *stored*, which reads as *read*, where that instant alone does not lead back to it; else None."""
        if read is None or self.zone is UTC or self.form not in _LOCAL or self.bound(read).value == stored:
            return None
        return stored if isinstance(stored, str) else stored.isoformat() if isinstance(stored, date) else None

    def marked(self, mark: str, value: datetime) -> Bound:
        """Find what `mark` wrote of what reads as *value*. Raises BadCursorError for anything else."""
        stored: str | date = mark
        with suppress(ValueError):
            if self.form is Form.NAIVE:
                stored = datetime.fromisoformat(mark)
            elif self.form is Form.DAY:
                stored = date.fromisoformat(mark)
        written = stored if isinstance(stored, str) else stored.isoformat()
        try:
            is_it = self.form in _LOCAL and self.read(stored) == value and written == mark
        except OtherFormError:
            is_it = False
        if not is_it:
            raise BadCursorError(mark)
        return Bound(stored, exact=True)

    def bound(self, asked: datetime) -> Bound:
        """Find where *asked* falls: the first value at or after it."""
        if self.form is Form.INSTANT:
            return Bound(asked, exact=True)
        if self.form in (Form.MILLIS, Form.ISO_Z):
            over = asked.microsecond % 1000
            rounded = asked + timedelta(microseconds=-over % 1000)
            if self.form is Form.ISO_Z:
                return Bound(write_iso(rounded.astimezone(UTC).replace(tzinfo=None), "iso_z"), exact=not over)
            return Bound(rounded, exact=not over)
        if self.form is Form.DAY:
            return self._day(asked)
        local = to_local(asked, self.zone)
        skipped_from = local.skipped_from
        if self.form is Form.NAIVE:
            return Bound(local.naive, local.exact, skipped_from)
        return Bound(write_iso(local.naive, "iso"), local.exact, skipped_from and write_iso(skipped_from, "iso"))

    def _day(self, asked: datetime) -> Bound:
        """Find the first day that begins at or after *asked*: not every day begins at a midnight that is shown."""
        day = asked.astimezone(self.zone).date()
        while (begins := meant(_midnight(day), self.zone)) < asked:
            day += timedelta(days=1)
        return Bound(day, exact=begins == asked)


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day)  # noqa: DTZ001 - as stored, without zone
