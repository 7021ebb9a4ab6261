"""Send along with a statement that finds customers those that find what belongs to them: one trip instead of two."""

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from sources.postgres_packing import Columns, Packing
from sources.postgres_sending import Sent
from sources.postgres_together import APART, LONG, MOST_KEPT, TOOK, renumbered

#: The parameter that names those whom something belongs to.
OWNERS = "owners"


class Statement(NamedTuple):
    """Be a statement as it is sent, with its arguments, and as it is sent to be answered in one row."""

    sent: Sent
    arguments: Sequence[Any]
    packing: Packing


class Joint(NamedTuple):
    """Be the statement that several are sent as; *places*: which of the arguments of each it takes."""

    sql: str
    places: Sequence[Sequence[int]]


class AlongWith:
    """Compose such statements, and keep them; those that take long are sent apart for a while."""

    def __init__(self) -> None:
        self._joint: dict[tuple[Any, ...], Joint] = {}
        self._apart: dict[Joint, float] = {}

    def joint(self, first: Statement, key: str, size: int, along: Sequence[Statement]) -> Joint | None:
        """Be *first* and those *along*, which belong to the first *size* of what it finds, by their column *key*.

        None where they are to be sent apart.
        """
        known = (first.sent.sql, key, size, *(one.sent.sql for one in along))
        joint = self._joint.get(known)
        if joint is None:
            if len(self._joint) >= MOST_KEPT:
                self._joint.clear()
                self._apart.clear()
            joint = self._joint[known] = _joint(first, key, size, along)
        until = self._apart.get(joint)
        if until is None or time.monotonic() > until:
            return joint
        return None

    def part(self, joint: Joint) -> None:
        self._apart[joint] = time.monotonic() + APART

    def answers(self, joint: Joint, row: Sequence[Any], statements: Sequence[Statement]) -> list[Columns]:
        """Read what each of *statements* has found."""
        if row[-1] > LONG:
            self.part(joint)
        found, begin = [], 0
        for one in statements:
            end = begin + len(one.packing.names)
            found.append(one.packing.columns(row[begin:end]))
            begin = end
        return found


def _joint(first: Statement, key: str, size: int, along: Sequence[Statement]) -> Joint:
    columns = [f"c{place}" for place in range(len(first.packing.names))]
    keys = columns[first.packing.names.index(key)]
    places = [list(range(len(first.arguments)))]
    known = len(first.arguments)
    parts = [f"(SELECT {first.packing.selected} FROM first) AS part0"]
    for number, one in enumerate(along, start=1):
        owners = {given.place for given in one.sent.given if given.name == OWNERS}
        taken = [place for place in range(len(one.arguments)) if place not in owners]
        written = {place + 1: f"${known + at}" for at, place in enumerate(taken, start=1)}
        written.update(dict.fromkeys((place + 1 for place in owners), "(SELECT keys FROM owners)"))
        parts.append(f"({renumbered(one.packing.sql, written)}) AS part{number}")
        places.append(taken)
        known += len(taken)
    # What is found first is found once, and known before anything is looked for that belongs to it.
    sql = (
        f"WITH first ({', '.join(columns)}) AS MATERIALIZED ({first.sent.sql}),"
        f" owners AS MATERIALIZED (SELECT array_agg({keys}) AS keys"
        f" FROM (SELECT {keys} FROM first LIMIT {size}) AS shown)"
        f" SELECT *, {TOOK} FROM {', '.join(parts)}"
    )
    return Joint(sql, tuple(map(tuple, places)))
