"""Hold the profile against the live stores, and tell what is wrong; nothing is ever written."""

import asyncio
import json
import sys
from argparse import Namespace
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import Any

from rich.console import Console

from domain.errors import SourceError
from domain.findings import Finding
from gateway.commands.doctor_table import print_findings
from gateway.commands.tool import chosen_tenants, progress, read_setup, say
from gateway.opening import Sources, opened
from gateway.settings import Settings
from resolvers.doctor import Doctor, Task
from sources.checks_mongo import MongoChecks
from sources.checks_postgres import PostgresChecks
from sources.profile import Profile
from sources.stores import Stores

Tenants = Sequence[str | None]


def run(arguments: Namespace) -> int:
    """Answer 0 where nothing is wrong, else 1. Raises StartError where that cannot be found out."""
    settings, profile = read_setup()
    tenants, findings = asyncio.run(_examine(arguments, settings, profile))
    wrong = [finding for finding in findings if not finding.check.is_note]
    notes = [finding for finding in findings if finding.check.is_note]
    if arguments.json:
        sys.stdout.write(f"{json.dumps(_as_json(profile, tenants, wrong, notes), indent=2, ensure_ascii=False)}\n")
    else:
        print_findings(Console(highlight=False), profile.store.name, wrong, notes)
    return 1 if wrong else 0


async def _examine(arguments: Namespace, settings: Settings, profile: Profile) -> tuple[Tenants, list[Finding]]:
    sources = Sources(PostgresChecks, MongoChecks)
    async with opened(profile, settings, sources, checked=False) as stores:
        doctor = Doctor(stores, arguments.examples)
        findings = await _run(doctor, doctor.first()) + await _run(doctor, doctor.of_the_store())
        tenants = await _tenants(arguments, stores)
        findings += await _run(doctor, [task for tenant in tenants for task in doctor.of_a_tenant(tenant)])
        return tenants, findings + doctor.last(tenants)


async def _run(doctor: Doctor, tasks: Sequence[Task]) -> list[Finding]:
    """Run *tasks*, with a bar on a terminal that says which are at work."""
    working: dict[str, None] = {}
    with progress() as bar:
        shown = bar.add_task("checking", total=len(tasks))

        def begins(task: Task) -> None:
            working[task.title] = None
            bar.update(shown, description=next(iter(working)))

        def ends(task: Task) -> None:
            working.pop(task.title, None)
            bar.update(shown, advance=1, description=next(iter(working), "checking"))

        return await doctor.examine(tasks, begins, ends)


async def _tenants(arguments: Namespace, stores: Stores) -> Tenants:
    """List the tenants to check; while the store that knows them is down, the one that is named is believed in."""
    try:
        return await chosen_tenants(arguments, stores)
    except SourceError as error:
        say(f"Which tenants there are cannot be told: {error}")
        return [] if arguments.tenant is None else [arguments.tenant]


def _as_json(
    profile: Profile, tenants: Tenants, wrong: Iterable[Finding], notes: Iterable[Finding]
) -> dict[str, object]:
    findings = [_plain(finding) for finding in wrong]
    return {
        "store": profile.store.name,
        "tenants": list(tenants),
        "findings": findings,
        "notes": [_plain(finding) for finding in notes],
        "ok": not findings,
    }


def _plain(finding: Finding) -> dict[str, Any]:
    return {**asdict(finding), "check": finding.check.value}
