"""What somebody who writes a profile would look at: tables and collections, and some of what they hold."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Any, Literal

from domain.time import ISO_SHAPES

#: A column with more different words than this, or longer ones, holds no words of a status.
MOST_WORDS = 50
_LONGEST_WORD = 60
#: Of the texts that are dates so many have the one form: some rows are always odd.
_MOST_DATES = 0.8
#: How many rows or documents of a place are looked at.
SAMPLE = 1_000


class Holds(Enum):
    """Name what a column holds, whatever the store calls its type."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    FLAG = "flag"
    DATE = "date"
    #: UUIDs and ObjectIds.
    KEY = "key"
    JSON = "json"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """Be one column, or one field of documents.

    *filled* where the store fills it in by itself; *zoned* unless it is a date without a zone; *words* are those that
    the store says it may hold; *sample* is what some rows hold, without nulls.
    """

    name: str
    type: str
    holds: Holds
    required: bool = False
    filled: bool = False
    zoned: bool = True
    words: tuple[str, ...] = ()
    sample: tuple[Any, ...] = field(default=(), repr=False)

    @property
    def counted(self) -> dict[str, int]:
        """Count the words that it holds, the usual ones first; empty where it does not seem to hold words."""
        texts = [str(one).lower() if isinstance(one, bool) else one for one in self.sample]
        found = Counter(one for one in texts if isinstance(one, str) and one)
        seen = {**dict(found.most_common()), **{word: found[word] for word in self.words}}
        if len(seen) > MOST_WORDS or any(len(word) > _LONGEST_WORD for word in seen):
            return {}
        return seen

    @property
    def dates(self) -> Literal["iso", "iso_z"] | None:
        """Say in which of the two forms its texts are dates; None if more than a few are not."""
        texts = [one for one in self.sample if isinstance(one, str) and one]
        forms: tuple[Literal["iso", "iso_z"], ...] = ("iso", "iso_z")
        for form in forms:
            fitting = sum(bool(re.match(ISO_SHAPES[form], text)) for text in texts)
            if fitting and fitting >= _MOST_DATES * len(texts):
                return form
        return None

    @property
    def is_date(self) -> bool:
        return self.holds is Holds.DATE or self.dates is not None

    @property
    def keys_inside(self) -> frozenset[str]:
        """Name the keys of the JSON that it holds."""
        found: set[str] = set()
        for one in self.sample if self.holds is Holds.JSON else ():
            parsed = one
            if isinstance(one, str):
                with suppress(ValueError):
                    parsed = json.loads(one)
            if isinstance(parsed, Mapping):
                found.update(map(str, parsed))
        return frozenset(found)


@dataclass(frozen=True, slots=True)
class Reference:
    """Be a foreign key: *columns* hold the *keys* of the place *to*."""

    columns: tuple[str, ...]
    to: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Be one table or collection, with about so many *rows*.

    *unique* lists what is unique, the primary key first; *tenant* is the column that says whose a row is.
    """

    name: str
    kind: Literal["table", "collection"]
    columns: Mapping[str, Column]
    rows: int = 0
    unique: tuple[tuple[str, ...], ...] = ()
    references: tuple[Reference, ...] = ()
    tenant: str | None = None

    @property
    def primary(self) -> tuple[str, ...]:
        return self.unique[0] if self.unique else ()

    def with_columns(self, columns: Iterable[Column]) -> "Place":
        return replace(self, columns={one.name: one for one in columns})


#: What Python's values say of a field of documents.
_BY_TYPE: Mapping[str, Holds] = {
    "str": Holds.TEXT,
    "int": Holds.INTEGER,
    "Int64": Holds.INTEGER,
    "float": Holds.NUMBER,
    "Decimal128": Holds.NUMBER,
    "bool": Holds.FLAG,
    "datetime": Holds.DATE,
    "DatetimeMS": Holds.DATE,
    "ObjectId": Holds.KEY,
    "UUID": Holds.KEY,
    "dict": Holds.JSON,
}


def collection_of(name: str, documents: list[Mapping[str, Any]], rows: int) -> Place:
    """Describe the collection *name* by some of its *documents*: their fields, and those one level inside."""
    samples: dict[str, list[Any]] = {}
    for document in documents:
        for at, value in _fields(document):
            samples.setdefault(at, []).append(value)
    columns = {at: _field(at, sample, len(documents)) for at, sample in samples.items()}
    unique = tuple((at,) for at, one in columns.items() if one.required and _all_differ(one.sample))
    return Place(name=name, kind="collection", columns=columns, rows=rows, unique=unique)


def _fields(document: Mapping[str, Any], inside: str = "") -> Iterable[tuple[str, Any]]:
    for name, value in document.items():
        if "." in name or name.startswith("$") or value is None:
            continue
        yield f"{inside}{name}", value
        if isinstance(value, Mapping) and not inside:
            yield from _fields(value, f"{name}.")


def _field(at: str, sample: list[Any], documents: int) -> Column:
    types = Counter(type(value).__name__ for value in sample)
    type_ = types.most_common(1)[0][0]
    holds = _BY_TYPE.get(type_, Holds.OTHER)
    return Column(name=at, type=type_, holds=holds, required=len(sample) == documents, sample=tuple(sample))


def _all_differ(sample: tuple[Any, ...]) -> bool:
    plain = [one for one in sample if not isinstance(one, Mapping | list | float | bool | datetime)]
    return len(plain) == len(sample) == len(set(map(str, plain)))
