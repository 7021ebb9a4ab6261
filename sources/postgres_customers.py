"""The CRM's customers as statements."""

from collections.abc import Sequence

from sqlalchemy import Column, ColumnElement, false, not_, or_

from domain.filters import CustomerRows
from domain.records import CrmRecord, RecordKind
from domain.status import CustomerStatus
from sources.postgres_customer_figures import CustomerFigures
from sources.postgres_mapping import MappedTable
from sources.postgres_orders import TextColumn
from sources.postgres_rows import Record, RowStatements
from sources.postgres_sections import (
    Sections,
    among_keys,
    clean,
    in_status,
    meaning_of,
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
    created, contact = times["created_at"], times.get("last_contact_at")

    def make(row: Record) -> CrmRecord:
        return CrmRecord(
            key=str(row.key),
            name=clean(row.name),
            email=clean(row.email),
            phone=clean(row.phone),
            area=clean(row.area),
            source=clean(row.source),
            created_at=created.stored.read(row.created_at),
            last_contact_at=None if contact is None else contact.stored.read(row.last_contact_at),
            status=meaning_of(status, row.status, CustomerStatus.UNKNOWN) if status and row.status else None,
        )

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

    columns = [
        mapped["key"].label("key"),
        mapped.text("status").label("status"),
        *mapped.dates(times, "created_at", "last_contact_at"),
        *mapped.first_of_each(fields),
    ]
    return RowStatements(
        mapped,
        kind=RecordKind.CRM,
        columns=columns,
        make=make,
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
