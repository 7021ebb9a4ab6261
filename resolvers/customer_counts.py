"""Count the customers of all stores for a dashboard: each part is read once, when the first figure needs it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from domain.census import Census, Heard, census
from domain.dashboard import RowCounts, Scope, SegmentCount, SourceCount, by_source
from domain.errors import CountTooCostlyError
from domain.records import Key, RecordKind
from domain.status import Segment
from resolvers.context import Context
from resolvers.counting import living_rows

T = TypeVar("T")
#: What has to be counted of the CRM's rows for each figure.
_OF_ROWS = {
    "total": ("rows",),
    "inCrm": ("rows",),
    "active": ("active",),
    "created": ("created",),
    "bySource": ("created", "sources"),
}
_LOT = 20_000


@dataclass(slots=True)
class CustomerCounts:
    """Be the counts of the customers of *context*'s tenant in a *scope*, of which *picks* are asked for."""

    context: Context
    scope: Scope
    picks: frozenset[str]
    _parts: dict[str, asyncio.Future[Any]] = field(default_factory=dict)

    # ── the figures ──

    async def total(self) -> int | None:
        if self.scope.location is not None:
            return None
        rows, found = await asyncio.gather(self._rows(), self._census())
        return rows.rows + found.beyond

    async def in_crm(self) -> int | None:
        is_mapped = self.context.stores.profile.customer is not None
        return (await self._rows()).rows if is_mapped and self.scope.location is None else None

    async def accounts(self) -> int | None:
        return await self._records(RecordKind.ACCOUNT)

    async def delivery_profiles(self) -> int | None:
        return await self._records(RecordKind.DELIVERY)

    async def linked(self) -> int | None:
        return None if self.scope.location is not None else (await self._census()).linked

    async def active(self) -> int | None:
        """Count the customers that are ACTIVE; where nothing says how one stands, those whose bookings say so."""
        profile = self.context.stores.profile
        by_deliveries = profile.delivery is not None and profile.delivery.status is not None
        by_rows = profile.customer is not None and (profile.customer.status is not None or self._by_bookings)
        if self.scope.location is not None or not (by_deliveries or by_rows):
            return None
        found = await self._census() if by_deliveries else Census()
        if profile.customer is None:
            return found.active
        if profile.customer.status is not None:
            rows = (await self._rows()).active
            crm, active = self.context.stores.crm, [row for row, is_active in found.standing.items() if is_active]
            rows += await self._in_lots(active, lambda lot: crm.count_without_status(self.context.tenant, lot))
            return found.active + rows
        return found.active + sum(found.standing.values()) + await self._busy(list(found.standing))

    async def _busy(self, others: Sequence[Key]) -> int:
        """Count the customers whose bookings make them NEW or ACTIVE, all *others* left out."""
        if not self._by_bookings:
            return 0
        crm, tenant = self.context.stores.crm, self.context.tenant
        every = await self._within_limits(lambda: crm.count_busy(tenant))
        return every - await self._in_lots(others, lambda lot: crm.count_busy(tenant, lot))

    async def created(self) -> int | None:
        if self.scope.location is not None:
            return None
        rows, found = await asyncio.gather(self._rows(), self._census())
        return rows.created + found.created

    async def new(self) -> int | None:
        if not self._by_bookings or (self.scope.location is not None and not self._has_places):
            return None
        crm, tenant = self.context.stores.crm, self.context.tenant
        return await self._within_limits(lambda: crm.count_new_customers(tenant, self.scope))

    async def by_source(self) -> Sequence[SourceCount] | None:
        customer = self.context.stores.profile.customer
        if self.scope.location is not None or customer is None or customer.source is None:
            return None
        rows, found = await asyncio.gather(self._rows(), self._census())
        counts: dict[str | None, int] = {one.source: one.count for one in rows.sources}
        counts[None] = counts.get(None, 0) + found.created
        return by_source(counts)

    async def by_segment(self) -> Sequence[SegmentCount] | None:
        if self.scope.location is not None or not self._by_bookings:
            return None
        crm, tenant = self.context.stores.crm, self.context.tenant
        counting = self._within_limits(lambda: crm.segment_counts(tenant, self.scope.period))
        counts, found = await asyncio.gather(counting, self._census())
        beyond = {Segment.PROSPECT: found.created}
        return [SegmentCount(one, counts.get(one, 0) + beyond.get(one, 0)) for one in Segment]

    # ── the parts ──

    @property
    def _by_bookings(self) -> bool:
        """Say whether bookings tell whose they are."""
        profile = self.context.stores.profile
        return profile.customer is not None and profile.booking is not None and profile.booking.customer is not None

    @property
    def _has_places(self) -> bool:
        booking = self.context.stores.profile.booking
        return booking is not None and booking.location is not None

    async def _records(self, kind: RecordKind) -> int | None:
        if kind not in self.context.stores.kinds or self.scope.location is not None:
            return None
        return len((await self._heard()).names[kind])

    async def _rows(self) -> RowCounts:
        return await self._once("rows", self._count_rows)

    async def _heard(self) -> Heard:
        return await self._once("heard", self._hear)

    async def _census(self) -> Census:
        return await self._once("census", self._count_census)

    async def _count_rows(self) -> RowCounts:
        stores = self.context.stores
        if stores.profile.customer is None:
            return RowCounts()
        picks = frozenset(part for pick in self.picks for part in _OF_ROWS.get(pick, ()))
        return await stores.crm.row_counts(self.context.tenant, self.scope.period, picks)

    async def _hear(self) -> Heard:
        """Go through the link fields of all records."""
        stores, left = self.context.stores, self.context.limits.count_records
        kinds = stores.mongo_kinds
        heard = Heard({kind: {} for kind in kinds}, {kind: set() for kind in kinds})
        for kind in kinds:
            async for lot in stores.documents.links(self.context.tenant, kind, self.scope.period):
                left -= len(lot)
                if left < 0:
                    most = self.context.limits.count_records
                    raise CountTooCostlyError(f"Counting would look at more than {most} records.")
                heard.names[kind].update((one.key, one.names) for one in lot)
                heard.within[kind].update(one.key for one in lot if one.within)
                heard.statuses.update((one.key, one.status) for one in lot if one.status is not None)
        return heard

    async def _count_census(self) -> Census:
        if not self.context.stores.mongo_kinds:
            return Census()
        heard = await self._heard()
        live = await living_rows(self.context.stores, self.context.tenant, heard.names)
        return await asyncio.to_thread(census, heard, live)

    async def _in_lots(self, keys: Sequence[Key], count: Callable[[Sequence[Key]], Awaitable[int]]) -> int:
        found = 0
        for start in range(0, len(keys), _LOT):
            found += await count(keys[start : start + _LOT])
        return found

    async def _once(self, name: str, ask: Callable[[], Awaitable[T]]) -> T:
        if name not in self._parts:
            self._parts[name] = asyncio.ensure_future(self._within_limits(ask))
        found: T = await asyncio.shield(self._parts[name])
        return found

    async def _within_limits(self, ask: Callable[[], Awaitable[T]]) -> T:
        seconds = self.context.limits.count_seconds
        try:
            async with asyncio.timeout(seconds):
                return await ask()
        except TimeoutError as error:
            raise CountTooCostlyError(f"Counting took longer than {seconds:g} seconds.") from error
