"""Draft the sections of a profile that are tables: customers, leads, bookings, tenants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from domain.status import BookingStatus, CustomerStatus, LeadStatus
from sources.draft import Line, Part, State
from sources.draft_columns import Columns, fits, is_number_as_text, written_name
from sources.draft_names import words_of
from sources.draft_places import key_of, ranked, reference
from sources.draft_vocabulary import (
    FAMILY_NAMES,
    GIVEN_NAMES,
    PLACES,
    UNITS,
)
from sources.draft_words import note_deleted, other_words, settled_words, status_part
from sources.inspection import Holds, Place

#: What the gateway knows of a new row by itself.
_KNOWN = frozenset(
    {"key", "tenant", "created_at", "updated_at", "customer", "lead", "name", "email", "phone", "start_at", "end_at"}
)
_STATUSES = {"customer": CustomerStatus, "lead": LeadStatus, "booking": BookingStatus}


@dataclass(slots=True)
class Picked:
    """Be a *place* that a section is drafted from, its *columns*, and the *others* that it may be."""

    section: str
    place: Place
    columns: Columns
    others: Sequence[Place] = ()
    parts: list[Part] = field(default_factory=list)
    insert: dict[str, object] = field(default_factory=dict)

    @property
    def part(self) -> Part:
        return self.parts[0]


def pick(section: str, places: Sequence[Place], owners: Sequence[Place] = ()) -> Picked | None:
    """Choose the likeliest of *places* for *section*, if there is any."""
    found = ranked(section, places, owners)
    return Picked(section, found[0], Columns(found[0], PLACES[section]), found[1:]) if found else None


def begin(picked: Picked, *, tenants: bool) -> Part:
    """Begin the section with its place, its tenant and its key."""
    part = Part(picked.section)
    picked.parts.append(part)
    part.sure(picked.place.kind, picked.place.name)
    if tenants and picked.place.tenant is not None:
        part.sure("tenant", picked.place.tenant)
        picked.columns.take(picked.place.tenant)
    elif tenants and "tenant" in part.section.keys and part.section.keys["tenant"].default_from is None:
        part.needed("tenant", "a column that names a row's tenant, as the other sections have one")
    if "key" in part.section.keys:
        key = key_of(picked.place)
        if key is None:
            part.needed("key", "a column that is unique, within its tenant if there are tenants; none was found")
        else:
            part.sure("key", key)
            picked.columns.take(key, "_id")
    if picked.others:
        part.note(f"could be too: {', '.join(written_name(one.name) for one in picked.others[:5])}")
    return part


def finish(picked: Picked) -> list[Part]:
    """End the section with what a new row needs and what was found no use for."""
    part = picked.part
    offer_date(picked, part, "created_at")
    picked.columns.dates_as(part)
    if "key" in part.section.keys:
        _insert(picked, part)
    part.need_what_is_required()
    zoneless = [
        written_name(str(line.value))
        for line in part.lines.values()
        if isinstance(line.value, str)
        and (column := picked.place.columns.get(line.value))
        and column.holds is Holds.DATE
        and not column.zoned
    ]
    if zoneless:
        part.note(f"these dates have no zone, and are of store.timezone: {', '.join(zoneless)}")
    if unused := picked.columns.unused():
        part.note(f"columns without a use here: {', '.join(unused)}")
    return picked.parts


def offer_date(picked: Picked, part: Part, key: str) -> None:
    """Where rows need the date *key* and no column is called so, offer a date that is left."""
    wanted = key in part.section.keys and part.section.requires(key) and key not in part.lines
    dates = [name for name, one in picked.columns.free.items() if one.is_date and one.required]
    if wanted and dates:
        part.lines[key] = Line(State.NEEDED, dates[0], "a date that every row has; is it this one?")
        picked.columns.take(dates[0])


def _insert(picked: Picked, part: Part) -> None:
    """Say what a new row needs beside what the profile maps."""
    insert: dict[str, object] = {}
    columns = picked.place.columns
    key = part.value("key")
    for role, value in (("key", key), ("created_at", part.value("created_at"))):
        column = columns.get(str(value))
        if column is None or column.filled or (picked.place.kind == "collection" and column.name == "_id"):
            continue
        if role == "key":
            insert[column.name] = "@next" if column.holds is Holds.INTEGER else "@uuid"
        elif column.required:
            insert[column.name] = "@now"
    if insert or picked.insert:
        part.sure("insert", {**insert, **picked.insert})
    if picked.place.kind == "table":
        known = {name for key, line in part.lines.items() if key in _KNOWN for name in _named(line.value)}
        known |= {str(one.value("column")) for one in picked.parts[1:]} | set(insert)
        more = [name for name, one in columns.items() if one.required and not one.filled and name not in known]
        if more:
            named = ", ".join(map(written_name, more))
            part.note(f"unsure: a new row needs these as well, which `insert` has to give a value: {named}")


def _named(value: object) -> list[str]:
    """List the columns that *value* names."""
    if isinstance(value, Mapping):
        return [name for one in value.values() for name in _named(one)]
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def name_of(picked: Picked) -> None:
    """Map the name, joined of two columns where it stands in two."""
    columns, part = picked.columns, picked.part
    given, family = (columns.find(names, lambda one: fits("name", one)) for names in (GIVEN_NAMES, FAMILY_NAMES))
    if given and family and given.exact and family.exact:
        part.sure("name", {"join": [given.column.name, family.column.name]})
        columns.take(given.column.name, family.column.name)


def crm_parts(picked: Picked, *, customer: Picked | None, lead: Picked | None, tenants: bool) -> list[Part]:
    """Draft [customer], [lead] or [booking], with its status."""
    section, columns = picked.section, picked.columns
    part = begin(picked, tenants=tenants)
    if section != "customer":
        owner_of(picked, part, customer, lead)
    if section == "customer":
        name_of(picked)
    status = status_part(columns, f"{section}.status", _STATUSES[section], required=section != "customer")
    columns.fill(part, section)
    if status is not None:
        picked.parts.append(status)
    if section == "booking":
        money_of(picked, part)
        paid = columns.place.columns.get(str(part.value("payment_status")))
        if paid is not None and (words := settled_words(paid)):
            part.sure("paid", {paid.name: words}, other_words(paid, words))
    note_deleted(columns, part)
    return picked.parts


def owner_of(picked: Picked, part: Part, customer: Picked | None, lead: Picked | None) -> None:
    """Say which customer and which lead a row belongs to."""
    by_lead = None
    if lead is not None and picked.section != "lead":
        by_lead = reference(picked.place, lead.place, "lead")
    if customer is not None:
        direct = reference(picked.place, customer.place, "customer")
        if direct is not None:
            part.sure("customer", direct.name)
            picked.columns.take(direct.name)
            if picked.section == "lead" and not direct.required:
                part.unsure(
                    "unattached", "open", "if a lead without customer is simply not converted yet, and no fault"
                )
        elif by_lead is not None and lead is not None and reference(lead.place, customer.place, "customer"):
            part.sure("customer", {"through": "lead", "by": by_lead.name})
        else:
            part.unsure("customer", None, "no column names a customer; without it they have none of these")
    if by_lead is not None:
        if "lead" in part.section.keys:
            part.sure("lead", by_lead.name)
        picked.columns.take(by_lead.name)


def money_of(picked: Picked, part: Part) -> None:
    """Say in which unit the amounts of *part* count."""
    column = picked.place.columns.get(str(part.value("amount")))
    if column is None:
        return
    if set(words_of(column.name)) & set(UNITS):
        part.sure("unit", "minor", "as its name says")
    elif column.holds is Holds.INTEGER or (is_number_as_text(column) and not any("." in one for one in column.sample)):
        part.unsure("unit", "minor", "the amounts are whole numbers: are they cents?")
    if column.holds is Holds.TEXT:
        part.note(f"the amounts in {written_name(column.name)} are text; what is no number counts as nothing")


def tenant_parts(place: Place) -> list[Part]:
    picked = Picked("tenant", place, Columns(place, PLACES["tenant"]))
    part = begin(picked, tenants=False)
    picked.columns.fill(part, "tenant")
    return finish(picked)
