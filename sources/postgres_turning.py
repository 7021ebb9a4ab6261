"""Undo what an operation wrote to the CRM, where it still is as it was written."""

from collections.abc import Iterator

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.mutation_errors import RefusedError
from domain.operations import RowWrite
from sources.postgres_columns import columns_of
from sources.postgres_mapping import quoted
from sources.postgres_refusals import refusing, state_of
from sources.postgres_writing import PostgresWriting, Tenant, cast_of, name_of, row_of

_REFERRED = "23503"


class PostgresTurning(PostgresWriting):
    """Turn back what `PostgresWriting` wrote."""

    async def turn_back(self, connection: AsyncConnection, tenant: Tenant, row: RowWrite) -> bool:
        """Undo *row*; False where it stays: it was changed since, is referred to, or a rule keeps it."""
        if row.before is None:
            return await self._delete(connection, tenant, row)
        rows = self.section(row.section)
        columns = await columns_of(connection, rows.name_of)
        same, bound = row_of(rows, columns, tenant, row.key)
        whole = True
        for name, after in row.after.items():
            held = f"{name_of(name)}::text IS NOT DISTINCT FROM CAST(:after AS text)"
            change = text(
                f"UPDATE {quoted(rows.name_of)} SET {name_of(name)} = {cast_of(columns[name], 'before')}"
                f" WHERE {same} AND {held}"
            )
            try:
                async with refusing(connection, rows):
                    done = await connection.execute(change, bound | {"before": row.before[name], "after": after})
                    whole = whole and bool(done.rowcount)
            except RefusedError:
                whole = False
        return whole

    async def _delete(self, connection: AsyncConnection, tenant: Tenant, row: RowWrite) -> bool:
        rows = self.section(row.section)
        columns = await columns_of(connection, rows.name_of)
        same, bound = row_of(rows, columns, tenant, row.key)
        if await self._is_named(connection, tenant, row):
            return False
        held = [f"{name_of(one)}::text IS NOT DISTINCT FROM CAST(:v{n} AS text)" for n, one in enumerate(row.after)]
        bound |= {f"v{place}": value for place, value in enumerate(row.after.values())}
        delete = text(f"DELETE FROM {quoted(rows.name_of)} WHERE {' AND '.join([same, *held])}")
        try:
            async with connection.begin_nested():
                return bool((await connection.execute(delete, bound)).rowcount)
        except DBAPIError as error:
            if state_of(error) != _REFERRED:
                raise
            return False

    async def _is_named(self, connection: AsyncConnection, tenant: Tenant, row: RowWrite) -> bool:
        """Say whether any row names this one, also where the database knows of no reference."""
        for table, column, of_tenant in self._namers(row.section):
            columns = await columns_of(connection, table)
            if column not in columns or (of_tenant is not None and of_tenant not in columns):
                continue
            where, bound = f"{name_of(column)}::text = :key", {"key": row.key}
            if of_tenant is not None and tenant is not None:
                where += f" AND {name_of(of_tenant)}::text = :tenant"
                bound["tenant"] = tenant
            found = text(f"SELECT 1 FROM {quoted(table)} WHERE {where} LIMIT 1")
            if (await connection.execute(found, bound)).first() is not None:
                return True
        return False

    def _namers(self, section: str) -> Iterator[tuple[str, str, str | None]]:
        """List the tables whose rows name those of *section*, by which column, and by which theirs is the tenant."""
        profile = self.profile
        if section == "lead":
            if profile.booking is not None and profile.booking.lead is not None:
                yield profile.booking.name_of, profile.booking.lead, profile.booking.tenant
            return
        if section != "customer":
            return
        for rows in (profile.lead, profile.booking, profile.revenue):
            if rows is not None and rows.customer is not None and rows.customer.through is None:
                yield rows.name_of, rows.customer.column, rows.tenant
        external = None if profile.customer is None else profile.customer.external
        if external is not None:
            yield external.name_of, external.customer, external.tenant
