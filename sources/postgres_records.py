"""Make records of rows: only what is picked of them is selected, and read by one comprehension that is made for it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement

from domain.columns import RecordColumns
from domain.stored_time import Form
from sources.postgres_packing import Columns
from sources.postgres_time import TimeColumn

R = TypeVar("R")
Picks = frozenset[str]
#: All that a record has.
ALL: Picks = frozenset()
#: The same, for who asks together with others.
EVERYTHING = "*"

#: How a column is read: `{0}` is what the first of them holds, `{h}` the help that a part brings along.
AS_IS = "{0}"
TEXT = "None if {0} is None else ({0}.strip() or None) if {0}.__class__ is str else clean({0})"
NAME, KEY = "str({0})", "None if {0} is None else str({0})"
BY, IF_ANY = "{h}({0})", "None if {0} is None else {h}({0})"
INSTANT = "{0} if {0} is None or ({0}.__class__ is datetime and {0}.tzinfo is UTC) else {h}({0})"
#: How whole columns are read at once, where that takes less than reading each value.
_AT_ONCE = {AS_IS: "{0}", TEXT: "texts({0})", NAME: "list(map(str, {0}))", INSTANT: "instants({0}, {h})"}
MEANING, MEANING_IF_ANY = "{h}[{0}]", "{h}[{0}] if {0} else None"


@dataclass(frozen=True, slots=True)
class Part:
    """Be an attribute of a record: what columns it is read from, by their labels, and how, with what *help*."""

    columns: tuple[str, ...]
    reads: str = AS_IS
    help: Any = None
    #: Writes in SQL, of its columns, the date with a time that it is; None where only `reads` can tell.
    at: Callable[[Sequence[str]], str] | None = None


class Meanings(dict[str | None, Any]):
    """Translate words of the store; *unknown* is what any other means."""

    def __init__(self, words: Mapping[Any, Sequence[str]], unknown: Any) -> None:
        super().__init__((word, status) for status, listed in reversed(list(words.items())) for word in listed)
        self._unknown = unknown

    def __missing__(self, _: str | None) -> Any:
        return self._unknown


def time_part(name: str, time: TimeColumn) -> Part:
    """Be the instant that *time* says: at a glance where the statement has looked at all there is to look at."""
    return Part((name,), INSTANT if time.form is Form.INSTANT else IF_ANY, time.stored.read)


def clean(stored: object) -> str | None:
    """Make of what a store holds a text that says something, or None."""
    return None if stored is None else str(stored).strip() or None


def texts(stored: list[Any]) -> list[str | None]:
    """Make of what a column holds texts that say something, or None."""
    try:
        stripped: list[str | None] = list(map(str.strip, stored))
    except TypeError:
        return [None if one is None else one.strip() or None if one.__class__ is str else clean(one) for one in stored]
    return [text or None for text in stripped] if "" in stripped else stripped


def instants(stored: list[Any], read: Callable[[Any], datetime | None]) -> list[datetime | None]:
    """Make of the dates that a column holds instants in UTC, by *read* where they are not yet."""
    try:
        if set(map(_ZONE, stored)) <= _IN_UTC:
            return stored
    except AttributeError:
        pass  # some are null
    return [None if at is None else read(at) for at in stored]


@dataclass(frozen=True, slots=True)
class Made(Generic[R]):
    """Be the *columns*, called *labels*, of a record, and what makes records of rows that begin with them."""

    columns: Sequence[ColumnElement[Any]]
    labels: Sequence[str]
    records: Callable[[Sequence[Any]], list[R]]
    #: Makes the same, held as columns where the record is made of just these.
    held: Callable[[Columns], Sequence[R]]


class Records(Generic[R]):
    """Make records of a *kind*: what each attribute is read from stands in *parts*, whose columns are in *columns*.

    Those *beside* are selected whatever is picked.
    """

    def __init__(
        self,
        kind: Callable[..., R],
        columns: Mapping[str, ColumnElement[Any]],
        parts: Mapping[str, Part],
        beside: Sequence[str] = (),
    ) -> None:
        self._kind = kind
        self._columns = columns
        self._parts = parts
        self._beside = beside
        self._made: dict[Picks, Made[R]] = {}

    @property
    def parts(self) -> Mapping[str, Part]:
        return self._parts

    def of(self, picks: Picks) -> Made[R]:
        """Be what reads the attributes *picks*, and `key`; all of them where none is named."""
        made = self._made.get(picks)
        if made is None:
            named = frozenset(self._parts) & picks
            wanted = ALL if not picks or EVERYTHING in picks or "key" not in self._parts else named | {"key"}
            made = self._made.get(wanted) or self._make(wanted)
            self._made[wanted] = made
            if len(self._made) < _MOST_KEPT:
                self._made[picks] = made
        return made

    def _make(self, wanted: Picks) -> Made[R]:
        parts = {name: part for name, part in self._parts.items() if not wanted or name in wanted}
        read = (label for part in parts.values() for label in part.columns)
        labels = list(dict.fromkeys((*self._beside, *read)))
        columns = [self._columns[label].label(label) for label in labels]
        reader = Reader(self._kind, labels, parts)
        held = reader.columns if isinstance(self._kind, type) else reader.records
        return Made(columns, labels, reader.records, held)


_ZONE, _IN_UTC = attrgetter("tzinfo"), {UTC}
#: What picks are asked for is up to clients.
_MOST_KEPT = 1_000


@dataclass(slots=True)
class Reader(Generic[R]):
    """Read *parts* from rows that begin with the columns *labels*."""

    kind: Callable[..., R]
    labels: Sequence[str]
    parts: Mapping[str, Part]
    _written: dict[int, Callable[[Sequence[Any]], list[R]]] = field(default_factory=dict)
    _apart: Callable[[Sequence[list[Any]]], dict[str, list[Any]]] | None = None

    def records(self, rows: Sequence[Any]) -> list[R]:
        if not rows:
            return []
        # What a statement finds beside the record follows.
        width = len(rows.names) if isinstance(rows, Columns) else len(rows[0])
        written = self._written.get(width)
        if written is None:
            written = self._written[width] = self._write(width)
        return written(rows)

    def columns(self, rows: Columns) -> RecordColumns[R]:
        """Read the same into columns: none of the records is made."""
        if not rows:
            return RecordColumns(self.kind, {name: [] for name in self.parts}, 0)
        if self._apart is None:
            self._apart = self._write_apart()
        return RecordColumns(self.kind, self._apart(rows.lists), len(rows))

    def _write_apart(self) -> Callable[[Sequence[list[Any]]], dict[str, list[Any]]]:
        """Write what reads each part by itself: at once where that can be, else by a comprehension."""
        named: dict[str, Any] = {"clean": clean, "datetime": datetime, "UTC": UTC, "texts": texts, "instants": instants}
        names = {label: f"c{place}" for place, label in enumerate(self.labels)}
        made = []
        for place, (name, part) in enumerate(self.parts.items()):
            named[f"h{place}"] = part.help
            read = [names[label] for label in part.columns]
            given = [f"s{one}" for one in read]
            at_once = _AT_ONCE.get(part.reads)
            if at_once is not None:
                made.append(f"{name!r}: {at_once.format(*given, h=f'h{place}')}")
                continue
            value = part.reads.format(*read, h=f"h{place}")
            several = f"({', '.join(read)}) in zip({', '.join(given)})"
            made.append(f"{name!r}: [{value} for {several if len(read) > 1 else f'{read[0]} in s{read[0]}'}]")
        columns = "".join(f"s{one}, " for one in names.values())
        source = f"def read(lists):\n    {columns}*_ = lists\n    return {{{', '.join(made)}}}"
        return _compiled(source, named)

    def _write(self, width: int) -> Callable[[Sequence[Any]], list[R]]:
        """Write a comprehension that makes records of rows of *width* columns, those that follow apart."""
        named: dict[str, Any] = {"kind": self.kind, "clean": clean, "datetime": datetime, "UTC": UTC}
        names = {label: f"c{place}" for place, label in enumerate(self.labels)}
        given = []
        for place, (name, part) in enumerate(self.parts.items()):
            named[f"h{place}"] = part.help
            given.append(f"{name}=" + part.reads.format(*(names[label] for label in part.columns), h=f"h{place}"))
        row = "".join(f"c{place}, " for place in range(width))
        source = f"def read(rows):\n    return [kind({', '.join(given)}) for {row} in rows]"
        return _compiled(source, named)


def _compiled(source: str, named: dict[str, Any]) -> Callable[[Sequence[Any]], Any]:
    exec(source, named)  # noqa: S102 - of nothing but the forms above and the names of attributes
    read: Callable[[Sequence[Any]], Any] = named["read"]
    return read
