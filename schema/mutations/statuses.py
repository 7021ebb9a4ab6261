"""The mutations of the status of leads and bookings."""

from typing import Annotated, Any

import strawberry

from domain.access import WRITE_CUSTOMERS
from resolvers import status_changes
from resolvers.status_changes import StatusChange
from schema.booking import Booking
from schema.enums import BookingStatus, LeadStatus
from schema.fields import Info, computed, guarded, plain
from schema.inputs import given
from schema.lead import Lead
from schema.mutation_error import MutationError
from schema.mutations.sent import IDEMPOTENCY_KEY
from schema.operation import Operation

_TO = "What it is to be."
_WORD = "In which word of the store, where a status has several; the first one where none is given."
_EXPECTED = "Refuse with STALE when it is no longer so."
_NOTE = "Why, for its history. Up to 2,000 characters."


@strawberry.type(description="What came of writing a lead.")
class LeadPayload:
    lead: Lead | None = computed(
        status_changes.lead_written, "The lead as it is now; null where there is none to tell of."
    )
    operation: Operation | None = plain("How it was written, where that took more than one record; else null.")
    errors: list[MutationError] = plain("What is wrong; empty where nothing is.")


@strawberry.type(description="What came of writing a booking.")
class BookingPayload:
    booking: Booking | None = computed(
        status_changes.booking_written, "The booking as it is now; null where there is none to tell of."
    )
    errors: list[MutationError] = plain("What is wrong; empty where nothing is.")


@strawberry.input(description="A lead that is to have another status.")
class UpdateLeadStatusInput:
    id: strawberry.ID = strawberry.field(description="Which lead.")
    to: LeadStatus = strawberry.field(description=_TO)
    store_status: str | None = strawberry.field(default=strawberry.UNSET, description=_WORD)
    expected: LeadStatus | None = strawberry.field(default=strawberry.UNSET, description=_EXPECTED)
    expected_store_status: str | None = strawberry.field(default=strawberry.UNSET, description=_EXPECTED)
    note: str | None = strawberry.field(default=strawberry.UNSET, description=_NOTE)
    idempotency_key: str | None = strawberry.field(default=strawberry.UNSET, description=IDEMPOTENCY_KEY)


@strawberry.input(description="A booking that is to have another status.")
class UpdateBookingStatusInput:
    id: strawberry.ID = strawberry.field(description="Which booking.")
    to: BookingStatus = strawberry.field(description=_TO)
    store_status: str | None = strawberry.field(default=strawberry.UNSET, description=_WORD)
    expected: BookingStatus | None = strawberry.field(default=strawberry.UNSET, description=_EXPECTED)
    expected_store_status: str | None = strawberry.field(default=strawberry.UNSET, description=_EXPECTED)
    note: str | None = strawberry.field(default=strawberry.UNSET, description=_NOTE)
    idempotency_key: str | None = strawberry.field(default=strawberry.UNSET, description=IDEMPOTENCY_KEY)


LeadStatusArgument = Annotated[UpdateLeadStatusInput, strawberry.argument(description="Which lead, and what to.")]
BookingStatusArgument = Annotated[
    UpdateBookingStatusInput, strawberry.argument(description="Which booking, and what to.")
]


def _change(asked: UpdateLeadStatusInput | UpdateBookingStatusInput) -> StatusChange:
    return StatusChange(
        id=asked.id,
        to=asked.to,
        store_status=given(asked.store_status),
        expected=given(asked.expected),
        expected_store_status=given(asked.expected_store_status),
        note=given(asked.note),
        idempotency_key=given(asked.idempotency_key),
    )


def _update_lead_status(info: Info, input: LeadStatusArgument) -> Any:  # noqa: A002 - the contract's name
    return status_changes.update_lead_status(info.context, _change(input))


def _update_booking_status(info: Info, input: BookingStatusArgument) -> Any:  # noqa: A002 - the contract's name
    return status_changes.update_booking_status(info.context, _change(input))


@strawberry.type
class StatusMutations:
    update_lead_status: LeadPayload | None = guarded(
        WRITE_CUSTOMERS, _update_lead_status, "Changes a lead's status along its rules: see allowedTransitions."
    )
    update_booking_status: BookingPayload | None = guarded(
        WRITE_CUSTOMERS, _update_booking_status, "Changes a booking's status along its rules: see allowedTransitions."
    )
