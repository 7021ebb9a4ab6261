"""Find out whether the rows of a store belong to tenants, and which column of each place says to whom."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sources.draft_names import joined, likeness, words_of
from sources.draft_places import ranked
from sources.draft_vocabulary import PERHAPS_TENANTS, PLACES, TENANTS
from sources.inspection import Holds, Place

#: A column that begins so many primary keys of two columns says whose the rows are, whatever it is called.
_ENOUGH = 3
_KINDS = (
    ("customer", "table"),
    ("account", "collection"),
    ("delivery", "collection"),
    ("lead", "table"),
    ("booking", "table"),
)


def with_tenants(places: Sequence[Place]) -> list[Place]:
    """Give each of *places* the column of its tenant; none of them one where the store seems to have no tenants."""
    found = _columns(places)
    # Where the column is the whole key, the rows are the tenants themselves.
    return [
        one if one.primary == (found.get(one.name),) else replace(one, tenant=found.get(one.name)) for one in places
    ]


def tenant_place(places: Sequence[Place]) -> Place | None:
    """Find the table of the tenants themselves: the one that the rows of tenants refer to."""
    named = Counter(
        reference.to for one in places for reference in one.references if reference.columns == (one.tenant,)
    )
    tables = [one for one in places if one.kind == "table" and one.tenant is None]
    by_name = [one for one in tables if likeness(one.name, PLACES["tenant"]) == _ENOUGH]
    referred = next((one for name, _ in named.most_common(1) for one in tables if one.name == name), None)
    return referred or (by_name[0] if len(by_name) == 1 and any(one.tenant for one in places) else None)


def _columns(places: Sequence[Place]) -> Mapping[str, str]:
    relevant = _relevant(places)
    if not relevant:
        return {}
    strong = {one.name: name for one in places if (name := _called(one, TENANTS))}
    shared = _shared(places, relevant[0])
    weak = {one.name: name for one in places if (name := _called(one, PERHAPS_TENANTS))}
    certain = {**shared, **strong}
    # The customers, or what stands for them, decide; a column whose name may mean something else has to be everywhere.
    if relevant[0].name in certain:
        return certain
    either = {**weak, **certain}
    return either if all(one.name in either for one in relevant) else {}


def _relevant(places: Sequence[Place]) -> list[Place]:
    """List the places that the profile will probably map."""
    likeliest = (ranked(section, [one for one in places if one.kind == kind])[:1] for section, kind in _KINDS)
    return [place for found in likeliest for place in found]


def _called(place: Place, names: Sequence[str]) -> str | None:
    return next(
        (
            name
            for wanted in names
            for name, one in place.columns.items()
            if one.required and one.holds in (Holds.TEXT, Holds.INTEGER, Holds.KEY) and joined(words_of(name)) == wanted
        ),
        None,
    )


def _shared(places: Sequence[Place], owner: Place) -> Mapping[str, str]:
    """Find the column that begins the primary keys of many tables, that of *owner* among them."""
    begins = Counter(one.primary[0] for one in places if len(one.primary) > 1)
    name = owner.primary[0] if len(owner.primary) > 1 else None
    return {one.name: name for one in places if name in one.columns} if name and begins[name] >= _ENOUGH else {}
