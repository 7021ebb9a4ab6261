"""Writes of more than one record: planned before they are begun, so that whoever finds one half done can carry on."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum
from typing import Any

from domain.identifiers import IdentifierKind
from domain.records import Key, RecordKind, RecordRef


class OperationKind(Enum):
    CREATE_CUSTOMER = "CREATE_CUSTOMER"
    CREATE_ACCOUNT = "CREATE_ACCOUNT"
    CONVERT_LEAD = "CONVERT_LEAD"
    LINK = "LINK"
    UNLINK = "UNLINK"
    UNDO = "UNDO"
    BACKFILL = "BACKFILL"
    ATTACH_LEADS = "ATTACH_LEADS"
    ASSIGN_COURIER = "ASSIGN_COURIER"
    UPDATE_CUSTOMER = "UPDATE_CUSTOMER"


class OperationState(Enum):
    """PLANNED: nothing is written yet; RUNNING: a gateway is at work on it; PENDING: a store went down on the way."""

    PLANNED = "PLANNED"
    RUNNING = "RUNNING"
    PENDING = "PENDING"
    APPLIED = "APPLIED"
    FAILED = "FAILED"

    @property
    def is_over(self) -> bool:
        return self in (OperationState.APPLIED, OperationState.FAILED)


class LinkEventKind(Enum):
    LINKED = "LINKED"
    UNLINKED = "UNLINKED"
    REJECTED = "REJECTED"
    REPAIRED = "REPAIRED"
    BACKFILLED = "BACKFILLED"


@dataclass(frozen=True, slots=True)
class Write:
    """Let the document *id* of *record* hold *after* in *field* where it still holds *before*; None: no such field."""

    record: RecordRef
    id: Any
    field: str
    before: Any
    after: Any

    @property
    def turned(self) -> "Write":
        """Be what undoes this write."""
        return replace(self, before=self.after, after=self.before)


@dataclass(frozen=True, slots=True)
class Insert:
    """Let there be a *document* of *record*: its `_id` and its key are allocated before, so that it is made once."""

    record: RecordRef
    document: Mapping[str, Any]

    @property
    def id(self) -> Any:
        return self.document["_id"]


@dataclass(frozen=True, slots=True)
class RowWrite:
    """Be what was written to the row *key* of a *section* together with the intent, as texts by column.

    *before* is None where the row was made.
    """

    section: str
    key: Key
    before: Mapping[str, str | None] | None
    after: Mapping[str, str | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Intended:
    """Be the event that an operation leaves behind once it is applied."""

    kind: LinkEventKind
    records: tuple[RecordRef, ...]
    reason: str | None = None
    #: What brought the records together, where that was not a person.
    rule: IdentifierKind | None = None
    undo_of: int | None = None
    #: Pairs of records that are not to be suggested again.
    rejects: tuple[tuple[RecordRef, RecordRef], ...] = ()
    #: What undoing the event undoes, where that is not what was written: the links of a document that was made.
    trail: tuple[Write, ...] | None = None


@dataclass(frozen=True, slots=True)
class Mail:
    """Be a letter that goes out once an operation is applied, about *account*.

    It asks *email* whether that is to be the login; without one it is an invitation to set a password.
    """

    account: Key
    email: str | None = None


@dataclass(frozen=True, slots=True)
class Counts:
    """Count what came of an operation so far."""

    linked: int = 0
    repaired: int = 0
    created: int = 0
    attached: int = 0
    left_for_review: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """Be a write of several records on behalf of *by*: its *writes* in order, and the *event* that tells of it.

    *rows* is what was written to the CRM already, in the transaction that wrote the intent down; *made* is what
    has come of it once it is applied, where that is not what its event says.
    """

    id: uuid.UUID
    tenant: str | None
    kind: OperationKind
    by: str
    writes: tuple[Write | Insert, ...] = ()
    rows: tuple[RowWrite, ...] = ()
    event: Intended | None = None
    made: Counts | None = None
    mail: Mail | None = None
    state: OperationState = OperationState.RUNNING
    done: int = 0
    created_at: datetime | None = None
    failure: str | None = None
    #: Of an operation of many steps: how many, None while they are being planned, and what came of them.
    steps: int | None = None
    counted: Counts | None = None

    @property
    def total(self) -> int | None:
        return len(self.writes) if self.counted is None else self.steps

    @property
    def counts(self) -> Counts:
        """What the operation has come to: of links that were made or completed, and of what was turned back."""
        if self.counted is not None:
            return self.counted
        if self.state is OperationState.FAILED:
            return Counts(failed=1)
        if self.state is not OperationState.APPLIED:
            return Counts()
        if self.made is not None or self.event is None:
            return self.made or Counts()
        kind = self.event.kind
        return Counts(linked=int(kind is LinkEventKind.LINKED), repaired=int(kind is LinkEventKind.REPAIRED))


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkEvent:
    """Be one entry of the audit trail of links: *undone_by* is the event that undid it."""

    id: int
    at: datetime
    kind: LinkEventKind
    records: tuple[RecordRef, ...]
    by: str
    rule: IdentifierKind | None = None
    reason: str | None = None
    operation: uuid.UUID | None = None
    undo_of: int | None = None
    undone_by: int | None = None
    writes: tuple[Write, ...] = field(default=(), repr=False)


def written(ref: RecordRef) -> str:
    """Write *ref* as one text."""
    return f"{ref.kind.value}:{ref.key}"


def read_ref(text: str) -> RecordRef:
    kind, _, key = text.partition(":")
    return RecordRef(RecordKind(kind), Key(key))
