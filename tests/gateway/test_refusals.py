"""What refusals say: enough for whoever reads them to know what to do instead."""

from typing import Any

import pytest

from domain.ids import encode_id
from domain.records import RecordKind
from sources.own.migrating import migrate
from tests.loading import existing_store
from tests.running import running
from tests.servers import Servers

IVAN = encode_id("Customer", None, "00000000-0000-4000-8000-000000000001", RecordKind.CRM)
BIKES: list[tuple[str, str, dict[str, Any], str]] = [
    ("backfillLinks", "BackfillInput", {}, "The store has no accounts and no delivery records that could be linked."),
    (
        "createBooking",
        "CreateBookingInput",
        {"customerId": IVAN, "amount": "99999999999.00"},
        "A number is larger than a column of orders holds.",
    ),
    ("createBooking", "CreateBookingInput", {}, "Say whose booking it is: a customer or a lead."),
]


@pytest.mark.parametrize(("mutation", "type_", "given", "message"), BIKES)
async def test_of_a_store_without_documents(
    without_mongo: Servers, mutation: str, type_: str, given: dict[str, Any], message: str
) -> None:
    settings = await existing_store(without_mongo, "bikes", "refusals")
    await migrate(str(settings.postgres_url))
    document = f"mutation ($input: {type_}!) {{ {mutation}(input: $input) {{ errors {{ message }} }} }}"
    async with running(settings) as gateway:
        answer = await gateway.data(document, {"input": given})
    assert answer[mutation]["errors"] == [{"message": message}]


async def test_of_records_that_would_meet_another_of_their_kind(servers: Servers) -> None:
    settings = await existing_store(servers, "grocer", "refusals")
    await migrate(str(settings.postgres_url))
    document = """mutation { linkRecords(input: {records: [{store: CRM, key: "2"}, {store: ACCOUNT, key: "A13"}]}) {
      errors { code message } } }"""
    async with running(settings) as gateway:
        answer = await gateway.data(document, tenant="north")
    message = "ACCOUNT:A13 would come to a customer that has ACCOUNT:A2 already, and can have one of them only."
    assert answer["linkRecords"]["errors"] == [{"code": "ALREADY_LINKED", "message": message}]
