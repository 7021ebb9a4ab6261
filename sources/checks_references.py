"""Find leads and bookings that belong to nobody."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Select, Text, literal, select

from domain.findings import Check, Finding
from sources.checks_rows import Odd, RowChecks
from sources.checks_sql import names_nobody, rows_of
from sources.postgres_mapping import MappedTable
from sources.postgres_reading import Tenant
from sources.postgres_sections import is_empty
from sources.postgres_tables import Tables

_NO_CUSTOMER = "names a customer that is not there"


class ReferenceChecks(RowChecks):
    """Look for what rows refer to, and is not there."""

    async def orphaned_leads(self, tenant: Tenant, examples: int) -> list[Finding]:
        """Find leads of no customer, where the profile says that this is a fault, and of one that is not there."""
        tables, section = await self._mapped("lead"), self._profile.lead
        assert section is not None
        assert tables.leads is not None
        mapped, key = tables.leads.mapped, tables.leads.mapped.ordered_key()
        odd = partial(Odd, Check.ORPHANED_LEAD, "lead.customer")
        asked = []
        if section.unattached == "orphaned":
            asked.append(odd("has no customer", rows_of(mapped, key, is_empty(mapped, "customer"), shown=None)))
        if (customers := self._customers()) is not None:
            asked.append(odd(_NO_CUSTOMER, names_nobody(mapped, "customer", customers, key)))
        return await self._found(tenant, mapped, asked, examples)

    async def orphaned_bookings(self, tenant: Tenant, examples: int) -> list[Finding]:
        """Find bookings that reach no customer, directly or through a lead, and those of a lead that is not there."""
        tables, section = await self._mapped("booking"), self._profile.booking
        assert section is not None
        assert tables.bookings is not None
        mapped, key = tables.bookings.mapped, tables.bookings.mapped.ordered_key()
        odd = partial(Odd, Check.ORPHANED_BOOKING, "booking.customer")
        through = section.customer is not None and section.customer.through is not None
        asked = []
        if section.customer is not None:
            message = "has no lead, and so no customer" if through else "has no customer"
            asked.append(odd(message, rows_of(mapped, key, is_empty(mapped, "customer"), shown=None)))
        if through:
            asked += [odd(message, rows) for message, rows in self._through_leads(tenant, tables, key).items()]
        elif section.customer is not None and (customers := self._customers()) is not None:
            asked.append(odd(_NO_CUSTOMER, names_nobody(mapped, "customer", customers, key)))
        role = "customer" if through else "lead"
        if role in mapped and tables.leads is not None and not tables.faults_of("lead"):
            lost = names_nobody(mapped, role, tables.leads.mapped, key)
            asked.append(Odd(Check.ORPHANED_BOOKING, "booking.lead", "names a lead that is not there", lost))
        return await self._found(tenant, mapped, asked, examples)

    def _through_leads(self, tenant: Tenant, tables: Tables, key: ColumnElement[Any]) -> Mapping[str, Select[Any]]:
        """Ask for the bookings whose lead is there, and has no customer, or one that is not there."""
        assert tables.leads is not None
        assert tables.bookings is not None
        assert tables.bookings.owner is not None
        leads, mapped, joined = tables.leads.mapped, tables.bookings.mapped, tables.bookings.owner.joined
        rows = select(key.label("key"), literal(None, Text).label("detail")).where(*mapped.of_tenant())
        alone = rows.select_from(joined).where(leads["key"].is_not(None), is_empty(leads, "customer"))
        asked = {"has a lead without customer": alone}
        if (customers := self._customers()) is not None:
            nobody = names_nobody(leads, "customer", customers, leads["key"], "lead_tenant")
            if tenant is not None and leads.has_tenant:
                # Leads may write the tenant in another type than bookings do.
                nobody = nobody.params(lead_tenant=leads.tenant_type.parse(tenant))
            lost = nobody.subquery("lost")
            named = rows.select_from(joined.join(lost, lost.c.key == leads["key"]))
            asked["has a lead whose customer is not there"] = named
        return asked

    def _customers(self) -> MappedTable | None:
        """Find the customers' table; None where the profile has none, or the database contradicts it."""
        tables = self._tables
        if tables is None or tables.customers is None or tables.faults_of("customer"):
            return None
        return tables.customers.mapped
