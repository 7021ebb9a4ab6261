"""The CRM's customers as statements."""

from sqlalchemy import ColumnElement

from domain.filters import CustomerFilter
from domain.records import CrmRecord, RecordKind
from domain.status import CustomerStatus
from sources.postgres_rows import Record, RowStatements
from sources.postgres_sections import Sections, clean, meaning_of, one_of, roles
from sources.profile import CustomerSection


def customer_statements(sections: Sections, section: CustomerSection) -> RowStatements[CrmRecord]:
    """Map *section* onto its table."""
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
        roles(key=section.key, created_at=section.created_at, status=status.column if status else None),
        list(fields.values()),
    )
    times = mapped.times("created_at")
    created = times["created_at"]

    def make(row: Record) -> CrmRecord:
        return CrmRecord(
            key=str(row.key),
            name=clean(row.name),
            email=clean(row.email),
            phone=clean(row.phone),
            area=clean(row.area),
            source=clean(row.source),
            created_at=created.stored.read(row.created_at),
            status=meaning_of(status, row.status, CustomerStatus.UNKNOWN) if status and row.status else None,
        )

    def filters(chosen: CustomerFilter | None) -> list[ColumnElement[bool]]:
        if chosen is None:
            return []
        return [*one_of(mapped, section.source, chosen.source), *created.within(chosen.created_in)]

    columns = [
        mapped["key"].label("key"),
        mapped.text("status").label("status"),
        *mapped.dates(times, "created_at"),
        *mapped.first_of_each(fields),
    ]
    return RowStatements(
        mapped,
        kind=RecordKind.CRM,
        columns=columns,
        make=make,
        orders={"CREATED_AT": created},
        filters=filters,
    )
