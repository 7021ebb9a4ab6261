"""Say whether a planned step of a backfill still holds: looked at again before it is done, alone or with others."""

from domain.identifiers import IdentifierKind
from domain.identity import Members
from domain.link_plans import Links
from domain.mutation_errors import ErrorCode, RefusedError, UserError
from domain.operations import written
from domain.planning import Needs, Step, StepKind
from domain.suggestions import Evidence, LinkCertainty, Suggestion

REASON = "Backfill"


def evidence_of(step: Step) -> list[Evidence]:
    """List what brought the records of *step* together, or, of one that makes an account, what one logs in with."""
    return [Evidence(IdentifierKind(rule), value) for rule, value in step.details.get("evidence", ())]


def needs_of(step: Step) -> Needs:
    """Say what *step* must have to itself: its records, and the identifiers that it rests on."""
    if step.kind is StepKind.LEAVE_FOR_REVIEW:
        return Needs()
    return Needs(frozenset({written(ref) for ref in step.records} | things_of(step)))


def things_of(step: Step) -> frozenset[str]:
    return frozenset(f"{one.rule.value}:{one.value}" for one in evidence_of(step))


def is_linked(step: Step, links: Links) -> bool:
    return set(links.identity.members(step.records[0]).refs) >= set(step.records)


def require_certain(step: Step, found: Suggestion | None) -> None:
    """Raise RefusedError unless the records of *step*, and no others, are still certainly one."""
    if found is None or found.records != step.records or found.certainty is not LinkCertainty.CERTAIN:
        message = "They are not certainly one any more: not linked."
        raise RefusedError(UserError(ErrorCode.SUGGESTION_OUTDATED, message))


def require_one(step: Step, links: Links) -> None:
    """Raise RefusedError unless the records of *step* are one customer still, linked as it was found."""
    if links.identity.members(step.records[0]).refs != step.records:
        raise RefusedError(UserError(ErrorCode.STALE, "The link has been changed since: nothing to repair."))


def require_no_account(step: Step, links: Links) -> Members:
    """Answer the customer of *step*. Raises RefusedError where it has an account."""
    members = links.identity.members(step.records[0])
    if members.account is not None:
        raise RefusedError(UserError(ErrorCode.STALE, "It has an account by now."))
    return members


def require_alone(found: Suggestion | None) -> None:
    """Raise RefusedError where a customer may be one with another."""
    if found is not None:
        message = "It may be one with another customer by now: no account is made."
        raise RefusedError(UserError(ErrorCode.SUGGESTION_OUTDATED, message))
