"""Let the server write what a statement finds as one row: of each of its columns all values, as an array in JSON.

The driver makes an object of every value of every row, and then somebody turns the rows; an array is read at once. Only
for columns of types of which JSON says exactly what the driver would: numbers with decimals come as text.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple, overload

import orjson
from sqlalchemy import Boolean, Date, DateTime, Double, Float, Integer, Numeric, Select, String, Uuid
from sqlalchemy.sql.selectable import CompoundSelect

from domain.errors import SourceMismatchError

_NONE = type(None)
#: As long as a date without a time.
_DAY = 10
#: Makes of the values that JSON has those that the driver would have answered.
Read = Callable[[list[Any]], list[Any]]


class Columns(Sequence[Any]):
    """Be rows held as *lists*, one for each of their columns: a row is made where it is asked for."""

    __slots__ = ("_count", "lists", "names")

    def __init__(self, names: Sequence[str], lists: Sequence[list[Any]]) -> None:
        self.names = names
        self.lists = lists
        self._count = len(lists[0])

    @classmethod
    def of_rows(cls, names: Sequence[str], rows: Sequence[Any]) -> "Columns":
        """Turn *rows*."""
        return cls(names, list(map(list, zip(*rows, strict=True))) if rows else [[] for _ in names])

    @classmethod
    def joined(cls, parts: Sequence["Columns"]) -> "Columns":
        """Be the rows of all *parts*, of which there is one at least."""
        filled = [one for one in parts if len(one)]
        if len(filled) < 2:  # noqa: PLR2004 - nothing to join
            return filled[0] if filled else parts[0]
        lists = [
            [value for one in several for value in one] for several in zip(*(p.lists for p in filled), strict=True)
        ]
        return cls(filled[0].names, lists)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Any]:
        """Go through the rows as tuples."""
        return zip(*self.lists, strict=True)

    @overload
    def __getitem__(self, index: int) -> "ColumnsRow": ...

    @overload
    def __getitem__(self, index: slice) -> "Columns": ...

    def __getitem__(self, index: "int | slice") -> "ColumnsRow | Columns":
        if isinstance(index, slice):
            return Columns(self.names, [column[index] for column in self.lists])
        if not -self._count <= index < self._count:
            raise IndexError(index)
        return ColumnsRow(self, index)

    def at(self, places: Sequence[int]) -> "Columns":
        """Be the rows at *places*, in their order."""
        return Columns(self.names, [[column[place] for place in places] for column in self.lists])


class Picked(Sequence["ColumnsRow"]):
    """Be the rows of *whole* at *places*: each is made where it is asked for."""

    __slots__ = ("places", "whole")

    def __init__(self, whole: Columns, places: range) -> None:
        self.whole = whole
        self.places = places

    def __len__(self) -> int:
        return len(self.places)

    @overload
    def __getitem__(self, index: int) -> "ColumnsRow": ...

    @overload
    def __getitem__(self, index: slice) -> "Picked": ...

    def __getitem__(self, index: "int | slice") -> "ColumnsRow | Picked":
        if isinstance(index, slice):
            return Picked(self.whole, self.places[index])
        return ColumnsRow(self.whole, self.places[index])


class ColumnsRow:
    """Be a row whose columns are items, by place or by name, and attributes."""

    __slots__ = ("_index", "_whole")

    def __init__(self, whole: Columns, index: int) -> None:
        self._whole = whole
        self._index = index

    def __getitem__(self, column: int | str) -> Any:
        place = self._whole.names.index(column) if isinstance(column, str) else column
        return self._whole.lists[place][self._index]

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except ValueError:
            raise AttributeError(name) from None


#: What a list holds whose statement was not asked.
NO_COLUMNS = Columns(("key",), [[]])


class Packing(NamedTuple):
    """Be the statement *sql* that answers, in one row, the columns *names* of another, and what reads each of them."""

    sql: str
    names: tuple[str, ...]
    reads: tuple[Read, ...]
    #: What it selects of the other, whose columns are called c0, c1 and so on.
    selected: str

    def columns(self, row: Sequence[str | None]) -> Columns:
        """Read the columns in *row*. Raises SourceMismatchError where they are of other types by now."""
        lists: list[list[Any]] = []
        for text, read in zip(row, self.reads, strict=True):
            # An aggregate of no rows is NULL.
            lists.append(read([] if text is None else orjson.loads(text)))
        return Columns(self.names, lists)


def names_of(query: Any) -> tuple[str, ...]:
    """Name the columns of *query*."""
    return tuple(query.selected_columns.keys())


def packing(query: Any, sql: str) -> Packing | None:
    """Say how *sql*, which is how *query* is sent, is sent to be answered in one row.

    None where it selects what JSON does not say exactly, or is no query.
    """
    if not isinstance(query, Select | CompoundSelect):
        return None
    found = [(name, _form(column.type)) for name, column in query.selected_columns.items()]
    if any(form is None for _, form in found):
        return None
    forms = [form for _, form in found if form is not None]
    inner = [f"c{place}" for place in range(len(forms))]
    selected = ", ".join(f"json_agg({form.cast.format(one)})::text" for one, form in zip(inner, forms, strict=True))
    wrapped = f"SELECT {selected} FROM ({sql}) AS found ({', '.join(inner)})"
    return Packing(wrapped, tuple(name for name, _ in found), tuple(form.read for form in forms), selected)


class _Form(NamedTuple):
    """Be how values of a type are written, and read."""

    cast: str
    read: Read


def _form(type_: Any) -> _Form | None:
    if isinstance(type_, Float | Double):
        return None
    return next((form for class_, form in _FORMS if isinstance(type_, class_)), None)


def _only(class_: type, called: str) -> Read:
    """Read values of one class: where there are others, the column is of another type by now."""
    classes = {class_, _NONE}

    def read(values: list[Any]) -> list[Any]:
        if not set(map(type, values)) <= classes:
            raise SourceMismatchError("postgres", f"a column of {called} holds something else")
        return values

    return read


def _numbers(values: list[Any]) -> list[Any]:
    return [None if text is None else Decimal(text) for text in values]


def _dates(values: list[Any]) -> list[Any]:
    """Read dates with times, or without: which of them a column has may have changed."""
    read: Callable[[str], date] = datetime.fromisoformat
    if len(next((text for text in values if text is not None), "")) == _DAY:
        read = date.fromisoformat
    try:
        return list(map(read, values))
    except TypeError:
        return [None if text is None else read(text) for text in values]


_FORMS: tuple[tuple[type, _Form], ...] = (
    (String, _Form("{}", _only(str, "texts"))),
    (Boolean, _Form("{}", _only(bool, "truths"))),
    (Uuid, _Form("{}", _only(str, "UUIDs"))),
    (Integer, _Form("{}", _only(int, "whole numbers"))),
    (Numeric, _Form("{}::text", _numbers)),
    (DateTime, _Form("{}", _dates)),
    (Date, _Form("{}", _dates)),
)
