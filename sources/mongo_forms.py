"""The forms of query that every server speaking MongoDB's protocol answers alike, and how documents carry keys.

Servers that pose as MongoDB differ in `$or`, `$exists`, `$ne`, comparisons of dates and `$type`: so everything that is
sent is put together of these forms, and a test pins each of them on every server it is run against.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from enum import Enum
from typing import Any

from bson import ObjectId

from domain.errors import BadCursorError
from domain.keyset import Beyond, Nulls, Ties
from domain.records import Key
from domain.stored_time import Bound, Form, StoredTime
from domain.time import FIRST, ISO_SHAPES, LAST, Period
from sources.profile import Field
from sources.storable import is_storable

Query = dict[str, Any]
Document = Mapping[str, Any]
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}")
_OBJECT_ID = re.compile(r"[0-9a-f]{24}")


class KeyForm(Enum):
    """What the keys of a collection are: all of one kind."""

    TEXT = "text"
    INTEGER = "integer"
    OBJECT_ID = "object id"

    @property
    def bracket(self) -> Query:
        """Keep a range of keys to keys of this form: only texts need it, with servers that compare across types."""
        return {"$type": "string"} if self is KeyForm.TEXT else {}

    def parse(self, key: Key) -> Any:
        """Write *key* as the collection holds it; None where it cannot."""
        if self is KeyForm.INTEGER:
            return integer_of(key)
        if self is KeyForm.OBJECT_ID:
            return ObjectId(key) if _OBJECT_ID.fullmatch(key) else None
        return key if is_storable(key) else None

    def text(self, stored: object) -> Key | None:
        """Read a key of this form; None for anything else."""
        return str(stored) if KeyForm.of(stored) is self else None

    @classmethod
    def of(cls, stored: object) -> "KeyForm | None":
        if isinstance(stored, str):
            return cls.TEXT
        if isinstance(stored, int) and not isinstance(stored, bool):
            return cls.INTEGER
        return cls.OBJECT_ID if isinstance(stored, ObjectId) else None


def integer_of(key: Key) -> int | None:
    """Read the canonical text of a number of 64 bits."""
    number = int(key) if _INTEGER.fullmatch(key) else None
    return number if number is not None and -(1 << 63) <= number < 1 << 63 else None


def link_key(stored: object) -> Key | None:
    """Read the key that a link names: its canonical text, or the integer or ObjectId itself; None where it is empty."""
    return str(stored) if KeyForm.of(stored) is not None and stored != "" else None


def spellings(keys: Collection[Key]) -> list[Any]:
    """List everything that a link may hold to name one of *keys*."""
    found: list[Any] = []
    for key in keys:
        if is_storable(key):
            found.append(key)
        if (number := integer_of(key)) is not None:
            found.append(number)
        elif _OBJECT_ID.fullmatch(key):
            found.append(ObjectId(key))
    return found


def one_of(field: str, values: Sequence[Any]) -> Query:
    """Ask for *field* to equal one of *values*; also a single one, which `$in` finds on every server."""
    return {field: {"$in": list(values)}}


def all_of(conditions: Sequence[Query]) -> Query:
    """Ask for all *conditions*, by one document where no field comes twice."""
    merged: Query = {}
    for condition in conditions:
        for field, test in condition.items():
            if field in merged:
                return {"$and": list(conditions)}
            merged[field] = test
    return merged


class TimeField:
    """Be the dates in a field of documents, in the profile's one form."""

    def __init__(self, field: str, stored: StoredTime) -> None:
        self.field = field
        self.stored = stored

    def read(self, document: Document) -> datetime | None:
        return self.stored.read(value_at(document, self.field))

    def is_one(self, document: Document) -> bool:
        """Say whether *document* has one value here: most servers find a date in a list as well, and a list is none."""
        return not isinstance(value_at(document, self.field), list | None)

    def mark(self, document: Document, read: datetime | None) -> str | None:
        return self.stored.mark(value_at(document, self.field), read)

    def ties(self, phase: Ties) -> Query | None:
        """Ask for just this date; None where the form cannot say it."""
        bound = self._bound(phase.value, phase.stored)
        if not bound.exact:
            return None
        if self.stored.form.is_text:
            return one_of(self.field, [bound.value])
        return self._range({"$gte": bound.value, "$lte": bound.value})

    def beyond(self, phase: Beyond, *, ascending: bool) -> Query:
        if phase.value is None:
            return self._range({})
        bound = self._bound(phase.value, phase.stored)
        if not bound.exact:
            return self._range({"$gte" if ascending else "$lt": bound.first})
        if phase.resumes:
            return self._range({"$gt" if ascending else "$lt": bound.value})
        if phase.inclusive:
            return self._range({"$gte": bound.first} if ascending else {"$lte": bound.value})
        return self._range({"$gt": bound.value} if ascending else {"$lt": bound.first})

    def without(self) -> Query:
        """Ask for the documents that have no date, or none of the form that counts; a list is none, see `is_one`."""
        return {"$nor": [{**self._range({}), **no_list(self.field)}]}

    def within(self, period: Period | None) -> list[Query]:
        if period is None:
            return []
        bounds: Query = {}
        if period.start is not None:
            bounds["$gte"] = self.stored.bound(max(period.start, FIRST)).first
        if period.end is not None:
            bounds["$lt"] = self.stored.bound(min(period.end, LAST)).first
        return [self._range(bounds)]

    def _bound(self, asked: datetime, mark: str | None) -> Bound:
        return self.stored.bound(asked) if mark is None else self.stored.marked(mark, asked)

    def _range(self, bounds: Query) -> Query:
        if self.stored.form.is_text:
            shape = {"$type": "string", "$regex": ISO_SHAPES[self.stored.form.value]}
            # The end that a pattern asks for may be followed by the end of the line, for some servers.
            return {self.field: {**shape, **bounds}, "$nor": [{self.field: {"$regex": "\n"}}]}
        # `$nin: []` asks for nothing; beside it, servers that compare dates loosely compare them exactly.
        lower = {} if any(name in bounds for name in ("$gt", "$gte")) else {"$gte": FIRST}
        upper = {} if any(name in bounds for name in ("$lt", "$lte")) else {"$lte": LAST}
        return {self.field: {**lower, **bounds, **upper, "$nin": []}}


def no_list(field: str) -> Query:
    """Ask for no list at *field*, nor on the way to it."""
    names = field.split(".")
    return {f"{'.'.join(names[:count])}.0": {"$exists": False} for count in range(1, len(names) + 1)}


def stored_time(dates: str, zone: Any) -> StoredTime:
    form = {"iso": Form.ISO, "iso_z": Form.ISO_Z}.get(dates, Form.MILLIS)
    return StoredTime(form, zone)


def after_key(field: str, phase: Ties | Nulls, form: KeyForm, *, ascending: bool) -> list[Query]:
    """Ask for the keys that come after *phase*'s. Raises BadCursorError for one that this collection cannot have."""
    if phase.key is None:
        return []
    key = form.parse(phase.key)
    if key is None:
        raise BadCursorError(phase.key)
    return [{field: {"$gt" if ascending else "$lt": key, **form.bracket}}]


def value_at(document: Document, path: str) -> Any:
    """Find what *document* holds at the dotted *path*."""
    if "." not in path:
        return document.get(path)
    value: Any = document
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value


def text_at(document: Document, field: Field | None) -> str | None:
    """Find the first of *field*'s paths that holds a text which says something."""
    for path in field or ():
        text = text_of(value_at(document, str(path)))
        if text:
            return text
    return None


def text_of(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float | ObjectId):
        return None
    return str(value).strip() or None


def fields_of(*parts: Field | str | None) -> list[str]:
    """List the fields of documents that *parts* read."""
    named: dict[str, None] = {}
    for part in parts:
        if isinstance(part, str):
            named[part] = None
        elif part is not None:
            named.update((str(path), None) for path in part)
    # A server refuses to project a field beside one that lies in it.
    return [name for name in named if not any(name.startswith(f"{other}.") for other in named)]
