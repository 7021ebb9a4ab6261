"""The CRM in PostgreSQL: customers, leads, bookings and revenue, through what the profile maps."""

import math
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any, TypeVar

from domain.errors import SourceMismatchError
from domain.filters import BookingFilter, Children, CustomerFilter, LeadFilter
from domain.money import Money
from domain.paging import Page, PageRequest, Position, page_of
from domain.records import Booking, CrmRecord, Key, Lead, Revenue, Stats
from domain.time import Period
from sources.availability import COOLDOWN
from sources.postgres_connection import PostgresConnection
from sources.postgres_mapping import REFLECT, ColumnInfo
from sources.postgres_rows import RowStatements
from sources.postgres_tables import Tables, tables_of
from sources.postgres_types import KeyType
from sources.profile import Profile

R = TypeVar("R")
Tenant = str | None
#: The parts that are selected of what a loader loads.
Picks = frozenset[str]


class PostgresSource:
    """Read the CRM. Every method takes the tenant first; None where the store has none.

    Raises SourceUnavailableError while the store does not answer, SourceMismatchError where it is not as its profile
    says.
    """

    def __init__(self, profile: Profile, url: str, *, seconds: float) -> None:
        self._profile = profile
        self._connection = PostgresConnection(url, seconds)
        self._tables: Tables | None = None
        self._reflected_at = -math.inf
        self._losses = 0

    async def close(self) -> None:
        await self._connection.close()

    async def ping(self) -> None:
        """See whether the store answers, and still is as its profile says."""
        if faults := await self.faults():
            raise SourceMismatchError("postgres", "; ".join(faults))

    async def faults(self) -> Sequence[str]:
        """List what the database contradicts in the profile."""
        return (await self._reflect()).faults

    # ── customers ──

    async def customers(
        self, tenant: Tenant, chosen: CustomerFilter, request: PageRequest
    ) -> list[tuple[Position, CrmRecord]]:
        """Read one more row than the page, in reading direction."""
        tables = await self._mapped("customer")
        if tables.customers is None:
            return []
        return await self._read_page(tenant, tables.customers, request, chosen)

    async def customers_by_key(self, tenant: Tenant, keys: Collection[Key]) -> Mapping[Key, CrmRecord]:
        return await self._by_key(tenant, (await self._mapped("customer")).customers, keys)

    async def living_customers(self, tenant: Tenant, keys: Collection[Key]) -> set[Key]:
        """Say which of *keys*, as links write them, are the canonical keys of rows that exist."""
        statements = (await self._mapped("customer")).customers
        if statements is None:
            return set()
        values = self._keys(statements.mapped.key_type(), keys)
        rows = await self._rows(tenant, statements, statements.living(), keys=list(values))
        return {str(row[0]) for row in rows} & set(keys)

    async def count_customers(self, tenant: Tenant, chosen: CustomerFilter) -> int:
        tables = await self._mapped("customer")
        return 0 if tables.customers is None else await self._count(tenant, tables.customers, chosen)

    # ── leads ──

    async def leads(self, tenant: Tenant, chosen: LeadFilter | None, request: PageRequest) -> Page[Lead]:
        tables = await self._mapped("lead")
        return await self._page(tenant, tables.leads, request, chosen)

    async def count_leads(self, tenant: Tenant, chosen: LeadFilter | None) -> int:
        tables = await self._mapped("lead")
        return await self._count(tenant, tables.leads, chosen)

    async def leads_by_key(self, tenant: Tenant, keys: Collection[Key]) -> Mapping[Key, Lead]:
        return await self._by_key(tenant, (await self._mapped("lead")).leads, keys)

    async def leads_by_customer(
        self, tenant: Tenant, keys: Collection[Key], asked: Children[LeadFilter], _: Picks
    ) -> Mapping[Key, Page[Lead]]:
        tables = await self._mapped("lead")
        return await self._children(tenant, tables.leads, keys, asked.chosen, asked.request)

    async def lead_stats_by_customer(
        self, tenant: Tenant, keys: Collection[Key], chosen: LeadFilter | None, _: Picks
    ) -> Mapping[Key, Stats]:
        tables = await self._mapped("lead")
        return await self._stats(tenant, tables.leads, keys, chosen)

    # ── bookings ──

    async def bookings(self, tenant: Tenant, chosen: BookingFilter | None, request: PageRequest) -> Page[Booking]:
        tables = await self._mapped("booking")
        return await self._page(tenant, tables.bookings, request, chosen)

    async def count_bookings(self, tenant: Tenant, chosen: BookingFilter | None) -> int:
        tables = await self._mapped("booking")
        return await self._count(tenant, tables.bookings, chosen)

    async def bookings_by_key(self, tenant: Tenant, keys: Collection[Key]) -> Mapping[Key, Booking]:
        return await self._by_key(tenant, (await self._mapped("booking")).bookings, keys)

    async def bookings_by_customer(
        self, tenant: Tenant, keys: Collection[Key], asked: Children[BookingFilter], _: Picks
    ) -> Mapping[Key, Page[Booking]]:
        tables = await self._mapped("booking")
        return await self._children(tenant, tables.bookings, keys, asked.chosen, asked.request)

    async def booking_stats_by_customer(
        self, tenant: Tenant, keys: Collection[Key], chosen: BookingFilter | None, _: Picks
    ) -> Mapping[Key, Stats]:
        tables = await self._mapped("booking")
        return await self._stats(tenant, tables.bookings, keys, chosen)

    # ── revenue ──

    async def revenue_by_customer(
        self, tenant: Tenant, keys: Collection[Key], period: Period | None, picks: Picks
    ) -> Mapping[Key, Revenue]:
        """Sum exactly what the profile counts as revenue, in the store's currency and apart in any other.

        Of a Revenue only what *picks* names is computed.
        """
        tables = await self._mapped("revenue")
        statements = tables.revenue
        assert statements is not None
        assert statements.owner is not None
        owners = self._keys(statements.owner.type, keys)
        rows = await self._run(
            tenant,
            statements.mapped.has_tenant and statements.mapped.tenant_type,
            statements.by_owner(period, picks),
            owners=list(owners),
        )
        section = self._profile.revenue
        assert section is not None
        sums: dict[Key, dict[str, tuple[Money, int]]] = {}
        for row in rows:
            if row.total is not None or row.count:
                total = Money.rounded(row.total or 0, row.currency, minor=section.unit == "minor")
                sums.setdefault(str(row.owner), {})[row.currency] = (total, row.count or 0)
        return {key: self._revenue(found) for key, found in sums.items()}

    def _revenue(self, found: Mapping[str, tuple[Money, int]]) -> Revenue:
        own = self._profile.store.currency
        total, count = found.get(own, (Money.zero(own), 0))
        others = tuple(money for currency, (money, _) in sorted(found.items()) if currency != own)
        return Revenue(total=total, count=count, other_currencies=others)

    # ── how ──

    async def _mapped(self, section: str) -> Tables:
        """Read once how the database is, and hold *section* of the profile against it.

        What the database contradicts takes only its own section along, and is looked at again after a moment.
        """
        tables = self._tables
        if tables is None or self._losses != self._connection.losses:
            tables = await self._reflect()
        if tables.faults_of(section) and time.monotonic() - self._reflected_at > COOLDOWN:
            tables = await self._reflect()
        if faults := tables.faults_of(section):
            raise SourceMismatchError("postgres", "; ".join(faults))
        return tables

    async def _reflect(self) -> Tables:
        """Map the profile onto the database as it is now; as before where nothing has changed."""
        reflected: dict[str, dict[str, ColumnInfo]] = {}
        for row in await self._connection.rows(REFLECT, {"names": tables_of(self._profile)}):
            reflected.setdefault(row.name, {})[row.column] = ColumnInfo(row.type, required=row.required)
        self._reflected_at, self._losses = time.monotonic(), self._connection.losses
        if self._tables is None or self._tables.reflected != reflected:
            self._tables = Tables(self._profile, reflected)
        return self._tables

    @staticmethod
    def _keys(type_: KeyType, keys: Collection[Key]) -> Mapping[Any, Key]:
        """Turn *keys* into what the column holds, leaving out what it cannot hold."""
        parsed = ((type_.parse(key), key) for key in keys)
        return {value: key for value, key in parsed if value is not None}

    async def _rows(self, tenant: Tenant, statements: RowStatements[Any], query: Any, **values: Any) -> Sequence[Any]:
        mapped = statements.mapped
        return await self._run(tenant, mapped.has_tenant and mapped.tenant_type, query, **values)

    async def _run(self, tenant: Tenant, type_: KeyType | bool, query: Any, **values: Any) -> Sequence[Any]:
        """Run *query* within *tenant*; no keys, and a tenant that the store cannot have, find nothing."""
        if any(value == [] for value in values.values()):
            return []
        if isinstance(type_, KeyType):
            parsed = None if tenant is None else type_.parse(tenant)
            if parsed is None:
                return []
            values["tenant"] = parsed
        try:
            return await self._connection.rows(query, values)
        except SourceMismatchError:
            self._tables = None
            raise

    async def _by_key(
        self, tenant: Tenant, statements: RowStatements[R] | None, keys: Collection[Key]
    ) -> Mapping[Key, R]:
        if statements is None:
            return {}
        asked = self._keys(statements.mapped.key_type(), keys)
        rows = await self._rows(tenant, statements, statements.by_key(), keys=list(asked))
        found = {str(row.key): statements.make(row) for row in rows}
        return {key: found[str(value)] for value, key in asked.items() if str(value) in found}

    async def _read_page(
        self, tenant: Tenant, statements: RowStatements[R], request: PageRequest, chosen: object
    ) -> list[tuple[Position, R]]:
        found: list[tuple[Position, R]] = []
        for query in statements.page(request, statements.filters(chosen)):
            wanted = request.size + 1 - len(found)
            if wanted > 0:
                found += statements.found(await self._rows(tenant, statements, query.limit(wanted)), request)
        return found

    async def _page(
        self, tenant: Tenant, statements: RowStatements[R] | None, request: PageRequest, chosen: object
    ) -> Page[R]:
        if statements is None:
            return Page(request)
        return page_of(request, await self._read_page(tenant, statements, request, chosen))

    async def _count(self, tenant: Tenant, statements: RowStatements[Any] | None, chosen: object) -> int:
        if statements is None:
            return 0
        rows = await self._rows(tenant, statements, statements.count(statements.filters(chosen)))
        return rows[0][0] if rows else 0

    async def _stats(
        self, tenant: Tenant, statements: RowStatements[Any] | None, keys: Collection[Key], chosen: object
    ) -> Mapping[Key, Stats]:
        assert statements is not None
        assert statements.owner is not None
        owners = self._keys(statements.owner.type, keys)
        query = statements.stats_by_owner(statements.filters(chosen))
        rows = await self._rows(tenant, statements, query, owners=list(owners))
        return {str(row.owner): Stats(count=row.count) for row in rows}

    async def _children(
        self,
        tenant: Tenant,
        statements: RowStatements[R] | None,
        keys: Collection[Key],
        chosen: object,
        request: PageRequest,
    ) -> Mapping[Key, Page[R]]:
        assert statements is not None
        assert statements.owner is not None
        owners = self._keys(statements.owner.type, keys)
        simple = statements.is_simple(request)
        rows = await self._rows(
            tenant,
            statements,
            statements.children(request, statements.filters(chosen), simple=simple),
            owners=list(owners),
        )
        if simple and any(row.position is None for row in rows):
            query = statements.children(request, statements.filters(chosen), simple=False)
            rows = await self._rows(tenant, statements, query, owners=list(owners))
        by_owner: dict[str, list[Any]] = {}
        for row in rows:
            by_owner.setdefault(str(row.owner), []).append(row)
        return {
            key: page_of(request, statements.found(by_owner.get(str(value), []), request))
            for value, key in owners.items()
        }
