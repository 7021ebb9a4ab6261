"""Give leads that belong to nobody to a customer of the CRM."""

from sqlalchemy import Update, update
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.filters import LeadFilter
from domain.records import Key
from sources.postgres_reading import PostgresReading, Tenant
from sources.postgres_refusals import refusing
from sources.profile import LeadSection


class PostgresAttaching(PostgresReading):
    """Compose the one statement that attaches a lead, for whoever has a transaction for it."""

    async def attaching(self, tenant: Tenant, lead: Key, customer: Key) -> Update | None:
        """Let the lead *lead* name *customer*, if it belongs to nobody; None where the store cannot say that."""
        statements = (await self._mapped("lead")).leads
        if statements is None or "customer" not in statements.mapped:
            return None
        mapped = statements.mapped
        key, owner = mapped.key_type().parse(lead), mapped.key_type("customer").parse(customer)
        of_tenant = None if not mapped.has_tenant else mapped.tenant_type.parse(tenant or "")
        if key is None or owner is None or (mapped.has_tenant and of_tenant is None):
            return None
        conditions = [*mapped.of_tenant(), mapped["key"] == key, *statements.filters(LeadFilter(orphaned=True))]
        attached = update(mapped.table).where(*conditions).values({mapped.column("customer"): owner})
        return attached.params(tenant=of_tenant) if mapped.has_tenant else attached


async def attach(connection: AsyncConnection, section: LeadSection, statement: Update) -> bool:
    """Attach a lead of *section* in the transaction of *connection*; False where it belongs to somebody by now.

    Raises RefusedError where the store does not take it.
    """
    async with refusing(connection, section):
        return (await connection.execute(statement)).rowcount == 1
