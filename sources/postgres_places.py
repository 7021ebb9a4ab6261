"""Where a section of a profile keeps what records call name, email, status: its columns, and parts of JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

from sources.profile import Field, Join, Ref, Rows, StatusMap

#: Of a section, what names no column that a row is written to.
_NO_ROLES = frozenset({"name_of", "where", "insert", "dates", "tenant", "unit"})


_SNAPSHOT = "snapshot."
_LEAD = "lead"
#: What says which row of the catalogue was booked.
CATALOGUE_KEY = "snapshot.catalogue_key"
#: What inputs call by another name than records.
_INPUTS = {"customer": "customer_id", "lead": "lead_id"}


class Place(NamedTuple):
    """Be a *column*, and the *keys* into the JSON that it holds."""

    column: str
    keys: tuple[str, ...] = ()


class Places:
    """Find what the section *rows* maps."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def of(self, name: str) -> Sequence[Place]:
        """List where *name* is read from; nothing where it is not mapped, or read through another row.

        A name with a point is one of the section's snapshot.
        """
        return places_of(self._mapped(name))

    def parts(self, name: str, value: Any) -> list[tuple[Place, Any]]:
        """Say what each place of *name* is to hold, so that it reads as *value*: the first of several says it."""
        mapped = self._mapped(name)
        places = self.of(name)
        if isinstance(mapped, Join):
            return list(zip(places, split_name(value, len(places)), strict=True))
        if value is None:
            return [(place, None) for place in places]
        return [(places[0], value)] if places else []

    def _mapped(self, name: str) -> Any:
        if name == _LEAD and (through := self._through_lead()) is not None:
            return through
        if not name.startswith(_SNAPSHOT):
            return getattr(self._rows, name, None)
        snapshot = getattr(self._rows, "snapshot", None)
        if name == CATALOGUE_KEY:
            return None if snapshot is None or snapshot.catalogue is None else snapshot.catalogue.by
        return getattr(snapshot, name.removeprefix(_SNAPSHOT), None)

    def _through_lead(self) -> str | None:
        """Name the column that names the lead through which rows reach their customer, if they do."""
        customer = getattr(self._rows, "customer", None)
        return customer.column if isinstance(customer, Ref) and customer.through == _LEAD else None

    @property
    def names(self) -> Mapping[str, str]:
        """Be the name that each column has in records."""
        named: dict[str, str] = {}
        for one in fields(self._rows):
            if one.name not in _NO_ROLES:
                for place in self.of(one.name):
                    named.setdefault(place.column, one.name)
        return named


def places_of(mapped: Field | Join | StatusMap[Any] | Ref | str | None) -> Sequence[Place]:
    """List the columns that *mapped* names."""
    if isinstance(mapped, str):
        return [Place(mapped)]
    if isinstance(mapped, StatusMap):
        return [Place(mapped.column)]
    if isinstance(mapped, Ref):
        return [] if mapped.through else [Place(mapped.column)]
    if isinstance(mapped, Join):
        return [Place(path.column, path.keys) for path in mapped.parts]
    if isinstance(mapped, tuple):
        return [Place(path.column, path.keys) for path in mapped]
    return []


def split_name(name: str | None, parts: int) -> list[str | None]:
    """Split *name* so that its parts, joined, read as it: the last word is the last part, as most family names are."""
    words = (name or "").split()
    if parts == 1 or len(words) <= 1:
        return [" ".join(words) or None, *[None] * (parts - 1)]
    behind = words[max(1, len(words) - parts + 1) :]
    first, empty = words[: len(words) - len(behind)], [None] * (parts - 1 - len(behind))
    return [" ".join(first), *behind[:-1], *empty, behind[-1]]


def camel(name: str) -> str:
    """Write *name* as inputs do."""
    first, *more = _INPUTS.get(name, name).removeprefix(_SNAPSHOT).split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in more)


def where_of(name: str) -> tuple[str, ...]:
    """Say where in the input *name* stands."""
    return ("snapshot", camel(name)) if name.startswith(_SNAPSHOT) else (camel(name),)
