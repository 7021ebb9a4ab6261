"""Bookings."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from domain import records
from domain.ids import BOOKING
from domain.records import RecordKind, RecordRef
from domain.written import Id
from resolvers.leads import booking_id, booking_ids
from resolvers.statuses import booking_transitions
from schema.connections import Connection
from schema.enums import BookingStatus
from schema.fields import computed, loaded, loaded_page, plain
from schema.inputs import booking_history_page
from schema.lead import Lead
from schema.money import Money
from schema.node import Node
from schema.snapshot import BookingSnapshot
from schema.status_event import StatusEvent
from schema.transition import BookingTransition

if TYPE_CHECKING:
    from schema.customer import Customer


def _customer(booking: records.Booking) -> RecordRef | None:
    return None if booking.customer_key is None else RecordRef(RecordKind.CRM, booking.customer_key)


def _lead(booking: records.Booking) -> str | None:
    return booking.lead_key


def _key(booking: records.Booking) -> str:
    return booking.key


@strawberry.type(description="Something that was sent. What its store does not say is null.")
class Shipment:
    provider: str | None = plain("Who carries it.")
    tracking_number: str | None = plain("The number that they know it by.")
    status: str | None = plain("Where it is, in their words.")
    estimated_delivery: date | None = plain("The day on which it should arrive.")


@strawberry.type(description="What was agreed with a customer, or is about to be. What its store does not say is null.")
class Booking(Node):
    id: strawberry.ID = computed(
        booking_id,
        "Opaque, and stable as long as the booking is there.",
        needs=(),
        many=booking_ids,
        written=Id(BOOKING),
    )
    key: str = plain("What the store calls it.")
    code: str | None = plain("What people call it.")
    status: BookingStatus = plain("How far it has come; UNKNOWN where the store's word is not mapped.")
    store_status: str | None = plain("The word in the store, whatever it is.")
    allowed_transitions: list[BookingTransition] = computed(
        booking_transitions, "What its status can become, now; empty where that is an end.", needs=("store_status",)
    )
    start_at: datetime | None = plain("When it starts; createdAt where the store has no start.")
    end_at: datetime | None = plain("When it ends.")
    created_at: datetime | None = plain("When it was created.")
    service: str | None = plain("What is done.")
    location: str | None = plain("Where, as the store says it.")
    staff: str | None = plain("By whom.")
    source: str | None = plain("Where it came from, as the store says it.")
    amount: Money | None = plain("What it costs.")
    payment_status: str | None = plain("How its payment stands, in the store's word.")
    paid: bool | None = plain("Whether it is paid, as the profile tells.")
    note: str | None = plain("What was noted about it.")
    customer: Annotated["Customer", strawberry.lazy("schema.customer")] | None = loaded(
        "customers_by_record",
        key=_customer,
        needs=("customer_key",),
        description="Whose it is; null where nothing says.",
    )
    lead: Lead | None = loaded("leads_by_key", key=_lead, needs=("lead_key",), description="The lead it came from.")

    snapshot: BookingSnapshot | None = loaded(
        "snapshots_by_booking",
        key=_key,
        needs=(),
        description="What was booked, as it was when it was booked: it does not change when the catalogue does.",
    )
    shipments: list[Shipment] | None = loaded(
        "shipments_by_booking",
        key=_key,
        needs=(),
        description="What was sent for it, in the order in which it was entered.",
    )
    history: Connection[StatusEvent] | None = loaded_page(
        "history_by_booking",
        "history_stats_by_booking",
        key=_key,
        needs=(),
        arguments=booking_history_page,
        description="How its status changed, latest first: by the store's own history, else by the gateway's.",
    )

    @classmethod
    def is_type_of(cls, value: Any, _: Any) -> bool:
        return isinstance(value, records.Booking)
