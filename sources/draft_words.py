"""Find out what the words of a column mean: statuses, settled payments, roles."""

from collections.abc import Iterable, Mapping, Sequence
from enum import Enum

from sources.draft import Part
from sources.draft_columns import Columns, written_name
from sources.draft_names import joined, words_of
from sources.draft_vocabulary import DELETED, SETTLED, STATUS, STATUS_WORDS
from sources.inspection import Column, Holds
from sources.toml_values import written

#: Beyond these a column of status holds something else, or a store that nobody can map by hand.
_MOST_SHOWN = 30
EMPTY_FLAG = "rows in which it is empty would not pass either"


def meant_by(words: Iterable[str], statuses: type[Enum]) -> tuple[dict[str, list[str]], list[str]]:
    """Sort *words* under our statuses by their names; answer what is left over as well."""
    known = {name: status for status, names in STATUS_WORDS[statuses.__name__].items() for name in names}
    found: dict[str, list[str]] = {}
    left = []
    for word in words:
        # A word may say more: cancelled_by_customer, deposit_paid; only its beginning tells.
        spelt = joined(words_of(word))
        if spelt in known:
            found.setdefault(known[spelt], []).append(word)
        else:
            left.append(word)
    order = list(STATUS_WORDS[statuses.__name__])
    return {status: found[status] for status in order if status in found}, left


def status_part(columns: Columns, at: str, statuses: type[Enum], *, required: bool) -> Part | None:
    """Draft the section *at* from the column of the status; None where there is none and none is needed."""
    part = Part(at)
    match = columns.find(STATUS, lambda one: one.holds in (Holds.TEXT, Holds.INTEGER))
    if match is None or not match.exact:
        if not required:
            return None
        part.need_what_is_required()
        return part
    column = match.column
    columns.take(column.name)
    part.sure("column", column.name)
    found, left = meant_by(column.counted, statuses)
    if found:
        part.sure("words", found)
    elif required:
        part.needed("words")
    else:
        part.doubt = "none of its words is known"
        part.unsure("words", {}, "words are needed here")
    if left:
        part.note(f"unsure: what these words mean; they read as UNKNOWN: {counted_words(column, left)}")
    elif not column.counted and column.sample:
        part.note("unsure: this column holds too many different texts to be a status")
    return part


def counted_words(column: Column, words: Sequence[str]) -> str:
    """Write *words* as TOML, each with how often it was seen."""
    shown = ", ".join(f"{written(word)} ({column.counted[word]})" for word in words[:_MOST_SHOWN])
    return shown + (", …" if len(words) > _MOST_SHOWN else "")


def settled_words(column: Column | None) -> list[str]:
    """Find those words of *column* that say that money came, or is agreed."""
    return [word for word in column.counted if joined(words_of(word)) in SETTLED] if column else []


def chosen_words(column: Column, names: Sequence[str]) -> list[str]:
    """Find those words of *column* that are among *names*."""
    return [word for word in column.counted if joined(words_of(word)) in names]


def flag(columns: Columns, names: Sequence[str]) -> Column | None:
    """Find the column that says true or false and is called by one of *names*."""
    match = columns.find(names, lambda one: one.holds is Holds.FLAG)
    return match.column if match and match.exact else None


def note_deleted(columns: Columns, part: Part, where: Mapping[str, object] | None = None) -> None:
    """Leave out the rows that a flag of the store calls deleted."""
    condition = dict(where or {})
    column = flag(columns, DELETED)
    if column is not None:
        columns.take(column.name)
        without = {**condition, column.name: [False]}
        if column.required:
            condition = without
        elif not condition:
            part.unsure("where", without, EMPTY_FLAG)
        else:
            part.note(f"unsure: `where` could leave out what {written_name(column.name)} says is deleted; {EMPTY_FLAG}")
    if condition:
        part.sure("where", condition)


def other_words(column: Column, chosen: Sequence[str]) -> str:
    rest = [word for word in column.counted if word not in chosen]
    return f"its other words: {counted_words(column, rest)}" if rest else f"{written_name(column.name)} has no others"
