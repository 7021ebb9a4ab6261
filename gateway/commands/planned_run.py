"""Run an operation of many steps from the command line: plan it, do it if that is asked, and tell what came of it."""

import asyncio
import json
import sys
import uuid
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from domain.errors import GatewayError, StartError
from domain.ids import OPERATION, encode_id
from domain.operations import Operation, OperationKind, OperationState, written
from domain.planning import Step, StepKind
from gateway.commands.tool import chosen_tenants, progress, read_setup, say
from gateway.mailing import links_of, mailer_for
from gateway.opening import opened
from gateway.settings import Settings
from resolvers.accounts import accounts_of
from resolvers.later import Later
from resolvers.operations import operations_of
from resolvers.planned import Planned
from resolvers.planned_work import planned_of
from sources.own import planning
from sources.profile import Profile

_EXAMPLES, _PAUSE = 10, 0.3


def run(arguments: Namespace, kind: OperationKind, asked: Mapping[str, Any], *, nothing: str) -> int:
    """Answer 0 where all is done, or planned, and 1 where a step failed or a store stands in the way.

    Raises StartError with *nothing* where the profile has nothing that this could work on.
    """
    settings, profile = read_setup()
    try:
        operation, steps = asyncio.run(_run(arguments, settings, profile, _Asked(kind, asked, nothing)))
    except KeyboardInterrupt:
        say("Interrupted. What was begun with --live is carried on by any gateway, or by python -m gateway resume.")
        raise
    except GatewayError as error:
        detail = getattr(error, "detail", "")
        raise StartError("It cannot be planned:", [f"{error} {detail}".strip()]) from error
    sys.stdout.write(f"{_json(operation, steps) if arguments.json else _text(operation, steps)}\n")
    ended = operation.state in (OperationState.PLANNED, OperationState.APPLIED)
    return 0 if ended and not operation.counts.failed else 1


class _Asked:
    """Be what is asked for: an operation of a *kind*, how, and what to say where nobody can do it."""

    def __init__(self, kind: OperationKind, asked: Mapping[str, Any], nothing: str) -> None:
        self.kind, self.asked, self.nothing = kind, asked, nothing


async def _run(
    arguments: Namespace, settings: Settings, profile: Profile, asked: _Asked
) -> tuple[Operation, Sequence[Step]]:
    async with opened(profile, settings) as stores:
        (tenant,) = await chosen_tenants(arguments, stores)
        later = Later()
        logins = accounts_of(stores, later, links_of(settings), mailer_for(settings))
        if asked.asked.get("invite") and logins is not None and logins.mail_fault is not None:
            raise StartError("Nobody can be invited:", [logins.mail_fault.message])
        planned = planned_of(stores, operations_of(stores, None if logins is None else logins.post), logins)
        if planned is None or asked.kind not in planned.workers:
            reason = asked.nothing if planned is not None else "GATEWAY_POSTGRES_URL names no database for its tables"
            raise StartError("There is nothing to do:", [reason])
        by = f"python -m gateway {arguments.command}"
        operation = Operation(id=uuid.uuid4(), tenant=tenant, kind=asked.kind, by=by)
        async with later.working():
            await _watched(planned, operation, asked.asked, live=arguments.live)
        plan = await planning.find_plan(planned.own, tenant, operation.id)
        assert plan is not None
        return plan.operation, await _shown(planned, plan.operation)


async def _watched(planned: Planned, operation: Operation, asked: Mapping[str, Any], *, live: bool) -> None:
    """Run *operation* under a progress bar."""
    task = asyncio.create_task(planned.run(operation, asked, live=live))
    with progress() as bar:
        shown = bar.add_task("planning", total=None)
        while not (await asyncio.wait({task}, timeout=_PAUSE))[0]:
            if bar.disable:
                continue
            plan = await planning.find_plan(planned.own, operation.tenant, operation.id)
            if plan is not None and plan.operation.total is not None:
                bar.update(shown, description="writing", total=plan.operation.total, completed=plan.operation.done)
    await task


async def _shown(planned: Planned, operation: Operation) -> list[Step]:
    """Read some steps that are worth a look: of each kind the first."""
    found: dict[StepKind, list[Step]] = {}
    number = 0
    while steps := await planning.steps_after(planned.own, operation.id, number, 1000):
        number = steps[-1].number
        for step in steps:
            if len(some := found.setdefault(step.kind, [])) < _EXAMPLES:
                some.append(step)
    return [step for some in found.values() for step in some]


# ── what is said of it ──


def _text(operation: Operation, steps: Sequence[Step]) -> str:
    counts = asdict(operation.counts)
    told = ", ".join(f"{number:,} {name.replace('_', ' ')}" for name, number in counts.items() if number)
    id_ = encode_id(OPERATION, operation.tenant, str(operation.id))
    lines = {
        OperationState.PLANNED: f"To do: {told or 'nothing'}. Nothing was written: that takes --live, or applyOperation"
        f" of {id_}.",
        OperationState.APPLIED: f"Done: {told or 'nothing'}.",
        OperationState.FAILED: f"It could not be done: {operation.failure}",
    }
    pending = f"So far: {told or 'nothing'}. A store stands in the way: python -m gateway resume carries it on."
    shown = [lines.get(operation.state, pending)]
    shown += [f"  {step.kind.value}: {_subject(step)}: {step.message}" for step in steps]
    if operation.total is not None and (more := operation.total - len(steps)) > 0:
        shown.append(f"  and {more:,} more")
    return "\n".join(shown)


def _subject(step: Step) -> str:
    lead = [] if step.lead is None else [f"LEAD:{step.lead}"]
    return ", ".join([*lead, *map(written, step.records)])


def _json(operation: Operation, steps: Sequence[Step]) -> str:
    counts = operation.counts
    told = {
        "id": encode_id(OPERATION, operation.tenant, str(operation.id)),
        "tenant": operation.tenant,
        "state": operation.state.value,
        "failure": operation.failure,
        "done": operation.done,
        "total": operation.total,
        "counts": {
            "linked": counts.linked,
            "repaired": counts.repaired,
            "created": counts.created,
            "attached": counts.attached,
            "leftForReview": counts.left_for_review,
            "failed": counts.failed,
        },
        "steps": [
            {
                "kind": step.kind.value,
                "records": [written(ref) for ref in step.records],
                "lead": step.lead,
                "message": step.message,
                "done": step.done,
            }
            for step in steps
        ],
    }
    return json.dumps(told, indent=2, ensure_ascii=False)
