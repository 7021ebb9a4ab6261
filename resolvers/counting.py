"""Count the customers of all stores: exactly, over link fields only, and within limits of its own."""

import asyncio
from collections.abc import Mapping

from domain.errors import CountTooCostlyError
from domain.filters import CustomerFilter
from domain.identity import Identity, Names
from domain.records import Key, RecordKind
from resolvers.context import Limits
from sources.stores import Stores

#: CRM rows are looked up this many at a time: an array that PostgreSQL still answers from its index.
_LOT = 20_000


async def count_customers(stores: Stores, tenant: str | None, chosen: CustomerFilter, limits: Limits) -> int:
    """Count the customers of *tenant* that *chosen* chooses, each once, however many stores know them.

    Records, less accepted CRM links, less accepted pairs that no CRM row joins already. Raises CountTooCostlyError
    where that takes more records or seconds than *limits* allow.
    """
    rows = 0 if stores.profile.customer is None else await stores.crm.count_customers(tenant, chosen)
    if chosen.source is not None or not stores.mongo_kinds:
        return rows
    try:
        async with asyncio.timeout(limits.count_seconds):
            return rows + await _beyond_crm(stores, tenant, chosen, limits)
    except TimeoutError as error:
        raise CountTooCostlyError(f"Counting took longer than {limits.count_seconds:g} seconds.") from error


async def _beyond_crm(stores: Stores, tenant: str | None, chosen: CustomerFilter, limits: Limits) -> int:
    names: dict[RecordKind, dict[Key, Names]] = {RecordKind.ACCOUNT: {}, RecordKind.DELIVERY: {}}
    within: dict[RecordKind, set[Key]] = {RecordKind.ACCOUNT: set(), RecordKind.DELIVERY: set()}
    left = limits.count_records
    for kind in stores.mongo_kinds:
        async for lot in stores.documents.links(tenant, kind, chosen.created_in):
            left -= len(lot)
            if left < 0:
                raise CountTooCostlyError(f"Counting would look at more than {limits.count_records} records.")
            names[kind].update((link.key, link.names) for link in lot)
            if chosen.created_in is not None:
                within[kind].update(link.key for link in lot if link.within)
    live = await living_rows(stores, tenant, names)
    return await asyncio.to_thread(_count, names, live, within if chosen.created_in is not None else None)


async def living_rows(stores: Stores, tenant: str | None, names: Mapping[RecordKind, Mapping[Key, Names]]) -> set[Key]:
    """Find which of the CRM rows that *names* name exist."""
    if stores.profile.customer is None:
        return set()
    named = list({name.crm for records in names.values() for name in records.values() if name.crm is not None})
    live: set[Key] = set()
    for start in range(0, len(named), _LOT):
        live |= await stores.crm.living_customers(tenant, named[start : start + _LOT])
    return live


def _count(
    names: Mapping[RecordKind, Mapping[Key, Names]], live: set[Key], within: Mapping[RecordKind, set[Key]] | None
) -> int:
    identity = Identity(names[RecordKind.ACCOUNT], names[RecordKind.DELIVERY], live)
    if within is None:
        return identity.count_beyond_crm()
    return sum(1 for head in identity.heads_beyond_crm() if head.key in within[head.kind])
