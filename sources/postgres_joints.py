"""Compose a single statement of what is found first and of what belongs to it."""

from collections.abc import Sequence
from itertools import zip_longest
from typing import Any, NamedTuple

from sources.postgres_owned import PLACE, Answer, id_places
from sources.postgres_packing import Packing
from sources.postgres_sending import Sent
from sources.postgres_together import TOOK, renumbered

#: The parameters that name those whom something belongs to: all of them, and each.
OWNERS, OWNER = "owners", "owner"
_ALL_OWNERS = "(SELECT keys FROM owners)"


class Statement(NamedTuple):
    """Be a statement as it is sent, with its arguments, and as it is sent to be answered in one row."""

    sent: Sent
    arguments: Sequence[Any]
    packing: Packing


class Joint(NamedTuple):
    """Be the statement that several are sent as; *places*: which of the arguments of each it takes."""

    sql: str
    places: Sequence[Sequence[int]]


def written_of(first: Statement, size: int, answer: Answer, asked: Sequence[Statement]) -> Joint:
    """Be the statement that writes *answer* of the first *size* rows of *first*, with what is *asked* for them.

    Behind that stand in *asked* those that find what would follow the rows of *first*: where there are fewer than
    *size* of these, and any that follow, the answer is doubtful. It takes what is given for ids behind the arguments of
    *first*. It answers, in one row: the objects with commas between them, how many there are, whether that is doubtful,
    and the seconds that it took.
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
    more = []
    for join, one in zip_longest(answer.joins, asked):
        taken, text = _of_owners(one.sent.sql, one, known, f"first.{key}")
        if join is None:
            more.append(f"EXISTS (SELECT FROM ({text}) AS more)")
        else:
            joins.append(join.replace(PLACE, text))
        places.append(tuple(taken))
        known += len(taken)
    doubt = f"coalesce(bool_or({' OR '.join(answer.doubts) or 'false'}), false)"
    if more:
        doubt += f" OR (count(*) < {size} AND ({' OR '.join(more)}))"
    head = f"SELECT head.*{derived} FROM ({first.sent.sql}) AS head ({columns})"
    if not joins:
        # In the order in which they are found.
        objects = f"convert_to(string_agg({answer.object}, ','), 'UTF8')"
        sql = f"SELECT {objects}, count(*), {doubt}, {TOOK} FROM ({head} LIMIT {size}) AS first"
    else:
        objects = f"convert_to(string_agg({answer.object}, ',' ORDER BY first.n), 'UTF8')"
        owners = ""
        if any(_ALL_OWNERS in join for join in joins):
            owners = f", owners AS MATERIALIZED (SELECT array_agg({key} ORDER BY n) AS keys FROM first)"
        sql = (
            f"WITH first AS MATERIALIZED"
            f" (SELECT row_number() OVER () AS n, found.* FROM ({head} LIMIT {size}) AS found){owners}"
            f" SELECT {objects}, count(*), {doubt}, {TOOK} FROM first {' '.join(joins)}"
        )
    for place, parameter in ids.items():
        sql = sql.replace(place, parameter)
    return Joint(sql, tuple(places))


def joint_of(first: Statement, key: str, size: int, along: Sequence[Statement]) -> Joint:
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


def _of_owners(sql: str, one: Statement, known: int, owner: str = "") -> tuple[list[int], str]:
    """Write *sql*, of *one*, with the owners that were found, and its parameters behind those that are *known*.

    *owner* is each of them. Answer also which of its arguments it takes.
    """
    owners = {OWNERS: _ALL_OWNERS, OWNER: owner}
    found = {given.place: owners[given.name] for given in one.sent.given if given.name in owners}
    taken = [place for place in range(len(one.arguments)) if place not in found]
    written = {place + 1: f"${known + at}" for at, place in enumerate(taken, start=1)}
    written.update((place + 1, text) for place, text in found.items())
    return taken, renumbered(sql, written)
