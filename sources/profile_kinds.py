"""What the grammar of store profiles is made of: kinds of values, keys, sections, and the faults that reading finds."""

import difflib
import json
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from enum import Enum
from typing import Any


class Kind(Enum):
    """Name a kind of value; the text says what a value of it looks like."""

    TEXT = "a text that is not empty"
    COLUMN = "a column (a text without dots)"
    FLAG = "true or false"
    DAYS = "a whole number of days, 1 or more"
    CHOICE = "one of the words of its key"
    FIELD = "a path (column or column.key) or a list of paths"
    NAME = "a path (column or column.key), a list of paths, or { join = [path, …] }"
    REF = "a column"
    CONDITION = "{ column = [value, …] }"
    INSERT = "{ column = value }"
    WORDS = "{ STATUS = [word, …] }"
    TRANSITIONS = "{ word = [word, …] }"
    CURRENCY = "a code of ISO 4217 with a minor unit, such as EUR"
    TIMEZONE = "a time zone such as Europe/Copenhagen"
    REGION = "two capital letters such as DK"
    ADDRESS = "an address such as {phone}@store.example, with {name}, {phone} or {key} before the @ only"


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """Describe one key of a section.

    *attribute* is the shape's name for it where that differs. *choices* belong to CHOICE, *statuses* to WORDS, *via*
    (the section that may stand between) to REF. *to* is the section that the value points to. *default_from* is the
    full key (`customer.tenant`) whose value it takes where it is left out. It may stand only beside *needs*, and not
    beside *excludes*.
    """

    kind: Kind
    description: str
    attribute: str | None = None
    choices: tuple[str, ...] = ()
    statuses: type[Enum] | None = None
    via: str | None = None
    to: str | None = None
    default_from: str | None = None
    needs: str | None = None
    excludes: str | None = None

    @property
    def expected(self) -> str:
        """What a value of this key looks like, in words."""
        if self.choices:
            return f"one of {', '.join(self.choices)}"
        if self.via:
            return f'{self.kind.value}, or {{ through = "{self.via}", by = column }}'
        return self.kind.value


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Describe one section: its *keys*, the *sections* in it, and the *shape* that it is read into.

    What is required, and the defaults, are the shape's: nothing is said twice. One of the names in *one_of* has to be
    there, if there are any.
    """

    shape: type[Any]
    description: str
    keys: Mapping[str, Key] = field(default_factory=dict)
    sections: Mapping[str, "Section"] = field(default_factory=dict)
    one_of: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.keys, *self.sections)

    def attribute(self, name: str) -> str:
        """Give the shape's name for the key or section *name*."""
        key = self.keys.get(name)
        return (key.attribute if key else None) or name

    def requires(self, name: str) -> bool:
        """Say whether the key or section *name* must be there."""
        return self.default(name) is MISSING

    def default(self, name: str) -> object:
        """Give what the key or section *name* is where it is left out: `dataclasses.MISSING` if it may not be."""
        wanted = self.attribute(name)
        its_field = next(one for one in fields(self.shape) if one.name == wanted)
        factory = its_field.default_factory
        return its_field.default if factory is MISSING else factory()


class Faults(list[str]):
    """Collect every fault of one file, each as `key: what is wrong, what was expected`."""

    def add(self, at: str, wrong: str, expected: str = "") -> None:
        self.append(": ".join(filter(None, (at, wrong))) + (f", expected {expected}" if expected else ""))


def shown(value: object, limit: int = 60) -> str:
    """Write *value* about as TOML does, and no longer than *limit*."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= limit else f"{text[:limit]}…"


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Find what somebody who wrote *word* may have meant."""
    by_form = {one.casefold(): one for one in known}
    found = difflib.get_close_matches(word.casefold(), by_form, n=1)
    return by_form[found[0]] if found else None
