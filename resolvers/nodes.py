"""Find anything that has an id, whatever it is."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from domain.errors import BadIdError, BadPageError
from domain.ids import BOOKING, CUSTOMER, LEAD, LINK_EVENT, NOTE, OPERATION, GlobalId, decode_id
from domain.notes import Note
from domain.operations import LinkEvent, Operation
from domain.records import Booking, Customer, Lead
from resolvers.context import Context
from resolvers.customers import customer_of
from resolvers.leads import booking_of, lead_of
from resolvers.link_events import link_event_of, operation_of
from resolvers.noting import note_of

Node = Customer | Lead | Booking | LinkEvent | Operation | Note
_FINDERS: dict[str, Callable[[Context, GlobalId], Awaitable[Node | None]]] = {
    CUSTOMER: customer_of,
    LEAD: lead_of,
    BOOKING: booking_of,
    LINK_EVENT: link_event_of,
    OPERATION: operation_of,
    NOTE: note_of,
}


async def node(context: Context, text: str) -> Node | None:
    """Find what has the id *text*; None where there is no such thing any more. Raises BadIdError."""
    given = decode_id(text)
    if given.type not in _FINDERS:
        raise BadIdError(text)
    return await _FINDERS[given.type](context, given)


async def nodes(context: Context, texts: Sequence[str]) -> list[Node | BaseException | None]:
    """Find what has each of the ids *texts*, in their order; what goes wrong with one concerns that one alone."""
    if len(texts) > context.limits.max_page:
        raise BadPageError(f"{len(texts)} ids are asked for: at most {context.limits.max_page} at a time.")
    return await asyncio.gather(*(node(context, text) for text in texts), return_exceptions=True)
