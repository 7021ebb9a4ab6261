"""Count the customers of a tenant by what their rows and their bookings say, for dashboards."""

import operator
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Subquery, Text, and_, cast, func, literal_column, null, select

from domain.dashboard import MOST_POINTS, RowCounts, Scope, by_source
from domain.errors import TooManyPointsError
from domain.records import Key
from domain.status import CustomerStatus, Segment
from domain.time import Period
from sources.postgres_analytics import BookingFigures, bounds_of, same_customer, same_key, segment_is, segment_word
from sources.postgres_dashboard_sql import at_location, counted, first_bookings
from sources.postgres_figures import PostgresFigures
from sources.postgres_mapping import MappedTable
from sources.postgres_reading import Tenant
from sources.postgres_records import Picks
from sources.postgres_rows import RowStatements
from sources.postgres_sections import in_status


class PostgresCustomerCounts(PostgresFigures):
    """Count customers: through their rows where that is enough, else through all their accepted bookings."""

    async def row_counts(self, tenant: Tenant, period: Period | None, picks: Picks) -> RowCounts:
        """Count the rows of customers, in one statement; *picks* are fields of RowCounts."""
        rows, section = await self._customer_rows(), self._profile.customer
        assert section is not None
        mapped = rows.mapped
        created = and_(*rows.orders["CREATED_AT"].within(period)) if period is not None else None
        source = mapped.filled(section.source) if section.source is not None and "sources" in picks else None
        columns = [
            func.count().label("rows_found"),
            counted(created).label("created"),
            counted(self._is_active(mapped)).label("active"),
            (cast(null(), Text) if source is None else source).label("source"),
        ]
        query = select(*columns).select_from(mapped.table).where(*mapped.of_tenant())
        if created is not None and not picks & {"rows", "active"}:
            query = query.where(created)
        found = await self._limited(tenant, mapped, query if source is None else query.group_by(source), "sources")
        return RowCounts(
            rows=sum(row.rows_found for row in found),
            active=sum(row.active for row in found),
            created=sum(row.created for row in found),
            sources=by_source({row.source: row.created for row in found}),
        )

    def _is_active(self, mapped: MappedTable) -> ColumnElement[bool] | None:
        section = self._profile.customer
        assert section is not None
        if section.status is None:
            return None
        return and_(*in_status(mapped, section.status, (CustomerStatus.ACTIVE,), CustomerStatus.UNKNOWN))

    async def count_without_status(self, tenant: Tenant, keys: Collection[Key]) -> int:
        """Count the rows of *keys* that say nothing of their status."""
        mapped = (await self._customer_rows()).mapped
        status = mapped.text("status")
        owners = self._keys(mapped.key_type(), keys)
        silent = [mapped.any_of("key", "keys"), func.coalesce(status, "") == ""]
        query = select(func.count()).select_from(mapped.table).where(*mapped.of_tenant(), *silent)
        found = await self._rows(tenant, mapped, query, keys=list(owners))
        return found[0][0] if found else 0

    async def count_busy(self, tenant: Tenant, keys: Collection[Key] | None = None) -> int:
        """Count the customers, among *keys* if given, whose accepted bookings make them NEW or ACTIVE."""
        customers, figures = (await self._customer_rows()).mapped, await self._figures()
        each = figures.of_customer(customers).lateral("bookings")
        first, last = figures.starts(each.c.first_at), figures.starts(each.c.last_at)
        bounds = bounds_of(self._profile.segments, datetime.now(UTC))
        since = figures.start.compare(operator.ge, min(bounds.new, bounds.active))
        is_recent = (
            select(literal_column("1"))
            .select_from(figures.owner.joined)
            .where(
                *same_customer(figures.mapped, figures.owner, customers),
                *figures.mapped.own_conditions,
                figures.accepted,
                since,
                figures.start.has_value,
            )
            .correlate(customers.table)
            .exists()
        )
        values: dict[str, Any] = {}
        conditions = [*customers.of_tenant(), is_recent]
        if keys is not None:
            conditions.append(customers.any_of("key", "keys"))
            values["keys"] = list(self._keys(customers.key_type(), keys))
        query = select(func.count()).select_from(customers.table).where(*conditions)
        if bounds.new < bounds.active:
            # Whoever had a booking since then may have had the first one before.
            is_busy = segment_is(first, last, bounds, (Segment.NEW, Segment.ACTIVE))
            joined = customers.table.join(each, literal_column("true"))
            query = select(func.count()).select_from(joined).where(*conditions, is_busy)
        found = await self._rows(tenant, customers, query, **values)
        return found[0][0] if found else 0

    async def segment_counts(self, tenant: Tenant, period: Period | None) -> Mapping[Segment, int]:
        """Count the customers that were created in *period* by segment: of all time, through all accepted bookings."""
        rows, figures = await self._customer_rows(), await self._figures()
        customers = rows.mapped
        values: dict[str, Any] = {}
        if period is None:
            each: Any = figures.by_customer("booking_tenant").subquery("bookings")
            joined = customers.table.outerjoin(each, same_key(figures.owner, customers, each.c.owner))
            values = self._tenants(tenant, booking_tenant=figures.mapped)
        else:
            each = figures.of_customer(customers).lateral("bookings")
            joined = customers.table.outerjoin(each, literal_column("true"))
        bounds = bounds_of(self._profile.segments, datetime.now(UTC))
        word = segment_word(figures.starts(each.c.first_at), figures.starts(each.c.last_at), bounds)
        query = (
            select(word.label("segment"), func.count().label("number"))
            .select_from(joined)
            .where(*customers.of_tenant(), *rows.orders["CREATED_AT"].within(period))
            .group_by(word)
        )
        return {Segment(row.segment): row.number for row in await self._rows(tenant, customers, query, **values)}

    async def count_new_customers(self, tenant: Tenant, scope: Scope) -> int:
        """Count the customers whose first accepted booking starts in the period, at the location."""
        figures, firsts, values = await self._firsts(tenant, scope)
        query = select(func.count()).select_from(firsts).where(*at_location(firsts.c.location, scope.location))
        found = await self._rows(tenant, figures.mapped, query, **values)
        return found[0][0] if found else 0

    # ── how ──

    async def _customer_rows(self) -> RowStatements[Any]:
        rows = (await self._mapped("customer")).customers
        assert rows is not None
        return rows

    async def _figures(self) -> BookingFigures:
        return self._bookings(await self._mapped("booking"))

    async def _firsts(self, tenant: Tenant, scope: Scope) -> tuple[BookingFigures, Subquery, dict[str, Any]]:
        """Be the first bookings of the scope's new customers, with the values that this takes."""
        customers, figures = (await self._customer_rows()).mapped, await self._figures()
        firsts = first_bookings(figures, customers, scope.period, self._place(figures.mapped))
        return figures, firsts, self._tenants(tenant, customer_tenant=customers)

    def _place(self, mapped: MappedTable) -> ColumnElement[Any] | None:
        """Be where the bookings in *mapped* are; None where the profile does not map it."""
        section = self._profile.booking
        return None if section is None or section.location is None else mapped.filled(section.location)

    @staticmethod
    def _tenants(tenant: Tenant, **tables: MappedTable) -> dict[str, Any]:
        """Write *tenant* for each of *tables*, by the parameter, as the table writes it."""
        return {
            name: None if tenant is None else mapped.tenant_type.parse(tenant)
            for name, mapped in tables.items()
            if mapped.has_tenant
        }

    async def _limited(
        self, tenant: Tenant, mapped: MappedTable, query: Any, what: str, **values: Any
    ) -> Sequence[Any]:
        """Read what *query* finds. Raises TooManyPointsError where that is more than anybody looks at."""
        rows = await self._rows(tenant, mapped, query.limit(MOST_POINTS + 1), **values)
        if len(rows) > MOST_POINTS:
            raise TooManyPointsError(what, MOST_POINTS)
        return rows
