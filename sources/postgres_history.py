"""The store's own history of statuses as statements: pages of each lead's or booking's changes."""

from typing import Any

from sqlalchemy import ColumnElement, Text, cast, func

from domain.records import StatusEvent
from sources.postgres_mapping import MappedTable, quoted
from sources.postgres_rows import Owner, Record, RowStatements
from sources.postgres_sections import Sections, clean, roles
from sources.postgres_types import KEY_TYPES, KeyType
from sources.profile import History

_SAID = ("to", "from", "by", "note")


def history_statements(sections: Sections, parent: str, section: History) -> RowStatements[StatusEvent]:
    """Map the history of *parent* (lead, booking). A row that does not say when, or what came, is no event."""
    name = f"{parent}.history"
    named = roles(
        owner=section.owner, to=section.to, at=section.at, by=section.by, note=section.note, key=_key(sections, section)
    )
    if section.from_ is not None:
        named["from"] = section.from_
    mapped = sections.map(name, section, named)
    at = mapped.time("at")
    key, key_type = _told_apart(mapped)

    def make(row: Record) -> StatusEvent:
        moment = at.stored.read(row.at)
        assert moment is not None
        return StatusEvent(
            parent=parent,
            parent_key=str(row.owner_key),
            at=moment,
            from_=clean(row.said_from),
            to=clean(row.said_to) or "",
            by=clean(row.said_by),
            note=clean(row.said_note),
        )

    def filters(_: object) -> list[ColumnElement[bool]]:
        return [at.has_value, func.btrim(mapped.text("to")) != ""]

    columns = [
        key.label("key"),
        mapped["owner"].label("owner_key"),
        *mapped.dates({"at": at}, "at"),
        *(mapped.text(role).label(f"said_{role}") for role in _SAID),
    ]
    return RowStatements(
        mapped,
        kind=None,
        columns=columns,
        make=make,
        orders={"AT": at},
        filters=filters,
        owner=Owner(mapped["owner"], mapped.key_type("owner"), mapped.table),
        key=(key, key_type),
    )


def _key(sections: Sections, section: History) -> str | None:
    """Find the one column, beside the tenant, that is the table's primary key: rows of one moment come in its order."""
    columns = sections.reflected.get(quoted(section.name_of), {})
    primary = [name for name, info in columns.items() if info.primary and name != section.tenant]
    return primary[0] if len(primary) == 1 and columns[primary[0]].type in KEY_TYPES else None


def _told_apart(mapped: MappedTable) -> tuple[ColumnElement[Any], KeyType]:
    """Tell the rows of one moment apart: by their key, else by what they say."""
    if "key" in mapped:
        return mapped.ordered_key(), mapped.key_type()
    said = (func.coalesce(mapped.text(role), "") for role in _SAID)
    return cast(func.md5(func.concat_ws("\x1f", *said)), Text).collate("C"), KEY_TYPES["text"]
