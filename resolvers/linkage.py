"""Report how well the stores are linked: each part is read once, when the first figure that needs it is asked for."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from domain.errors import CountTooCostlyError
from domain.filters import CustomerRows, LeadFilter
from domain.identity import Identity, Names
from domain.linkage import LinkageHealth, LinkCounts, completeness, link_counts, reached
from domain.records import AccountRecord, DeliveryRecord, Key, RecordKind
from domain.suggestions import LinkCertainty
from resolvers.context import Context
from resolvers.counting import living_rows
from resolvers.indexing import require_index
from resolvers.matching import Matching
from resolvers.suggestions import counts_of

T = TypeVar("T")
#: The figures for which the records themselves are read, and not only their links.
CONTACTS = frozenset({"canLogIn", "cannotLogIn", "withoutEmail"})
_LOT = 20_000


@dataclass(slots=True)
class Reach:
    """Note which records have an e-mail, and how many accounts can log in."""

    with_email: dict[RecordKind, set[Key]]
    can_log_in: int = 0

    def add(self, kind: RecordKind, records: Iterable[AccountRecord | DeliveryRecord]) -> None:
        for record in records:
            if record.email is not None:
                self.with_email[kind].add(record.key)
            self.can_log_in += isinstance(record, AccountRecord) and record.can_log_in


@dataclass(slots=True)
class Walked:
    """Be what all accounts and delivery records say of each other, and, where asked for, how they can be reached."""

    names: dict[RecordKind, dict[Key, Names]]
    live: set[Key]
    identity: Identity
    reach: Reach


@dataclass(slots=True)
class Linkage:
    """Be the report on *context*'s tenant, with *contacts* where a figure needs them."""

    context: Context
    contacts: bool
    _parts: dict[str, asyncio.Future[Any]] = field(default_factory=dict)

    async def rows(self) -> int:
        return await self._once("rows", self._count_rows)

    async def counts(self) -> LinkCounts:
        return await self._once("counts", self._count_links)

    async def walked(self) -> Walked:
        return await self._once("walked", self._walk)

    async def suggestions(self) -> Mapping[LinkCertainty, tuple[int, int]]:
        return await self._once("suggestions", self._count_suggestions)

    async def without_email(self) -> int:
        return await self._once("without_email", self._count_without_email)

    async def orphaned_leads(self) -> int:
        return await self._once("orphaned_leads", self._count_leads)

    async def _once(self, name: str, ask: Callable[[], Awaitable[T]]) -> T:
        if name not in self._parts:
            self._parts[name] = asyncio.ensure_future(self._within_limits(ask))
        found: T = await self._parts[name]
        return found

    async def _within_limits(self, ask: Callable[[], Awaitable[T]]) -> T:
        seconds = self.context.limits.count_seconds
        try:
            async with asyncio.timeout(seconds):
                return await ask()
        except TimeoutError as error:
            raise CountTooCostlyError(f"Counting took longer than {seconds:g} seconds.") from error

    # ── the parts ──

    async def _count_rows(self) -> int:
        stores = self.context.stores
        if stores.profile.customer is None:
            return 0
        return await stores.crm.count_customers(self.context.tenant, CustomerRows())

    async def _count_leads(self) -> int:
        stores = self.context.stores
        if stores.profile.lead is None:
            return 0
        return await stores.crm.count_leads(self.context.tenant, LeadFilter(orphaned=True))

    async def _walk(self) -> Walked:
        stores, tenant = self.context.stores, self.context.tenant
        names: dict[RecordKind, dict[Key, Names]] = {kind: {} for kind in stores.mongo_kinds}
        reach = Reach({kind: set() for kind in stores.mongo_kinds})
        left = self.context.limits.count_records
        for kind in stores.mongo_kinds:
            async for lot in self._lots(kind, reach):
                names[kind].update(lot)
                left -= len(lot)
                if left < 0:
                    message = f"Counting would look at more than {self.context.limits.count_records} records."
                    raise CountTooCostlyError(message)
        live = await living_rows(stores, tenant, names)
        accounts, deliveries = (names.get(kind, {}) for kind in (RecordKind.ACCOUNT, RecordKind.DELIVERY))
        return Walked(names, live, await asyncio.to_thread(Identity, accounts, deliveries, live), reach)

    async def _lots(self, kind: RecordKind, reach: Reach) -> AsyncIterator[list[tuple[Key, Names]]]:
        """Go through what the records of *kind* say of others; note in *reach* how to reach them, if asked for."""
        documents, tenant = self.context.stores.documents, self.context.tenant
        if not self.contacts:
            async for links in documents.links(tenant, kind, None):
                yield [(link.key, link.names) for link in links]
            return
        async for lot in documents.all_records(tenant, kind):
            reach.add(kind, [one.record for one in lot])
            yield [(one.record.key, one.names) for one in lot]

    async def _count_links(self) -> LinkCounts:
        walked = await self.walked()
        naming = [self.context.stores.documents.readers[kind].links.partner for kind in walked.names]
        both_name = len(naming) > 1 and all(naming)
        return await asyncio.to_thread(link_counts, walked.names, walked.identity, walked.live, both_name=both_name)

    async def _count_without_email(self) -> int:
        stores, tenant = self.context.stores, self.context.tenant
        walked = await self.walked()
        beyond, reachable = await asyncio.to_thread(reached, walked.identity, walked.reach.with_email)
        if stores.profile.customer is None:
            return beyond
        missing, rows = await stores.crm.count_without_email(tenant), list(reachable)
        for start in range(0, len(rows), _LOT):
            missing -= await stores.crm.count_without_email(tenant, rows[start : start + _LOT])
        return beyond + missing

    async def _count_suggestions(self) -> Mapping[LinkCertainty, tuple[int, int]]:
        stores, tenant = self.context.stores, self.context.tenant
        if len(stores.kinds) < 2:  # noqa: PLR2004 - one kind of record has nothing to be linked to
            return dict.fromkeys(LinkCertainty, (0, 0))
        return await counts_of(Matching(stores, await require_index(stores, tenant), tenant), self.context.limits)


# ── the figures ──


def report(context: Context, picks: frozenset[str]) -> Linkage:
    """Begin a report of which *picks* are asked for."""
    return Linkage(context, contacts=bool(picks & CONTACTS))


async def unique_customers(linkage: Linkage) -> int:
    rows, counts = await asyncio.gather(linkage.rows(), linkage.counts())
    return counts.unique(rows)


async def orphaned_accounts(linkage: Linkage) -> int:
    counts = await linkage.counts()
    return counts.accounts - counts.linked_accounts


async def orphaned_deliveries(linkage: Linkage) -> int:
    counts = await linkage.counts()
    return counts.deliveries - counts.linked_deliveries


async def can_log_in(linkage: Linkage) -> int:
    """Count the customers who can: an account belongs to one, and none has two."""
    return (await linkage.walked()).reach.can_log_in


async def cannot_log_in(linkage: Linkage) -> int:
    return await unique_customers(linkage) - await can_log_in(linkage)


async def ambiguous(linkage: Linkage) -> int:
    return (await linkage.suggestions())[LinkCertainty.AMBIGUOUS][0]


async def complete(linkage: Linkage) -> float:
    rows, counts, suggested = await asyncio.gather(linkage.rows(), linkage.counts(), linkage.suggestions())
    missing = sum(suggested[certainty][1] for certainty in (LinkCertainty.CERTAIN, LinkCertainty.LIKELY))
    return completeness(counts.pairs(rows), missing)


async def health(linkage: Linkage) -> LinkageHealth:
    found = await asyncio.gather(complete(linkage), ambiguous(linkage), linkage.orphaned_leads(), linkage.counts())
    whole, several, leads, counts = found
    faults = several or leads or counts.one_way or counts.dangling or counts.contradictions
    return LinkageHealth.HEALTHY if whole == 1 and not faults else LinkageHealth.NEEDS_ATTENTION
