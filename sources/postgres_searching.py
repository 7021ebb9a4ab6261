"""Search among the leads of customers: few enough to look at each of them, so that it takes no index."""

from collections.abc import Collection
from dataclasses import replace

from domain.filters import LeadFilter
from domain.records import Key, Lead
from domain.searching import matches, read_search
from sources.postgres_reading import PostgresReading, Tenant
from sources.postgres_rows import RowStatements


class PostgresSearching(PostgresReading):
    """Do what a filter searches for, where only the leads of some customers are asked for."""

    async def _searched(
        self, tenant: Tenant, statements: RowStatements[Lead] | None, owners: Collection[Key], chosen: LeadFilter | None
    ) -> LeadFilter | None:
        """Look at all leads of *owners*, and answer *chosen* with the keys of those that its search means."""
        region = self._profile.store.phone_region
        asked = None if chosen is None or chosen.search is None else read_search(chosen.search, region)
        if asked is None or chosen is None:
            return chosen
        assert statements is not None
        assert statements.owner is not None
        keys = self._keys(statements.owner.type, owners)
        query = statements.of_owners(statements.filters(chosen))
        rows = await self._rows(tenant, statements.mapped, query, owners=list(keys))
        with self._noticing():
            leads = [statements.make(row) for row in rows]
        found = (one.key for one in leads if matches(asked, one.name, one.email, one.phone, region))
        return replace(chosen, keys=frozenset(found))
