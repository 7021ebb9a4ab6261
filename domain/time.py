"""Instants as the order of lists needs them: whole microseconds since 1970 in UTC, and the ways stores write them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal

from domain.errors import BadInputError

#: Microseconds since 1970-01-01T00:00:00Z.
Micros = int
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICRO = timedelta(microseconds=1)
#: What counts as a date, by what a store writes: the years 2 to 9998. The years 1 and 9999 stand for "never" in many
#: programs, and without them no zone moves an instant out of what Python can hold.
FIRST = datetime(2, 1, 1, tzinfo=UTC)
LAST = datetime(9998, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)

_YEAR = "([1-8][0-9]{3}|9[0-8][0-9]{2}|99[0-8][0-9]|999[0-8]|0[1-9][0-9]{2}|00[1-9][0-9]|000[2-9])"  # as FIRST and LAST
_LEAP_YEAR = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([2468][048]|[13579][26]|0[48])00)"
_DAY = (
    f"({_YEAR}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    f"|02-(0[1-9]|1[0-9]|2[0-8]))|{_LEAP_YEAR}-02-29)"
)
_CLOCK = "([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
#: The one shape of a profile's ISO dates, for Python, for PostgreSQL and for MongoDB alike. They compare as text
#: because a fraction is there only where it is not zero, and then of six digits (iso), or always of three (iso_z).
ISO_SHAPES = {
    "iso": rf"^{_DAY}T{_CLOCK}([.]([0-9]{{5}}[1-9]|[0-9]{{4}}[1-9]0|[0-9]{{3}}[1-9]00|[0-9]{{2}}[1-9]000"
    r"|[0-9][1-9]0000|[1-9]00000))?$",
    "iso_z": rf"^{_DAY}T{_CLOCK}[.][0-9]{{3}}Z$",
}
_COMPILED = {form: re.compile(shape.removesuffix("$") + r"\Z") for form, shape in ISO_SHAPES.items()}
IsoForm = Literal["iso", "iso_z"]


def micros(instant: datetime) -> Micros:
    return (instant - _EPOCH) // _MICRO


def instant(value: Micros) -> datetime:
    return _EPOCH + value * _MICRO


#: The instants that dates mean, in whatever zone they were written.
FIRST_MICROS, LAST_MICROS = micros(FIRST - timedelta(days=1)), micros(LAST + timedelta(days=1))


def sane(value: datetime | None) -> datetime | None:
    """Answer *value* if it is an instant that counts as a date."""
    return value if value is not None and FIRST <= value <= LAST else None


def from_local(naive: datetime, zone: tzinfo) -> datetime | None:
    """Read a date *naive* of a store as the instant it means in *zone*; None where it does not count as a date.

    Of an hour that a clock shows twice the first is meant; an hour that it skips begins when it has been skipped.
    So a later text or column never means an earlier instant.
    """
    return meant(naive, zone) if FIRST <= naive.replace(tzinfo=UTC) <= LAST else None


def meant(naive: datetime, zone: tzinfo) -> datetime:
    """Find the instant that *naive* means in *zone*, whether or not that counts as a date."""
    local = naive.replace(tzinfo=zone, fold=0)
    found = local.astimezone(UTC)
    if found.astimezone(zone).replace(tzinfo=None) == naive:
        return found
    # The clock never showed this: what it showed before and after differ by what it skipped.
    return _clock_change(local.replace(fold=1).astimezone(UTC), found, zone)


def _clock_change(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """Find the instant between *before* and *after* at which the clock of *zone* was put forward or back."""
    offset = before.astimezone(zone).utcoffset()
    while after - before > _MICRO:
        middle = before + (after - before) / 2
        if middle.astimezone(zone).utcoffset() == offset:
            before = middle
        else:
            after = middle
    return after


@dataclass(frozen=True, slots=True)
class LocalBound:
    """Be the first *naive* date that a clock shows at or after what was asked; *exact* if it means just that.

    *skipped_from* is the first date that means it where that is not *naive*: the clock skipped what lies between.
    """

    naive: datetime
    exact: bool
    skipped_from: datetime | None = None


def to_local(asked: datetime, zone: tzinfo) -> LocalBound:
    """Find where *asked* falls among the naive dates that a store writes in *zone*."""
    local = asked.astimezone(zone).replace(fold=0)
    first, second = local.astimezone(UTC), asked.astimezone(UTC)
    if first == second:
        naive = local.replace(tzinfo=None)
        before = (asked - _MICRO).astimezone(zone).replace(tzinfo=None) + _MICRO
        return LocalBound(naive, exact=True, skipped_from=before if before < naive else None)
    # Nothing stored means the second showing of this hour: the next date that means anything ends it.
    end = _clock_change(first, second, zone) + (second - first)
    return LocalBound(end.astimezone(zone).replace(tzinfo=None), exact=False)


def read_iso(text: str, form: IsoForm, zone: tzinfo) -> datetime | None:
    """Read *text* if it has the profile's one shape; dates without zone are in *zone*."""
    if not _COMPILED[form].match(text):
        return None
    if form == "iso_z":
        return sane(datetime.fromisoformat(text))
    return from_local(datetime.fromisoformat(text), zone)


def write_iso(naive: datetime, form: IsoForm) -> str:
    """Write *naive* in the profile's one shape (iso_z: UTC, cut to milliseconds)."""
    if form == "iso":
        return naive.isoformat()
    return naive.isoformat(timespec="milliseconds") + "Z"


@dataclass(frozen=True, slots=True)
class Period:
    """Be the time from *start*, which is in it, to *end*, which is not; either may be open."""

    start: datetime | None = None
    end: datetime | None = None

    def __post_init__(self) -> None:
        if self.start is not None and self.end is not None and self.end < self.start:
            raise BadInputError("A period cannot end before it begins: from is later than to.")

    def holds(self, at: datetime) -> bool:
        return (self.start is None or self.start <= at) and (self.end is None or at < self.end)
