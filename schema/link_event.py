"""The audit trail of links."""

from datetime import datetime
from typing import Any

import strawberry

from domain import operations
from resolvers.link_events import link_event_id, records_of_event, undo_of_id, undone_by_id
from schema.customer import CustomerRecord
from schema.enums import LinkEventKind, LinkRule
from schema.fields import computed, plain
from schema.node import Node


@strawberry.type(description="What happened to links: who, when, what and why.")
class LinkEvent(Node):
    id: strawberry.ID = computed(link_event_id, "Opaque, and stable.")
    at: datetime = plain("When it happened.")
    kind: LinkEventKind = plain("What happened.")
    records: list[CustomerRecord] | None = computed(
        records_of_event, "The records concerned, as they are now; null where a store cannot be asked."
    )
    by: str = plain("Who did it.")
    rule: LinkRule | None = plain("What brought the records together; null where a person did.")
    reason: str | None = plain("Why, as they said; null where they did not.")
    undo_of: strawberry.ID | None = computed(undo_of_id, "The event that this one undid; null where it undid none.")
    undone_by: strawberry.ID | None = computed(undone_by_id, "The event that undid this one; null while it stands.")

    @classmethod
    def is_type_of(cls, value: Any, _: Any) -> bool:
        return isinstance(value, operations.LinkEvent)
