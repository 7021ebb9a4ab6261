"""A gateway that is killed in the middle of many steps: whoever carries on ends where it would have ended.

In CI some of the points at which it can be killed; `make crash` (GATEWAY_TEST_CRASHES=all) goes through all of them.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from gateway.embedded import EmbeddedStores
from gateway.opening import opened
from gateway.settings import Settings
from sources.profile_reading import read_profile
from tests.commanding import environment, run_command
from tests.gateway.test_backfill import APPLY, backfill, documents, ended
from tests.gateway.test_linking_crashes import pass_lease
from tests.gateway.test_linking_together import halted
from tests.gateway.test_suggestions import delivery_store
from tests.running import Gateway, running
from tests.servers import Servers

ROOT = Path(__file__).parents[2]
COMMAND = ("backfill", "--live")
POINTS = [
    "planning",
    "planned",
    "step-2",
    "before-intent",
    "after-intent",
    "write-0",
    "write-1",
    "before-applied",
    "after-applied",
    "step-done-1",
    "before-closed",
]
SHORT = {"planned", "after-intent", "write-1", "step-done-1"}
CASES = [point for point in POINTS if point in SHORT or os.environ.get("GATEWAY_TEST_CRASHES") == "all"]


@pytest.fixture
async def store(servers: Servers) -> Settings:
    return await delivery_store(servers, "planned_crashes")


async def begun(settings: Settings, *arguments: str, **faults: str) -> asyncio.subprocess.Process:
    """Begin the command in a process of its own."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", *COMMAND, *arguments),
        cwd=ROOT,
        env=others | environment(settings) | faults,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


def told(settings: Settings) -> dict[str, Any]:
    """Read what links say of whom, with accounts that were made named after whom they were made for."""
    found = documents(settings)
    called = {key: key for key in found if key.startswith(("user-", "cust-"))}
    made = {one["user_id"]: key for key, one in found.items() if one.get("user_id") is not None}
    called |= {account: f"made for {key}" for account, key in made.items() if account not in called}
    return {
        called[key]: sorted(
            (field, called.get(one[field], one[field]))
            for field in ("customer_v2_id", "user_id")
            if one.get(field) is not None
        )
        for key, one in found.items()
    }


async def counts(settings: Settings) -> list[Any]:
    """List what is kept of operations: how they ended, events by kind, and claims that are left."""
    read = read_profile(settings.profile)
    async with opened(read, settings) as stores:
        assert stores.own is not None
        from sqlalchemy import text  # noqa: PLC0415

        states = "SELECT kind, state, count(*) FROM gateway.operation GROUP BY 1, 2 ORDER BY 1, 2"
        events = "SELECT kind, count(*) FROM gateway.link_event GROUP BY 1 ORDER BY 1"
        claims = "SELECT count(*) FROM gateway.claim"
        return [[tuple(row) for row in await stores.own.rows(text(query))] for query in (states, events, claims)]


@pytest.mark.parametrize("point", CASES)
async def test_a_backfill_that_is_killed_ends_as_if_it_had_not_been(store: Settings, point: str) -> None:
    process = await begun(store, GATEWAY_TEST_CRASH_AT=point)
    await process.communicate()
    assert process.returncode == -signal.SIGKILL
    await pass_lease(store)
    resumed = await run_command(store, "resume", "--json")
    assert resumed.status == 0
    after, kept = told(store), await counts(store)
    again = await run_command(store, *COMMAND, "--json")
    assert (again.json["counts"]["linked"], again.json["counts"]["repaired"], again.json["counts"]["created"]) == (
        0,
        0,
        0,
    )
    assert told(store) == after == await _uninterrupted(store)
    assert kept[1] == [("BACKFILLED", 2), ("LINKED", 2), ("REPAIRED", 1)]
    assert kept[2] == [(0,)]
    assert {state for _, state, _ in kept[0]} == {"APPLIED"}


async def _uninterrupted(store: Settings) -> dict[str, Any]:
    """Say what the stores hold where nothing was in the way: everybody linked who can be, two accounts made."""
    found = told(store)
    assert found["user-3"] == [("customer_v2_id", "cust-1")]
    assert found["user-4"] == [("customer_v2_id", "cust-2")]
    assert found["cust-3"] == [("user_id", "user-5")]
    assert found["user-8"] == []
    assert found["made for cust-4"] == [("customer_v2_id", "cust-4")]
    assert found["made for cust-5"] == [("customer_v2_id", "cust-5")]
    assert len(found) == 17
    return found


async def test_gateways_that_apply_the_same_at_once_do_it_once(store: Settings) -> None:
    async with running(store) as one, running(store) as other:
        planned = await backfill(one)

        async def apply(gateway: Gateway) -> dict[str, Any]:
            payload = (await gateway.data(APPLY, {"id": planned["id"]}))["applyOperation"]
            assert payload["errors"] == []
            return await ended(gateway, payload["operation"])

        answers = await asyncio.gather(*(apply(gateway) for gateway in (one, other, one, other)))
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["state"] == "APPLIED"
    assert answers[0]["counts"] == planned["counts"]
    kept = await counts(store)
    assert kept[1] == [("BACKFILLED", 2), ("LINKED", 2), ("REPAIRED", 1)]


async def continued(process: asyncio.subprocess.Process) -> bytes:
    """Let a halted process go on to its end, however many of its steps come to where it halts."""
    ended = asyncio.ensure_future(process.communicate())
    while not ended.done():
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGCONT)
        await asyncio.wait([ended], timeout=0.2)
    return (await ended)[0]


async def test_a_step_whose_child_is_another_gateways_is_waited_for(store: Settings) -> None:
    """Given one that is taken for dead while it is halted, and goes on once another has done its work."""
    # One step alone: what else was in flight would lie in transactions that wait for a process which stands still.
    process = await begun(store, "--limit", "1", GATEWAY_TEST_HALT_AT="write-0")
    await halted(process.pid)
    await pass_lease(store)
    assert (await run_command(store, "resume", "--json")).status == 0
    after = told(store)
    await continued(process)
    assert told(store) == after
    assert (await counts(store))[1] == [("LINKED", 1)]


# ── a store that goes down on the way ──


@pytest.fixture(scope="module")
def own_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStores]:
    """Run servers that these tests may stop."""
    with EmbeddedStores(tmp_path_factory.mktemp("cut_planned")) as stores:
        yield stores
        stores.remove()


async def test_a_store_that_goes_down_in_the_middle_of_steps_is_waited_for(own_servers: EmbeddedStores) -> None:
    settings = await delivery_store(own_servers, "cut_planned")
    process = await begun(settings, GATEWAY_TEST_HALT_AT="write-1")
    await halted(process.pid)
    await asyncio.to_thread(own_servers.mongo.stop)
    out = await continued(process)
    assert process.returncode == 1
    assert b"A store stands in the way" in out
    await asyncio.to_thread(own_servers.mongo.start)
    resumed = await run_command(settings, "resume", "--json")
    assert resumed.status == 0
    assert {one["state"] for one in resumed.json} == {"APPLIED"}
    await _uninterrupted(settings)
