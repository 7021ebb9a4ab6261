"""The store's own history of statuses as statements: pages of each lead's or booking's changes."""

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, func

from domain.records import StatusEvent
from domain.time import Period
from sources.postgres_mapping import MappedTable, Reflected, quoted
from sources.postgres_records import NAME, TEXT, Part, Records, time_part
from sources.postgres_rows import Owner, RowStatements
from sources.postgres_sections import Sections, comparable, roles
from sources.postgres_types import KEY_TYPES, KeyType
from sources.profile import BookingSection, Field, History, LeadSection, Path

#: Where the gateway keeps what it has changed, in the same database.
OWN_HISTORY = "gateway.status_event"
_SAID = ("to", "from", "by", "note")


def history_statements(sections: Sections, parent: str, section: History) -> RowStatements[StatusEvent]:
    """Map the history of *parent* (lead, booking). A row that does not say when, or what came, is no event."""
    name = f"{parent}.history"
    primary = _primary(sections, section)
    named = roles(
        owner=section.owner,
        to=section.to,
        at=section.at,
        by=section.by,
        note=section.note,
        key=next(iter(primary)) if len(primary) == 1 and KEY_TYPES.keys() >= set(primary.values()) else None,
    )
    if section.from_ is not None:
        named["from"] = section.from_
    parts = [(Path(column),) for column in primary]
    mapped = sections.map(name, section, named, parts)
    at = mapped.time("at")
    key, key_type = _told_apart(mapped, parts)

    def filters(period: Period | None) -> list[ColumnElement[bool]]:
        return [at.has_value, func.btrim(mapped.text("to")) != "", *at.within(period)]

    columns = {
        "key": key,
        "owner_key": mapped["owner"],
        "at": at.selected,
        **{f"said_{role}": mapped.text(role) for role in _SAID},
    }
    attributes = {
        "parent_key": Part(("owner_key",), NAME),
        "at": time_part("at", at),
        "from_": Part(("said_from",), TEXT),
        "to": Part(("said_to",), "clean({0}) or ''"),
        "by": Part(("said_by",), TEXT),
        "note": Part(("said_note",), TEXT),
    }
    return RowStatements(
        mapped,
        kind=None,
        records=Records(partial(StatusEvent, parent=parent), columns, attributes, beside=("key",)),
        orders={"AT": at},
        filters=filters,
        owner=Owner(mapped["owner"], mapped.key_type("owner"), mapped.table),
        key=(key, key_type),
    )


def history_of_customers(
    history: RowStatements[StatusEvent], parents: RowStatements[Any]
) -> RowStatements[StatusEvent] | None:
    """Read the *history* of the leads or bookings *parents* by whose they are; None where nothing says that."""
    if parents.owner is None:
        return None
    named, key = comparable(history.mapped, "owner", parents.mapped, "key")
    same = [named == key, *parents.mapped.own_conditions]
    if history.mapped.has_tenant and parents.mapped.has_tenant:
        tenant, other = comparable(history.mapped, "tenant", parents.mapped, "tenant")
        same.append(tenant == other)
    owner = parents.owner
    joined = history.mapped.table.join(owner.joined, and_(*same))
    return history.owned_by(Owner(owner.key, owner.type, joined))


def own_history(parent: str, section: LeadSection | BookingSection, reflected: Reflected) -> History | None:
    """Be what the gateway itself keeps of *parent* (lead, booking); None where it has no tables of its own."""
    if quoted(OWN_HISTORY) not in reflected:
        return None
    tenant = None if section.tenant is None else "tenant"
    return History(
        name_of=OWN_HISTORY,
        tenant=tenant,
        where={"kind": (parent,)},
        owner="key",
        from_="from",
        to="to",
        at="at",
        by="by",
        note="note",
    )


def _primary(sections: Sections, section: History) -> dict[str, str]:
    """List the columns, beside the tenant, of the table's primary key, each with its type."""
    columns = sections.reflected.get(quoted(section.name_of), {})
    return {name: info.type for name, info in columns.items() if info.primary and name != section.tenant}


def _told_apart(mapped: MappedTable, primary: Sequence[Field]) -> tuple[ColumnElement[Any], KeyType]:
    """Tell the rows of one moment apart: by their key, in its order, else by their *primary* key and what they say."""
    if "key" in mapped:
        return mapped.ordered_key(), mapped.key_type()
    texts = [*map(mapped.first_of, primary), *(mapped.text(role) for role in _SAID)]
    said = (func.coalesce(text, "") for text in texts)
    return cast(func.md5(func.concat_ws("\x1f", *said)), Text).collate("C"), KEY_TYPES["text"]
