"""The mutations that make leads, and write down what is learnt of them."""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from domain.access import WRITE_CUSTOMERS
from resolvers import converting, leading
from resolvers.leading import LeadChange, NewLead
from schema.fields import Info, guarded
from schema.inputs import given
from schema.mutations.sent import IDEMPOTENCY_KEY
from schema.mutations.statuses import LeadPayload
from schema.snapshot_input import SnapshotInput

_TEXTS = ("name", "email", "phone", "source", "notes")
_CHANGES = ("name", "email", "phone", "notes", "next_follow_up_at", "contact_attempts")


@strawberry.input(description="A lead that is to be created: of a customer, or of somebody with a name or an address.")
class CreateLeadInput:
    customer_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="Whose it is.")
    name: str | None = strawberry.field(default=strawberry.UNSET, description="Who asks. Up to 500 characters.")
    email: str | None = strawberry.field(
        default=strawberry.UNSET, description="Where to write to. Up to 320 characters."
    )
    phone: str | None = strawberry.field(default=strawberry.UNSET, description="Where to call. Up to 100 characters.")
    source: str | None = strawberry.field(
        default=strawberry.UNSET, description="Where it came from, in the store's words. Up to 200 characters."
    )
    notes: str | None = strawberry.field(
        default=strawberry.UNSET, description="What is to be noted about it. Up to 10,000 characters."
    )
    snapshot: SnapshotInput | None = strawberry.field(default=strawberry.UNSET, description="What it is about.")
    idempotency_key: str | None = strawberry.field(default=strawberry.UNSET, description=IDEMPOTENCY_KEY)


@strawberry.input(description="What is to change of a lead. Left out: kept; null: cleared.")
class UpdateLeadInput:
    id: strawberry.ID = strawberry.field(description="Which lead.")
    name: str | None = strawberry.field(default=strawberry.UNSET, description="Who asks. Up to 500 characters.")
    email: str | None = strawberry.field(
        default=strawberry.UNSET, description="Where to write to. Up to 320 characters."
    )
    phone: str | None = strawberry.field(default=strawberry.UNSET, description="Where to call. Up to 100 characters.")
    notes: str | None = strawberry.field(
        default=strawberry.UNSET, description="What is to be noted about it. Up to 10,000 characters."
    )
    next_follow_up_at: datetime | None = strawberry.field(
        default=strawberry.UNSET, description="When somebody should be in touch again."
    )
    contact_attempts: int | None = strawberry.field(
        default=strawberry.UNSET, description="How often somebody tried to be in touch."
    )
    idempotency_key: str | None = strawberry.field(default=strawberry.UNSET, description=IDEMPOTENCY_KEY)


@strawberry.input(description="A lead that becomes its customer's.")
class ConvertLeadInput:
    id: strawberry.ID = strawberry.field(description="Which lead.")
    customer_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whose it is: by default the one customer with its e-mail, else its phone, else a new one.",
    )
    idempotency_key: str | None = strawberry.field(default=strawberry.UNSET, description=IDEMPOTENCY_KEY)


CreateLeadArgument = Annotated[CreateLeadInput, strawberry.argument(description="Whose it is, and what it is about.")]
UpdateLeadArgument = Annotated[UpdateLeadInput, strawberry.argument(description="Which lead, and what is new.")]
ConvertLeadArgument = Annotated[ConvertLeadInput, strawberry.argument(description="Which lead, and whose it is.")]


def _create_lead(info: Info, input: CreateLeadArgument) -> Any:  # noqa: A002 - the contract's name
    snapshot = given(input.snapshot)
    new = NewLead(
        customer_id=given(input.customer_id),
        texts={name: given(getattr(input, name)) for name in _TEXTS},
        snapshot=None if snapshot is None else snapshot.new(),
    )
    return leading.create_lead(info.context, new, given(input.idempotency_key))


def _update_lead(info: Info, input: UpdateLeadArgument) -> Any:  # noqa: A002 - the contract's name
    values = {name: getattr(input, name) for name in _CHANGES}
    told = {name: value for name, value in values.items() if value is not strawberry.UNSET}
    return leading.update_lead(info.context, LeadChange(id=input.id, values=told), given(input.idempotency_key))


def _convert_lead(info: Info, input: ConvertLeadArgument) -> Any:  # noqa: A002 - the contract's name
    return converting.convert_lead(info.context, input.id, given(input.customer_id), given(input.idempotency_key))


@strawberry.type
class LeadMutations:
    create_lead: LeadPayload | None = guarded(WRITE_CUSTOMERS, _create_lead, "Creates a lead.")
    update_lead: LeadPayload | None = guarded(
        WRITE_CUSTOMERS, _update_lead, "Writes down what is learnt of a lead; its status has a mutation of its own."
    )
    convert_lead: LeadPayload | None = guarded(
        WRITE_CUSTOMERS,
        _convert_lead,
        "WON, and attached to its customer: the one named, the one that matches, or a new one.",
    )
