"""Notes about customers."""

from datetime import datetime
from typing import Any

import strawberry

from domain import notes
from resolvers.noting import note_id
from schema.fields import computed, plain
from schema.node import Node


@strawberry.type(description="What somebody wrote down about a customer.")
class Note(Node):
    id: strawberry.ID = computed(note_id, "Opaque, and stable.")
    at: datetime = plain("When it was written.")
    by: str = plain("Who wrote it.")
    text: str = plain("What they wrote.")

    @classmethod
    def is_type_of(cls, value: Any, _: Any) -> bool:
        return isinstance(value, notes.Note)
