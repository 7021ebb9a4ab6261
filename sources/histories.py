"""How the status of leads and bookings changed: as the store says, and who did it, as the gateway knows."""

from collections.abc import Collection, Mapping
from dataclasses import replace

from domain.errors import ReadOnlyError
from domain.filters import Children
from domain.paging import Page
from domain.records import Key, StatusEvent
from domain.time import Period
from sources.own.status_events import Written, told_of
from sources.postgres_reading import Tenant
from sources.postgres_records import Picks
from sources.stores import Stores


async def history(  # noqa: PLR0917 - what a loader asks with
    stores: Stores, tenant: Tenant, parent: str, keys: Collection[Key], asked: Children[None], picks: Picks
) -> Mapping[Key, Page[StatusEvent]]:
    """Read a page of the history of each of the leads or bookings (*parent*) that have *keys*.

    It is the store's own, with what the gateway noted when it wrote a row of it; where the store keeps none, it is the
    gateway's.
    """
    return await _told(stores, tenant, parent, await stores.crm.history(tenant, parent, keys, asked, picks))


async def status_events_by_customer(  # noqa: PLR0917 - what a loader asks with
    stores: Stores, tenant: Tenant, parent: str, keys: Collection[Key], asked: Children[Period], picks: Picks
) -> Mapping[Key, Page[StatusEvent]]:
    """Read a page of the histories of all leads or bookings (*parent*) of each of the customers that have *keys*."""
    pages = await stores.crm.status_events_by_customer(tenant, parent, keys, asked, picks)
    return await _told(stores, tenant, parent, pages)


async def _told(
    stores: Stores, tenant: Tenant, parent: str, pages: Mapping[Key, Page[StatusEvent]]
) -> Mapping[Key, Page[StatusEvent]]:
    """Say of events of the store's own history what the gateway noted when it wrote them."""
    section = stores.profile.lead if parent == "lead" else stores.profile.booking
    if stores.own is None or section is None or section.history is None:
        return pages
    rows = {Written(one.parent_key, one.at, one.to) for page in pages.values() for one in page.items}
    try:
        told = await told_of(stores.own, tenant, parent, rows)
    except ReadOnlyError:
        return pages

    def known(event: StatusEvent) -> StatusEvent:
        said = told.get(Written(event.parent_key, event.at, event.to))
        return event if said is None else replace(event, by=said.by, note=said.note)

    return {key: replace(page, items=tuple(map(known, page.items))) for key, page in pages.items()}
