"""Random changes of leads and bookings: store, history and answer stay in accord, whatever came before.

In CI some runs, the same each time; GATEWAY_TEST_STEPS=2000 makes many more.
"""

import itertools
import os
import random
from typing import Any

import asyncpg
import pytest

from domain.status import BOOKING_WAYS, LEAD_WAYS, BookingStatus, LeadStatus
from sources.own.migrating import migrate
from tests.gateway.test_statuses import booking, lead, wrong
from tests.loading import existing_store
from tests.running import Gateway, running
from tests.servers import Servers

STEPS = int(os.environ.get("GATEWAY_TEST_STEPS", "60"))
LEADS = {"new": "NEW", "contacted": "CONTACTED", "quoted": "QUOTED", "won": "WON", "lost": "LOST"}
BOOKINGS = {"scheduled": "CONFIRMED", "completed": "COMPLETED", "cancelled": "CANCELLED"}


async def stored(gateway: Gateway, table: str, key: str) -> str:
    connection = await asyncpg.connect(str(gateway.settings.postgres_url).replace("+asyncpg", ""))
    try:
        return str(await connection.fetchval(f'SELECT status FROM "{table}" WHERE id = $1', key))
    finally:
        await connection.close()


@pytest.mark.parametrize("seed", [1, 2])
async def test_store_history_and_answer_are_in_accord(without_mongo: Servers, seed: int) -> None:
    settings = await existing_store(without_mongo, "renos", "machine")
    await migrate(str(settings.postgres_url))
    chance = random.Random(seed)  # noqa: S311 - not for secrets
    keys = {"lead": ["lead-a1", "lead-a2", "lead-a3", "lead-o4"], "booking": ["bk-a1", "bk-a2"]}
    async with running(settings) as gateway:
        connection = await asyncpg.connect(str(settings.postgres_url).replace("+asyncpg", ""))
        keys["booking"] = [row[0] for row in await connection.fetch('SELECT id FROM "Booking" ORDER BY id LIMIT 3')]
        await connection.close()
        now: dict[tuple[str, str], str] = {}
        chains: dict[tuple[str, str], list[tuple[str, str]]] = {}
        for kind, table in (("lead", "Lead"), ("booking", "Booking")):
            now |= {(kind, key): await stored(gateway, table, key) for key in keys[kind]}
        for step in range(STEPS):
            kind = chance.choice(["lead", "lead", "booking"])
            key = chance.choice(keys[kind])
            words: dict[str, str] = LEADS if kind == "lead" else BOOKINGS
            statuses: Any = LeadStatus if kind == "lead" else BookingStatus
            ways: Any = LEAD_WAYS if kind == "lead" else BOOKING_WAYS
            before, to = now[kind, key], chance.choice(list(words))
            expected = chance.choice([None, words[before], chance.choice(list(words.values()))])
            given = {} if expected is None else {"expected": expected}
            payload = await (lead if kind == "lead" else booking)(gateway, key, words[to], **given, note=str(step))
            allowed = statuses[words[to]] in ways[statuses[words[before]]]
            if expected not in (None, words[before]):
                assert wrong(payload) == [("STALE", ["expected"])]
            elif not allowed:
                assert wrong(payload) == [("INVALID_TRANSITION", ["to"])]
            else:
                assert payload["errors"] == []
                now[kind, key] = to
                chains.setdefault((kind, key), []).append((before, to))
            found = payload[kind]
            assert found["storeStatus"] == now[kind, key]
            told = [(event["from"], event["to"]) for event in reversed(found["history"]["nodes"])]
            assert told == chains.get((kind, key), [])[-20:]
            assert found["history"]["totalCount"] == len(chains.get((kind, key), []))
            assert await stored(gateway, "Lead" if kind == "lead" else "Booking", key) == now[kind, key]
        assert all(one[1] == other[0] for chain in chains.values() for one, other in itertools.pairwise(chain))
