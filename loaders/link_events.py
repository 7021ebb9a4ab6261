"""Load what happened to the links of customers, by their records."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

from domain.errors import ReadOnlyError
from domain.operations import LinkEvent
from domain.paging import Page, PageRequest
from loaders.batched import Batched
from sources.own.link_events import events_by_records
from sources.own.store import OwnStore


class LinkEventsOf(NamedTuple):
    """Ask for a page of the events of any of *records*, as the trail writes them, and *before* an instant if any."""

    records: tuple[str, ...]
    request: PageRequest
    before: datetime | None


class LinkEventsByRecords(Batched[LinkEventsOf]):
    """Load pages of the trail; nothing happened where the gateway has no tables of its own."""

    def __init__(self, own: OwnStore, tenant: str | None) -> None:
        super().__init__("link_events_by_records")
        self._own = own
        self._tenant = tenant

    async def fetch(self, keys: list[LinkEventsOf]) -> list[Page[LinkEvent]]:
        found: dict[LinkEventsOf, Page[LinkEvent]] = {}
        for request, before in dict.fromkeys((key.request, key.before) for key in keys):
            asked = [key for key in keys if (key.request, key.before) == (request, before)]
            pages: Mapping[tuple[str, ...], Page[LinkEvent]] = {}
            try:
                pages = await events_by_records(
                    self._own, self._tenant, [key.records for key in asked], request, before
                )
            except ReadOnlyError:
                pages = {}
            found.update((key, pages.get(key.records, Page(request))) for key in asked)
        return [found[key] for key in keys]
