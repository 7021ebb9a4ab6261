"""Many requests at once: each is answered in full, although the loop is later than any store may be."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import httpx
import pytest

from gateway.settings import Settings
from tests.running import running

QUERY = (
    "{ customers(first: 10) { totalCount missingStores nodes { name linkage totalLeads leads { nodes { key } } } } }"
)


@asynccontextmanager
async def burning(seconds: float) -> AsyncIterator[None]:
    """Keep the loop from everything else for *seconds*, again and again."""

    async def burn() -> None:
        while True:
            time.sleep(seconds)  # noqa: ASYNC251 - that is what this is for
            await asyncio.sleep(0)

    task = asyncio.create_task(burn())
    try:
        yield
    finally:
        task.cancel()


@pytest.mark.parametrize("seconds", [0.0, 0.02], ids=["alone", "while something else takes the processor"])
async def test_many_requests_at_once_are_all_answered_alike(demo_settings: Settings, seconds: float) -> None:
    # To count all customers so often at once has limits of its own, which are not what this is about.
    settings = replace(
        demo_settings, store_timeout=Settings().store_timeout, count_seconds=300.0, request_seconds=300.0
    )
    limits = httpx.Limits(max_connections=64)
    async with running(settings) as gateway, httpx.AsyncClient(timeout=300, limits=limits) as http, burning(seconds):
        alone = (await http.post(f"{gateway.url}/graphql", json={"query": QUERY})).json()
        asked = (http.post(f"{gateway.url}/graphql", json={"query": QUERY}) for _ in range(64))
        answers = [answer.json() for answer in await asyncio.gather(*asked)]
    assert alone["data"]["customers"]["missingStores"] == []
    assert "errors" not in alone
    assert [answer for answer in answers if answer != alone] == []
