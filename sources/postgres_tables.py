"""A profile, mapped onto the database as it is."""

from collections.abc import Sequence
from typing import Any

from sources.postgres_bookings import booking_statements
from sources.postgres_customer_figures import CustomerFigures
from sources.postgres_customers import customer_statements
from sources.postgres_history import OWN_HISTORY, history_of_customers, history_statements, own_history
from sources.postgres_leads import lead_statements, lead_table
from sources.postgres_mapping import Reflected, quoted
from sources.postgres_revenue import revenue_statements
from sources.postgres_rows import RowStatements
from sources.postgres_satellites import (
    external_statements,
    referrer_table,
    shipment_statements,
    tenant_statements,
    totals_table,
)
from sources.postgres_sections import Sections
from sources.postgres_snapshots import snapshot_statements
from sources.profile import Profile, Rows


def tables_of(profile: Profile) -> list[str]:
    """List, as quoted identifiers, the tables that *profile* reads from."""
    customer, lead, booking = profile.customer, profile.lead, profile.booking
    rows: list[Rows | None] = [profile.tenant, customer, lead, booking, profile.revenue]
    if customer is not None:
        rows += [customer.external, customer.referrer]
    if booking is not None:
        rows += [booking.shipments]
    rows += [section.history for section in (lead, booking) if section is not None]
    names = {section.name_of for section in rows if section is not None}
    if customer is not None and customer.stored_totals is not None and customer.stored_totals.table is not None:
        names.add(customer.stored_totals.table)
    snapshots = [section.snapshot for section in (lead, booking) if section is not None]
    names |= {OWN_HISTORY} if lead is not None or booking is not None else set()
    names |= {one.catalogue.table for one in snapshots if one is not None and one.catalogue is not None}
    return sorted(map(quoted, names))


class Tables:
    """Be the statements of each section that *profile* has; *faults* lists what the database contradicts."""

    def __init__(self, profile: Profile, reflected: Reflected) -> None:
        sections = Sections(profile, reflected)
        customer, lead, booking, revenue = profile.customer, profile.lead, profile.booking, profile.revenue
        leads = lead_table(sections, lead) if lead else None
        self.reflected = reflected
        self.tenants = tenant_statements(sections, profile.tenant) if profile.tenant else None
        self.bookings = booking_statements(sections, booking, leads) if booking else None
        self.revenue = revenue_statements(sections, revenue, leads) if revenue else None
        figures = CustomerFigures.of(profile, self.bookings, self.revenue)
        self.customers = customer_statements(sections, customer, figures) if customer else None
        self.external = external_statements(sections, customer.external) if customer and customer.external else None
        self.referrers = referrer_table(sections, customer.referrer) if customer and customer.referrer else None
        self.totals = totals_table(sections, customer) if customer and customer.stored_totals else None
        rows = self.customers.mapped if self.customers else None
        self.leads = lead_statements(sections, lead, leads, rows) if lead and leads else None
        shipments = booking.shipments if booking else None
        self.shipments = shipment_statements(sections, shipments) if shipments else None
        parents = {"lead": lead, "booking": booking}
        self.histories = {
            name: history_statements(sections, name, history)
            for name, section in parents.items()
            if section is not None and (history := section.history or own_history(name, section, reflected)) is not None
        }
        rows_of: dict[str, RowStatements[Any] | None] = {"lead": self.leads, "booking": self.bookings}
        of_customers = {
            name: history_of_customers(history, owned)
            for name, history in self.histories.items()
            if (owned := rows_of[name]) is not None
        }
        self.histories_of_customers = {name: found for name, found in of_customers.items() if found is not None}
        self.snapshots = {
            name: snapshot_statements(sections, name, section, section.snapshot)
            for name, section in parents.items()
            if section is not None and section.snapshot is not None
        }
        self._faults = tuple(sections.faults.found)
        self._through_lead = {
            name
            for name, section in (("booking", booking), ("revenue", revenue))
            if section is not None and section.customer is not None and section.customer.through
        }

    @property
    def faults(self) -> Sequence[str]:
        return [fault for _, fault in self._faults]

    def faults_of(self, section: str) -> list[str]:
        """List what the database contradicts in *section*, and in the leads through which it is read."""
        names = (section, "lead") if section in self._through_lead else (section,)
        return [fault for name, fault in self._faults if name in names]
