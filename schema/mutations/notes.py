"""The mutation of notes."""

from typing import Annotated, Any

import strawberry

from domain.access import WRITE_CUSTOMERS
from resolvers import noting
from schema.fields import Info, guarded, plain
from schema.inputs import given
from schema.mutation_error import MutationError
from schema.mutations.sent import IDEMPOTENCY_KEY
from schema.note import Note


@strawberry.input(description="What is to be written down about a customer.")
class AddNoteInput:
    customer_id: strawberry.ID = strawberry.field(description="About whom.")
    text: str = strawberry.field(description="What: up to 20,000 characters.")
    idempotency_key: str | None = strawberry.field(default=strawberry.UNSET, description=IDEMPOTENCY_KEY)


@strawberry.type(description="What came of writing a note.")
class NotePayload:
    note: Note | None = plain("The note; null where there are errors.")
    errors: list[MutationError] = plain("What is wrong; empty where nothing is.")


AddNoteArgument = Annotated[AddNoteInput, strawberry.argument(description="About whom, and what.")]


def _add_note(info: Info, input: AddNoteArgument) -> Any:  # noqa: A002 - the contract's name
    return noting.add_note(info.context, input.customer_id, input.text, given(input.idempotency_key))


@strawberry.type
class NoteMutations:
    add_note: NotePayload | None = guarded(WRITE_CUSTOMERS, _add_note, "Writes something down about a customer.")
