"""Pages by keyset: what a client asks for, and the positions that cursors stand for."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum
from typing import Any, Generic, TypeVar, overload

from domain.errors import BadCursorError, BadPageError
from domain.ids import pack, unpack
from domain.records import Key, RecordKind
from domain.time import FIRST_MICROS, LAST_MICROS, Micros

T = TypeVar("T")
DEFAULT_SIZE = 20
#: What a list is ordered by: an instant, a text, an amount.
Value = Micros | str | Decimal
#: The orders that are by anything else than an instant.
BY_TEXT, BY_AMOUNT = frozenset({"NAME"}), frozenset({"TOTAL_REVENUE"})
#: As many digits as no store sums up.
_AMOUNT = re.compile(r"-?[0-9]{1,200}(\.[0-9]{1,20})?", re.ASCII)


def is_text(text: str) -> bool:
    """Say whether a store could order by *text*: it is no half of a character."""
    return not any("\ud800" <= character <= "\udfff" for character in text)


class Direction(Enum):
    ASC = "ASC"
    DESC = "DESC"

    @property
    def reversed(self) -> "Direction":
        return Direction.ASC if self is Direction.DESC else Direction.DESC


@dataclass(frozen=True, slots=True)
class Order:
    """Order a *list* (named like its root field) by a *field*, in a *direction*; *chosen* marks what narrows it."""

    list: str
    field: str
    direction: Direction
    chosen: str | None = None

    @property
    def name(self) -> str:
        """Name the list that a cursor belongs to."""
        return self.list if self.chosen is None else f"{self.list} {self.chosen}"


@dataclass(frozen=True, slots=True)
class Position:
    """Be a place in an ordered list: a *value* (None among those without one), the *kind* of record and its *key*.

    The value is of the kind that the list is ordered by.

    *stored* is what the store holds where that is not what it would write for *value*: a local time that no clock
    showed. Among records of its kind such a place is found by that.
    """

    value: Value | None
    key: Key
    kind: RecordKind | None = None
    stored: str | None = None


def encode_cursor(order: Order, tenant: str | None, position: Position) -> str:
    kind = position.kind.value if position.kind else None
    value = f"{position.value:f}" if isinstance(position.value, Decimal) else position.value
    parts = [order.name, order.field, order.direction.value, tenant, value, kind, position.key]
    return pack([*parts, position.stored] if position.stored is not None else list(parts))


def decode_cursor(text: str, order: Order, tenant: str | None, *, kinds: bool = False) -> Position:
    """Read *text* as a position of the list *order* of *tenant*, whose positions have a kind of record if *kinds*.

    Raises BadCursorError for anything else.
    """
    parts = unpack(text)
    if not isinstance(parts, list) or parts[:4] != [order.name, order.field, order.direction.value, tenant]:
        raise BadCursorError(text)
    match parts[4:]:
        case [written, None, str(key), *rest] if not kinds:
            return Position(_value(text, written, order, rest), key, None, *rest)
        case [written, str(kind), str(key), *rest] if kinds and kind in RecordKind.__members__:
            return Position(_value(text, written, order, rest), key, RecordKind[kind], *rest)
        case _:
            raise BadCursorError(text)


def _value(text: str, written: object, order: Order, rest: list[object]) -> Value | None:
    """Read the value that the cursor *text* has *written*; *rest* is what follows its key."""
    if written is None and not rest:
        return None
    if order.field in BY_TEXT and isinstance(written, str) and not rest and is_text(written):
        return written
    if order.field in BY_AMOUNT and isinstance(written, str) and not rest and _AMOUNT.fullmatch(written):
        return Decimal(written)
    if order.field in BY_TEXT | BY_AMOUNT or not _is_stored(rest, written) or not _is_value(written):
        raise BadCursorError(text)
    assert isinstance(written, int)
    return written


def _is_stored(rest: list[object], value: object) -> bool:
    return not rest or (len(rest) == 1 and isinstance(rest[0], str) and value is not None)


def _is_value(value: object) -> bool:
    return type(value) is int and FIRST_MICROS <= value <= LAST_MICROS


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Ask for *size* items after (or, *backwards*, before) *position* of the list *order*."""

    order: Order
    size: int
    backwards: bool = False
    position: Position | None = None

    @property
    def reading(self) -> Direction:
        """The direction in which a store is read for this page: nulls are then first if *backwards*, else last."""
        return self.order.direction.reversed if self.backwards else self.order.direction


@dataclass(frozen=True, slots=True)
class PageArguments:
    """Be Relay's four arguments, as the client gave them."""

    first: int | None = None
    after: str | None = None
    last: int | None = None
    before: str | None = None

    def request(self, order: Order, tenant: str | None, *, longest: int, kinds: bool = False) -> PageRequest:
        """Make a page of them.

        Raises BadPageError for arguments that do not go together and for sizes outside 1 to *longest*, and
        BadCursorError.
        """
        forwards = self.first is not None or self.after is not None
        backwards = self.last is not None or self.before is not None
        if forwards and backwards:
            raise BadPageError("first goes with after, and last with before: not both in one page.")
        name, size = ("last", self.last) if backwards else ("first", self.first)
        size = min(DEFAULT_SIZE, longest) if size is None else size
        if not 1 <= size <= longest:
            raise BadPageError(f"{name} is {size}: a page holds 1 to {longest}.")
        cursor = self.before if backwards else self.after
        position = None if cursor is None else decode_cursor(cursor, order, tenant, kinds=kinds)
        return PageRequest(order, size, backwards, position)


class LazyPositions(Sequence[Position]):
    """Be the positions of *rows*, each of which *position* makes when it is asked for: few lists show cursors."""

    __slots__ = ("_position", "_rows")

    def __init__(self, rows: Sequence[Any], position: Callable[[Any], Position]) -> None:
        self._rows = rows
        self._position = position

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Position: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Position]: ...

    def __getitem__(self, index: int | slice) -> Position | Sequence[Position]:
        if isinstance(index, slice):
            return LazyPositions(self._rows[index], self._position)
        return self._position(self._rows[index])

    def __iter__(self) -> Iterator[Position]:
        return map(self._position, self._rows)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and tuple(self) == tuple(other)

    def __hash__(self) -> int:
        return hash(tuple(self))


@dataclass(slots=True)
class Page(Generic[T]):
    """Be one page, in the order of the list.

    *more*: whether there is more in the direction of paging. *frontier*: up to where a page was read that was given up
    before it was full; its cursor takes the place of the last item's.
    """

    request: PageRequest
    items: Sequence[T] = ()
    positions: Sequence[Position] = ()
    more: bool = False
    frontier: Position | None = None
    missing_stores: tuple[str, ...] = field(default=())

    @property
    def has_next(self) -> bool:
        return self.request.position is not None if self.request.backwards else self.more

    @property
    def has_previous(self) -> bool:
        return self.more if self.request.backwards else self.request.position is not None

    @property
    def start(self) -> Position | None:
        if self.request.backwards and self.frontier is not None:
            return self.frontier
        return self.positions[0] if self.positions else None

    @property
    def end(self) -> Position | None:
        if not self.request.backwards and self.frontier is not None:
            return self.frontier
        return self.positions[-1] if self.positions else None


def page_of_rows(request: PageRequest, items: Sequence[T], positions: Sequence[Position]) -> Page[T]:
    """Make a page as `page_of` does, of *items* and their *positions* apart."""
    more = len(items) > request.size
    if more:
        items, positions = items[: request.size], positions[: request.size]
    if request.backwards:
        items, positions = items[::-1], positions[::-1]
    return Page(request, items, positions, more)


def page_of(request: PageRequest, found: list[tuple[Position, T]]) -> Page[T]:
    """Make a page of what was read in reading direction, one more than the page where there is more."""
    kept = found[: request.size]
    if request.backwards:
        kept.reverse()
    return Page(
        request,
        items=tuple(item for _, item in kept),
        positions=tuple(position for position, _ in kept),
        more=len(found) > request.size,
    )
