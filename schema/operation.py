"""Operations: writes of more than one record."""

from datetime import datetime
from typing import Any

import strawberry

from domain import operations
from resolvers.link_events import operation_id
from schema.enums import OperationKind, OperationState
from schema.fields import computed, plain
from schema.node import Node


@strawberry.type(description="What came of an operation so far.")
class OperationCounts:
    linked: int = plain("Customers that were made one.")
    repaired: int = plain("Links of one side that both sides say now.")
    created: int = plain("Records that were created.")
    attached: int = plain("Leads that were attached.")
    left_for_review: int = plain("What a person has to decide.")
    failed: int = plain("What was turned back.")


@strawberry.type(description="A write of more than one record: planned, running, finished; survives a crash.")
class Operation(Node):
    id: strawberry.ID = computed(operation_id, "Opaque, and stable.")
    kind: OperationKind = plain("What it does.")
    state: OperationState = plain("How it stands.")
    created_at: datetime = plain("When it was begun.")
    by: str = plain("On whose behalf.")
    done: int = plain("How many of its writes are done.")
    total: int | None = plain("How many writes it takes.")
    counts: OperationCounts = plain("What came of it so far.")

    @classmethod
    def is_type_of(cls, value: Any, _: Any) -> bool:
        return isinstance(value, operations.Operation)
