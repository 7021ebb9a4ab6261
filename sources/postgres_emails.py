"""Tell which customers of the CRM have no e-mail."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, func, select, true

from domain.records import Key
from sources.postgres_mapping import MappedTable
from sources.postgres_reading import PostgresReading, Tenant
from sources.profile import CustomerSection


class PostgresEmails(PostgresReading):
    """Count customers without an e-mail: of all, or of some."""

    async def count_without_email(self, tenant: Tenant, keys: Collection[Key] | None = None) -> int:
        """Count the customers that have no e-mail; of those that have *keys*, if any are given."""
        statements, section = (await self._mapped("customer")).customers, self._profile.customer
        if statements is None or section is None:
            return 0
        mapped = statements.mapped
        query = select(func.count()).select_from(mapped.table).where(*mapped.of_tenant(), _has_none(mapped, section))
        values = {}
        if keys is not None:
            query = query.where(mapped.any_of("key", "keys"))
            values["keys"] = list(self._keys(mapped.key_type(), keys))
        rows = await self._rows(tenant, mapped, query, **values)
        return rows[0][0] if rows else 0


def _has_none(mapped: MappedTable, section: CustomerSection) -> ColumnElement[bool]:
    return true() if section.email is None else mapped.filled(section.email).is_(None)
