"""Where a stream of records goes on after a position: among the ties, beyond the value, among those without one.

A value is an instant, a text or an amount, as the list is ordered.
"""

from dataclasses import dataclass
from functools import total_ordering
from typing import Any

from domain.paging import Direction, PageRequest, Position, Value
from domain.records import Key, RecordKind
from domain.time import instant


@dataclass(frozen=True, slots=True)
class Ties:
    """Read the records of just this *value* whose key comes after *key*; *stored* as in a position."""

    value: Any
    key: Key
    stored: str | None = None


@dataclass(frozen=True, slots=True)
class Beyond:
    """Read the records whose value comes after *value*, or is it if *inclusive*; all with a value if it is None.

    *stored* as in a position. Where the stream *resumes* at a place of its own, it goes on by what is stored there.
    """

    value: Any = None
    inclusive: bool = False
    stored: str | None = None
    resumes: bool = False


@dataclass(frozen=True, slots=True)
class Nulls:
    """Read the records without a value whose key comes after *key*; all of them if it is None."""

    key: Key | None = None


Phase = Ties | Beyond | Nulls


def phases(position: Position | None, kind: RecordKind | None, request: PageRequest) -> tuple[Phase, ...]:
    """List the phases in which the records of *kind* follow *position*, as *request* reads the list.

    Values come first and nulls last in both directions, so a page that is read backwards begins with the nulls. Among
    equals, kinds come in their order, and then keys, all reversed together with the values.
    """
    if position is None:
        return (Nulls(), Beyond()) if request.backwards else (Beyond(), Nulls())
    same = kind is position.kind
    follows = not same and _follows(kind, position.kind, request.reading)
    if position.value is None:
        rest: tuple[Phase, ...] = (Nulls(position.key),) if same else (Nulls(),) if follows else ()
        return (*rest, Beyond()) if request.backwards else rest
    value = instant(position.value) if isinstance(position.value, int) else position.value
    beyond = Beyond(value, inclusive=follows, stored=position.stored if same else None, resumes=same)
    rest = (beyond,) if request.backwards else (beyond, Nulls())
    return (Ties(value, position.key, position.stored), *rest) if same else rest


def _follows(kind: RecordKind | None, other: RecordKind | None, reading: Direction) -> bool:
    assert kind is not None
    assert other is not None
    return kind.rank > other.rank if reading is Direction.ASC else kind.rank < other.rank


def reading_order(position: Position, request: PageRequest) -> tuple[int, Any, int]:
    """Sort positions of different kinds as *request* reads them; those of one kind come sorted from their store."""
    sign = 1 if request.reading is Direction.ASC else -1
    rank = position.kind.rank if position.kind else 0
    if position.value is None:
        return (0 if request.backwards else 1, 0, sign * rank)
    return (1 if request.backwards else 0, _directed(position.value, sign), sign * rank)


def _directed(value: Value, sign: int) -> Any:
    """Be *value*, so that it sorts upwards or, for a negative *sign*, downwards."""
    if isinstance(value, str):
        return value if sign > 0 else _Turned(value)
    return sign * value


@total_ordering
@dataclass(frozen=True, slots=True, eq=True)
class _Turned:
    """Be *text*, ordered the other way round."""

    text: str

    def __lt__(self, other: "_Turned") -> bool:
        return other.text < self.text
