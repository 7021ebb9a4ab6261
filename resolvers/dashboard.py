"""Answer a dashboard: only what is selected of it is read, one statement a table."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from domain.dashboard import (
    MOST_POINTS,
    BookingCounts,
    Interval,
    LeadCounts,
    Point,
    RevenueFigures,
    Scope,
    intervals,
)
from domain.errors import TooManyPointsError, UnknownLocationError
from domain.money import Money
from domain.records import Customer, RecordKind, RecordRef
from resolvers.context import Context
from resolvers.customer_counts import CustomerCounts
from resolvers.loading import Most

_REVENUE = {"revenue": "total", "unattributedRevenue": "unattributed", "otherCurrencies": "others"}
_LEADS = {"byStatus": "by_status", "bySource": "by_source", "followUpsDue": "follow_ups_due"}
#: By when bookings count for each figure.
_BOOKINGS = dict.fromkeys(("total", "byStatus", "awaiting", "noShowRate"), "starting") | {"conversionRate": "created"}
_POINTS = {"bookings": "bookings", "newCustomers": "new_customers", "leads": "leads", "revenue": "revenue"}


@dataclass(frozen=True, slots=True)
class Steps:
    """Ask for a series by *interval*, *by_location* or not."""

    interval: Interval = Interval.DAY
    by_location: bool = False


@dataclass(slots=True)
class Dashboard:
    """Be the dashboard of *context*'s tenant in a *scope*, of which *picks* are asked for."""

    context: Context
    scope: Scope
    picks: frozenset[str]
    _revenue: list[asyncio.Future[RevenueFigures]] = field(default_factory=list)

    async def revenue_figures(self) -> RevenueFigures | None:
        """Sum revenue, once for all figures that are made of it."""
        if not self.maps("revenue"):
            return None
        if not self._revenue:
            picks = frozenset(_REVENUE[pick] for pick in self.picks & _REVENUE.keys())
            asked = self.context.stores.crm.revenue_figures(self.context.tenant, self.scope, picks)
            self._revenue.append(asyncio.ensure_future(asked))
        return await asyncio.shield(self._revenue[0])

    def maps(self, what: str, *, parted: bool = False) -> bool:
        """Say whether the profile maps *what*, and where it is if that is asked."""
        profile = self.context.stores.profile
        booking, revenue = profile.booking, profile.revenue
        is_mapped = {
            "bookings": booking is not None,
            "newCustomers": booking is not None and booking.customer is not None and profile.customer is not None,
            "leads": profile.lead is not None,
            "revenue": revenue is not None,
        }[what]
        if not is_mapped or not (parted or self.scope.location is not None):
            return is_mapped
        has_places = booking is not None and booking.location is not None
        if what == "revenue":
            return has_places and booking is not None and revenue is not None and booking.name_of == revenue.name_of
        return has_places and what != "leads"


async def dashboard(context: Context, scope: Scope, picks: frozenset[str]) -> Dashboard:
    """Begin a dashboard. Raises UnknownLocationError for a location at which no booking is."""
    if scope.location is not None:
        tenant, stores = context.tenant, context.stores
        if stores.profile.booking is None or not await stores.crm.has_location(tenant, scope.location):
            raise UnknownLocationError(scope.location)
    return Dashboard(context, scope, picks)


def customer_counts(board: Dashboard, picks: frozenset[str]) -> CustomerCounts:
    return CustomerCounts(board.context, board.scope, picks)


async def lead_counts(board: Dashboard, picks: frozenset[str]) -> LeadCounts | None:
    if not board.maps("leads"):
        return None
    wanted = frozenset(_LEADS[pick] for pick in picks & _LEADS.keys())
    return await board.context.stores.crm.lead_counts(board.context.tenant, board.scope.period, wanted)


async def booking_counts(board: Dashboard, picks: frozenset[str]) -> BookingCounts | None:
    if not board.maps("bookings"):
        return None
    wanted = frozenset(_BOOKINGS[pick] for pick in picks & _BOOKINGS.keys())
    if not wanted:
        return BookingCounts(starting={}, created={}, known=())
    return await board.context.stores.crm.booking_counts(board.context.tenant, board.scope, wanted)


async def revenue_of(board: Dashboard) -> Money | None:
    found = await board.revenue_figures()
    return None if found is None else found.total


async def unattributed_of(board: Dashboard) -> Money | None:
    found = await board.revenue_figures()
    return None if found is None else found.unattributed


async def other_currencies_of(board: Dashboard) -> Sequence[Money] | None:
    found = await board.revenue_figures()
    return None if found is None else found.others


async def top_customers(board: Dashboard, _: frozenset[str], most: Most) -> Sequence[Customer] | None:
    """List the customers that brought the most revenue in the period; a CRM row is the head of its customer."""
    most.check(board.context.limits.max_page)
    profile, context = board.context.stores.profile, board.context
    if not board.maps("revenue") or profile.customer is None or profile.revenue is None or not profile.revenue.customer:
        return None
    keys = await context.stores.crm.top_customers(context.tenant, board.scope, most)
    refs = (RecordRef(RecordKind.CRM, key) for key in keys)
    found = await asyncio.gather(*(context.loaders.customers_by_record.load(ref) for ref in refs))
    return [customer for customer in found if customer is not None]


async def series(board: Dashboard, picks: frozenset[str], steps: Steps) -> Sequence[Point] | None:
    """List the intervals of the period with what happened in each, by location if asked, in order of time.

    Raises TooManyPointsError.
    """
    context, scope = board.context, board.scope
    if context.stores.postgres is None:
        return None
    zone = ZoneInfo(context.stores.profile.store.timezone)
    if scope.period is not None and scope.period.start is not None and scope.period.end is not None:
        intervals(scope.period, steps.interval, zone)  # refuses what would be too long before anything is read
    names = [name for name in _POINTS if name in picks and board.maps(name, parted=steps.by_location)]
    crm, tenant = context.stores.crm, context.tenant
    read = await asyncio.gather(
        *(crm.series(tenant, scope, steps.interval, name, parted=steps.by_location) for name in names)
    )
    found = dict(zip(names, read, strict=True))
    begun = {begin for values in found.values() for begin, _ in values}
    begins = intervals(scope.period, steps.interval, zone, found=sorted(begun))
    places = _places(scope, [place for values in found.values() for _, place in values], steps)
    if len(begins) * len(places) > MOST_POINTS:
        raise TooManyPointsError("points", MOST_POINTS)
    zero: dict[str, Any] = dict.fromkeys(names, 0) | (
        {"revenue": Money.zero(context.stores.profile.store.currency)} if "revenue" in names else {}
    )

    def point(begin: date, place: str | None) -> Point:
        at = (begin, place if steps.by_location else None)
        values = {_POINTS[name]: found[name].get(at, zero[name]) for name in names}
        return Point(start=begin, location=place, **values)

    return [point(begin, place) for begin in begins for place in places]


def _places(scope: Scope, found: Sequence[str | None], steps: Steps) -> Sequence[str | None]:
    """List the locations of a series, those that nothing names last."""
    if scope.location is not None or not steps.by_location:
        return [scope.location]
    return sorted({*found} or {None}, key=lambda place: (place is None, place or ""))
