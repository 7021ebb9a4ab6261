"""Fill the identifier index: walk through all records of a tenant, so that they are found by e-mail, phone and name.

It can be interrupted at any time: started again within a day, it carries on where it was.
"""

import asyncio
import json
import sys
from argparse import Namespace
from datetime import datetime

from rich.progress import Progress, TaskID

from domain.errors import GatewayError, StartError
from domain.identifiers import IndexedKind
from gateway.commands.tool import chosen_tenants, progress, read_setup, say
from gateway.opening import opened
from gateway.settings import Settings
from resolvers.indexing import forget_others, whole_pass
from sources.own.index_rows import count_known
from sources.profile import Profile
from sources.stores import Stores
from sources.walking import about_how_many, indexed_kinds


def run(arguments: Namespace) -> int:
    """Answer 0 once everything is in the index."""
    settings, profile = read_setup()
    try:
        done = asyncio.run(_index(arguments, settings, profile))
    except KeyboardInterrupt:
        say("Interrupted. Run it again within a day to carry on with the rest.")
        raise
    except GatewayError as error:
        detail = getattr(error, "detail", "")
        raise StartError("The index cannot be filled:", [f"{error} {detail}".strip()]) from error
    if arguments.json:
        sys.stdout.write(json.dumps(done) + "\n")
    return 0


async def _index(arguments: Namespace, settings: Settings, profile: Profile) -> list[dict[str, object]]:
    done: list[dict[str, object]] = []
    async with opened(profile, settings) as stores:
        tenants = await chosen_tenants(arguments, stores)
        if arguments.all_tenants and stores.own is not None:
            await forget_others(stores.own, tenants)
        for tenant in tenants:
            began = await fill(stores, tenant)
            done.append(await _told(stores, tenant, began))
            if not arguments.json:
                say(_text(done[-1]))
    return done


async def fill(stores: Stores, tenant: str | None) -> datetime:
    """Walk through all records of *tenant* under a progress bar; answer when that began."""
    with progress() as bar:
        report = await _reporter(stores, tenant, bar)
        return await whole_pass(stores, tenant, anew=False, report=report, on_wait=_tell_that_it_waits)


def _tell_that_it_waits() -> None:
    say("Another pass is at work, or was killed less than a minute ago: this one waits for it.")


async def _reporter(stores: Stores, tenant: str | None, bar: Progress) -> "_Reporter":
    tasks: dict[IndexedKind, TaskID] = {}
    if not bar.disable:
        for kind in indexed_kinds(stores):
            total = await about_how_many(stores, tenant, kind)
            tasks[kind] = bar.add_task(kind.value.lower(), total=total, start=False)
    return _Reporter(bar, tasks)


class _Reporter:
    def __init__(self, bar: Progress, tasks: dict[IndexedKind, TaskID]) -> None:
        self._bar = bar
        self._tasks = tasks

    def __call__(self, kind: IndexedKind, walked: int) -> None:
        if kind in self._tasks:
            self._bar.start_task(self._tasks[kind])
            self._bar.update(self._tasks[kind], completed=walked)


async def _told(stores: Stores, tenant: str | None, began: datetime) -> dict[str, object]:
    assert stores.own is not None
    counts = {kind.value: await count_known(stores.own, tenant, kind) for kind in indexed_kinds(stores)}
    return {"tenant": tenant, "indexedAt": began.isoformat(), "records": counts}


def _text(told: dict[str, object]) -> str:
    counts = told["records"]
    assert isinstance(counts, dict)
    of = "" if told["tenant"] is None else f" of {told['tenant']}"
    return f"In the index{of}: {', '.join(f'{count:,} {kind}' for kind, count in counts.items()) or 'nothing'}."
