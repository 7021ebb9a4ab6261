"""The mutations that plan many steps, and do them."""

from typing import Annotated, Any

import strawberry

from domain.access import WRITE_CUSTOMERS
from resolvers import plan_mutations
from schema.enums import RecordStore
from schema.fields import Info, guarded, plain
from schema.inputs import given
from schema.mutation_error import MutationError
from schema.mutations.sent import IDEMPOTENCY_KEY
from schema.operation import Operation

_DRY_RUN = "Dry: a PLANNED operation whose steps say what it would do; nothing else is written."
_LIMIT = "How many steps that write are planned at most; as many as there are, if left out."


@strawberry.input(description="What a backfill is to do.")
class BackfillInput:
    dry_run: bool = strawberry.field(default=True, description=_DRY_RUN)
    create_accounts_for: list[RecordStore] = strawberry.field(
        default_factory=lambda: [RecordStore.DELIVERY],
        description="Make accounts for customers that have a record there and none to log in with, those in a"
        " suggestion excepted.",
    )
    invite: bool = strawberry.field(default=False, description="Mail everybody a new account is made for.")
    limit: int | None = strawberry.field(default=strawberry.UNSET, description=_LIMIT)
    idempotency_key: str | None = strawberry.field(default=strawberry.UNSET, description=IDEMPOTENCY_KEY)


@strawberry.input(description="Which leads are to be attached, and how.")
class AttachLeadsInput:
    dry_run: bool = strawberry.field(default=True, description=_DRY_RUN)
    create_customers: bool = strawberry.field(
        default=True, description="Create customers for leads whose e-mail and phone nobody has."
    )
    limit: int | None = strawberry.field(default=strawberry.UNSET, description=_LIMIT)
    idempotency_key: str | None = strawberry.field(default=strawberry.UNSET, description=IDEMPOTENCY_KEY)


@strawberry.input(description="A planned operation that is to be done.")
class ApplyOperationInput:
    operation_id: strawberry.ID = strawberry.field(description="Which operation.")
    idempotency_key: str | None = strawberry.field(default=strawberry.UNSET, description=IDEMPOTENCY_KEY)


@strawberry.type(description="What came of planning, or of what was planned.")
class OperationPayload:
    operation: Operation | None = plain(
        "How it stands; RUNNING where it takes longer than anybody waits. Null only where there are errors."
    )
    errors: list[MutationError] = plain("What is wrong; empty where nothing is.")


BackfillArgument = Annotated[BackfillInput, strawberry.argument(description="What to do.")]
AttachArgument = Annotated[AttachLeadsInput, strawberry.argument(description="What to do.")]
ApplyArgument = Annotated[ApplyOperationInput, strawberry.argument(description="Which operation.")]


def _backfill_links(info: Info, input: BackfillArgument) -> Any:  # noqa: A002 - the contract's name
    return plan_mutations.backfill_links(
        info.context,
        dry_run=input.dry_run,
        kinds=input.create_accounts_for,
        invite=input.invite,
        limit=given(input.limit),
        key=given(input.idempotency_key),
    )


def _attach_orphaned_leads(info: Info, input: AttachArgument) -> Any:  # noqa: A002 - the contract's name
    return plan_mutations.attach_orphaned_leads(
        info.context,
        dry_run=input.dry_run,
        create_customers=input.create_customers,
        limit=given(input.limit),
        key=given(input.idempotency_key),
    )


def _apply_operation(info: Info, input: ApplyArgument) -> Any:  # noqa: A002 - the contract's name
    return plan_mutations.apply_operation(info.context, input.operation_id, given(input.idempotency_key))


@strawberry.type
class PlanMutations:
    backfill_links: OperationPayload | None = guarded(
        WRITE_CUSTOMERS,
        _backfill_links,
        "Links what is certain, repairs one-way links, creates missing accounts. Dry: a PLANNED operation whose steps"
        " say what it would do.",
    )
    attach_orphaned_leads: OperationPayload | None = guarded(
        WRITE_CUSTOMERS,
        _attach_orphaned_leads,
        "Attaches orphaned leads to their customers, creating customers where there is none.",
    )
    apply_operation: OperationPayload | None = guarded(
        WRITE_CUSTOMERS, _apply_operation, "Runs a planned operation, each step checked again."
    )
