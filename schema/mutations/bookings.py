"""The mutations that make bookings, and change when and where they are."""

from datetime import datetime
from decimal import Decimal
from typing import Annotated, Any

import strawberry

from domain.access import WRITE_CUSTOMERS
from resolvers import booking
from resolvers.booking import BookingChange, NewBooking
from schema.fields import Info, guarded
from schema.inputs import given
from schema.mutations.sent import IDEMPOTENCY_KEY
from schema.mutations.statuses import BookingPayload
from schema.snapshot_input import SnapshotInput

_TEXTS = ("service", "location", "staff", "source", "note")
_TIMES = ("start_at", "end_at")
_CHANGES = ("start_at", "end_at", "service", "staff", "location", "note")


@strawberry.input(description="A booking that is to be created, of a customer or of a lead.")
class CreateBookingInput:
    customer_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="Whose it is: by default its lead's customer."
    )
    lead_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="The lead it comes from.")
    start_at: datetime | None = strawberry.field(default=strawberry.UNSET, description="When it starts.")
    end_at: datetime | None = strawberry.field(default=strawberry.UNSET, description="When it ends.")
    service: str | None = strawberry.field(default=strawberry.UNSET, description="What is done. Up to 500 characters.")
    location: str | None = strawberry.field(
        default=strawberry.UNSET, description="Where, as the store says it. Up to 500 characters."
    )
    staff: str | None = strawberry.field(default=strawberry.UNSET, description="By whom. Up to 500 characters.")
    source: str | None = strawberry.field(
        default=strawberry.UNSET, description="Where it came from, in the store's words. Up to 200 characters."
    )
    amount: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description="What it costs, in the store's currency."
    )
    note: str | None = strawberry.field(
        default=strawberry.UNSET, description="What is to be noted about it. Up to 10,000 characters."
    )
    snapshot: SnapshotInput | None = strawberry.field(
        default=strawberry.UNSET, description="What is booked: by default what its lead is about."
    )
    idempotency_key: str | None = strawberry.field(default=strawberry.UNSET, description=IDEMPOTENCY_KEY)


@strawberry.input(description="What is to change of a booking. Left out: kept; null: cleared.")
class UpdateBookingInput:
    id: strawberry.ID = strawberry.field(description="Which booking.")
    start_at: datetime | None = strawberry.field(default=strawberry.UNSET, description="When it starts.")
    end_at: datetime | None = strawberry.field(default=strawberry.UNSET, description="When it ends.")
    service: str | None = strawberry.field(default=strawberry.UNSET, description="What is done. Up to 500 characters.")
    staff: str | None = strawberry.field(default=strawberry.UNSET, description="By whom. Up to 500 characters.")
    location: str | None = strawberry.field(
        default=strawberry.UNSET, description="Where, as the store says it. Up to 500 characters."
    )
    note: str | None = strawberry.field(
        default=strawberry.UNSET, description="What is to be noted about it. Up to 10,000 characters."
    )
    idempotency_key: str | None = strawberry.field(default=strawberry.UNSET, description=IDEMPOTENCY_KEY)


CreateBookingArgument = Annotated[
    CreateBookingInput, strawberry.argument(description="Whose it is, and what is booked.")
]
UpdateBookingArgument = Annotated[
    UpdateBookingInput, strawberry.argument(description="Which booking, and what is new.")
]


def _create_booking(info: Info, input: CreateBookingArgument) -> Any:  # noqa: A002 - the contract's name
    snapshot = given(input.snapshot)
    new = NewBooking(
        customer_id=given(input.customer_id),
        lead_id=given(input.lead_id),
        texts={name: given(getattr(input, name)) for name in _TEXTS},
        times={name: given(getattr(input, name)) for name in _TIMES},
        amount=given(input.amount),
        snapshot=None if snapshot is None else snapshot.new(),
    )
    return booking.create_booking(info.context, new, given(input.idempotency_key))


def _update_booking(info: Info, input: UpdateBookingArgument) -> Any:  # noqa: A002 - the contract's name
    values = {name: getattr(input, name) for name in _CHANGES}
    told = {name: value for name, value in values.items() if value is not strawberry.UNSET}
    return booking.update_booking(info.context, BookingChange(id=input.id, values=told), given(input.idempotency_key))


@strawberry.type
class BookingMutations:
    create_booking: BookingPayload | None = guarded(
        WRITE_CUSTOMERS, _create_booking, "Creates a booking, with what is booked as it is now."
    )
    update_booking: BookingPayload | None = guarded(
        WRITE_CUSTOMERS, _update_booking, "Changes when, where and by whom; its status has a mutation of its own."
    )
