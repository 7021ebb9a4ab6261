"""Find the fields by which records of two stores name each other: by what they are called, and what they hold."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sources.draft import Part
from sources.draft_columns import written_name
from sources.draft_names import is_one_of, joined, words_of
from sources.draft_places import key_of
from sources.draft_tables import Picked
from sources.draft_vocabulary import KEY_ENDINGS, PLACES
from sources.inspection import Column, Holds, Place

_KEYS = (Holds.TEXT, Holds.INTEGER, Holds.KEY)
#: With so many of its values being keys of the other, a field links whatever it is called.
_MOST = 0.5
#: Of a store that has no more records than this all keys are known.
_ALL = 400
_SECTION = {"crm": "customer", "delivery": "delivery", "account": "account"}


@dataclass(frozen=True, slots=True)
class _Link:
    """Be a *column* that may be the link called *name*: *called* is how much its name says so, *share* its values."""

    name: str
    column: Column
    called: int
    share: float
    weak_keys: bool

    @property
    def score(self) -> float:
        # Small numbers are keys by chance.
        return self.called + (2 * self.share if self.called or not self.weak_keys else self.share / 2)

    @property
    def sure(self) -> bool:
        return (self.share > 0 and self.called > 0) or (self.share >= _MOST and not self.weak_keys)


def link_part(picked: Picked, targets: Mapping[str, Picked | None]) -> Part:
    """Draft the links of *picked* to its *targets*: `crm`, and `delivery` or `account`."""
    part = Part(f"{picked.section}.links")
    there = {name: target for name, target in targets.items() if target is not None}
    found = [link for name, target in there.items() for link in _candidates(picked, name, target)]
    used: set[str] = set()
    for link in sorted(found, key=lambda one: (-one.score, one.column.name)):
        if link.name in part.lines or link.column.name in used:
            continue
        used.add(link.column.name)
        if link.sure:
            part.sure(link.name, link.column.name)
        else:
            part.unsure(link.name, link.column.name, _reason(link, there[link.name]))
        picked.columns.take(link.column.name)
    for name in there:
        if name not in part.lines:
            part.note(f"no field was found that names a record of [{_SECTION[name]}]; if there is one: {name} = …")
    return part


def _candidates(picked: Picked, name: str, target: Picked) -> Sequence[_Link]:
    key = target.place.columns.get(key_of(target.place) or "")
    keys = {str(one) for one in key.sample} if key else set()
    weak = key is None or key.holds is Holds.INTEGER
    found = []
    for at, column in picked.columns.free.items():
        if column.holds not in _KEYS or "." in at or column.dates:
            continue
        values = {str(one) for one in column.sample} - {""}
        share = len(values & keys) / len(values) if values else 0.0
        called = _called(at, name, target.place)
        # Without an ending as keys have one, a name may be anything.
        says_key = words_of(at)[-1] in KEY_ENDINGS
        if (called and (says_key or share)) or (share >= _MOST and len(values) > 1):
            found.append(_Link(name, column, called, share, weak))
    return found


def _called(column: str, name: str, place: Place) -> int:
    """Say how much *column* is called as what names a row of *place*: 2 like the place itself, 1 like its kind."""
    words = words_of(column)
    noun = words[:-1] if len(words) > 1 and words[-1] in KEY_ENDINGS else words
    own = words_of(place.name.rpartition(".")[2])
    if _singular(noun) == _singular(own) or (name == "crm" and name in noun):
        return 2
    return int(is_one_of(joined(noun), PLACES[_SECTION[name]]))


def _singular(words: Sequence[str]) -> list[str]:
    """Take the plural off: a collection is called customers_v2, and a link to it customer_v2_id."""
    return [word.removesuffix("s") for word in words]


def _reason(link: _Link, target: Picked) -> str:
    name = written_name(target.place.name)
    if link.called:
        many = target.place.rows > _ALL
        return f"it is called so, but none of its values {'among those looked at ' if many else ''}is a key of {name}"
    return f"its values are keys of {name}, but small numbers may be so by chance"
