"""What records in MongoDB are ordered by: dates, names, or an amount that is nothing for all of them.

Each order says which documents have a value, which come after a place, and what the place of a document is.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Protocol

from domain.keyset import Beyond, Ties
from domain.paging import Value
from domain.time import micros
from sources.mongo_forms import Document, Query, TimeField, no_list, value_at
from sources.profile import Path

#: As in PostgreSQL: longer texts are nobody's name.
LONGEST_NAME = 600


class DocumentOrder(Protocol):
    """Order documents by a *field*; None where all have the same value, so that their keys decide."""

    @property
    def field(self) -> str | None: ...

    def ties(self, phase: Ties) -> Query | None:
        """Ask for just the value of *phase*; None where no document can have it."""

    def beyond(self, phase: Beyond, *, ascending: bool) -> Query | None:
        """Ask for what follows *phase*; None where no document does."""

    def without(self) -> Query | None:
        """Ask for the documents without a value; None where all have one."""

    def is_one(self, document: Document) -> bool:
        """Say whether *document*, which was found by its value, has it: some servers look into lists."""

    def position(self, document: Document) -> tuple[Value | None, str | None]:
        """Be the value of *document*, and its mark."""


@dataclass(frozen=True, slots=True)
class ByTime:
    """Order by the dates in a field."""

    time: TimeField

    @property
    def field(self) -> str:
        return self.time.field

    def ties(self, phase: Ties) -> Query | None:
        return self.time.ties(phase)

    def beyond(self, phase: Beyond, *, ascending: bool) -> Query | None:
        return self.time.beyond(phase, ascending=ascending)

    def without(self) -> Query | None:
        return self.time.without()

    def is_one(self, document: Document) -> bool:
        return self.time.is_one(document)

    def position(self, document: Document) -> tuple[Value | None, str | None]:
        at = self.time.read(document)
        return None if at is None else micros(at), self.time.mark(document, at)


@dataclass(frozen=True, slots=True)
class ByText:
    """Order by the texts at *path*, by code points, where none of the paths *before* has one."""

    path: Path
    before: tuple[Path, ...] = ()

    @property
    def field(self) -> str:
        return str(self.path)

    def ties(self, phase: Ties) -> Query | None:
        return self._range({"$gte": phase.value, "$lte": phase.value})

    def beyond(self, phase: Beyond, *, ascending: bool) -> Query | None:
        if phase.value is None:
            return self._range({})
        bound = ("$gte" if ascending else "$lte") if phase.inclusive else ("$gt" if ascending else "$lt")
        return self._range({bound: phase.value})

    def without(self) -> Query | None:
        return {"$nor": [_one_name(path) for path in (*self.before, self.path)]}

    def is_one(self, document: Document) -> bool:
        return self.position(document)[0] is not None

    def position(self, document: Document) -> tuple[Value | None, str | None]:
        stored = value_at(document, self.field)
        others = any(_is_name(value_at(document, str(path))) for path in self.before)
        return (stored if _is_name(stored) and not others else None), None

    def _range(self, bounds: Query) -> Query:
        query = _name(self.path, bounds)
        return {**query, "$nor": [*query["$nor"], *map(_one_name, self.before)]}


@dataclass(frozen=True, slots=True)
class ByNothing:
    """Order by an amount that is nothing for every document: what only a CRM row can have."""

    value: Decimal = Decimal(0)

    @property
    def field(self) -> None:
        return None

    def ties(self, phase: Ties) -> Query | None:
        return {} if phase.value == self.value else None

    def beyond(self, phase: Beyond, *, ascending: bool) -> Query | None:
        if phase.value is None:
            return {}
        is_beyond = self.value > phase.value if ascending else self.value < phase.value
        return {} if is_beyond or (phase.inclusive and phase.value == self.value) else None

    def without(self) -> Query | None:
        return None

    def is_one(self, _: Document) -> bool:
        return True

    def position(self, _: Document) -> tuple[Value | None, str | None]:
        return self.value, None


def _is_name(stored: Any) -> bool:
    """Say whether *stored* is a text that can be ordered by: as `_name` asks the server for."""
    return isinstance(stored, str) and bool(stored.strip(_SPACE)) and len(stored) < LONGEST_NAME


def _name(path: Path, bounds: Query) -> Query:
    field = str(path)
    return {field: {"$type": "string", "$regex": _FILLED, **bounds}, "$nor": [{field: {"$regex": _TOO_LONG}}]}


def _one_name(path: Path) -> Query:
    """Ask for a name at *path*, and not for a list of them: that is none."""
    return {**_name(path, {}), **no_list(str(path))}


_SPACE = " \t\n\r\f\v"
#: In so many words, since servers do not agree about what is space.
_FILLED, _TOO_LONG = r"[^ \t\n\r\f\v]", r"^[\s\S]{600}"
