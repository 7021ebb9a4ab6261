"""Walk through the CRM's customers and leads in lots, from any key onwards, so that a walk can be taken up again."""

from collections.abc import Sequence
from typing import Any, TypeVar

from domain.filters import CustomerFilter, CustomerRows, LeadFilter
from domain.records import CrmRecord, Key, Lead
from domain.time import Period
from sources.postgres_reading import PostgresReading, Tenant
from sources.postgres_rows import RowStatements

R = TypeVar("R")


class PostgresWalking(PostgresReading):
    """Answer up to *size* records in the order of their keys, those that follow *after*, created in a period if any."""

    async def customers_after(
        self, tenant: Tenant, after: Key | None, size: int, created_in: Period | None
    ) -> Sequence[CrmRecord]:
        statements = (await self._mapped("customer")).customers
        return await self._after(tenant, statements, after, size, CustomerRows(CustomerFilter(created_in=created_in)))

    async def leads_after(
        self, tenant: Tenant, after: Key | None, size: int, created_in: Period | None
    ) -> Sequence[Lead]:
        statements = (await self._mapped("lead")).leads
        return await self._after(tenant, statements, after, size, LeadFilter(created_in=created_in))

    async def _after(
        self, tenant: Tenant, statements: RowStatements[R] | None, after: Key | None, size: int, chosen: object
    ) -> Sequence[R]:
        if statements is None:
            return []
        values: dict[str, Any] = {}
        if after is not None:
            values["after"] = statements.mapped.key_type().parse(after)
            if values["after"] is None:
                return []  # the keys are of another type by now
        query = statements.walk(statements.filters(chosen), onwards=bool(values)).limit(size)
        rows = await self._rows(tenant, statements.mapped, query, **values)
        with self._noticing():
            return [statements.make(row) for row in rows]
