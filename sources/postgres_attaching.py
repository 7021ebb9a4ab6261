"""Give leads that belong to nobody to a customer of the CRM."""

from sqlalchemy import Update, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.filters import LeadFilter
from domain.records import Key
from sources.postgres_reading import PostgresReading, Tenant

#: The classes of SQLSTATE that say that the store does not take what was written: of values, and of constraints.
_REFUSED = ("22", "23")


class StoreRefusesError(Exception):
    """Say why the store does not take what was to be written."""


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


async def attach(connection: AsyncConnection, statement: Update) -> bool:
    """Attach a lead in the transaction of *connection*; False where it belongs to somebody by now.

    Raises StoreRefusesError.
    """
    try:
        return (await connection.execute(statement)).rowcount == 1
    except DBAPIError as error:
        if str(getattr(error.orig, "sqlstate", "")).startswith(_REFUSED):
            raise StoreRefusesError(str(error.orig).rpartition(">:")[2].strip()) from error
        raise
