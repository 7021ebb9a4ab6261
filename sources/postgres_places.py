"""Where a section of a profile keeps what records call name, email, status: its columns, and parts of JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, NamedTuple

from sources.profile import Field, Join, Ref, Rows, StatusMap

#: Of a section, what names no column that a row is written to.
_NO_ROLES = frozenset({"name_of", "where", "insert", "dates", "tenant", "unit"})


class Place(NamedTuple):
    """Be a *column*, and the *keys* into the JSON that it holds."""

    column: str
    keys: tuple[str, ...] = ()


class Places:
    """Find what the section *rows* maps."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    def of(self, name: str) -> Sequence[Place]:
        """List where *name* is read from; nothing where it is not mapped, or read through another row."""
        return places_of(getattr(self._rows, name, None))

    def parts(self, name: str, value: Any) -> list[tuple[Place, Any]]:
        """Say what each place of *name* is to hold, so that it reads as *value*: the first of several says it."""
        mapped = getattr(self._rows, name, None)
        places = self.of(name)
        if isinstance(mapped, Join):
            return list(zip(places, split_name(value, len(places)), strict=True))
        if value is None:
            return [(place, None) for place in places]
        return [(places[0], value)] if places else []

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
    first, *more = name.split("_")
    return first + "".join(word.capitalize() for word in more)
