"""Find the columns of a table or collection that play a role, by their names and by what they hold."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import iso4217

from sources.draft import Part
from sources.draft_names import endings, joined, without_leading, words_of
from sources.draft_vocabulary import COLUMNS, CONTAINERS, UNITS
from sources.inspection import Column, Holds, Place
from sources.profile_kinds import Kind

Fits = Callable[[Column], bool]
_CURRENCIES = frozenset(one.code.lower() for one in iso4217.Currency)
_TAILS = frozenset(UNITS) | _CURRENCIES
_NUMBER = re.compile(r"\s*[-+]?\d{1,30}([.]\d{1,30})?\s*")
_DATES = frozenset(
    [
        "created_at",
        "updated_at",
        "start_at",
        "end_at",
        "at",
        "last_contact_at",
        "next_follow_up_at",
        "first_booking_at",
        "estimated_delivery",
    ]
)
_COUNTS = frozenset(["minutes", "contact_attempts", "leads", "bookings", "accepted", "no_shows", "year"])
_AMOUNTS = frozenset({"amount", "revenue"})
_WORDS = frozenset({"name", "email", "address", "password_hash", "notes", "note", "currency", "status"})
#: Shorter names end too many others.
_TELLING = 3
_PATHS = frozenset({Kind.FIELD, Kind.NAME})


def fits(key: str, column: Column) -> bool:
    """Say whether *column* holds what the role *key* wants."""
    if key in _DATES:
        return column.is_date
    if key in _COUNTS:
        return column.holds in (Holds.INTEGER, Holds.NUMBER)
    if key in _AMOUNTS:
        return column.holds in (Holds.INTEGER, Holds.NUMBER) or is_number_as_text(column)
    if key in _WORDS:
        return column.holds is Holds.TEXT
    return column.holds in (Holds.TEXT, Holds.INTEGER, Holds.KEY) and not column.dates


def is_number_as_text(column: Column) -> bool:
    texts = [one for one in column.sample if isinstance(one, str) and one]
    return column.holds is Holds.TEXT and bool(texts) and all(_NUMBER.fullmatch(one) for one in texts)


@dataclass(frozen=True, slots=True)
class Match:
    """Be a *column* found; *exact* if all of its name says so, and not its last words alone."""

    column: Column
    exact: bool


class Columns:
    """Be the columns of *place* that no role has taken yet; *stems* are what the place's own rows are called."""

    def __init__(self, place: Place, stems: Sequence[str]) -> None:
        self.place = place
        self._stems = stems
        self.free = {name: column for name, column in place.columns.items() if _is_usable(place, name)}

    def take(self, *names: str) -> None:
        for name in names:
            self.free.pop(name, None)
            # What a document holds inside of this has a use as well.
            for inner in [one for one in self.free if one.startswith(f"{name}.")]:
                del self.free[inner]

    def find(self, names: Iterable[str], wanted: Fits, *, inside: bool = False) -> Match | None:
        """Find the column that is called by the first of *names*, or else ends in one; *inside* documents as well."""
        columns = [one for name, one in self.free.items() if wanted(one) and (inside or "." not in name)]
        listed = list(names)
        for name in listed:
            for one in columns:
                if name in self.forms(one.name):
                    return Match(one, exact=True)
        for name in listed:
            for one in columns:
                if len(name) >= _TELLING and name in endings(words_of(one.name)):
                    return Match(one, exact=False)
        return None

    def forms(self, name: str) -> frozenset[str]:
        """Give what *name* comes down to: whole, without the place's own noun, without unit and currency."""
        return _forms(name, tuple(self._stems))

    def fill(self, part: Part, names_at: str, keys: Iterable[str] | None = None) -> None:
        """Give *part* the columns that play its roles, as the vocabulary of *names_at* calls them."""
        doubtful = []
        for key in COLUMNS[names_at] if keys is None else keys:
            if key in part.lines:
                continue
            match = self._role(part, names_at, key)
            if match is None:
                continue
            if match.exact:
                part.sure(key, match.column.name)
                self.take(match.column.name)
            else:
                doubtful.append((key, match.column))
        for key, column in doubtful:
            if column.name in self.free:
                part.unsure(key, column.name, "its name only ends like this")

    def _role(self, part: Part, names_at: str, key: str) -> Match | None:
        inside = part.section.keys[key].kind in _PATHS
        return self.find(COLUMNS[names_at][key], lambda column: fits(key, column), inside=inside)

    def dates_as(self, part: Part) -> None:
        """Say in *part* how its dates are stored, and note those that have no zone."""
        chosen = [
            self.place.columns[str(line.value)]
            for key, line in part.lines.items()
            if key in _DATES and str(line.value) in self.place.columns
        ]
        forms = {column.dates for column in chosen if column.dates}
        if len(forms) == 1:
            part.sure("dates", forms.pop())
        elif forms:
            part.unsure("dates", min(forms), "the columns have dates of both forms")

    def unused(self) -> list[str]:
        """List the columns without a use, each with its type; of nested fields those inside."""
        outer = {name.partition(".")[0] for name in self.place.columns if "." in name}
        listed = [one for name, one in self.free.items() if self.place.kind == "table" or name not in outer]
        return [f"{written_name(one.name)} ({one.type}{_keys(one)})" for one in listed]


@lru_cache(maxsize=100_000)  # every role asks about every column
def _forms(name: str, stems: tuple[str, ...]) -> frozenset[str]:
    whole = words_of(name)
    short = without_leading(whole, stems)
    forms = {joined(whole), joined(short)}
    for words in (whole, short):
        kept = list(words)
        while len(kept) > 1 and kept[-1] in _TAILS:
            kept.pop()
        forms.add(joined(kept))
    within, _, leaf = name.rpartition(".")
    if joined(words_of(within)) in CONTAINERS:
        forms.add(joined(words_of(leaf)))
    return frozenset(forms)


def written_name(name: str) -> str:
    return name if re.fullmatch(r"[\w.-]+", name) else repr(name)


def _keys(column: Column) -> str:
    return f" with {', '.join(sorted(column.keys_inside)[:20])}" if column.keys_inside else ""


def _is_usable(place: Place, name: str) -> bool:
    """Say whether a profile can name this: in documents a dot goes inside, in tables it would."""
    if place.kind == "collection":
        return bool(name) and not name.startswith("$") and name == name.strip()
    return name == name.strip() and "." not in name and not name.startswith("$")
