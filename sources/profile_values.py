"""Read the values of a store profile, kind by kind: right ones as `sources.profile` has them, others as faults."""

import math
import re
import string
import zoneinfo
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType
from typing import Any, Literal, cast

from domain.money import currencies
from sources.profile import Condition, Field, Join, Path, Ref, Scalar
from sources.profile_kinds import Faults, Key, Kind, nearest, shown

_INSERT_WORDS = ("@uuid", "@next", "@now", "@token", "@code:PATTERN")
_ADDRESS = re.compile(r"(?:[^@{}\s]|\{(?:name|phone|key)\})+@[^@{}\s]+")


@dataclass(frozen=True, slots=True)
class Given:
    """One *value* of the file, at its full key *at* in the table *beside*, and the *key* of the grammar to fit."""

    at: str
    value: object
    beside: Mapping[str, object]
    key: Key
    faults: Faults

    def refuse(self) -> None:
        """Report that the value is not of the kind that its key wants."""
        self.faults.add(self.at, f"is {shown(self.value)}", self.key.expected)


def read_value(given: Given) -> Any:
    """Make what the profile's shapes hold out of *given*, or add to its faults; the result counts only without any."""
    value = _READERS[given.key.kind](given)
    if value is None:
        given.refuse()
    return value


# A reader of one value answers None for what is not of its kind.


def _text(given: Given) -> str | None:
    return given.value if isinstance(given.value, str) and given.value.strip() else None


def _column(given: Given) -> str | None:
    return given.value if isinstance(given.value, str) and _is_column(given.value) else None


def _flag(given: Given) -> bool | None:
    return given.value if isinstance(given.value, bool) else None


def _days(given: Given) -> int | None:
    # To Python, true is a whole number too.
    if isinstance(given.value, int) and not isinstance(given.value, bool) and given.value >= 1:
        return given.value
    return None


def _choice(given: Given) -> str | None:
    return given.value if isinstance(given.value, str) and given.value in given.key.choices else None


def _field(given: Given) -> Field | None:
    return _paths(given.value)


def _name(given: Given) -> Field | Join | None:
    if isinstance(given.value, dict) and given.value.keys() == {"join"} and isinstance(given.value["join"], list):
        parts = _paths(given.value["join"])
        return Join(parts) if parts else None
    return _field(given)


def _ref(given: Given) -> Ref | None:
    match given.value:
        case str(column) if _is_column(column):
            return Ref(column)
        case {"through": through, "by": str(column), **rest} if through == given.key.via and not rest:
            return Ref(column, cast(Literal["lead"], through)) if _is_column(column) else None
        case _:
            return None


def _condition(given: Given) -> Condition:
    condition: dict[str, tuple[Scalar, ...]] = {}
    for column, values in _columns(given):
        if isinstance(values, list) and values and all(_is_scalar(one) for one in values):
            condition[column] = tuple(values)
        else:
            given.faults.add(f"{given.at}.{column}", f"is {shown(values)}", "a list of one or more plain values")
    return MappingProxyType(condition)


def _insert(given: Given) -> Mapping[str, Scalar]:
    insert: dict[str, Scalar] = {}
    for column, value in _columns(given):
        at = f"{given.at}.{column}"
        if not _is_scalar(value):
            given.faults.add(at, f"is {shown(value)}", "a text, a number, true or false")
        elif isinstance(value, str) and value.startswith("@code:"):
            if not _formats_one_number(value.removeprefix("@code:")):
                wanted = "a Python format of one number after @code:, such as B-{:04}"
                given.faults.add(at, f"is {shown(value)}", wanted)
        elif isinstance(value, str) and value.startswith("@") and value not in _INSERT_WORDS[:-1]:
            given.faults.add(at, f"is {shown(value)}", f"one of {', '.join(_INSERT_WORDS)}")
        insert[column] = cast(Scalar, value)
    return MappingProxyType(insert)


def _words(given: Given) -> Mapping[Enum, tuple[str, ...]]:
    statuses = {one.name: one for one in given.key.statuses or () if one.name != "UNKNOWN"}
    status_of: dict[str, str] = {}
    words: dict[Enum, tuple[str, ...]] = {}
    for name, its_words in _entries(given):
        at = f"{given.at}.{name}"
        if name not in statuses:
            meant = nearest(name, statuses)
            hint = f"did you mean {meant}?" if meant else f"expected one of {', '.join(statuses)}"
            given.faults.add(at, f"unknown status, {hint}")
        elif (read := _word_list(its_words)) is None or not read:
            given.faults.add(at, f"is {shown(its_words)}", "a list of one or more words")
        else:
            words[statuses[name]] = read
            for word in read:
                if word in status_of:
                    twice = f"the word {shown(word)} stands in {status_of[word]} already"
                    given.faults.add(at, twice, "each word once")
                status_of.setdefault(word, name)
    return MappingProxyType(words)


def _transitions(given: Given) -> Mapping[str, tuple[str, ...]]:
    """Read the ways from word to word; an empty list says, like a word left out, that there is no way on."""
    known = _known_words(given.beside.get("words"))
    transitions: dict[str, tuple[str, ...]] = {}
    for word, onward in _entries(given, may_be_empty=True):
        at = f"{given.at}.{word}"
        read = _word_list(onward)
        if read is None:
            given.faults.add(at, f"is {shown(onward)}", "a list of words")
        elif word in read:
            given.faults.add(at, "leads to itself", "other words")
        for used in dict.fromkeys((word, *(read or ()))):
            if known and used not in known:
                given.faults.add(at, f"no status has the word {shown(used)}", f"one of {', '.join(known)}")
        transitions[word] = read or ()
    return MappingProxyType(transitions)


def _known_words(words: object) -> list[str]:
    lists = words.values() if isinstance(words, dict) else ()
    return [word for one in lists for word in _word_list(one) or ()]


def _currency(given: Given) -> str | None:
    return given.value if isinstance(given.value, str) and given.value in currencies() else None


def _timezone(given: Given) -> str | None:
    known = zoneinfo.available_timezones()
    if isinstance(given.value, str) and given.value not in known and (meant := nearest(given.value, known)):
        given.faults.add(given.at, f"is {shown(given.value)}, did you mean {meant}?")
        return given.value
    return given.value if isinstance(given.value, str) and given.value in known else None


def _region(given: Given) -> str | None:
    return given.value if isinstance(given.value, str) and re.fullmatch("[A-Z]{2}", given.value) else None


def _address(given: Given) -> str | None:
    return given.value if isinstance(given.value, str) and _ADDRESS.fullmatch(given.value) else None


def _entries(given: Given, *, may_be_empty: bool = False) -> Iterator[tuple[str, object]]:
    if isinstance(given.value, dict) and (given.value or may_be_empty):
        yield from given.value.items()
    else:
        given.refuse()


def _columns(given: Given) -> Iterator[tuple[str, object]]:
    for column, value in _entries(given):
        if _is_column(column):
            yield column, value
        else:
            given.faults.add(given.at, f"has {shown(column)}", Kind.COLUMN.value)


def _paths(value: object) -> Field | None:
    """Read one path or a list of them; None if one is wrong, or there is none."""
    texts = value if isinstance(value, list) else [value]
    split = [text.split(".") if isinstance(text, str) else [] for text in texts]
    if not split or not all(parts and all(_is_column(part) for part in parts) for parts in split):
        return None
    return tuple(Path(column, tuple(keys)) for column, *keys in split)


def _word_list(value: object) -> tuple[str, ...] | None:
    return tuple(value) if isinstance(value, list) and all(isinstance(one, str) and one for one in value) else None


def _is_column(text: str) -> bool:
    # A field of a document that begins with $ would be an operator of MongoDB.
    return bool(text) and text == text.strip() and "." not in text and "\0" not in text and not text.startswith("$")


def _is_scalar(value: object) -> bool:
    return isinstance(value, str | int | bool) or (isinstance(value, float) and math.isfinite(value))


def _formats_one_number(pattern: str) -> bool:
    try:
        holes = [hole for hole in string.Formatter().parse(pattern) if hole[1] is not None]
        pattern.format(1)
    except (ValueError, LookupError, AttributeError, TypeError):
        return False
    return len(holes) == 1 and holes[0][1] in {"", "0"} and holes[0][3] is None and "{" not in (holes[0][2] or "")


_READERS: Mapping[Kind, Callable[[Given], object]] = {
    Kind.TEXT: _text,
    Kind.COLUMN: _column,
    Kind.FLAG: _flag,
    Kind.DAYS: _days,
    Kind.CHOICE: _choice,
    Kind.FIELD: _field,
    Kind.NAME: _name,
    Kind.REF: _ref,
    Kind.CONDITION: _condition,
    Kind.INSERT: _insert,
    Kind.WORDS: _words,
    Kind.TRANSITIONS: _transitions,
    Kind.CURRENCY: _currency,
    Kind.TIMEZONE: _timezone,
    Kind.REGION: _region,
    Kind.ADDRESS: _address,
}
