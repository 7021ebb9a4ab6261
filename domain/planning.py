"""Operations of many steps: planned first, so that somebody can look at them, and then done one by one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from domain.operations import Counts
from domain.records import Key, RecordRef


class StepKind(Enum):
    LINK = "LINK"
    UNLINK = "UNLINK"
    REPAIR = "REPAIR"
    CREATE = "CREATE"
    ATTACH = "ATTACH"
    UPDATE = "UPDATE"
    LEAVE_FOR_REVIEW = "LEAVE_FOR_REVIEW"


class Outcome(Enum):
    """What came of a step; NOTHING: somebody else had done it, or it is not needed any more."""

    LINKED = "LINKED"
    REPAIRED = "REPAIRED"
    CREATED = "CREATED"
    ATTACHED = "ATTACHED"
    LEFT = "LEFT"
    FAILED = "FAILED"
    NOTHING = "NOTHING"


@dataclass(frozen=True, slots=True)
class Needs:
    """Be what a step must have to itself, *alone*, and what it may *share* with others that share it as well."""

    alone: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()


#: What a step comes to if all goes as planned.
EXPECTED = {
    StepKind.LINK: Outcome.LINKED,
    StepKind.REPAIR: Outcome.REPAIRED,
    StepKind.CREATE: Outcome.CREATED,
    StepKind.ATTACH: Outcome.ATTACHED,
    StepKind.LEAVE_FOR_REVIEW: Outcome.LEFT,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """Be one step: what it does to which *records* or *lead*, told in a *message*; *details* are what it takes."""

    kind: StepKind
    records: tuple[RecordRef, ...] = ()
    lead: Key | None = None
    message: str
    details: Mapping[str, Any] = field(default_factory=dict)
    number: int = 0
    done: bool = False
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Done:
    """Be what came of a step, and what is to be said of it from now on; as planned where *message* is None."""

    outcome: Outcome
    message: str | None = None


def apart(steps: Sequence[Step], needs: Callable[[Step], Needs], most: int) -> tuple[list[Step], list[Step]]:
    """Choose up to *most* of *steps* that do not disturb each other; answer them, and the rest.

    A step waits for whichever comes before it and has, or waits for, what it needs.
    """
    alone, shared = set[str](), set[str]()
    chosen: list[Step] = []
    rest: list[Step] = []
    for step in steps:
        wanted = needs(step)
        is_free = wanted.alone.isdisjoint(alone) and wanted.alone.isdisjoint(shared) and wanted.shared.isdisjoint(alone)
        (chosen if is_free and len(chosen) < most else rest).append(step)
        alone |= wanted.alone
        shared |= wanted.shared
    return chosen, rest


def counts_of(outcomes: Mapping[Outcome, int]) -> Counts:
    """Count what came of steps."""
    return Counts(
        linked=outcomes.get(Outcome.LINKED, 0),
        repaired=outcomes.get(Outcome.REPAIRED, 0),
        created=outcomes.get(Outcome.CREATED, 0),
        attached=outcomes.get(Outcome.ATTACHED, 0),
        left_for_review=outcomes.get(Outcome.LEFT, 0),
        failed=outcomes.get(Outcome.FAILED, 0),
    )
