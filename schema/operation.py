"""Operations: writes of more than one record."""

from datetime import datetime
from typing import Any

import strawberry

from domain import operations
from domain.paging import Direction, Order
from resolvers import plan_mutations
from resolvers.link_events import operation_id
from resolvers.loading import PageOf
from schema.connections import Connection
from schema.customer import CustomerRecord
from schema.enums import OperationKind, OperationState, OperationStepKind
from schema.fields import computed, computed_page, plain
from schema.inputs import After, First, page_arguments
from schema.node import Node


@strawberry.type(description="What came of an operation so far.")
class OperationCounts:
    linked: int = plain("Customers that were made one.")
    repaired: int = plain("Links of one side that both sides say now.")
    created: int = plain("Records that were created.")
    attached: int = plain("Leads that were attached.")
    left_for_review: int = plain("What a person has to decide.")
    failed: int = plain("What was turned back.")


def step_page(*, first: First = strawberry.UNSET, after: After = strawberry.UNSET) -> PageOf:
    """Read the arguments of the list of an operation's steps."""
    page = page_arguments(first, after, None, None)
    return PageOf(page, None, Order("operation steps", "NUMBER", Direction.ASC))


@strawberry.type(description="One step of what was planned.")
class OperationStep:
    kind: OperationStepKind = plain("What it does.")
    records: list[CustomerRecord] | None = computed(
        plan_mutations.records_of_step,
        "The records that it is about, as they are now; null where a store cannot be asked.",
    )
    lead: strawberry.ID | None = computed(
        plan_mutations.lead_of_step, "The lead that it is about; null where it is about none."
    )
    message: str = plain("Why, and once it is done, what came of it.")
    done: bool = plain("Whether it is done.")


@strawberry.type(description="A write of more than one record: planned, running, finished; survives a crash.")
class Operation(Node):
    id: strawberry.ID = computed(operation_id, "Opaque, and stable.")
    kind: OperationKind = plain("What it does.")
    state: OperationState = plain("How it stands.")
    created_at: datetime = plain("When it was begun.")
    by: str = plain("On whose behalf.")
    done: int = plain("How many of its writes are done.")
    total: int | None = plain("How many writes it takes; null while that is being planned.")
    counts: OperationCounts = plain("What came of it so far.")

    steps: Connection[OperationStep] | None = computed_page(
        plan_mutations.find_steps,
        arguments=step_page,
        description="What it does step by step, in order; null where it was never planned.",
    )

    @classmethod
    def is_type_of(cls, value: Any, _: Any) -> bool:
        return isinstance(value, operations.Operation)
