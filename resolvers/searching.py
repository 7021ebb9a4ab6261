"""Search in lists: candidates come from the index, and count only if they still match when they are read again."""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, replace

from domain.choosing import Choice
from domain.errors import SourceError
from domain.filters import CustomerFilter, LeadFilter
from domain.identifiers import CUSTOMER_KINDS, IndexedKind
from domain.paging import Page, PageRequest
from domain.records import Key, Lead, RecordKind, RecordRef
from domain.searching import Condition, matches, read_search
from loaders.batched import EVERYTHING
from resolvers.choosing import known_of
from resolvers.indexing import require_index
from resolvers.sifting import sifted
from sources.neighbourhood import around_records
from sources.own.search import candidates
from sources.stores import Stores

#: Of more candidates than these the list itself is read in its order: a page of it is full soon.
MOST_CANDIDATES = 2_000


@dataclass(frozen=True, slots=True)
class Chosen:
    """Be who is chosen: by *choice*, and *only* those that these records head, where candidates were found."""

    choice: Choice
    only: Mapping[RecordKind, frozenset[Key]] | None = None


async def choose(stores: Stores, tenant: str | None, chosen: CustomerFilter) -> Chosen:
    """Find out whom *chosen* may choose. Raises IndexMissingError, and BadInputError for a search that is too long."""
    known = known_of(stores)
    asked = None if chosen.search is None else read_search(chosen.search, known.region)
    choice = Choice(chosen, known, asked)
    if asked is None:
        return Chosen(choice)
    own = await require_index(stores, tenant)
    found = await candidates(own, tenant, CUSTOMER_KINDS, asked, most=MOST_CANDIDATES)
    if not found.complete:
        return Chosen(choice)
    refs = [ref.record for ref in found.refs]
    return Chosen(choice, await _heads(stores, tenant, refs))


async def _heads(stores: Stores, tenant: str | None, refs: list[RecordRef]) -> Mapping[RecordKind, frozenset[Key]]:
    """Find the heads of the customers that *refs* belong to; of a store that is down the list itself has to tell."""
    keys: dict[RecordKind, set[Key]] = {kind: set() for kind in stores.kinds}
    documents = [ref for ref in refs if ref.kind in stores.mongo_kinds]
    for ref in refs:
        if ref.kind is RecordKind.CRM and ref.kind in keys:
            keys[ref.kind].add(ref.key)
    if documents:
        try:
            around = await around_records(stores, tenant, documents)
        except SourceError:
            return {RecordKind.CRM: frozenset(keys.get(RecordKind.CRM, ()))}
        for ref in documents:
            if around.has(ref):
                head = around.members(ref).head
                keys[head.kind].add(head.key)
    return {kind: frozenset(found) for kind, found in keys.items()}


@dataclass(frozen=True, slots=True)
class SearchedLeads:
    """Read the leads of *tenant* that *chosen* chooses, whose *search* has to be looked for in each lead read."""

    stores: Stores
    tenant: str | None
    chosen: LeadFilter | None
    search: Condition | None = None

    async def page(self, request: PageRequest, picks: frozenset[str] = EVERYTHING) -> Page[Lead]:
        """Read a page, of whose leads *picks* are needed."""

        def read(part: PageRequest) -> Awaitable[Page[Lead]]:
            wanted = picks if self.search is None else EVERYTHING
            return self.stores.crm.leads(self.tenant, self.chosen, part, wanted)

        return await (read(request) if self.search is None else sifted(read, self.holds, request))

    def holds(self, lead: Lead) -> bool:
        """Say whether *lead* is what the search asks for."""
        return _is_found(lead, self.search, self.stores)


async def search_leads(stores: Stores, tenant: str | None, chosen: LeadFilter | None) -> SearchedLeads:
    """Find out which leads *chosen* may choose. Raises IndexMissingError, and BadInputError for too long a search."""
    asked = None if chosen is None or chosen.search is None else read_search(chosen.search, _region(stores))
    if chosen is None or asked is None:
        return SearchedLeads(stores, tenant, chosen)
    own = await require_index(stores, tenant)
    found = await candidates(own, tenant, [IndexedKind.LEAD], asked, most=MOST_CANDIDATES)
    if not found.complete:
        return SearchedLeads(stores, tenant, chosen, asked)
    leads = await stores.crm.leads_by_key(tenant, [ref.key for ref in found.refs])
    keys = frozenset(key for key, lead in leads.items() if _is_found(lead, asked, stores))
    return SearchedLeads(stores, tenant, replace(chosen, keys=keys))


def _is_found(lead: Lead, asked: Condition | None, stores: Stores) -> bool:
    return asked is None or matches(asked, lead.name, lead.email, lead.phone, _region(stores))


def _region(stores: Stores) -> str | None:
    return stores.profile.store.phone_region
