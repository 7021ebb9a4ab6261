"""Links changed by several gateways at once, and while a store goes down: one to one in the end, on both sides."""

import asyncio
import json
import os
import random
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psutil
import pytest

from domain.identity import Identity, Names
from domain.link_plans import Links
from domain.records import RecordKind, RecordRef
from gateway.embedded import EmbeddedStores
from gateway.resuming import carry_on_all
from gateway.settings import Settings
from sources.neighbourhood import Neighbourhood
from sources.own.migrating import migrate
from tests.gateway.test_linking_crashes import child, links, opened, pass_lease, scalar
from tests.loading import existing_store, fill_mongo, run_sql

ROOT = Path(__file__).parents[2]
EACH = 6
#: As many gateways, each with as many commands; `make crash` sends more.
GATEWAYS, COMMANDS = (4, 250) if os.environ.get("GATEWAY_TEST_CRASHES") == "all" else (3, 40)


@pytest.fixture
async def loose(servers: EmbeddedStores) -> Settings:
    """A store whose records know nothing of each other."""
    settings = await existing_store(servers, "grocer", "together")
    assert settings.postgres_url is not None
    assert settings.mongo_url is not None
    await run_sql(
        settings.postgres_url,
        "DELETE FROM customers",
        f"""INSERT INTO customers (org, id, name, created_at)
            SELECT 'north', n, 'Customer ' || n, '2026-01-01Z' FROM generate_series(1, {EACH}) AS n""",
    )
    at, numbers = datetime(2026, 1, 1, tzinfo=UTC), range(1, EACH + 1)
    users = [{"org": "north", "id": f"A{n}", "role": "customer", "is_active": True, "created_at": at} for n in numbers]
    deliveries = [{"org": "north", "id": f"D{n}", "created_at": "2026-01-01T00:00:00"} for n in numbers]
    fill_mongo(settings.mongo_url, {"users": users, "customers_v2": deliveries})
    await migrate(settings.postgres_url)
    return settings


def commands(seed: int) -> list[list[Any]]:
    """Draw links of two or three records, and cuts, over few records, so that they meet."""
    draw = random.Random(seed)  # noqa: S311 - draws, no secrets
    drawn: list[list[Any]] = []
    for _ in range(COMMANDS):
        names = {"CRM": "", "ACCOUNT": "A", "DELIVERY": "D"}
        one = {kind: f"{kind}:{name}{draw.randint(1, EACH)}" for kind, name in names.items()}
        chosen = draw.sample(sorted(one), draw.choice((2, 2, 3)))
        drawn.append(["link", [one[kind] for kind in chosen]] if draw.random() < 0.6 else ["unlink", one[chosen[0]]])
    return drawn


async def all_links(settings: Settings) -> Links:
    async with opened(settings) as here:
        around = Neighbourhood(here.stores, "north")
        for kind in (RecordKind.ACCOUNT, RecordKind.DELIVERY):
            keys = {f"{kind.value[0]}{n}" for n in range(1, EACH + 1)}
            around.add(kind, await here.stores.documents.by_key("north", kind, keys))
        around.add_live(str(n) for n in range(1, EACH + 1))
        return around.links


def assert_whole(found: Links) -> None:
    """Hold every customer to at most one record of each kind, of which each names all the others."""
    identity: Identity = found.identity
    assert identity.refused == set()
    for kind in (RecordKind.ACCOUNT, RecordKind.DELIVERY):
        for key, names in found.names[kind].items():
            members = identity.members(RecordRef(kind, key))
            other = members.delivery if kind is RecordKind.ACCOUNT else members.account
            assert names == Names(other, members.crm)


async def test_any_number_of_gateways_leave_one_to_one(loose: Settings) -> None:
    ended = await asyncio.gather(*(child(loose, *commands(seed)) for seed in range(GATEWAYS)))
    assert [status for status, _ in ended] == [0] * GATEWAYS
    told = [one for _, lines in ended for one in lines]
    assert len(told) == GATEWAYS * COMMANDS
    assert {one["state"] for one in told} <= {"APPLIED", None}
    assert {error for one in told for error in one["errors"]} <= {"ALREADY_LINKED", "ALREADY_CHANGED"}
    assert_whole(await all_links(loose))
    applied = len([one for one in told if one["event"]])
    assert applied > COMMANDS / 4
    assert await scalar(loose, "SELECT count(*) FROM gateway.link_event") == applied
    assert await scalar(loose, "SELECT count(*) FROM gateway.claim") == 0


async def test_gateways_that_are_killed_among_others_leave_one_to_one(loose: Settings) -> None:
    """Given some that crash in the middle of their work, and others that go on and meet what these left."""

    async def crashing(seed: int) -> int:
        points = ("write-1", "after-intent", "before-applied")
        status, _ = await child(loose, *commands(seed), crash_at=points[seed % 3])
        return status

    statuses = await asyncio.gather(*(crashing(seed) for seed in range(3)), child(loose, *commands(99)))
    assert statuses[:3] == [-9] * 3
    await pass_lease(loose)
    async with opened(loose) as here:
        await carry_on_all(here.operations)
    assert_whole(await all_links(loose))
    assert await scalar(loose, "SELECT count(*) FROM gateway.claim") == 0


# ── a store that goes down on the way ──


@pytest.fixture(scope="module")
def own_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStores]:
    """Run servers that these tests may stop."""
    with EmbeddedStores(tmp_path_factory.mktemp("cut")) as stores:
        yield stores
        stores.remove()


@pytest.mark.parametrize(
    ("store", "point", "said"),
    [("mongo", "write-0", "PENDING"), ("mongo", "write-2", "PENDING"), ("postgres", "before-applied", "PENDING")],
)
async def test_a_store_that_goes_down_on_the_way_is_waited_for(
    own_servers: EmbeddedStores, store: str, point: str, said: str
) -> None:
    settings = await existing_store(own_servers, "grocer", "cut")
    await migrate(str(settings.postgres_url))
    server = getattr(own_servers, store)
    process = await begun(settings, ["link", ["CRM:8", "ACCOUNT:A13", "DELIVERY:D14"]], halt_at=point)
    before = links(settings)
    await asyncio.to_thread(server.stop)
    os.kill(process.pid, signal.SIGCONT)
    out, _ = await process.communicate()
    assert [json.loads(line)["state"] for line in out.splitlines()] == [said]
    await asyncio.to_thread(server.start)
    if store == "postgres":
        await pass_lease(settings)
    async with opened(settings) as here:
        (done,) = await carry_on_all(here.operations)
    assert done.state.value == "APPLIED"
    after = links(settings)
    assert after["users north A13"] == {"crm_customer_id": "8", "customer_v2_id": "D14"}
    assert after["customers_v2 north D14"] == {"crm_customer_id": "8", "user_id": "A13"}
    assert before.keys() == after.keys()


async def begun(settings: Settings, command: list[Any], *, halt_at: str) -> asyncio.subprocess.Process:
    """Do *command* in a process of its own, which halts itself at a point; answer it once it has."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.linker", settings.profile, str(settings.postgres_url), str(settings.mongo_url)),
        *("north", json.dumps([command])),
        cwd=ROOT,
        env=os.environ | {"GATEWAY_TEST_HALT_AT": halt_at},
        stdout=asyncio.subprocess.PIPE,
    )
    await halted(process.pid)
    return process


async def halted(pid: int) -> None:
    """Wait until the process *pid* has halted itself."""
    process = psutil.Process(pid)
    for _ in range(2400):
        if process.status() == psutil.STATUS_STOPPED:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("it did not come to the point")
