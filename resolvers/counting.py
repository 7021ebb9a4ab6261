"""Count the customers of all stores: exactly, over link fields only, and within limits of its own."""

import asyncio
from collections.abc import Mapping

from domain.choosing import Choice
from domain.errors import CountTooCostlyError, SourceUnavailableError
from domain.filters import CustomerFilter, CustomerRows
from domain.identity import Identity, Names
from domain.paging import Direction, Order, PageRequest, Position
from domain.records import Key, RecordKind
from resolvers.context import Limits
from resolvers.merge import Merge
from resolvers.searching import Chosen, SearchedLeads
from sources.stores import Stores

#: CRM rows are looked up this many at a time: an array that PostgreSQL still answers from its index.
_LOT = 20_000
#: A walk reads documents and rows this many at a time, and gives up a page that holds more.
_CHUNK = 2_000
_LONGEST_PAGE = 3 * _CHUNK


async def count_customers(stores: Stores, tenant: str | None, who: Chosen, limits: Limits) -> int:
    """Count the customers of *tenant* that are *who* is asked for, each once, however many stores know them.

    Records, less accepted CRM links, less accepted pairs that no CRM row joins already; where more decides than that,
    a walk through the list. Raises CountTooCostlyError where that takes more records or seconds than *limits* allow.
    """
    choice, heads = who.choice, who.choice.heads
    try:
        async with asyncio.timeout(limits.count_seconds):
            if not _counts_links(choice):
                return await _walked(stores, tenant, who, limits)
            rows = CustomerRows(choice.chosen)
            count = await stores.crm.count_customers(tenant, rows) if RecordKind.CRM in heads else 0
            if heads in ((), (RecordKind.CRM,)):
                return count
            return count + await _beyond_crm(stores, tenant, choice.chosen, limits)
    except TimeoutError as error:
        raise CountTooCostlyError(f"Counting took longer than {limits.count_seconds:g} seconds.") from error


def _counts_links(choice: Choice) -> bool:
    """Say whether statements over rows, and link fields, say who is chosen: if nothing asks what documents say."""
    chosen = choice.chosen
    plain = CustomerFilter(created_in=chosen.created_in)
    return choice.is_exact_in_rows and (choice.heads in ((), (RecordKind.CRM,)) or chosen == plain)


async def _walked(stores: Stores, tenant: str | None, who: Chosen, limits: Limits) -> int:
    """Count by going through the list in long pages, and looking at each customer."""
    order = Order("customers", "CREATED_AT", Direction.DESC)
    count, left = 0, limits.count_records
    position: Position | None = None
    while True:
        request = PageRequest(order, _LONGEST_PAGE, position=position)
        merge = Merge(stores, tenant, who.choice, request, who.only, smallest_chunk=_CHUNK, most_rounds=1)
        page = await merge.page()
        if page.missing_stores:
            raise SourceUnavailableError(page.missing_stores[0])
        count += len(page.items)
        left -= merge.looked_at
        if not page.more:
            return count
        if left < 0:
            raise CountTooCostlyError(f"Counting would look at more than {limits.count_records} records.")
        position = page.end


async def count_leads(leads: SearchedLeads, limits: Limits) -> int:
    """Count *leads*: by one statement, unless each of them has to be looked at."""
    if leads.search is None:
        return await leads.stores.crm.count_leads(leads.tenant, leads.chosen)
    order = Order("leads", "CREATED_AT", Direction.DESC)
    count, left = 0, limits.count_records
    position: Position | None = None
    try:
        async with asyncio.timeout(limits.count_seconds):
            while True:
                part = await leads.stores.crm.leads(
                    leads.tenant, leads.chosen, PageRequest(order, _CHUNK, position=position)
                )
                count += sum(1 for lead in part.items if leads.holds(lead))
                left -= len(part.items)
                if not part.more:
                    return count
                if left < 0:
                    raise CountTooCostlyError(f"Counting would look at more than {limits.count_records} records.")
                position = part.end
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
