"""What a user can do wrong in a mutation: data in its payload, each with a stable code, never a top-level error."""

from dataclasses import dataclass
from enum import Enum

from domain.records import RecordRef


class ErrorCode(Enum):
    NOT_FOUND = "NOT_FOUND"
    INVALID = "INVALID"
    REQUIRED = "REQUIRED"
    TOO_LONG = "TOO_LONG"
    DUPLICATE = "DUPLICATE"
    CONSTRAINT = "CONSTRAINT"
    NOT_MAPPED = "NOT_MAPPED"
    INVALID_TRANSITION = "INVALID_TRANSITION"
    STALE = "STALE"
    ALREADY_LINKED = "ALREADY_LINKED"
    ALREADY_CHANGED = "ALREADY_CHANGED"
    AMBIGUOUS = "AMBIGUOUS"
    SUGGESTION_OUTDATED = "SUGGESTION_OUTDATED"
    NOT_A_CUSTOMER = "NOT_A_CUSTOMER"
    TOKEN_INVALID = "TOKEN_INVALID"  # noqa: S105 - a code
    RATE_LIMITED = "RATE_LIMITED"
    IDEMPOTENCY_MISMATCH = "IDEMPOTENCY_MISMATCH"


@dataclass(frozen=True, slots=True)
class UserError:
    """Say what is wrong, and where in the input: *path* leads from `input`."""

    code: ErrorCode
    message: str
    path: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkConflict(UserError):  # noqa: N818 - data, never raised
    """Say which *record* cannot be linked so, and which record it is *linked_to*, or claimed by."""

    record: RecordRef | None = None
    linked_to: RecordRef | None = None


@dataclass(frozen=True, slots=True)
class DuplicateCustomer(UserError):  # noqa: N818 - data, never raised
    """Say whose *record* has what was given already."""

    record: RecordRef | None = None


@dataclass(frozen=True, slots=True)
class InvalidTransition(UserError):  # noqa: N818 - data, never raised
    """Say that a status cannot go *from* a word *to* another, and which are *allowed*."""

    from_: str | None = None
    to: str = ""
    allowed: tuple[str, ...] = ()


class RefusedError(Exception):
    """Carry what is wrong out of a use case: nothing was written."""

    def __init__(self, *errors: UserError) -> None:
        super().__init__(*errors)
        self.errors = errors
