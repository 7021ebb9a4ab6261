"""A gateway that is killed between a write and its answer: the write is there, or not, and the same key finds it."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from domain.ids import encode_id
from domain.records import RecordKind
from sources.own.migrating import migrate
from tests.gateway.test_statuses import rows
from tests.loading import existing_store
from tests.running import running
from tests.servers import Servers

ROOT = Path(__file__).parents[2]
LEAD = encode_id("Lead", None, "1042")
ORDER = encode_id("Booking", None, "10000000-0000-4000-8000-000000000001")
IVAN = encode_id("Customer", None, "00000000-0000-4000-8000-000000000001", RecordKind.CRM)
EVENTS = "SELECT count(*) FROM gateway.status_event"
#: What is sent, and what counts how often it was written.
SENT: dict[str, tuple[str, dict[str, Any], str]] = {
    "updateLeadStatus": ("UpdateLeadStatusInput", {"id": LEAD, "to": "QUALIFIED"}, EVENTS),
    "updateBookingStatus": ("UpdateBookingStatusInput", {"id": ORDER, "to": "CANCELLED"}, EVENTS),
    "createLead": ("CreateLeadInput", {"customerId": IVAN, "notes": "killed"}, "SELECT count(*) - 4 FROM leads"),
    "updateLead": ("UpdateLeadInput", {"id": LEAD, "notes": "killed"},
                   "SELECT count(*) FROM leads WHERE application_notes = 'killed'"),
    "createBooking": ("CreateBookingInput", {"customerId": IVAN, "staff": "Kai"},
                      "SELECT count(*) FROM orders WHERE assigned_manager = 'Kai'"),
    "updateBooking": ("UpdateBookingInput", {"id": ORDER, "staff": "Kai"},
                      "SELECT count(*) FROM orders WHERE assigned_manager = 'Kai'"),
    "convertLead": ("ConvertLeadInput", {"id": LEAD, "customerId": IVAN}, EVENTS),
}  # fmt: skip


@pytest.mark.parametrize("mutation", SENT)
@pytest.mark.parametrize("committed", [False, True])
async def test_who_asks_again_after_a_crash_has_it_written_once(
    without_mongo: Servers, mutation: str, *, committed: bool
) -> None:
    settings = await existing_store(without_mongo, "bikes", "killed")
    await migrate(str(settings.postgres_url))
    type_, given, count = SENT[mutation]
    given = {**given, "idempotencyKey": "k"}
    document = f"mutation ($input: {type_}!) {{ {mutation}(input: $input) {{ errors {{ code }} }} }}"
    # What is an operation has its own points: its intent is all that it writes.
    point = ("after" if committed else "before") + ("-intent" if mutation == "convertLead" else "-commit")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.writer", "bikes", str(settings.postgres_url)),
        *(document, json.dumps(given)),
        cwd=ROOT,
        env=os.environ | {"GATEWAY_TEST_CRASH_AT": point},
        stdout=asyncio.subprocess.PIPE,
    )
    out, _ = await process.communicate()
    assert (process.returncode, out) == (-9, b"")
    async with running(settings) as gateway:
        assert await rows(gateway, count) == [(int(committed),)]
        for _ in range(2):
            answer = await gateway.data(document, {"input": given})
            assert answer[mutation]["errors"] == []
            assert await rows(gateway, count) == [(1,)]


#: What somebody else writes after the first answer, over what was written.
SINCE = {
    "updateLead": "UPDATE leads SET application_notes = 'since'",
    "updateBooking": "UPDATE orders SET assigned_manager = 'Max'",
    "updateLeadStatus": "UPDATE leads SET status = 'contacted'",
    "updateBookingStatus": "UPDATE orders SET status = 'pending_manager'",
}


@pytest.mark.parametrize("mutation", SINCE)
async def test_who_asks_again_writes_over_nothing_that_came_since(without_mongo: Servers, mutation: str) -> None:
    settings = await existing_store(without_mongo, "bikes", "since")
    await migrate(str(settings.postgres_url))
    type_, given, count = SENT[mutation]
    document = f"mutation ($input: {type_}!) {{ {mutation}(input: $input) {{ errors {{ code }} }} }}"
    async with running(settings) as gateway:
        await gateway.data(document, {"input": {**given, "idempotencyKey": "k"}})
        await rows(gateway, SINCE[mutation])
        before = await rows(gateway, count)
        again = await gateway.data(document, {"input": {**given, "idempotencyKey": "k"}})
        assert again[mutation]["errors"] == []
        assert await rows(gateway, count) == before
