"""Fill the identifier index: walk through all records of a tenant, and take in those that are new."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from domain.errors import IndexMissingError, ReadOnlyError, SourceError
from domain.identifiers import Identifiers, IndexedKind, IndexedRef, identifiers_of
from domain.records import Lead, Record
from domain.time import Period
from sources.own import leases
from sources.own.identifiers import can_be_kept
from sources.own.index_passes import Pass, Walker, forget_passes, indexed_at, keep_pass, open_pass, walked_tenants
from sources.own.index_rows import clock, count_known, forget, forget_some, known_keys, learn_what_is_there, put_read
from sources.own.store import OwnStore
from sources.stores import Stores
from sources.walking import indexed_kinds, living, records_after

#: Records that are read, and held in memory, at a time: some servers go through a whole collection for each lot.
LOT = 5000
_PAUSE = 0.5
#: Told of each step: the kind that is walked through, and how many of its records are behind.
Report = Callable[[IndexedKind, int], None]
Rest = Callable[[float], Awaitable[None]]


async def require_index(stores: Stores, tenant: str | None) -> OwnStore:
    """Answer where the index of *tenant* is kept. Raises IndexMissingError unless it was filled once."""
    if stores.own is None:
        raise IndexMissingError("it is kept in PostgreSQL, and GATEWAY_POSTGRES_URL names none")
    try:
        at = await indexed_at(stores.own, tenant)
    except ReadOnlyError:
        raise IndexMissingError(
            "python -m gateway migrate makes its tables, python -m gateway index fills it"
        ) from None
    if at is None:
        which = "" if tenant is None else " --all-tenants"
        raise IndexMissingError(f"python -m gateway index{which} fills it")
    return stores.own


@dataclass(slots=True)
class Walk:
    """Take a walk through the records of one tenant, a lot at a step."""

    stores: Stores
    own: OwnStore
    state: Pass
    lot: int = LOT

    @classmethod
    async def begin(
        cls, stores: Stores, own: OwnStore, tenant: str | None, walker: Walker, *, anew: bool = False, lot: int = LOT
    ) -> "Walk":
        """Take up the walk that was not brought to its end, unless it is to begin *anew*."""
        kinds = indexed_kinds(stores)
        state = None if anew else await open_pass(own, tenant, walker)
        if state is None or state.kind not in kinds:
            state = Pass(tenant, walker, await clock(own), kinds[0] if kinds else None)
        return cls(stores, own, state, lot)

    async def step(self) -> bool:
        """Go through one lot; False once the walk is over. Raises SourceError, and can then be taken up again."""
        state = self.state
        if state.kind is not None:
            await (self._sweep(state.kind) if state.sweeping else self._take_in(state.kind))
        if state.kind is None:
            gone = [kind for kind in IndexedKind if kind not in indexed_kinds(self.stores)]
            await forget(self.own, state.tenant, gone, None, before=await clock(self.own))
        await keep_pass(self.own, state)
        return state.kind is not None

    async def _take_in(self, kind: IndexedKind) -> None:
        state = self.state
        as_of = await clock(self.own)
        found = await records_after(self.stores, state.tenant, kind, state.after, size=self.lot)
        rows = await rows_of(self.stores, kind, found.records)
        await put_read(self.own, state.tenant, rows, as_of)
        state.walked += sum(map(can_be_kept, rows))
        state.after = found.last
        if found.ended:
            # Only where the index knows more than there is, something may be gone.
            state.sweeping = await count_known(self.own, state.tenant, kind) > state.walked
            state.after = None
            if not state.sweeping:
                self._next(kind)

    async def _sweep(self, kind: IndexedKind) -> None:
        """Forget what is gone."""
        state = self.state
        as_of = await clock(self.own)
        known = await known_keys(self.own, state.tenant, kind, after=state.after, size=self.lot)
        gone = set(known) - await living(self.stores, state.tenant, kind, known) if known else set()
        if gone:
            await forget(self.own, state.tenant, [kind], gone, before=as_of)
        state.after = known[-1] if known else None
        if len(known) < self.lot:
            self._next(kind)

    def _next(self, kind: IndexedKind) -> None:
        kinds = indexed_kinds(self.stores)
        following = kinds[kinds.index(kind) + 1 :]
        state = self.state
        state.kind, state.after, state.sweeping, state.walked = (following[0] if following else None), None, False, 0


async def whole_pass(
    stores: Stores,
    tenant: str | None,
    *,
    anew: bool = True,
    report: Report | None = None,
    on_wait: Callable[[], None] = lambda: None,
    lot: int = LOT,
) -> datetime:
    """Walk through all records of *tenant*; answer when that began.

    One pass at a time: where somebody else is at work on one, their work is waited for, and then done once more
    unless it began later than this; *on_wait* is called then. Raises ReadOnlyError without tables, SourceError while a
    store is down.
    """
    own = stores.own
    if own is None:
        raise IndexMissingError("it is kept in PostgreSQL, and GATEWAY_POSTGRES_URL names none")
    asked, owner, name = await clock(own), uuid.uuid4(), f"index {tenant or ''}"
    waiting = False
    while not await leases.take(own, name, owner):
        if not waiting:
            on_wait()
        waiting = True
        await asyncio.sleep(_PAUSE)
    try:
        done = await indexed_at(own, tenant)
        if done is not None and done >= asked:
            return done
        walk = await Walk.begin(stores, own, tenant, Walker.COMMAND, anew=anew, lot=lot)
        await _go(walk, report, lambda: leases.take(own, name, owner))
        with suppress(SourceError):
            await learn_what_is_there(own)
        return walk.state.began_at
    finally:
        with suppress(SourceError):
            await leases.release(own, name, owner)


async def _go(walk: Walk, report: Report | None, keep_lease: Callable[[], Awaitable[bool]]) -> None:
    going = True
    while going:
        kind = walk.state.kind
        await keep_lease()
        going = await walk.step()
        if report is not None and kind is not None and walk.state.kind is kind:
            report(kind, walk.state.walked)


async def take_in_new(
    stores: Stores, own: OwnStore, tenant: str | None, since: datetime, *, lot: int = LOT, rest: Rest | None = None
) -> int:
    """Take in what was created *since*, of every kind that has dates and a store that answers; say how much changed.

    *rest* is awaited after each lot, and told how many seconds that took.
    """
    changed = 0
    for kind in indexed_kinds(stores):
        after, ended = None, False
        while not ended:
            began = time.monotonic()
            as_of = await clock(own)
            try:
                found = await records_after(stores, tenant, kind, after, size=lot, created_in=Period(start=since))
            except SourceError:
                break
            changed += await put_read(own, tenant, await rows_of(stores, kind, found.records), as_of)
            after, ended = found.last, found.ended
            if rest is not None and found.records:
                await rest(time.monotonic() - began)
    return changed


async def forget_others(own: OwnStore, tenants: Collection[str | None]) -> None:
    """Forget what the index has of tenants that are gone: all but *tenants*."""
    for tenant in await walked_tenants(own) - set(tenants):
        await forget_passes(own, tenant)
        while await forget_some(own, tenant, size=LOT) == LOT:
            pass


async def rows_of(stores: Stores, kind: IndexedKind, records: Sequence[Record | Lead]) -> dict[IndexedRef, Identifiers]:
    """Say what *records* are found by, outside the event loop: normalising thousands takes a while."""
    region = stores.profile.store.phone_region

    def normalised() -> dict[IndexedRef, Identifiers]:
        return {IndexedRef(kind, one.key): identifiers_of(one, region) for one in records}

    return await asyncio.to_thread(normalised)
