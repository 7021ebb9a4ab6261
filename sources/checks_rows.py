"""Count odd rows and tell the first of them, on connections that the server lets write nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from sqlalchemy import Select

from domain.findings import Check, Example, Finding
from sources.checks_sql import counted
from sources.postgres import PostgresSource
from sources.postgres_mapping import MappedTable
from sources.postgres_reading import Tenant
from sources.postgres_tables import Tables


@dataclass(frozen=True, slots=True)
class Odd:
    """Be the *rows* that a *check* looks for, and what is told where there are some."""

    check: Check
    where: str
    message: str
    rows: Select[Any]


class RowChecks(PostgresSource):
    """Look for rows that are odd; whoever looks for something particular builds on this."""

    options: ClassVar[Mapping[str, str]] = {"default_transaction_read_only": "on", "application_name": "gateway-doctor"}

    async def _found(self, tenant: Tenant, mapped: MappedTable, asked: Sequence[Odd], examples: int) -> list[Finding]:
        """Count the rows of each that is *asked* for, and tell the first of them; nothing of what is not there."""
        findings = []
        for odd in asked:
            found = await self._rows(tenant, mapped, counted(odd.rows, max(examples, 1)))
            if found:
                shown = tuple(Example(key=str(row.key), detail=row.detail or "") for row in found[:examples])
                finding = Finding(check=odd.check, where=odd.where, message=odd.message, tenant=tenant)
                findings.append(replace(finding, count=found[0].count, examples=shown))
        return findings

    async def _section(self, section: str) -> MappedTable:
        mapped = table_of(await self._mapped(section), section)
        assert mapped is not None
        return mapped


def table_of(tables: Tables, section: str) -> MappedTable | None:
    """Find the table of *section* among *tables*; None where the profile has no such section."""
    parent, _, part = section.partition(".")
    statements: Mapping[str, Any] = {
        "customer": tables.customers,
        "lead": tables.leads,
        "booking": tables.bookings,
        "revenue": tables.revenue,
        "customer.external": tables.external,
        "booking.shipments": tables.shipments,
        f"{parent}.history": tables.histories.get(parent),
        f"{parent}.snapshot": tables.snapshots.get(parent),
    }
    if part in ("stored_totals", "referrer"):
        return tables.totals if part == "stored_totals" else tables.referrers
    found = statements.get(section)
    return None if found is None else found.mapped
