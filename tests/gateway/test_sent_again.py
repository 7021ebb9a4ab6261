"""What comes again with its key finds what was written, whatever has become of whom it was about since."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from domain.ids import encode_id
from domain.records import RecordKind
from tests.gateway.test_creating import NORTH
from tests.loading import existing_store, indexed, run_sql
from tests.running import Gateway, running
from tests.servers import Servers

EIGHT = encode_id("Customer", "north", "8", RecordKind.CRM)
SEVEN = encode_id("Customer", "north", "7", RecordKind.CRM)
NOBODYS = encode_id("Lead", "north", "5")
#: Of each mutation: its input's type, what its payload is about, and what it is sent.
SENT: dict[str, tuple[str, str, dict[str, Any]]] = {
    "createLead": ("CreateLeadInput", "lead", {"customerId": EIGHT}),
    "createBooking": ("CreateBookingInput", "booking", {"customerId": EIGHT}),
    "convertLead": ("ConvertLeadInput", "lead", {"id": NOBODYS, "customerId": EIGHT}),
    "addNote": ("AddNoteInput", "note", {"customerId": EIGHT, "text": "called"}),
    "updateCustomer": ("UpdateCustomerInput", "customer", {"id": EIGHT, "name": "Acht"}),
}


#: What comes with the same key at the same moment, and is another.
OTHERS: dict[str, dict[str, Any]] = {
    "createLead": {"source": "voice"},
    "createBooking": {"startAt": "2026-12-01T09:00:00Z"},
    "convertLead": {"customerId": SEVEN},
    "addNote": {"text": "called again"},
    "updateCustomer": {"name": "Otto"},
}


@pytest.fixture
async def gateway(servers: Servers) -> AsyncIterator[Gateway]:
    settings = await indexed(await existing_store(servers, "grocer", "sent_again"))
    await run_sql(str(settings.postgres_url), "INSERT INTO leads (org, id) VALUES ('north', 5)")
    async with running(settings) as serving:
        yield serving


def documented(mutation: str, type_: str, name: str) -> str:
    payload = f"{name} {{ id }} errors {{ code path }}"
    return f"mutation ($input: {type_}!) {{ {mutation}(input: $input) {{ {payload} }} }}"


@pytest.mark.parametrize("mutation", SENT)
async def test_of_two_inputs_that_come_with_one_key_at_once_one_is_written(gateway: Gateway, mutation: str) -> None:
    type_, name, given = SENT[mutation]
    document = documented(mutation, type_, name)
    inputs = [{**given, "idempotencyKey": "k"}, {**given, **OTHERS[mutation], "idempotencyKey": "k"}] * 3
    answers = await asyncio.gather(*(gateway.data(document, {"input": one}, **NORTH) for one in inputs))
    errors = [answer[mutation]["errors"] for answer in answers]
    refused = [{"code": "IDEMPOTENCY_MISMATCH", "path": ["idempotencyKey"]}]
    assert (errors[::2], errors[1::2]) in (([[]] * 3, [refused] * 3), ([refused] * 3, [[]] * 3))


@pytest.mark.parametrize("mutation", SENT)
async def test_what_comes_again_is_found_though_its_customer_is_gone(gateway: Gateway, mutation: str) -> None:
    type_, name, given = SENT[mutation]
    document = documented(mutation, type_, name)
    variables = {"input": {**given, "idempotencyKey": "k"}}
    first = (await gateway.data(document, variables, **NORTH))[mutation]
    assert first["errors"] == []
    await run_sql(str(gateway.settings.postgres_url), "DELETE FROM customers WHERE org = 'north' AND id = 8")
    again = (await gateway.data(document, variables, **NORTH))[mutation]
    assert again == (first if name != "customer" else {"customer": None, "errors": []})
    other = {"input": {**given, "idempotencyKey": "other"}}
    found = (await gateway.data(document, other, **NORTH))[mutation]
    if mutation != "convertLead":  # which is its customer's, and won
        assert [error["code"] for error in found["errors"]] == ["NOT_FOUND"]
