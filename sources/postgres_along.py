"""Send along with a statement that finds customers those that find what belongs to them: one trip instead of two."""

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from sources.postgres_json import is_doubtful
from sources.postgres_owned import PLACE, Answer, id_places
from sources.postgres_packing import Columns, Packing
from sources.postgres_sending import Sent
from sources.postgres_together import APART, LONG, MOST_KEPT, TOOK, renumbered

#: More than one doubtful answer in so many, and as many of them as that at once, are too often.
_IN_VAIN, _TOO_OFTEN = 10, 50
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
        self._written: dict[tuple[str, int, int], tuple[Answer, Joint]] = {}
        self._apart: dict[Joint, float] = {}
        #: How often answers were doubtful lately, and so were asked for in vain.
        self._in_vain: dict[Joint, int] = {}

    def joint(self, first: Statement, key: str, size: int, along: Sequence[Statement]) -> Joint | None:
        """Be *first* and those *along*, which belong to the first *size* of what it finds, by their column *key*.

        None where they are to be sent apart.
        """
        known = (first.sent.sql, key, size, *(one.sent.sql for one in along))
        joint = self._joint.get(known)
        if joint is None:
            self._make_room()
            joint = self._joint[known] = _joint(first, key, size, along)
        return joint if self._is_together(joint) else None

    def written(self, first: Statement, size: int, answer: Answer, asked: Sequence[Statement]) -> Joint | None:
        """Be how *answer* is written of the first *size* rows of *first*; None where they are to be sent apart."""
        known = (first.sent.sql, size, id(answer))
        kept = self._written.get(known)
        if kept is None:
            self._make_room()
            kept = self._written[known] = answer, written(first, size, answer, asked)
        return kept[1] if self._is_together(kept[1]) else None

    def _make_room(self) -> None:
        if len(self._joint) + len(self._written) >= MOST_KEPT:
            self._joint.clear()
            self._written.clear()
            self._apart.clear()
            self._in_vain.clear()

    def _is_together(self, joint: Joint) -> bool:
        until = self._apart.get(joint)
        return until is None or time.monotonic() > until

    def part(self, joint: Joint) -> None:
        self._apart[joint] = time.monotonic() + APART

    def see(self, joint: Joint, row: Sequence[Any]) -> None:
        """See how long *joint* took to answer *row*."""
        if row[-1] > LONG:
            self.part(joint)

    def is_certain(self, joint: Joint, row: Sequence[Any]) -> bool:
        """Say whether the answer that *joint* has written in *row* is one; where it often is none, ask it no more."""
        self.see(joint, row)
        objects, _, in_doubt, _ = row
        if not in_doubt and (objects is None or not is_doubtful(objects)):
            if joint in self._in_vain:
                self._in_vain[joint] = max(0, self._in_vain[joint] - 1)
            return True
        self._in_vain[joint] = self._in_vain.get(joint, 0) + _IN_VAIN
        if self._in_vain[joint] > _TOO_OFTEN:
            del self._in_vain[joint]
            self.part(joint)
        return False

    def answers(self, joint: Joint, row: Sequence[Any], statements: Sequence[Statement]) -> list[Columns]:
        """Read what each of *statements* has found."""
        self.see(joint, row)
        found, begin = [], 0
        for one in statements:
            end = begin + len(one.packing.names)
            found.append(one.packing.columns(row[begin:end]))
            begin = end
        return found


def written(first: Statement, size: int, answer: Answer, asked: Sequence[Statement]) -> Joint:
    """Be the statement that writes *answer* of the first *size* rows of *first*, with what is *asked* for them.

    It takes what is given for ids behind the arguments of *first*. It answers, in one row: the objects with commas
    between them, how many there are, whether that is doubtful, and the seconds that it took.
    """
    columns = ", ".join(f"c{place}" for place in range(len(first.packing.names)))
    derived = "".join(f", {one} AS d{place}" for place, one in enumerate(answer.derived))
    key = f"c{first.packing.names.index('key')}"
    known = len(first.arguments)
    places = [tuple(range(known))]
    ids = {}
    for type_ in answer.ids:
        for place in id_places(type_):
            known += 1
            ids[place] = f"${known}::text"
    joins = []
    for join, one in zip(answer.joins, asked, strict=True):
        taken, text = _of_owners(one.sent.sql, one, known)
        joins.append(join.replace(PLACE, text))
        places.append(tuple(taken))
        known += len(taken)
    doubt = " OR ".join(answer.doubts) or "false"
    head = f"SELECT head.*{derived} FROM ({first.sent.sql}) AS head ({columns})"
    if not joins:
        # In the order in which they are found.
        objects = f"convert_to(string_agg({answer.object}, ','), 'UTF8')"
        sql = f"SELECT {objects}, count(*), false, {TOOK} FROM ({head} LIMIT {size}) AS first"
    else:
        objects = f"convert_to(string_agg({answer.object}, ',' ORDER BY first.n), 'UTF8')"
        sql = (
            f"WITH first AS MATERIALIZED"
            f" (SELECT row_number() OVER () AS n, found.* FROM ({head} LIMIT {size}) AS found),"
            f" owners AS MATERIALIZED (SELECT array_agg({key} ORDER BY n) AS keys FROM first)"
            f" SELECT {objects}, count(*), coalesce(bool_or({doubt}), false), {TOOK} FROM first {' '.join(joins)}"
        )
    for place, parameter in ids.items():
        sql = sql.replace(place, parameter)
    return Joint(sql, tuple(places))


def _joint(first: Statement, key: str, size: int, along: Sequence[Statement]) -> Joint:
    columns = [f"c{place}" for place in range(len(first.packing.names))]
    keys = columns[first.packing.names.index(key)]
    places = [tuple(range(len(first.arguments)))]
    known = len(first.arguments)
    parts = [f"(SELECT {first.packing.selected} FROM first) AS part0"]
    for number, one in enumerate(along, start=1):
        taken, text = _of_owners(one.packing.sql, one, known)
        parts.append(f"({text}) AS part{number}")
        places.append(tuple(taken))
        known += len(taken)
    # What is found first is found once, and known before anything is looked for that belongs to it.
    sql = (
        f"WITH first ({', '.join(columns)}) AS MATERIALIZED ({first.sent.sql}),"
        f" owners AS MATERIALIZED (SELECT array_agg({keys}) AS keys"
        f" FROM (SELECT {keys} FROM first LIMIT {size}) AS shown)"
        f" SELECT *, {TOOK} FROM {', '.join(parts)}"
    )
    return Joint(sql, tuple(places))


def _of_owners(sql: str, one: Statement, known: int) -> tuple[list[int], str]:
    """Write *sql*, of *one*, with the owners that were found, and its parameters behind those that are *known*.

    Answer also which of its arguments it takes.
    """
    owners = {given.place for given in one.sent.given if given.name == OWNERS}
    taken = [place for place in range(len(one.arguments)) if place not in owners]
    written = {place + 1: f"${known + at}" for at, place in enumerate(taken, start=1)}
    written.update(dict.fromkeys((place + 1 for place in owners), "(SELECT keys FROM owners)"))
    return taken, renumbered(sql, written)
