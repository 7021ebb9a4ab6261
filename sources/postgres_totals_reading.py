"""Find the stored totals of a tenant that differ from the live ones, and those that belong to nobody."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from domain.errors import SourceMismatchError
from domain.records import Key
from domain.time import Period
from domain.totals import Drift, Drifts, Strays, Total
from sources.postgres_mapping import MappedTable, quoted
from sources.postgres_reading import PostgresReading, Tenant
from sources.postgres_totals import TotalsStatements
from sources.postgres_totals_columns import REFLECT_TOTALS, REFLECT_UNIQUE, StoredColumn, TotalsTable, name_of_totals
from sources.profile import Profile

_READ = ("customer", "customer.stored_totals", "lead", "booking", "revenue")


@dataclass(frozen=True, slots=True)
class Outdated:
    """Name the customers whose totals are to be written: *changed* ones, and *missing* ones that have no row yet."""

    changed: Sequence[Key]
    missing: Sequence[Key]


class PostgresTotals(PostgresReading):
    """Compare stored totals with live ones: set-based, one statement a tenant, however many customers it has."""

    options: ClassVar[Mapping[str, str]] = {"default_transaction_read_only": "on", "work_mem": "64MB"}

    def __init__(self, profile: Profile, url: str, *, seconds: float) -> None:
        super().__init__(profile, url, seconds=seconds)
        self._statements: TotalsStatements | None = None

    async def statements(self) -> TotalsStatements:
        """Map the stored totals onto the database as it is. Raises SourceMismatchError where it has none."""
        for section in _READ:
            tables = await self._mapped(section)
        if self._statements is None or self._statements.tables is not tables:
            self._statements = TotalsStatements(self._profile, tables, await self._table(tables.totals))
        return self._statements

    async def drifts(self, tenant: Tenant, *, examples: int, recent: Period | None = None) -> Drifts:
        """Count the rows whose totals differ from the live ones, with *examples* of them, by key."""
        statements = await self.statements()
        if not statements.roles:
            return Drifts()
        values = {**statements.values(tenant), "examples": max(examples, 1)}
        rows = await self._connection.rows(statements.some(recent), values)
        if not rows:
            return Drifts()
        found = [drift_of(statements, row) for row in rows[:examples]]
        return Drifts(changed=rows[0].changed_rows, missing=rows[0].missing_rows, examples=found)

    async def outdated(self, tenant: Tenant, *, recent: Period | None = None) -> Outdated:
        """List the customers whose totals differ from the live ones."""
        statements = await self.statements()
        rows = await self._connection.rows(statements.keys(recent), statements.values(tenant))
        keys = {row.missing: [str(key) for key in row.keys_found] for row in rows}
        return Outdated(keys.get(False, []), keys.get(True, []))

    async def without_customer(self, tenant: Tenant, *, examples: int) -> Strays:
        """Count the rows of totals that name no customer, with the keys of *examples* of them."""
        statements = await self.statements()
        if not statements.stored.is_own:
            return Strays()
        values = {**statements.values(tenant), "examples": max(examples, 1)}
        rows = await self._connection.rows(statements.without_customer(), values)
        keys = ["" if row.key is None else str(row.key) for row in rows[:examples]]
        return Strays(rows[0].rows_found, keys) if rows else Strays()

    async def _table(self, mapped: MappedTable | None) -> TotalsTable:
        section = self._profile.customer
        assert section is not None
        if mapped is None:
            raise SourceMismatchError("postgres", "the profile maps no stored totals")
        name = quoted(name_of_totals(section))
        rows = await self._connection.rows(REFLECT_TOTALS, {"name": name})
        columns = {
            row.column: StoredColumn(
                required=row.required,
                supplied=row.supplied,
                fixed=row.fixed,
                may_update=row.may_update,
                may_insert=row.may_insert,
                precision=row.precision,
            )
            for row in rows
        }
        own = [mapped.column(role).name for role in ("owner", "tenant") if role in mapped]
        unique = await self._connection.rows(REFLECT_UNIQUE, {"name": name, "columns": own})
        return TotalsTable(section, mapped, columns, is_unique=bool(unique))


def drift_of(statements: TotalsStatements, row: Any) -> Drift:
    """Make of a *row* that differs what is said of it: only the totals that differ."""
    totals = [
        Total(statements.stored.column(role), getattr(row, f"stored_{role}"), getattr(row, f"live_{role}"))
        for role in statements.roles
    ]
    return Drift(
        key=str(row.key),
        missing=row.missing,
        totals=[total for total in totals if row.missing or total.stored != total.live],
    )
