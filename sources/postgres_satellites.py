"""What hangs on a customer or a booking without a key of its own, and the tenants, as statements."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, Text, and_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from domain.records import ExternalAccount, Shipment, Tenant
from sources.postgres_mapping import MappedTable
from sources.postgres_records import clean
from sources.postgres_rows import Record
from sources.postgres_sections import Sections, roles
from sources.postgres_time import TimeColumn
from sources.profile import NO_CONDITION, CustomerSection, External, Referrer, Rows, Shipments, TenantSection

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class SatelliteStatements(Generic[R]):
    """Read the rows of *mapped* by their `owner`, in the order of *order*; *make* turns a row of *columns* into one."""

    mapped: MappedTable
    columns: Sequence[ColumnElement[Any]]
    order: Sequence[ColumnElement[Any]]
    make: Callable[[Record], R]

    def by_owner(self) -> Select[Any]:
        """Read what belongs to `:owners`."""
        owner = self.mapped["owner"]
        return (
            select(owner.label("owner"), *self.columns)
            .where(*self.mapped.of_tenant(), self.mapped.any_of("owner", "owners"))
            .order_by(*self.order)
        )


@dataclass(frozen=True, slots=True)
class ExternalStatements(SatelliteStatements[ExternalAccount]):
    """Read what other services call customers, and whom they call so."""

    def owners_of(self) -> Select[Any]:
        """Read the `owner` of each pair of `:providers` and `:ids`."""
        wanted = (
            func.unnest(bindparam("providers", type_=ARRAY(Text)), bindparam("ids", type_=ARRAY(Text)))
            .table_valued("provider", "id")
            .render_derived(name="wanted")
        )
        provider, id_ = self.mapped.text("provider"), self.mapped.text("external_id")
        return (
            select(self.mapped["owner"].label("owner"), provider.label("provider"), id_.label("id"))
            .distinct()
            .select_from(self.mapped.table.join(wanted, and_(provider == wanted.c.provider, id_ == wanted.c.id)))
            .where(*self.mapped.of_tenant())
        )


def external_statements(sections: Sections, section: External) -> ExternalStatements:
    """Map what other services call a customer."""
    named = roles(
        owner=section.customer, provider=section.provider, external_id=section.external_id, branch=section.branch
    )
    mapped = sections.map("customer.external", section, named)
    mapped.key_type("owner")
    texts = {role: mapped.text(role) for role in ("provider", "external_id", "branch")}

    def make(row: Record) -> ExternalAccount:
        return ExternalAccount(clean(row.provider), clean(row.external_id), clean(row.branch))

    columns = [text.label(role) for role, text in texts.items()]
    order = [text.collate("C") for text in texts.values()]
    return ExternalStatements(mapped, columns, order, make)


def shipment_statements(sections: Sections, section: Shipments) -> SatelliteStatements[Shipment]:
    """Map what was sent for a booking, in the order in which it was entered."""
    named = roles(
        owner=section.booking,
        provider=section.provider,
        tracking_number=section.tracking_number,
        status=section.status,
        estimated_delivery=section.estimated_delivery,
        created_at=section.created_at,
    )
    mapped = sections.map("booking.shipments", section, named)
    mapped.key_type("owner")
    times = mapped.times("estimated_delivery", "created_at")
    expected = times.get("estimated_delivery")
    zone = sections.zone

    def make(row: Record) -> Shipment:
        return Shipment(
            provider=clean(row.provider),
            tracking_number=clean(row.tracking_number),
            status=clean(row.status),
            estimated_delivery=_day(expected, row.estimated_delivery, zone),
        )

    columns = [
        *(mapped.text(role).label(role) for role in ("provider", "tracking_number", "status")),
        *mapped.dates(times, "estimated_delivery"),
    ]
    created = [times["created_at"].selected.nulls_last()] if "created_at" in times else []
    order = [*created, mapped.text("tracking_number").collate("C")]
    return SatelliteStatements(mapped, columns, order, make)


def _day(column: TimeColumn | None, stored: object, zone: Any) -> date | None:
    """Answer the day of *stored*: a date as it is, an instant where the store is."""
    if column is None:
        return None
    if isinstance(stored, date) and not isinstance(stored, datetime):
        return stored
    at = column.stored.read(stored)
    return None if at is None else at.astimezone(zone).date()


def referrer_table(sections: Sections, section: Referrer) -> MappedTable:
    """Map who refers others."""
    mapped = sections.map("customer.referrer", section, roles(owner=section.customer))
    mapped.key_type("owner")
    return mapped


def totals_table(sections: Sections, customer: CustomerSection) -> MappedTable:
    """Map the totals that somebody stored: in a table of their own, or in the customer's."""
    totals = customer.stored_totals
    assert totals is not None
    own = totals.table is not None
    rows = Rows(
        name_of=totals.table or customer.name_of,
        tenant=totals.tenant if own else customer.tenant,
        where=NO_CONDITION if own else customer.where,
        dates=customer.dates,
    )
    named = roles(
        owner=totals.customer if own else customer.key,
        leads=totals.leads,
        bookings=totals.bookings,
        accepted=totals.accepted,
        no_shows=totals.no_shows,
        first_booking_at=totals.first_booking_at,
        revenue=totals.revenue,
    )
    mapped = sections.map("customer.stored_totals", rows, named)
    mapped.key_type("owner")
    mapped.times("first_booking_at")
    return mapped


@dataclass(frozen=True, slots=True)
class TenantStatements:
    """List the tenants."""

    mapped: MappedTable

    def all(self) -> Select[Any]:
        columns = [self.mapped["key"].label("key"), self.mapped.text("name").label("name")]
        return select(*columns).where(*self.mapped.own_conditions).order_by(self.mapped.ordered_key())

    def make(self, row: Record) -> Tenant:
        return Tenant(key=str(row.key), name=clean(row.name))


def tenant_statements(sections: Sections, section: TenantSection) -> TenantStatements:
    mapped = sections.map("tenant", section, roles(key=section.key, name=section.name))
    mapped.key_type()
    return TenantStatements(mapped)


def tenants_in(mapped: MappedTable) -> Select[Any]:
    """List what the rows of *mapped* name as their tenant."""
    return select(mapped["tenant"].label("key")).where(*mapped.own_conditions, mapped["tenant"].is_not(None)).distinct()
