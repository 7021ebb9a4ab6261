"""Find leads and bookings: in lists of their own, by id, and whose they are."""

from domain.ids import BOOKING, LEAD, GlobalId, decode_id, encode_id
from domain.records import Booking, Lead
from resolvers.connections import Connection, begun
from resolvers.context import Context
from resolvers.loading import PageOf
from resolvers.selection import Wanted


async def find_leads(context: Context, asked: PageOf, wanted: Wanted) -> Connection[Lead] | None:
    """List leads; None where the profile maps none."""
    if context.stores.profile.lead is None:
        return None
    tenant, crm, chosen = context.tenant, context.stores.crm, asked.chosen
    request = asked.page.request(asked.order, tenant, longest=context.limits.max_page)
    count = begun(crm.count_leads(tenant, chosen)) if wanted.count else None
    return Connection(tenant, await crm.leads(tenant, chosen, request) if wanted.page else None, count)


async def find_bookings(context: Context, asked: PageOf, wanted: Wanted) -> Connection[Booking] | None:
    """List bookings; None where the profile maps none."""
    if context.stores.profile.booking is None:
        return None
    tenant, crm, chosen = context.tenant, context.stores.crm, asked.chosen
    request = asked.page.request(asked.order, tenant, longest=context.limits.max_page)
    count = begun(crm.count_bookings(tenant, chosen)) if wanted.count else None
    return Connection(tenant, await crm.bookings(tenant, chosen, request) if wanted.page else None, count)


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


def lead_id(context: Context, lead: Lead) -> str:
    return encode_id(LEAD, context.tenant, lead.key)


def booking_id(context: Context, booking: Booking) -> str:
    return encode_id(BOOKING, context.tenant, booking.key)
