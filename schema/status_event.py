"""Changes of the status of a lead or a booking."""

from datetime import datetime
from typing import Any

import strawberry

from domain import records
from resolvers.leads import subject_of
from schema.fields import computed, plain
from schema.node import Node


@strawberry.type(description="A change of status; from and to are the words of the store.")
class StatusEvent:
    at: datetime = plain("When it changed.")
    subject: Node | None = computed(
        subject_of, "The lead or booking whose status changed; null where it is there no longer."
    )
    from_: str | None = strawberry.field(name="from", description="The word before; null where nothing says.")
    to: str = plain("The word after.")
    by: str | None = plain("Who changed it; null where nothing says.")
    note: str | None = plain("What was noted about it; null where nothing was.")

    @classmethod
    def is_type_of(cls, value: Any, _: Any) -> bool:
        return isinstance(value, records.StatusEvent)
