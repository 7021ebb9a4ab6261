"""A gateway that is killed in the middle of many steps: whoever carries on ends where it would have ended.

In CI some of the points at which it can be killed; `make crash` (GATEWAY_TEST_CRASHES=all) goes through all of them.
"""

import asyncio
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from sqlalchemy import text

from gateway.embedded import EmbeddedStores
from gateway.opening import opened
from gateway.settings import Settings
from sources.profile_reading import read_profile
from tests.commanding import environment, run_command
from tests.gateway.test_backfill import APPLY, backfill, changed, documents, ended
from tests.gateway.test_linking_crashes import pass_lease
from tests.gateway.test_linking_together import halted
from tests.gateway.test_suggestions import delivery_store
from tests.loading import existing_store, indexed
from tests.running import Gateway, running
from tests.servers import Servers

ROOT = Path(__file__).parents[2]
BACKFILL, ATTACH = ("backfill", "--live"), ("attach-leads", "--live")
#: How many steps are done together at the most, and how many documents are written by one statement.
TOGETHER, ALONE = ("500", "2"), ("1", "100")
POINTS = {
    TOGETHER: [
        "planning",
        "planned",
        "lot-1",
        "before-intent",
        "after-intent",
        "write-0-0",
        "write-0-2",
        "write-0-4",
        "write-1-0",
        "write-1-2",
        "before-applied",
        "after-applied",
        "lot-done-1",
        "before-closed",
    ],
    ALONE: [
        "step-2",
        "before-intent",
        "after-intent",
        "write-0",
        "write-1",
        "before-applied",
        "after-applied",
        "step-done-1",
        "lot-2",
    ],
}
SHORT = {(TOGETHER, "after-intent"), (TOGETHER, "write-0-2"), (TOGETHER, "lot-done-1"), (ALONE, "write-1")}
ALL = os.environ.get("GATEWAY_TEST_CRASHES") == "all"
CASES = [(how, point) for how, points in POINTS.items() for point in points if ALL or (how, point) in SHORT]


@pytest.fixture
async def store(servers: Servers) -> Settings:
    return await delivery_store(servers, "planned_crashes")


async def begun(
    settings: Settings, how: tuple[str, ...], command: tuple[str, ...], **faults: str
) -> asyncio.subprocess.Process:
    """Begin a command in a process of its own."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.planner", *how, *command),
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


async def rows(settings: Settings, query: str) -> list[Any]:
    async with opened(read_profile(settings.profile), settings) as stores:
        assert stores.own is not None
        return [tuple(row) for row in await stores.own.rows(text(query))]


async def counts(settings: Settings) -> list[Any]:
    """List what is kept of operations: how they ended, events by kind, and claims that are left."""
    states = "SELECT kind, state, count(*) FROM gateway.operation GROUP BY 1, 2 ORDER BY 1, 2"
    events = "SELECT kind, count(*) FROM gateway.link_event GROUP BY 1 ORDER BY 1"
    return [await rows(settings, query) for query in (states, events, "SELECT count(*) FROM gateway.claim")]


@pytest.mark.parametrize(("how", "point"), CASES, ids=[f"{'-'.join(how)}-{point}" for how, point in CASES])
async def test_a_backfill_that_is_killed_ends_as_if_it_had_not_been(
    store: Settings, how: tuple[str, ...], point: str
) -> None:
    process = await begun(store, how, BACKFILL, GATEWAY_TEST_CRASH_AT=point)
    await process.communicate()
    assert process.returncode == -signal.SIGKILL
    await pass_lease(store)
    resumed = await run_command(store, "resume", "--json")
    assert resumed.status == 0
    after, kept = told(store), await counts(store)
    again = await run_command(store, *BACKFILL, "--json")
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
    assert answers == [answers[0]] * len(answers)
    assert answers[0]["state"] == "APPLIED"
    assert answers[0]["counts"] == planned["counts"]
    kept = await counts(store)
    assert kept[1] == [("BACKFILLED", 2), ("LINKED", 2), ("REPAIRED", 1)]


async def test_what_another_gateway_is_just_beginning_is_waited_for(store: Settings) -> None:
    begin = "UPDATE gateway.operation SET state = 'RUNNING', lease_until = now() + interval '1 hour'"
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    async with running(store) as gateway:
        planned = await backfill(gateway)
        url = str(store.postgres_url).replace("+asyncpg", "")
        other, third = [await asyncpg.connect(url) for _ in range(2)]
        async with other.transaction():
            assert await other.execute(begin) == "UPDATE 1"
            applied = asyncio.create_task(gateway.data(APPLY, {"id": planned["id"]}))
            while not await third.fetchval(waits):
                assert not applied.done()
                await asyncio.sleep(0.01)
        payload = (await applied)["applyOperation"]
        assert (payload["operation"]["state"], payload["errors"]) == ("RUNNING", [])
        await asyncio.gather(other.close(), third.close())


async def continued(process: asyncio.subprocess.Process) -> bytes:
    """Let a halted process go on to its end, however many of its steps come to where it halts."""
    ended = asyncio.ensure_future(process.communicate())
    while not ended.done():
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGCONT)
        await asyncio.wait([ended], timeout=0.2)
    return (await ended)[0]


@pytest.mark.parametrize(
    ("how", "point", "limit", "events"),
    [
        # One step alone: what else was in flight would lie in transactions that wait for a process which stands still.
        (ALONE, "write-0", ("--limit", "1"), [("LINKED", 1)]),
        (TOGETHER, "write-0-2", (), [("BACKFILLED", 2), ("LINKED", 2), ("REPAIRED", 1)]),
        *([(TOGETHER, "before-applied", (), [("BACKFILLED", 2), ("LINKED", 2), ("REPAIRED", 1)])] if ALL else []),
    ],
)
async def test_steps_whose_children_are_another_gateways_are_waited_for(
    store: Settings, how: tuple[str, ...], point: str, limit: tuple[str, ...], events: list[Any]
) -> None:
    """Given one that is taken for dead while it is halted, and goes on once another has done its work."""
    process = await begun(store, how, (*BACKFILL, *limit), GATEWAY_TEST_HALT_AT=point)
    await halted(process.pid)
    await pass_lease(store)
    assert (await run_command(store, "resume", "--json")).status == 0
    after = told(store)
    await continued(process)
    assert told(store) == after
    assert (await counts(store))[1] == events


async def test_a_step_that_somebody_overtakes_is_turned_back_alone(store: Settings) -> None:
    """Given one of many that are written together, whose field holds something else by then."""
    process = await begun(store, TOGETHER, (*BACKFILL, "--json"), GATEWAY_TEST_HALT_AT="write-1-0")
    await halted(process.pid)
    before = documents(store)
    assert before["cust-1"].get("user_id") is None
    changed(store, "customers_v2", "cust-1", {"user_id": "user-gone"})
    out = json.loads(await continued(process))
    assert process.returncode == 1
    assert {name: number for name, number in out["counts"].items() if number} == {
        "linked": 1, "repaired": 1, "created": 2, "leftForReview": 1, "failed": 1,
    }  # fmt: skip
    after = told(store)
    assert after["user-3"] == []
    assert after["user-4"] == [("customer_v2_id", "cust-2")]
    assert (await counts(store))[2] == [(0,)]


# ── a store that goes down on the way ──


@pytest.fixture(scope="module")
def own_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStores]:
    """Run servers that these tests may stop."""
    with EmbeddedStores(tmp_path_factory.mktemp("cut_planned")) as stores:
        yield stores
        stores.remove()


@pytest.mark.parametrize(
    ("how", "point"), [(TOGETHER, "write-1-0"), *([(TOGETHER, "after-intent"), (ALONE, "write-1")] if ALL else [])]
)
async def test_a_store_that_goes_down_in_the_middle_of_steps_is_waited_for(
    own_servers: EmbeddedStores, how: tuple[str, ...], point: str
) -> None:
    settings = await delivery_store(own_servers, "cut_planned")
    process = await begun(settings, how, BACKFILL, GATEWAY_TEST_HALT_AT=point)
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


# ── leads ──


LEAD_POINTS = [
    (TOGETHER, "lot-1"),
    (TOGETHER, "before-attached"),
    (TOGETHER, "after-attached"),
    (TOGETHER, "lot-done-1"),
    (ALONE, "step-3"),
    (ALONE, "before-intent"),
    (ALONE, "after-intent"),
    (ALONE, "step-done-3"),
]
SHORT_LEADS = {(TOGETHER, "after-attached"), (ALONE, "after-intent")}


@pytest.mark.parametrize(
    ("how", "point"),
    [one for one in LEAD_POINTS if ALL or one in SHORT_LEADS],
    ids=[f"{'-'.join(how)}-{point}" for how, point in LEAD_POINTS if ALL or (how, point) in SHORT_LEADS],
)
async def test_leads_are_attached_once_however_a_gateway_ends(
    without_mongo: Servers, how: tuple[str, ...], point: str
) -> None:
    settings = await indexed(await existing_store(without_mongo, "renos", "crashed_leads"))
    process = await begun(settings, how, ATTACH, GATEWAY_TEST_CRASH_AT=point)
    await process.communicate()
    assert process.returncode == -signal.SIGKILL
    await pass_lease(settings)
    assert (await run_command(settings, "resume", "--json")).status == 0
    whole = "SELECT counts FROM gateway.operation WHERE kind = 'ATTACH_LEADS' AND state = 'APPLIED'"
    (kept,) = await rows(settings, whole)
    assert {name: number for name, number in kept[0].items() if number} == {
        "created": 1, "attached": 3, "left_for_review": 1,
    }  # fmt: skip
    assert await rows(settings, """SELECT count(*) FROM "Lead" WHERE "customerId" IS NULL""") == [(1,)]
    assert await rows(settings, """SELECT count(*) FROM "Customer" WHERE "name" = 'Erna Friis'""") == [(1,)]
    assert await rows(settings, "SELECT count(*) FROM gateway.claim") == [(0,)]
