"""The CRM in PostgreSQL: customers, leads, bookings and revenue, through what the profile maps."""

from collections.abc import Collection, Mapping, Sequence

from domain.filters import BookingFilter, Children, CustomerRows, LeadFilter
from domain.paging import Page, PageRequest
from domain.records import (
    Booking,
    CrmRecord,
    ExternalAccount,
    ExternalId,
    Key,
    Lead,
    Shipment,
    Snapshot,
    Stats,
    StatusEvent,
)
from domain.records import Tenant as TenantRecord
from domain.time import Period
from sources.postgres_attaching import PostgresAttaching
from sources.postgres_customer_pages import looked_at
from sources.postgres_dashboard import PostgresDashboard
from sources.postgres_emails import PostgresEmails
from sources.postgres_lookups import PostgresLookups
from sources.postgres_reading import Tenant
from sources.postgres_records import ALL, Picks
from sources.postgres_satellites import tenants_in
from sources.postgres_walking import PostgresWalking
from sources.postgres_written import PostgresWritten
from sources.storable import is_storable


class PostgresSource(
    PostgresDashboard, PostgresWritten, PostgresWalking, PostgresEmails, PostgresLookups, PostgresAttaching
):
    """Read the CRM. Every method takes the tenant first; None where the store has none."""

    # ── customers ──

    async def customers_by_key(
        self, tenant: Tenant, keys: Collection[Key], picks: Picks = ALL
    ) -> Mapping[Key, CrmRecord]:
        return await self._by_key(tenant, (await self._mapped("customer")).customers, keys, picks)

    async def living_customers(self, tenant: Tenant, keys: Collection[Key]) -> set[Key]:
        """Say which of *keys*, as links write them, are the canonical keys of rows that exist."""
        statements = (await self._mapped("customer")).customers
        if statements is None:
            return set()
        values = self._keys(statements.mapped.key_type(), keys)
        rows = await self._rows(tenant, statements.mapped, statements.living(), keys=list(values))
        return {str(row[0]) for row in rows} & set(keys)

    async def count_customers(self, tenant: Tenant, asked: CustomerRows) -> int:
        tables = await self._mapped("customer")
        for section in looked_at(asked.chosen, ""):
            await self._mapped(section)
        return 0 if tables.customers is None else await self._count(tenant, tables.customers, asked)

    # ── leads ──

    async def leads(
        self, tenant: Tenant, chosen: LeadFilter | None, request: PageRequest, picks: Picks = ALL
    ) -> Page[Lead]:
        tables = await self._mapped("lead")
        return await self._page(tenant, tables.leads, request, chosen, picks)

    async def count_leads(self, tenant: Tenant, chosen: LeadFilter | None) -> int:
        tables = await self._mapped("lead")
        return await self._count(tenant, tables.leads, chosen)

    async def leads_by_key(self, tenant: Tenant, keys: Collection[Key], picks: Picks = ALL) -> Mapping[Key, Lead]:
        return await self._by_key(tenant, (await self._mapped("lead")).leads, keys, picks)

    async def leads_by_customer(
        self, tenant: Tenant, keys: Collection[Key], asked: Children[LeadFilter], picks: Picks = ALL
    ) -> Mapping[Key, Page[Lead]]:
        tables = await self._mapped("lead")
        chosen = await self._searched(tenant, tables.leads, keys, asked.chosen)
        return await self._children(tenant, tables.leads, keys, chosen, asked.request, picks=picks)

    # ── bookings ──

    async def bookings(
        self, tenant: Tenant, chosen: BookingFilter | None, request: PageRequest, picks: Picks = ALL
    ) -> Page[Booking]:
        tables = await self._mapped("booking")
        return await self._page(tenant, tables.bookings, request, chosen, picks)

    async def count_bookings(self, tenant: Tenant, chosen: BookingFilter | None) -> int:
        tables = await self._mapped("booking")
        return await self._count(tenant, tables.bookings, chosen)

    async def bookings_by_key(self, tenant: Tenant, keys: Collection[Key], picks: Picks = ALL) -> Mapping[Key, Booking]:
        return await self._by_key(tenant, (await self._mapped("booking")).bookings, keys, picks)

    async def bookings_by_customer(
        self, tenant: Tenant, keys: Collection[Key], asked: Children[BookingFilter], picks: Picks = ALL
    ) -> Mapping[Key, Page[Booking]]:
        tables = await self._mapped("booking")
        return await self._children(tenant, tables.bookings, keys, asked.chosen, asked.request, picks=picks)

    async def bookings_by_code(self, tenant: Tenant, codes: Collection[Key]) -> Mapping[Key, Sequence[Booking]]:
        return await self._bookings_by(tenant, "code", codes)

    async def bookings_by_token(self, tenant: Tenant, tokens: Collection[Key]) -> Mapping[Key, Sequence[Booking]]:
        return await self._bookings_by(tenant, "tracking_token", tokens)

    async def _bookings_by(self, tenant: Tenant, role: str, texts: Collection[str]) -> Mapping[Key, Sequence[Booking]]:
        """Find the bookings in which *role* is one of *texts*: several where the store does not keep it unique."""
        statements = (await self._mapped("booking")).bookings
        if statements is None or role not in statements.mapped:
            return {}
        keys = [text for text in texts if text and is_storable(text)]
        found: dict[Key, list[Booking]] = {}
        rows = await self._rows(tenant, statements.mapped, statements.by(role), keys=keys)
        with self._noticing():
            for row in rows:
                found.setdefault(row.asked, []).append(statements.make(row))
        return found

    # ── what hangs on a customer, a lead, a booking ──

    async def external_accounts_by_customer(
        self, tenant: Tenant, keys: Collection[Key], _: None, __: Picks
    ) -> Mapping[Key, Sequence[ExternalAccount]]:
        """Read what other services call customers, by provider and id."""
        return await self._by_owner(tenant, (await self._mapped("customer.external")).external, keys)

    async def customers_by_external_id(
        self, tenant: Tenant, ids: Collection[ExternalId]
    ) -> Mapping[ExternalId, Sequence[Key]]:
        """Find the keys of the customers that other services call so: several where one is not unique."""
        statements = (await self._mapped("customer.external")).external
        asked = [one for one in ids if all(part and is_storable(part) for part in one)]
        if statements is None:
            return {}
        providers, numbers = [one.provider for one in asked], [one.id for one in asked]
        rows = await self._rows(tenant, statements.mapped, statements.owners_of(), providers=providers, ids=numbers)
        found: dict[ExternalId, list[Key]] = {}
        for row in rows:
            found.setdefault(ExternalId(row.provider, row.id), []).append(str(row.owner))
        return found

    async def shipments_by_booking(
        self, tenant: Tenant, keys: Collection[Key], _: None, __: Picks
    ) -> Mapping[Key, Sequence[Shipment]]:
        """Read what was sent for bookings, in the order in which it was entered."""
        return await self._by_owner(tenant, (await self._mapped("booking.shipments")).shipments, keys)

    async def snapshots(self, tenant: Tenant, parent: str, keys: Collection[Key]) -> Mapping[Key, Snapshot]:
        """Read what was booked, as it was then, of the leads or bookings (*parent*) that have *keys*."""
        statements = (await self._mapped(f"{parent}.snapshot")).snapshots[parent]
        asked = self._keys(statements.mapped.key_type(), keys)
        rows = await self._rows(tenant, statements.mapped, statements.by_key(), keys=list(asked))
        made = {str(row.key): statements.make(row) for row in rows}
        found = ((key, made.get(str(value))) for value, key in asked.items())
        return {key: snapshot for key, snapshot in found if snapshot is not None}

    async def history(
        self, tenant: Tenant, parent: str, keys: Collection[Key], asked: Children[None], _: Picks
    ) -> Mapping[Key, Page[StatusEvent]]:
        """Read a page of the history of each of the leads or bookings (*parent*) that have *keys*: the store's own.

        Where it keeps none, the gateway's; nothing where neither does.
        """
        statements = (await self._mapped(f"{parent}.history")).histories.get(parent)
        return {} if statements is None else await self._children(tenant, statements, keys, None, asked.request)

    async def history_stats(
        self, tenant: Tenant, parent: str, keys: Collection[Key], _: None, __: Picks
    ) -> Mapping[Key, Stats]:
        statements = (await self._mapped(f"{parent}.history")).histories.get(parent)
        return {} if statements is None else await self._stats(tenant, statements, keys, None)

    async def status_events_by_customer(
        self, tenant: Tenant, parent: str, keys: Collection[Key], asked: Children[Period], _: Picks
    ) -> Mapping[Key, Page[StatusEvent]]:
        """Read a page of how the leads or bookings (*parent*) of each of the customers *keys* changed."""
        statements = (await self._mapped(f"{parent}.history")).histories_of_customers.get(parent)
        if statements is None:
            return {}
        return await self._children(tenant, statements, keys, asked.chosen, asked.request)

    # ── tenants ──

    async def tenants(self) -> Sequence[TenantRecord]:
        """List the tenants that the profile's [tenant] lists, by key."""
        statements = (await self._mapped("tenant")).tenants
        if statements is None:
            return []
        return [statements.make(row) for row in await self._run(None, False, statements.all())]

    async def tenant_keys(self) -> set[Key]:
        """List what customers, leads and bookings name as their tenant: a walk through whole tables."""
        found: set[Key] = set()
        for section in ("customer", "lead", "booking"):
            tables = await self._mapped(section)
            statements = {"customer": tables.customers, "lead": tables.leads, "booking": tables.bookings}[section]
            if statements is not None and statements.mapped.has_tenant:
                found |= {str(row.key) for row in await self._run(None, False, tenants_in(statements.mapped))}
        return found
