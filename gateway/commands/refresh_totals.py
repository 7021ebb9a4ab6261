"""Write the totals that a store keeps as they are live, for those who still read them.

Dry unless --live. With --recent only customers are looked at who have something dated in that time or later: who were
created, have a lead that was created or updated, a booking that was created or starts, or revenue. What was deleted or
handed to another customer has no such date: that is found without --recent only.

It can be interrupted and started again at any time: only what differs is written, in whole batches, so the next run
carries on where this one ended. Totals that name no customer are told and left as they are.
"""

import asyncio
import json
import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from domain.errors import SourceError, StartError
from domain.time import Period
from domain.totals import Drift, Strays, Unwritten, shown
from gateway.commands.tool import SECONDS, chosen_tenants, progress, read_setup, say
from gateway.opening import opened
from gateway.settings import Settings
from sources.postgres_reading import Tenant
from sources.postgres_totals_reading import PostgresTotals
from sources.postgres_totals_writing import TotalsWriting, WritingStoppedError
from sources.profile import Profile

_EXAMPLES = 10


@dataclass(slots=True)
class Result:
    """Be what was found or, *live*, written; *blocked* says what keeps everything from being written."""

    tenant: Tenant
    live: bool
    changed: int = 0
    inserted: int = 0
    examples: list[Drift] = field(default_factory=list)
    without_customer: Strays = field(default_factory=Strays)
    unwritten: Sequence[Unwritten] = ()
    blocked: Sequence[str] = ()

    def count(self, drifts: Sequence[Drift]) -> None:
        """Add what was written."""
        missing = sum(drift.missing for drift in drifts)
        self.inserted += missing
        self.changed += len(drifts) - missing
        self.examples += drifts[: _EXAMPLES - len(self.examples)]


def run(arguments: Namespace) -> int:
    """Answer 0 where all is done, 1 where something could not be written."""
    settings, profile = read_setup()
    if profile.customer is None or profile.customer.stored_totals is None:
        fault = f"the profile {profile.store.name} has no section [customer.stored_totals]"
        raise StartError("There are no totals to refresh:", [fault])
    try:
        result = asyncio.run(_refresh(arguments, settings, profile))
    except SourceError as error:
        detail = getattr(error, "detail", "")
        raise StartError("The totals cannot be compared:", [f"{error} {detail}".strip()]) from error
    sys.stdout.write(f"{_json(result) if arguments.json else _text(result)}\n")
    return 1 if result.live and (result.unwritten or result.blocked) else 0


async def _refresh(arguments: Namespace, settings: Settings, profile: Profile) -> Result:
    async with opened(profile, settings) as stores:
        (tenant,) = await chosen_tenants(arguments, stores)
    assert settings.postgres_url is not None
    totals = PostgresTotals(profile, settings.postgres_url, seconds=SECONDS)
    try:
        if faults := (await totals.statements()).faults:
            raise StartError("These totals cannot be refreshed:", faults)
        recent = None if arguments.recent is None else Period(start=datetime.now(UTC) - arguments.recent)
        if arguments.live:
            return await _write(totals, settings.postgres_url, tenant, recent, arguments.batch)
        return await _look(totals, tenant, recent)
    finally:
        await totals.close()


async def _look(totals: PostgresTotals, tenant: Tenant, recent: Period | None) -> Result:
    """Say what would be written."""
    with progress() as bar:
        bar.add_task("comparing", total=None)
        drifts = await totals.drifts(tenant, examples=_EXAMPLES, recent=recent)
        strays = await totals.without_customer(tenant, examples=_EXAMPLES)
    statements = await totals.statements()
    blocked = statements.stored.faults_of_writing(statements.roles, inserting=drifts.missing > 0)
    return Result(
        tenant,
        live=False,
        changed=drifts.changed,
        inserted=drifts.missing,
        examples=list(drifts.examples),
        without_customer=strays,
        blocked=blocked,
    )


async def _write(totals: PostgresTotals, url: str, tenant: Tenant, recent: Period | None, size: int) -> Result:
    """Write what differs. Raises StartError where it is known before that nothing of it can be written."""
    result = Result(tenant, live=True)
    statements = await totals.statements()
    with progress() as bar:
        comparing = bar.add_task("comparing", total=None)
        outdated = await totals.outdated(tenant, recent=recent)
        result.without_customer = await totals.without_customer(tenant, examples=_EXAMPLES)
        bar.remove_task(comparing)
        if faults := statements.stored.faults_of_writing(statements.roles, inserting=bool(outdated.missing)):
            raise StartError("The totals cannot be written:", faults)
        task = bar.add_task("writing", total=len(outdated.changed) + len(outdated.missing))

        def wrote(drifts: Sequence[Drift]) -> None:
            result.count(drifts)
            bar.advance(task, len(drifts))

        writing = TotalsWriting(url, statements, tenant, seconds=SECONDS, wrote=wrote)
        try:
            await writing.write(outdated.changed, outdated.missing, size=size)
        except WritingStoppedError as error:
            result.blocked = [str(error)]
        except asyncio.CancelledError:
            say(f"Interrupted: {_done(result)}. Run it again to carry on with the rest.")
            raise
        finally:
            result.unwritten = writing.unwritten
            await writing.close()
    return result


# ── what is said of it ──


def _done(result: Result) -> str:
    return f"{_rows(result.changed)} changed, {_rows(result.inserted)} inserted"


def _rows(count: int) -> str:
    return f"{count:,} row{'' if count == 1 else 's'}"


def _text(result: Result) -> str:
    lines = [f"{_done(result)}." if result.live else f"To do: {_done(result)}. Nothing was written: that takes --live."]
    lines += [f"  {drift.key}{' (new)' if drift.missing else ''}: {drift}" for drift in result.examples]
    if more := result.changed + result.inserted - len(result.examples):
        lines.append(f"  and {more:,} more")
    if result.without_customer.count:
        keys = ", ".join(result.without_customer.keys)
        rest = ", …" if result.without_customer.count > len(result.without_customer.keys) else ""
        lines.append(
            f"Left as they are, for they name no customer: {_rows(result.without_customer.count)} ({keys}{rest})"
        )
    lines += [f"Could not be written: {one.key}: {one.reason}" for one in result.unwritten]
    heading = "Stopped" if result.live else "With --live it would not start"
    lines += [f"{heading}: {fault}" for fault in result.blocked]
    return "\n".join(lines)


def _json(result: Result) -> str:
    written = {
        "tenant": result.tenant,
        "live": result.live,
        "changed": result.changed,
        "inserted": result.inserted,
        "examples": [
            {
                "key": drift.key,
                "inserted": drift.missing,
                "totals": {
                    total.column: [None if value is None else shown(value) for value in (total.stored, total.live)]
                    for total in drift.totals
                },
            }
            for drift in result.examples
        ],
        "withoutCustomer": {"count": result.without_customer.count, "keys": list(result.without_customer.keys)},
        "unwritten": [{"key": one.key, "reason": one.reason} for one in result.unwritten],
        "blocked": list(result.blocked),
    }
    return json.dumps(written, indent=2, ensure_ascii=False)
