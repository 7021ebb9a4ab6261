"""The figures of dashboards from PostgreSQL: one statement a table, of a period where one is given."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Numeric,
    Select,
    Text,
    cast,
    desc,
    func,
    literal,
    literal_column,
    not_,
    null,
    select,
    union_all,
)

from domain.dashboard import BookingCounts, Interval, LeadCounts, RevenueFigures, Scope, by_source, by_status
from domain.records import Key
from domain.status import BookingStatus, LeadStatus
from domain.time import Period
from sources.postgres_analytics import is_somebodys
from sources.postgres_customer_counts import PostgresCustomerCounts
from sources.postgres_dashboard_sql import Counted, at_location, counted, series_of_firsts, summed
from sources.postgres_leads import is_due
from sources.postgres_reading import Tenant
from sources.postgres_records import Picks
from sources.postgres_revenue import RevenueStatements, as_shown
from sources.postgres_sections import status_word
from sources.storable import is_storable

#: What a series counts, by day and location: None for a place that nothing names.
Series = Mapping[tuple[date, str | None], Any]


class PostgresDashboard(PostgresCustomerCounts):
    """Aggregate over all that a tenant has."""

    async def lead_counts(self, tenant: Tenant, period: Period | None, picks: Picks) -> LeadCounts:
        """Count the leads that were created in *period*; *picks* are fields of LeadCounts."""
        rows, section = (await self._mapped("lead")).leads, self._profile.lead
        assert rows is not None
        assert section is not None
        mapped = rows.mapped
        word = status_word(mapped, section.status, LeadStatus.UNKNOWN)
        source = mapped.filled(section.source) if section.source is not None and "by_source" in picks else None
        due = is_due(mapped, section, datetime.now(UTC)) if "follow_ups_due" in picks else None
        groups = [*([word] if "by_status" in picks else []), *([source] if source is not None else [])]
        columns = [
            (word if "by_status" in picks else cast(null(), Text)).label("word"),
            (cast(null(), Text) if source is None else source).label("source"),
            func.count().label("number"),
            counted(due).label("due"),
        ]
        counting = select(*columns).select_from(mapped.table)
        query = counting.where(*mapped.of_tenant(), *rows.orders["CREATED_AT"].within(period)).group_by(*groups)
        found = await self._limited(tenant, mapped, query, "sources")
        counts = summed(found, "word")
        return LeadCounts(
            total=sum(row.number for row in found),
            by_status=by_status(
                {LeadStatus(name): number for name, number in counts.items() if name},
                {*section.status.words},
                LeadStatus,
            ),
            by_source=None if section.source is None else by_source(summed(found, "source")),
            follow_ups_due=None if section.next_follow_up_at is None else sum(row.due for row in found),
        )

    async def booking_counts(self, tenant: Tenant, scope: Scope, picks: Picks) -> BookingCounts:
        """Count bookings by status: those that start in the period, and those created in it, as *picks* say."""
        figures, section = await self._figures(), self._profile.booking
        assert section is not None
        word = status_word(figures.mapped, section.status, BookingStatus.UNKNOWN)
        at = {"starting": figures.start, "created": figures.created}
        # Of all time both are the same bookings.
        wanted = [name for name in at if name in picks] if scope.period is not None else ["starting"]
        reads = [
            select(literal(name, Text).label("basis"), word.label("word"), func.count().label("number"))
            .where(
                *figures.mapped.of_tenant(),
                *at_location(self._place(figures.mapped), scope.location),
                *at[name].within(scope.period),
            )
            .group_by(word)
            for name in wanted
        ]
        query = reads[0] if len(reads) == 1 else union_all(*reads)
        counts: dict[str, dict[BookingStatus, int]] = {name: {} for name in at}
        for row in await self._rows(tenant, figures.mapped, query):
            counts[row.basis][BookingStatus(row.word)] = row.number
        if scope.period is None:
            counts["created"] = counts["starting"]
        return BookingCounts(**counts, known={*section.status.words})

    async def has_location(self, tenant: Tenant, location: str) -> bool:
        """Say whether any booking is at *location*."""
        if not is_storable(location):
            return False
        mapped = (await self._figures()).mapped
        here = at_location(self._place(mapped), location)
        query: Select[Any] = select(literal_column("1")).select_from(mapped.table).where(*mapped.of_tenant(), *here)
        return bool(await self._rows(tenant, mapped, query.limit(1)))

    # ── revenue ──

    async def revenue_figures(self, tenant: Tenant, scope: Scope, picks: Picks) -> RevenueFigures:
        """Sum revenue by currency; *picks* are fields of RevenueFigures."""
        tables = await self._mapped("revenue")
        statements = tables.revenue
        assert statements is not None
        rows = self._revenue_rows(statements)
        nobodys: ColumnElement[Any] = literal_column("true")
        if statements.owner is not None and tables.customers is not None:
            nobodys = not_(is_somebodys(statements.mapped, statements.owner, tables.customers.mapped))
        lost = func.sum(statements.amount).filter(nobodys) if "unattributed" in picks else cast(null(), Numeric)
        query = (
            select(
                statements.currency.label("currency"), func.sum(statements.amount).label("total"), lost.label("lost")
            )
            .select_from(rows.joined)
            .where(*rows.within(scope.period), *at_location(rows.location, scope.location))
            .group_by(statements.currency)
        )
        found = {row.currency: row for row in await self._limited(tenant, statements.mapped, query, "currencies")}
        own = self._profile.store.currency
        mine = found.pop(own, None)
        others = (self._money(row.total, currency) for currency, row in sorted(found.items()) if row.total is not None)
        return RevenueFigures(
            total=self._money(mine and mine.total, own),
            unattributed=self._money(mine and mine.lost, own),
            others=tuple(others),
        )

    async def top_customers(self, tenant: Tenant, scope: Scope, most: int) -> Sequence[Key]:
        """Name up to *most* customers by their revenue as it is shown, the highest first, then by key."""
        tables = await self._mapped("revenue")
        statements = tables.revenue
        assert statements is not None
        assert statements.owner is not None
        assert tables.customers is not None
        rows, owner = self._revenue_rows(statements), statements.owner
        total = as_shown(func.sum(statements.amount), self._profile)
        query = (
            select(owner.key.label("owner"), total.label("total"))
            .select_from(rows.joined)
            .where(
                *rows.within(scope.period),
                *at_location(rows.location, scope.location),
                statements.currency == self._profile.store.currency,
                is_somebodys(statements.mapped, owner, tables.customers.mapped),
            )
            .group_by(owner.key)
            .having(total > 0)
            .order_by(desc(total), cast(owner.key, Text).collate("C"))
            .limit(most)
        )
        return [str(row.owner) for row in await self._rows(tenant, statements.mapped, query)]

    # ── how it comes along ──

    async def series(self, tenant: Tenant, scope: Scope, interval: Interval, what: str, *, parted: bool) -> Series:
        """Count or sum *what* (bookings, newCustomers, leads, revenue) by interval, and by location where *parted*."""
        if what == "newCustomers":
            figures, firsts, values = await self._firsts(tenant, scope)
            query = series_of_firsts(
                figures, firsts, interval, at_location(firsts.c.location, scope.location), parted=parted
            )
            mapped = figures.mapped
        else:
            rows, value = await self._series_rows(what)
            values, mapped = {}, rows.mapped
            query = rows.series(scope.period, interval, value, parted=parted).where(
                *at_location(rows.location, scope.location)
            )
        found = await self._limited(tenant, mapped, query, "points", **values)
        if what != "revenue":
            return {(row.begin, row.location): row.value for row in found}
        own = self._profile.store.currency
        return {(row.begin, row.location): self._money(row.value, own) for row in found}

    async def _series_rows(self, what: str) -> tuple[Counted, ColumnElement[Any]]:
        if what == "revenue":
            statements = (await self._mapped("revenue")).revenue
            assert statements is not None
            rows = self._revenue_rows(statements)
            counts = (statements.currency == self._profile.store.currency, statements.amount.is_not(None))
            return Counted(rows.mapped, rows.joined, rows.at, counts, rows.location), func.sum(statements.amount)
        if what == "leads":
            leads = (await self._mapped("lead")).leads
            assert leads is not None
            return Counted(leads.mapped, leads.mapped.table, leads.orders["CREATED_AT"]), func.count()
        figures = await self._figures()
        place = self._place(figures.mapped)
        return Counted(figures.mapped, figures.mapped.table, figures.start, location=place), func.count()

    def _revenue_rows(self, statements: RevenueStatements) -> Counted:
        joined = statements.mapped.table if statements.owner is None else statements.owner.joined
        return Counted(statements.mapped, joined, statements.at, location=statements.location)
