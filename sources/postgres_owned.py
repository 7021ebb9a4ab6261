"""What is asked of tables about those to whom their rows belong, and what answers are composed of."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from domain.records import Key
from sources.postgres_mapping import MappedTable
from sources.postgres_packing import Columns
from sources.postgres_types import KeyType

#: Stands where the SQL of a statement is to be.
PLACE = "\0statement\0"


class Owned(NamedTuple):
    """Be what is asked of *mapped*'s rows about those to whom they belong, by their keys, which are of a *type*.

    *query* takes these as `:owners`. *read* makes an answer for each, of what was found and of all the keys in their
    order; None where it has to be asked in another way.
    """

    mapped: MappedTable
    type: KeyType
    query: Any
    read: Callable[[Columns, Sequence[Key]], Mapping[Key, Any] | None]


class Asked(NamedTuple):
    """Be a statement of what a *loader* would load, over the rows of *mapped*, which it asks for `:owners`."""

    loader: str
    mapped: MappedTable
    query: Any


class Answer(NamedTuple):
    """Be how an answer is written: an *object* for each row of the first statement.

    *joins* are written into its FROM, with a place for the SQL of each statement *asked*, in their order. *derived* are
    columns of the first statement's rows; *doubts* say where the answer is none. *ids*: the types of things whose ids
    are in it, *sections*: what it is about, *loaders*: how many of the statements are of each.
    """

    object: str
    joins: Sequence[str]
    asked: Sequence[Asked]
    derived: Sequence[str]
    doubts: Sequence[str]
    ids: Sequence[str]
    sections: frozenset[str]
    loaders: Mapping[str, int]


def id_places(type_: str) -> tuple[str, str]:
    """Name the places of what ids of *type_* begin with, and of what is to be written with their keys."""
    return f"\0{type_} begun\0", f"\0{type_} rest\0"
