"""Tell what happened to a customer: leads, bookings, their statuses, links, notes, merged by time, latest first."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from domain.errors import BadCursorError
from domain.filters import BookingFilter, Children, LeadFilter
from domain.operations import written
from domain.paging import Direction, Order, Page, PageRequest, Position
from domain.records import Customer, RecordKind, RecordRef
from domain.time import Micros, Period, instant
from loaders.batched import EVERYTHING, Ask
from loaders.link_events import LinkEventsOf
from resolvers.connections import Connection
from resolvers.context import Context
from resolvers.customers import linked_of
from resolvers.loading import PageOf
from resolvers.noting import refs_of
from resolvers.selection import Wanted
from sources.own.notes import owner_of

_MICRO = timedelta(microseconds=1)
#: What is merged, in the order in which things of one moment come: the loader, its order, what narrows it by time.
_OF_CUSTOMER: tuple[tuple[str, Order, Callable[[Period], Any]], ...] = (
    ("leads_by_customer", Order("leads", "CREATED_AT", Direction.DESC), lambda period: LeadFilter(created_in=period)),
    (
        "bookings_by_customer",
        Order("bookings", "CREATED_AT", Direction.DESC),
        lambda period: BookingFilter(created_in=period),
    ),
    ("lead_events_by_customer", Order("lead history", "AT", Direction.DESC), lambda period: period),
    ("booking_events_by_customer", Order("booking history", "AT", Direction.DESC), lambda period: period),
)
_LINKS = len(_OF_CUSTOMER)
_NOTES = _LINKS + 1


@dataclass(frozen=True, slots=True)
class Place:
    """Be where a timeline goes on: after a *position* in the part of this *rank*."""

    rank: int
    micros: Micros
    position: Position

    @classmethod
    def of(cls, request: PageRequest) -> "Place | None":
        """Read the place of *request*. Raises BadCursorError."""
        at = request.position
        if at is None:
            return None
        rank, key = at.key[:1], at.key[1:]
        if not (rank.isdecimal() and rank.isascii() and int(rank) <= _NOTES and isinstance(at.value, int)):
            raise BadCursorError(at.key)
        return cls(int(rank), at.value, Position(at.value, key, None, at.stored))

    def before(self, rank: int) -> datetime | None:
        """Say before when things of another *rank* come: of the same moment come those of higher ranks."""
        if rank == self.rank:
            return None
        return instant(self.micros) + (_MICRO if rank > self.rank else timedelta())


def timeline(context: Context, customer: Customer, asked: PageOf, _: Wanted) -> Awaitable[Connection[Any]]:
    """Merge what happened to *customer*. What has no date is not told."""
    request = asked.page.request(asked.order, context.tenant, longest=context.limits.max_page)
    place = Place.of(request)
    parts: list[tuple[int, Awaitable[Page[Any]]]] = []
    for rank, (name, order, narrowed) in enumerate(_OF_CUSTOMER):
        loader = getattr(context.loaders, name)
        if loader is not None and customer.crm_key is not None:
            wanted, before = _part(request, place, rank, order)
            part = Children(wanted, narrowed(Period(None, before)))
            parts.append((rank, loader.load(Ask(customer.crm_key, part, EVERYTHING))))
    parts.append((_LINKS, _link_events(context, customer, request, place)))
    parts.append((_NOTES, _notes(context, customer, request, place)))
    return _merged(context, request, parts)


def _part(request: PageRequest, place: Place | None, rank: int, order: Order) -> tuple[PageRequest, datetime | None]:
    """Say which page of a part a timeline's page is made of, and before when."""
    at = place.position if place is not None and place.rank == rank else None
    return PageRequest(order, request.size, position=at), None if place is None else place.before(rank)


async def _link_events(context: Context, customer: Customer, request: PageRequest, place: Place | None) -> Page[Any]:
    wanted, before = _part(request, place, _LINKS, Order("link history", "AT", Direction.DESC))
    if context.loaders.link_events_by_records is None:
        return Page(wanted)
    linked = await linked_of(context, customer)
    others = ((RecordKind.ACCOUNT, linked.account), (RecordKind.DELIVERY, linked.delivery))
    refs = {customer.head, *(RecordRef(kind, record.key) for kind, record in others if record is not None)}
    records = tuple(sorted(map(written, refs)))
    page: Page[Any] = await context.loaders.link_events_by_records.load(LinkEventsOf(records, wanted, before))
    return page


async def _notes(context: Context, customer: Customer, request: PageRequest, place: Place | None) -> Page[Any]:
    wanted, before = _part(request, place, _NOTES, Order("notes", "AT", Direction.DESC))
    if context.loaders.notes_by_customer is None:
        return Page(wanted)
    owner = owner_of(await refs_of(context, customer))
    page: Page[Any] = await context.loaders.notes_by_customer.load(Ask(owner, Children(wanted, Period(None, before))))
    return page


async def _merged(
    context: Context, request: PageRequest, parts: list[tuple[int, Awaitable[Page[Any]]]]
) -> Connection[Any]:
    pages = await asyncio.gather(*(page for _, page in parts))
    found: list[tuple[Position, Any]] = [
        (Position(position.value, f"{rank}{position.key}", None, position.stored), item)
        for (rank, _), page in zip(parts, pages, strict=True)
        for position, item in zip(page.positions, page.items, strict=True)
    ]
    # Of one moment they stay in the order of their parts, and in a part in its own.
    found.sort(key=lambda one: one[0].value or 0, reverse=True)
    kept = found[: request.size]
    page = Page(
        request,
        items=tuple(item for _, item in kept),
        positions=tuple(position for position, _ in kept),
        more=len(found) > request.size or any(one.more for one in pages),
    )
    return Connection(context.tenant, page, None)
