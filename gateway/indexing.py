"""Keep the identifier index up to date beside the gateway's other work: what is new soon, what has changed in time.

The stores tell nobody what changed. So one gateway at a time takes in what was created since it last looked, and walks
through everything at a bounded rate: a small lot, then a pause of several times as long as that took.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from domain.errors import GatewayError
from resolvers.indexing import Walk, forget_others, take_in_new
from resolvers.tenants import tenants_of
from sources.own import leases
from sources.own.index_passes import Walker, last_passes, open_pass
from sources.own.index_rows import clock
from sources.own.store import OwnStore
from sources.stores import Stores

log = logging.getLogger("gateway")
_LEASE = "index"
#: Records that are read, normalised and written at a time: some milliseconds of computing.
_LOT = 500
#: It is at work a fifth of the time at most, and rests between two passes through a tenant.
_REST_PER_WORK, _SHORTEST_REST = 4.0, 0.05
_REST_BETWEEN = timedelta(minutes=10)
#: Whoever creates a record dates it before it can be seen, and by a clock of their own.
_LATE = timedelta(minutes=2)


@asynccontextmanager
async def indexing(stores: Stores, seconds: float) -> AsyncIterator[None]:
    """Look for new records every *seconds*, and walk on in between, for as long as this context is open; 0: never."""
    if stores.own is None or not seconds:
        yield
        return
    task = asyncio.create_task(Keeper(stores, stores.own, seconds).keep())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


@dataclass(slots=True)
class Keeper:
    """Keep the index of *stores* in *own*, looking every *seconds* whether it is this gateway's turn."""

    stores: Stores
    own: OwnStore
    seconds: float
    owner: uuid.UUID = field(default_factory=uuid.uuid4)
    #: Until when what was created is in the index, by tenant.
    seen: dict[str | None, datetime] = field(default_factory=dict)
    tenants: Sequence[str | None] = ()
    tenants_read_at: float = 0.0

    async def keep(self) -> None:
        try:
            while True:
                await asyncio.sleep(self.seconds)
                await self._turn()
        finally:
            with suppress(GatewayError):
                await leases.release(self.own, _LEASE, self.owner)

    async def _turn(self) -> None:
        """Do what is due, if no other gateway is at it; what a store that is down prevents is due again next time."""
        until = time.monotonic() + self.seconds
        try:
            if not await leases.take(self.own, _LEASE, self.owner):
                return
            await self._read_tenants()
            for tenant in self.tenants:
                await self._look(tenant)
                if not await leases.take(self.own, _LEASE, self.owner):
                    return
            await self._walk(until)
        except GatewayError as error:
            log.debug("The index waits: %s", error)
        except Exception:
            log.exception("The index could not be kept")

    async def _read_tenants(self) -> None:
        """List the tenants anew now and then: that can be a walk through whole tables."""
        if self.tenants and time.monotonic() - self.tenants_read_at < _REST_BETWEEN.total_seconds():
            return
        found = await tenants_of(self.stores) if self.stores.profile.has_tenants else None
        self.tenants = [None] if found is None else [tenant.key for tenant in found]
        self.tenants_read_at = time.monotonic()
        await forget_others(self.own, self.tenants)

    async def _look(self, tenant: str | None) -> None:
        """Take in what was created since the last look, or since the last whole pass: without one, that comes first."""
        since = self.seen.get(tenant) or (await last_passes(self.own, tenant)).get(tenant)
        if since is None:
            return
        now = await clock(self.own)
        await take_in_new(self.stores, self.own, tenant, since - _LATE, lot=_LOT, rest=_rest)
        self.seen[tenant] = now

    async def _walk(self, until: float) -> None:
        """Walk on until the next look is due, or every tenant was walked through not long ago."""
        for tenant in self.tenants:
            if not await self._is_due(tenant):
                continue
            walk = await Walk.begin(self.stores, self.own, tenant, Walker.BACKGROUND, lot=_LOT)
            going = True
            while going:
                began = time.monotonic()
                going = await walk.step()
                await _rest(time.monotonic() - began)
                if time.monotonic() > until or not await leases.take(self.own, _LEASE, self.owner):
                    return

    async def _is_due(self, tenant: str | None) -> bool:
        if await open_pass(self.own, tenant, Walker.BACKGROUND) is not None:
            return True
        last = (await last_passes(self.own, tenant)).get(tenant)
        return last is None or last < await clock(self.own) - _REST_BETWEEN


async def _rest(worked: float) -> None:
    """Leave the machine to requests for several times as long as was *worked*."""
    await asyncio.sleep(max(_SHORTEST_REST, _REST_PER_WORK * worked))
