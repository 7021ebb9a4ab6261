"""The CRM's customers as statements."""

from collections.abc import Sequence

from sqlalchemy import Column, ColumnElement, false, not_, or_

from domain.filters import CustomerRows
from domain.records import CrmRecord, RecordKind
from domain.status import CustomerStatus
from sources.postgres_customer_figures import CustomerFigures
from sources.postgres_mapping import MappedTable
from sources.postgres_orders import TextColumn
from sources.postgres_records import MEANING_IF_ANY, NAME, TEXT, Meanings, Part, Records, time_part
from sources.postgres_rows import RowStatements
from sources.postgres_sections import (
    Sections,
    among_keys,
    in_status,
    one_of,
    roles,
    says_nothing,
)
from sources.profile import CustomerSection, Field, Join, StatusMap


def customer_statements(
    sections: Sections, section: CustomerSection, figures: CustomerFigures
) -> RowStatements[CrmRecord]:
    """Map *section* onto its table; *figures* are what is counted and summed of customers."""
    status = section.status
    fields = {
        "name": section.name,
        "email": section.email,
        "phone": section.phone,
        "source": section.source,
        "area": section.area,
    }
    mapped = sections.map(
        "customer",
        section,
        roles(
            key=section.key,
            created_at=section.created_at,
            last_contact_at=section.last_contact_at,
            status=status.column if status else None,
        ),
        list(fields.values()),
    )
    times = mapped.times("created_at", "last_contact_at")
    created = times["created_at"]

    def filters(asked: CustomerRows) -> list[ColumnElement[bool]]:
        chosen = asked.chosen
        return [
            *among_keys(mapped, asked.keys),
            *_in_status(mapped, status, chosen.status, beyond=asked.beyond),
            *_in_area(mapped, section.area, chosen.area, beyond=asked.beyond),
            *_without_email(mapped, section.email, chosen.email_missing, beyond=asked.beyond),
            *one_of(mapped, section.source, chosen.source),
            *created.within(chosen.created_in),
            *figures.conditions(mapped, chosen),
        ]

    columns = {
        "key": mapped["key"],
        "status": mapped.text("status"),
        **{role: time.selected for role, time in times.items()},
        **{name: mapped.first_of(field) for name, field in fields.items()},
    }
    parts = {
        "key": Part(("key",), NAME),
        **{name: Part((name,), TEXT) for name, field in fields.items() if field is not None},
        **{role: time_part(role, time) for role, time in times.items()},
    }
    if status is not None:
        parts["status"] = Part(("status",), MEANING_IF_ANY, Meanings(status.words, CustomerStatus.UNKNOWN))
    return RowStatements(
        mapped,
        kind=RecordKind.CRM,
        records=Records(CrmRecord, columns, parts),
        orders={"CREATED_AT": created},
        values={} if section.name is None else {"NAME": _name(mapped, section.name)},
        joined=figures.orders(mapped),
        filters=filters,
    )


def _name(mapped: MappedTable, name: Field | Join) -> TextColumn:
    """Be the names that customers are ordered by: as they are stored, or as they are put together."""
    expression = mapped.first_of(name)
    plain = isinstance(expression, Column)
    return TextColumn(expression.collate("C"), indexable=plain)


def _in_status(
    mapped: MappedTable,
    words: StatusMap[CustomerStatus] | None,
    chosen: Sequence[CustomerStatus] | None,
    *,
    beyond: bool,
) -> list[ColumnElement[bool]]:
    """Hold the status to one of *chosen*; with nothing in it, a row is none of them, but what lies *beyond* may be."""
    if chosen is None or (words is None and beyond):
        return []
    if words is None:
        return [false()]
    stored = mapped.text("status")
    nothing = or_(stored.is_(None), stored == "")
    said = in_status(mapped, words, chosen, CustomerStatus.UNKNOWN)
    return [or_(nothing, *said)] if beyond else [not_(nothing), *said]


def _in_area(
    mapped: MappedTable, area: Field | None, chosen: Sequence[str] | None, *, beyond: bool
) -> list[ColumnElement[bool]]:
    if not beyond or chosen is None:
        return one_of(mapped, area, chosen)
    return [] if area is None else [or_(says_nothing(mapped, area), *one_of(mapped, area, chosen))]


def _without_email(
    mapped: MappedTable, email: Field | None, missing: bool | None, *, beyond: bool
) -> list[ColumnElement[bool]]:
    """Hold rows to those without e-mail, or with one; what lies *beyond* may have one."""
    if missing is None or (beyond and not missing):
        return []
    if email is None:
        return [] if missing else [false()]
    nothing = says_nothing(mapped, email)
    return [nothing if missing else not_(nothing)]
