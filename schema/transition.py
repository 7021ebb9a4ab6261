"""Where a lead or a booking can go from what it is."""

import strawberry

from schema.enums import BookingStatus, LeadStatus
from schema.fields import plain

_WORD = "The store's word for it: to be given as storeStatus where a status has several."


@strawberry.type(description="A status that a lead can have next.")
class LeadTransition:
    to: LeadStatus = plain("What it can become.")
    store_status: str = strawberry.field(name="storeStatus", description=_WORD)


@strawberry.type(description="A status that a booking can have next.")
class BookingTransition:
    to: BookingStatus = plain("What it can become.")
    store_status: str = strawberry.field(name="storeStatus", description=_WORD)
