"""Draft the sections inside of others: satellites, histories, stored totals, snapshots."""

from collections.abc import Callable, Sequence

from sources.draft import Part
from sources.draft_columns import Columns
from sources.draft_names import joined, likeness, nouns_of, words_of
from sources.draft_places import is_history, key_of, reference
from sources.draft_tables import Picked
from sources.draft_vocabulary import COLUMNS, IS_REFERRER, PLACES, REFERRERS, UNITS
from sources.draft_words import flag
from sources.inspection import Holds, Place


def satellites_of(owner: Picked, places: Sequence[Place]) -> list[Part]:
    """Draft what hangs on the rows of *owner* in *places*, each of them at most one thing."""
    left = list(places)
    found = []
    for at, recognised in _SATELLITES.get(owner.section, {}).items():
        for place in left:
            column = reference(place, owner.place, owner.section)
            if column is None or not recognised(place):
                continue
            part = _satellite(at, owner.section, place, column.name)
            if all(key in part.lines for key in part.section.keys if part.section.requires(key)):
                found.append(part)
                left.remove(place)
                break
    return found


def _satellite(at: str, owner: str, place: Place, column: str) -> Part:
    part = Part(at)
    columns = Columns(place, (*PLACES[owner], *PLACES.get(at.rpartition(".")[2], ())))
    part.sure("table", place.name)
    if place.tenant:
        part.sure("tenant", place.tenant)
        columns.take(place.tenant)
    part.sure(owner, column)
    columns.take(column, *filter(None, [key_of(place)]))
    if at == "customer.referrer" and (says := flag(columns, IS_REFERRER)):
        part.sure("where", {says.name: [True]})
        columns.take(says.name)
    columns.fill(part, "history" if at.endswith(".history") else at)
    columns.dates_as(part)
    if unused := columns.unused():
        part.note(f"columns without a use here: {', '.join(unused)}")
    return part


def _is_referrer(place: Place) -> bool:
    return any(word.startswith(REFERRERS) for word in nouns_of(place.name))


def _is_shipment(place: Place) -> bool:
    return likeness(place.name, PLACES["shipments"]) > 1


def _has_external(place: Place) -> bool:
    return Columns(place, ()).find(COLUMNS["customer.external"]["external_id"], lambda _: True) is not None


#: By the section of the owner, and in the order of the grammar: what is recognised as what.
_SATELLITES: dict[str, dict[str, Callable[[Place], bool]]] = {
    "customer": {"customer.external": _has_external, "customer.referrer": _is_referrer},
    "lead": {"lead.history": is_history},
    "booking": {"booking.shipments": _is_shipment, "booking.history": is_history},
}


def stored_totals(customer: Picked, places: Sequence[Place]) -> Part | None:
    """Draft the totals that somebody stored, in the customers' own rows or in a table of theirs."""
    own = _totals(customer.columns, None, customer)
    if own is not None:
        return own
    for place in places:
        column = reference(place, customer.place, "customer")
        if column is not None:
            part = _totals(Columns(place, PLACES["customer"]), column.name, customer)
            if part is not None:
                return part
    return None


def _totals(columns: Columns, column: str | None, customer: Picked) -> Part | None:
    part = Part("customer.stored_totals")
    columns.fill(part, "customer.stored_totals")
    part.lines = {key: line for key, line in part.lines.items() if part.value(key) is not None}
    if not part.lines:
        return None
    if set(words_of(str(part.value("revenue") or ""))) & set(UNITS):
        part.sure("unit", "minor", "as its name says")
    if column is not None:
        part.sure("table", columns.place.name)
        if columns.place.tenant and columns.place.tenant != customer.place.tenant:
            part.sure("tenant", columns.place.tenant)
        part.sure("customer", column)
    return part


def snapshot_of(owner: Picked, places: Sequence[Place]) -> Part | None:
    """Draft what the rows say about the thing that they are about, from a column of JSON."""
    for column in [one for one in owner.columns.free.values() if one.holds is Holds.JSON]:
        part = Part(f"{owner.section}.snapshot")
        by_form = {joined(words_of(key)): key for key in column.keys_inside if "." not in key}
        for key, names in COLUMNS["snapshot"].items():
            paths = [f"{column.name}.{by_form[name]}" for name in names if name in by_form]
            if paths:
                part.sure(key, paths if key == "images" and len(paths) > 1 else paths[0])
        if len(part.lines) > 1:
            owner.columns.take(column.name)
            _catalogue(owner, part, places)
            return part
    return None


def _catalogue(owner: Picked, part: Part, places: Sequence[Place]) -> None:
    for name in owner.columns.free:
        *noun, last = words_of(name)
        for place in places:
            key = key_of(place)
            if key and noun and last == "id" and nouns_of(place.name) in ((*noun,), (*noun[:-1], f"{noun[-1]}s")):
                value = {"table": place.name, "key": key, "by": name}
                part.unsure("catalogue", value, "if what is no longer in this table is archived")
