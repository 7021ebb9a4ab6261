"""A gateway that is killed between a write and its answer: the write is there, or not, and the same key finds it."""

import asyncio
import os
import sys
from pathlib import Path

import pytest

from domain.ids import encode_id
from sources.own.migrating import migrate
from tests.gateway.test_statuses import lead, rows
from tests.loading import existing_store
from tests.running import running
from tests.servers import Servers

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("point", "is_there"), [("before-commit", False), ("after-commit", True)])
async def test_who_asks_again_after_a_crash_has_it_written_once(
    without_mongo: Servers, point: str, is_there: bool
) -> None:
    settings = await existing_store(without_mongo, "bikes", "killed")
    await migrate(str(settings.postgres_url))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.status_writer", "bikes", str(settings.postgres_url)),
        *(encode_id("Lead", None, "1042"), "QUALIFIED", "k"),
        cwd=ROOT,
        env=os.environ | {"GATEWAY_TEST_CRASH_AT": point},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert (process.returncode, out) == (-9, b"")
    async with running(settings) as gateway:
        count = "SELECT count(*) FROM gateway.status_event"
        assert await rows(gateway, count) == [(int(is_there),)]
        payload = await lead(gateway, "1042", "QUALIFIED", idempotencyKey="k")
        assert (payload["errors"], payload["lead"]["storeStatus"]) == ([], "qualified")
        assert await rows(gateway, count) == [(1,)]
