"""What the bookings of a customer say of it."""

from datetime import datetime

import strawberry

from resolvers.customers import booking_of_note_id
from schema.enums import Segment
from schema.fields import CUSTOMER_KEY, computed, loaded, plain
from schema.inputs import all_time, booking_notes, favorite_services
from schema.money import Money

_STATS = "booking_stats_by_customer"


@strawberry.type(description="How often a service was booked.")
class ServiceCount:
    service: str = plain("What is done.")
    bookings: int = plain("How many accepted bookings of it there are.")


@strawberry.type(description="What was noted about a booking.")
class BookingNote:
    booking_id: strawberry.ID = computed(booking_of_note_id, "The booking that it was noted about.")
    at: datetime | None = plain("When that booking starts; null where nothing says.")
    text: str = plain("What was noted.")


@strawberry.type(
    description="What the bookings of a customer say of it; accepted: CONFIRMED, IN_PROGRESS, COMPLETED. What the"
    " profile maps nothing for is null, and so is when there was none."
)
class CustomerAnalytics:
    segment: Segment = loaded(
        _STATS, key=CUSTOMER_KEY, needs=(), pick="segment", description="Where its accepted bookings put it now."
    )
    first_booking_at: datetime | None = loaded(
        _STATS, key=CUSTOMER_KEY, needs=(), pick="first_at", description="The start of the first accepted booking."
    )
    last_booking_at: datetime | None = loaded(
        _STATS,
        key=CUSTOMER_KEY,
        needs=(),
        pick="last_at",
        description="The start of the last accepted booking, which may be to come.",
    )
    accepted_bookings: int = loaded(
        _STATS,
        key=CUSTOMER_KEY,
        needs=(),
        pick="accepted",
        description="How many bookings are CONFIRMED, IN_PROGRESS or COMPLETED.",
    )
    cancelled_bookings: int = loaded(
        _STATS, key=CUSTOMER_KEY, needs=(), pick="cancelled", description="How many bookings are CANCELLED."
    )
    no_shows: int = loaded(
        _STATS, key=CUSTOMER_KEY, needs=(), pick="no_shows", description="How many bookings are NO_SHOW."
    )
    no_show_rate: float | None = loaded(
        _STATS,
        key=CUSTOMER_KEY,
        needs=(),
        pick="no_show_rate",
        description="No-shows over accepted bookings and no-shows, to four places; null where there are none.",
    )
    average_ticket: Money | None = loaded(
        "revenue_by_customer",
        key=CUSTOMER_KEY,
        needs=(),
        arguments=all_time,
        pick="average",
        description="Revenue over the rows that made it; null where there are none.",
    )
    favorite_services: list[ServiceCount] | None = loaded(
        "favorite_services_by_customer",
        key=CUSTOMER_KEY,
        needs=(),
        arguments=favorite_services,
        description="The services of its accepted bookings, the most booked first, then by name.",
    )
    booking_notes: list[BookingNote] | None = loaded(
        "booking_notes_by_customer",
        key=CUSTOMER_KEY,
        needs=(),
        arguments=booking_notes,
        description="What was noted about its bookings, of whatever status, the latest start first.",
    )
    is_referrer: bool | None = loaded(
        "referrers_by_customer",
        key=CUSTOMER_KEY,
        needs=(),
        description="Whether it refers others; null where nothing says who does.",
    )
