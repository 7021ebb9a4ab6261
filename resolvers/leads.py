"""Find leads and bookings: in lists of their own, by id, and whose they are."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.columns import column_of
from domain.errors import AmbiguousError, BadInputError
from domain.ids import BOOKING, LEAD, GlobalId, decode_id, encode_id, encode_ids
from domain.records import Booking, Lead, StatusEvent
from resolvers.connections import Connection, begun
from resolvers.context import Context
from resolvers.counting import count_leads
from resolvers.loading import PageOf
from resolvers.searching import search_leads
from resolvers.selection import Wanted


async def find_leads(context: Context, asked: PageOf, wanted: Wanted) -> Connection[Lead] | None:
    """List leads; None where the profile maps none."""
    if context.stores.profile.lead is None:
        return None
    tenant, stores = context.tenant, context.stores
    request = asked.page.request(asked.order, tenant, longest=context.limits.max_page)
    leads = await search_leads(stores, tenant, asked.chosen)
    count = begun(count_leads(leads, context.limits)) if wanted.count else None
    return Connection(tenant, await leads.page(request, wanted.picks) if wanted.page else None, count)


async def find_bookings(context: Context, asked: PageOf, wanted: Wanted) -> Connection[Booking] | None:
    """List bookings; None where the profile maps none."""
    if context.stores.profile.booking is None:
        return None
    tenant, crm, chosen = context.tenant, context.stores.crm, asked.chosen
    request = asked.page.request(asked.order, tenant, longest=context.limits.max_page)
    count = begun(crm.count_bookings(tenant, chosen)) if wanted.count else None
    return Connection(tenant, await crm.bookings(tenant, chosen, request, wanted.picks) if wanted.page else None, count)


async def lead_by_id(context: Context, text: str) -> Lead | None:
    """Find a lead. Raises BadIdError."""
    return await lead_of(context, decode_id(text, LEAD))


async def lead_of(context: Context, given: GlobalId) -> Lead | None:
    if given.tenant != context.tenant or context.loaders.leads_by_key is None:
        return None
    found: Lead | None = await context.loaders.leads_by_key.load(given.key)
    return found


async def booking_by_id(context: Context, text: str) -> Booking | None:
    """Find a booking. Raises BadIdError."""
    return await booking_of(context, decode_id(text, BOOKING))


async def booking_of(context: Context, given: GlobalId) -> Booking | None:
    if given.tenant != context.tenant or context.loaders.bookings_by_key is None:
        return None
    found: Booking | None = await context.loaders.bookings_by_key.load(given.key)
    return found


@dataclass(frozen=True, slots=True)
class BookingKey:
    """Be what a booking is asked for by: one of the three."""

    code: str | None = None
    tracking_token: str | None = None
    key: str | None = None


async def booking_by(context: Context, asked: BookingKey) -> Booking | None:
    """Find the booking that has the one key in *asked*; None where the profile maps no such thing.

    Raises AmbiguousError where several bookings have it.
    """
    loaders = context.loaders
    by = {
        "code": (loaders.bookings_by_code, asked.code),
        "tracking token": (loaders.bookings_by_token, asked.tracking_token),
        "key": (loaders.bookings_by_key, asked.key),
    }
    given = [(name, loader, key) for name, (loader, key) in by.items() if key is not None]
    if len(given) != 1:
        raise BadInputError("Name exactly one key.")
    ((name, loader, key),) = given
    found = None if loader is None else await loader.load(key)
    if found is None or isinstance(found, Booking):
        return found
    if len(found) > 1:
        raise AmbiguousError("bookings", name)
    booking: Booking = found[0]
    return booking


async def subject_of(context: Context, event: StatusEvent) -> Lead | Booking | None:
    """Find the lead or the booking whose status changed."""
    loader = context.loaders.leads_by_key if event.parent == "lead" else context.loaders.bookings_by_key
    found: Lead | Booking | None = None if loader is None else await loader.load(event.parent_key)
    return found


def lead_id(context: Context, lead: Lead) -> str:
    return encode_id(LEAD, context.tenant, lead.key)


def lead_ids(context: Context, leads: Sequence[Lead]) -> list[str]:
    return encode_ids(LEAD, context.tenant, column_of(leads, "key"))


def booking_ids(context: Context, bookings: Sequence[Booking]) -> list[str]:
    return encode_ids(BOOKING, context.tenant, column_of(bookings, "key"))


def booking_id(context: Context, booking: Booking) -> str:
    return encode_id(BOOKING, context.tenant, booking.key)
