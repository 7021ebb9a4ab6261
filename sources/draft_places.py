"""Tell which table or collection is what: by its name, its columns, and what refers to what."""

from collections.abc import Sequence
from functools import partial

from sources.draft_columns import Columns, fits
from sources.draft_names import is_one_of, joined, likeness, nouns_of, words_of
from sources.draft_vocabulary import COLUMNS, HISTORIES, KEY_ENDINGS, PLACES, REVENUE
from sources.inspection import Column, Holds, Place

#: What a name says weighs more than any number of columns; what is sure of a place, more than one.
_NAME, _REFERENCE, _KEY = 10, 5, 3
_PAIR = 2
#: Where the noun comes first, it is this one in most languages.
_HISTORY = "hist"
_KEYS = (Holds.TEXT, Holds.INTEGER, Holds.KEY)


def ranked(section: str, places: Sequence[Place], owners: Sequence[Place] = ()) -> list[Place]:
    """List the *places* that may be *section*, the likeliest first; rows of *owners* belong to them."""
    stems = PLACES[section]
    found = []
    for place in places:
        like = 0 if is_history(place) else likeness(place.name, stems)
        if like:
            score = like * _NAME + _roles(place, section, stems)
            score += _REFERENCE * any(
                reference(place, owner, kind) for owner, kind in zip(owners, _KINDS, strict=False)
            )
            score += _KEY * bool(place.unique)
            found.append((score, place))
    return [place for _, place in sorted(found, key=lambda one: (-one[0], -one[1].rows, one[1].name))]


def _roles(place: Place, section: str, stems: Sequence[str]) -> int:
    """Count the roles of *section* that columns of *place* play."""
    columns = Columns(place, stems)
    matches = (columns.find(names, partial(fits, key)) for key, names in COLUMNS[section].items())
    return sum(match is not None and match.exact for match in matches)


def is_history(place: Place) -> bool:
    """Say whether *place* is called as what happened to something else: booking_events, historial_citas."""
    nouns = nouns_of(place.name)
    return len(nouns) > 1 and (is_one_of(nouns[-1], HISTORIES) or nouns[0].startswith(_HISTORY))


#: What owners are, in the order in which they are given.
_KINDS = ("customer", "lead", "booking")


def worth_a_look(places: Sequence[Place]) -> list[Place]:
    """Sort *places* so that those come first whose names say something, then those that refer to such."""
    stems = [*(stem for stems in PLACES.values() for stem in stems), *(stem for kind in REVENUE for stem in kind)]
    named = {one.name for one in places if likeness(one.name, stems)}
    return sorted(
        places, key=lambda one: (one.name not in named, not any(other.to in named for other in one.references))
    )


def key_of(place: Place) -> str | None:
    """Find the column that holds the key: what is unique, or unique within its tenant."""
    usable = Columns(place, ()).free
    own: list[str] = [
        name for (name, *more) in place.unique if not more and name in usable and _may_be_key(usable[name])
    ]
    if place.kind == "collection":
        called = [name for name in usable if name in own or _differs_within(place, name)]
        return next((name for name in called if _is_called_key(place, name)), "_id" if "_id" in own else None)
    within = [
        next(name for name in names if name != place.tenant)
        for names in place.unique
        if len(names) == len({place.tenant, *names}) == _PAIR
    ]
    # The primary key comes first, whether it is one column or one of a tenant.
    primary = [name for name in place.primary if name != place.tenant]
    for name in [*(primary if len(primary) == 1 else []), *own, *within]:
        if name in usable and _may_be_key(usable[name]):
            return name
    return None


def reference(place: Place, owner: Place, kind: str) -> Column | None:
    """Find the column of *place* that names a row of *owner*, which is a *kind* (customer, lead, booking)."""
    usable = Columns(place, ()).free
    foreign = {column for one in place.references for column in one.columns if one.to != owner.name}
    for one in place.references:
        for column, key in zip(one.columns, one.keys, strict=True):
            if one.to == owner.name and key == key_of(owner) and column in usable:
                return usable[column]
    named = (one for name, one in usable.items() if one.holds in _KEYS and name not in foreign)
    return next((one for one in named if _names(one.name, owner, kind)), None)


def _names(column: str, owner: Place, kind: str) -> bool:
    """Say whether *column* is called as what holds the key of a row of *owner*: customer_id, KundenNr."""
    words = words_of(column)
    own_key = key_of(owner)
    if column == own_key and joined(words) not in KEY_ENDINGS:
        return True
    noun = words[:-1] if len(words) > 1 and words[-1] in KEY_ENDINGS else ()
    return bool(noun) and (is_one_of(joined(noun), PLACES[kind]) or noun == _singular(owner))


def _singular(place: Place) -> tuple[str, ...]:
    *before, last = nouns_of(place.name)
    return (*before, last.removesuffix("s"))


def _may_be_key(column: Column) -> bool:
    return column.holds in _KEYS


def _differs_within(place: Place, name: str) -> bool:
    """Say whether in all documents looked at *name* is there, and different within each tenant."""
    tenant, column = place.columns.get(place.tenant or ""), place.columns[name]
    if tenant is None or not tenant.required or not column.required or not _may_be_key(column):
        return False
    pairs = {(str(whose), str(own)) for whose, own in zip(tenant.sample, column.sample, strict=True)}
    return len(pairs) == len(column.sample)


def _is_called_key(place: Place, name: str) -> bool:
    words = words_of(name)
    own = _singular(place)
    return name != "_id" and (joined(words) in KEY_ENDINGS or (words[-1] in KEY_ENDINGS and _begins(words[:-1], own)))


def _begins(words: tuple[str, ...], own: tuple[str, ...]) -> bool:
    return bool(words) and bool(own) and own[-1].startswith(words[-1][:4])
