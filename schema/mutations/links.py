"""The mutations of links."""

from typing import Annotated, Any

import strawberry

from domain.access import WRITE_CUSTOMERS
from domain.records import RecordRef
from resolvers import link_mutations
from schema.customer import Customer
from schema.enums import RecordStore
from schema.fields import Info, computed, guarded, plain
from schema.inputs import given
from schema.link_event import LinkEvent
from schema.mutation_error import MutationError
from schema.mutations.sent import IDEMPOTENCY_KEY
from schema.operation import Operation

_REASON = "Why, for the trail. Up to 2,000 characters."


@strawberry.input(description="One record, as its store calls it.")
class RecordInput:
    store: RecordStore = strawberry.field(description="Which kind of record.")
    key: str = strawberry.field(description="What its store calls it.")

    def ref(self) -> RecordRef:
        return RecordRef(self.store, self.key)


@strawberry.input(description="Records that are to be one customer.")
class LinkRecordsInput:
    records: list[RecordInput] = strawberry.field(description="Two or three, each of another store.")
    reason: str | None = strawberry.field(default=strawberry.UNSET, description=_REASON)
    idempotency_key: str | None = strawberry.field(default=strawberry.UNSET, description=IDEMPOTENCY_KEY)


@strawberry.input(description="A record that is to stand alone.")
class UnlinkRecordInput:
    record: RecordInput = strawberry.field(description="Which record.")
    reason: str | None = strawberry.field(default=strawberry.UNSET, description=_REASON)
    idempotency_key: str | None = strawberry.field(default=strawberry.UNSET, description=IDEMPOTENCY_KEY)


@strawberry.input(description="An event that is to be undone.")
class UndoLinkInput:
    event_id: strawberry.ID = strawberry.field(description="Which event.")
    reason: str | None = strawberry.field(default=strawberry.UNSET, description=_REASON)
    idempotency_key: str | None = strawberry.field(default=strawberry.UNSET, description=IDEMPOTENCY_KEY)


@strawberry.input(description="A suggestion that is not to be made again.")
class RejectSuggestionInput:
    suggestion_id: strawberry.ID = strawberry.field(description="Which suggestion.")
    reason: str | None = strawberry.field(default=strawberry.UNSET, description=_REASON)
    idempotency_key: str | None = strawberry.field(default=strawberry.UNSET, description=IDEMPOTENCY_KEY)


@strawberry.type(description="What came of linking.")
class LinkPayload:
    customers: list[Customer] = computed(link_mutations.customers_of, "Those that the records belong to now.")
    retired_ids: list[strawberry.ID] = strawberry.field(
        name="retiredIds", description="The ids that are no customer's own any more; they still resolve."
    )
    event: LinkEvent | None = computed(link_mutations.event_of, "What the trail tells; null where nothing changed.")
    operation: Operation | None = plain("How it was written; null where nothing was.")
    errors: list[MutationError] = plain("What is wrong; empty where nothing is.")


LinkRecordsArgument = Annotated[LinkRecordsInput, strawberry.argument(description="Which records, and why.")]
UnlinkRecordArgument = Annotated[UnlinkRecordInput, strawberry.argument(description="Which record, and why.")]
UndoLinkArgument = Annotated[UndoLinkInput, strawberry.argument(description="Which event, and why.")]

RejectSuggestionArgument = Annotated[RejectSuggestionInput, strawberry.argument(description="Which, and why.")]


def _link_records(info: Info, input: LinkRecordsArgument) -> Any:  # noqa: A002 - the contract's name
    refs = [record.ref() for record in input.records]
    return link_mutations.link_records(info.context, refs, given(input.reason), given(input.idempotency_key))


def _unlink_record(info: Info, input: UnlinkRecordArgument) -> Any:  # noqa: A002 - the contract's name
    ref, reason, key = input.record.ref(), given(input.reason), given(input.idempotency_key)
    return link_mutations.unlink_record(info.context, ref, reason, key)


def _undo_link(info: Info, input: UndoLinkArgument) -> Any:  # noqa: A002 - the contract's name
    return link_mutations.undo_link(info.context, input.event_id, given(input.reason), given(input.idempotency_key))


def _reject_suggestion(info: Info, input: RejectSuggestionArgument) -> Any:  # noqa: A002 - the contract's name
    reason, key = given(input.reason), given(input.idempotency_key)
    return link_mutations.reject_suggestion(info.context, input.suggestion_id, reason, key)


@strawberry.type
class LinkMutations:
    link_records: LinkPayload | None = guarded(
        WRITE_CUSTOMERS, _link_records, "Makes one customer of records, written on both sides; or nothing at all."
    )
    unlink_record: LinkPayload | None = guarded(
        WRITE_CUSTOMERS,
        _unlink_record,
        "Cuts every link of one record, refused and dangling ones too; the others stay linked; the pairs are not"
        " suggested again.",
    )
    undo_link: LinkPayload | None = guarded(
        WRITE_CUSTOMERS, _undo_link, "Restores what the event found, if what it left still stands."
    )
    reject_suggestion: LinkPayload | None = guarded(
        WRITE_CUSTOMERS, _reject_suggestion, "Tells the customers of a suggestion apart: it is not made again."
    )
