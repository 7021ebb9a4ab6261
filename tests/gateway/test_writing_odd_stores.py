"""Leads and bookings that are written to stores with types, rules and gaps of their own."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from domain.ids import encode_id
from gateway.settings import Settings
from sources.own.migrating import migrate
from tests.answers import codes
from tests.gateway.test_leads_and_bookings import IVAN, MUTATIONS, customer, write
from tests.gateway.test_statuses import LEAD, lead, rows, wrong
from tests.loading import existing_store, run_sql
from tests.running import running
from tests.servers import Servers

PROFILES = Path(__file__).parents[2] / "sources" / "profiles"
LEAD_ID = encode_id("Lead", None, "1042")


async def changed(servers: Servers, *sql: str, migrated: bool = True) -> Settings:
    """Load `bikes`, and change its tables by *sql*."""
    settings = await existing_store(servers, "bikes", "odd_tables")
    await run_sql(str(settings.postgres_url), *sql)
    if migrated:
        await migrate(str(settings.postgres_url))
    return settings


async def test_statuses_of_an_enum(without_mongo: Servers) -> None:
    settings = await changed(
        without_mongo,
        "CREATE TYPE stage AS ENUM ('new', 'contacted', 'qualified', 'won', 'lost')",
        "UPDATE leads SET status = 'new' WHERE id = '1044'",
        "ALTER TABLE leads ALTER status DROP DEFAULT, ALTER status TYPE stage USING status::stage",
    )
    async with running(settings) as gateway:
        assert (await lead(gateway, "1042", "QUALIFIED"))["errors"] == []
        made = await write(gateway, "createLead", customerId=customer(IVAN))
        assert (made["errors"], made["lead"]["status"]) == ([], "NEW")
        assert (await write(gateway, "convertLead", id=made["lead"]["id"]))["lead"]["status"] == "WON"


async def test_a_lead_without_a_status_can_get_one(without_mongo: Servers) -> None:
    settings = await changed(
        without_mongo,
        "ALTER TABLE leads ALTER status DROP NOT NULL",
        "UPDATE leads SET status = NULL, application_notes = NULL",
        "ALTER TABLE leads ALTER application_notes TYPE varchar(5)",
    )
    async with running(settings) as gateway:
        payload = await lead(gateway, "1042", "WON")
        assert (payload["errors"], payload["lead"]["history"]["nodes"][0]["from"]) == ([], None)
        assert wrong(await write(gateway, "updateLead", id=LEAD_ID, notes="123456")) == [("TOO_LONG", ["notes"])]
        assert (await write(gateway, "updateLead", id=LEAD_ID, notes="12345"))["lead"]["notes"] == "12345"


async def test_what_the_store_refuses_only_when_all_is_committed(without_mongo: Servers) -> None:
    settings = await changed(
        without_mongo,
        "CREATE FUNCTION no() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'inner'; END $$",
        "CREATE CONSTRAINT TRIGGER no AFTER UPDATE OR INSERT ON leads"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION no()",
    )
    async with running(settings) as gateway:
        payloads = [
            await lead(gateway, "1042", "WON"),
            await write(gateway, "createLead", customerId=customer(IVAN)),
            await write(gateway, "convertLead", id=LEAD_ID, customerId=customer(IVAN)),
        ]
        assert [[error["code"] for error in one["errors"]] for one in payloads] == [["CONSTRAINT"]] * 3
        assert "inner" not in str(payloads)
        assert await rows(gateway, "SELECT status FROM leads WHERE id = '1042'") == [("contacted",)]


async def test_without_tables_of_its_own_a_gateway_only_reads(without_mongo: Servers) -> None:
    asked: dict[str, dict[str, Any]] = {
        "createLead": {"customerId": customer(IVAN)},
        "updateLead": {"id": LEAD_ID, "notes": "x"},
        "convertLead": {"id": LEAD_ID, "customerId": customer(IVAN)},
        "createBooking": {"customerId": customer(IVAN)},
        "updateBooking": {"id": encode_id("Booking", None, "10000000-0000-4000-8000-000000000001"), "staff": "x"},
    }
    async with running(await changed(without_mongo, migrated=False)) as gateway:
        for name, given in asked.items():
            query = f"mutation ($input: {MUTATIONS[name][0]}!) {{ {name}(input: $input) {{ errors {{ code }} }} }}"
            body = await gateway.ask(query, {"input": given})
            assert (codes(body), body["data"]) == (["READ_ONLY"], {name: None})
        body = await gateway.ask(LEAD, {"input": {"id": LEAD_ID, "to": "WON"}})
        assert (codes(body), body["data"]) == (["READ_ONLY"], {"updateLeadStatus": None})


@pytest.mark.parametrize("amount", ["1e400", "1000000000000000000", "0.001"])
async def test_amounts_that_nothing_costs(without_mongo: Servers, amount: str) -> None:
    async with running(await changed(without_mongo)) as gateway:
        payload = await write(gateway, "createBooking", customerId=customer(IVAN), amount=amount)
        assert wrong(payload) == [("INVALID", ["amount"])]


async def test_what_was_refused_is_decided_anew_when_it_is_sent_again(without_mongo: Servers) -> None:
    async with running(await changed(without_mongo)) as gateway:
        assert wrong(await lead(gateway, "1042", "NEW", idempotencyKey="k")) == [("INVALID_TRANSITION", ["to"])]
        await rows(gateway, "UPDATE leads SET status = 'something' WHERE id = '1042'")
        assert (await lead(gateway, "1042", "NEW", idempotencyKey="k"))["errors"] == []


async def test_a_booking_names_the_lead_through_which_it_reaches_its_customer(
    without_mongo: Servers, tmp_path: Path
) -> None:
    """Given a profile that says just that of the column, and not that it names the lead as well."""
    settings = await existing_store(without_mongo, "renos", "through")
    await migrate(str(settings.postgres_url))
    profile = tmp_path / "through.toml"
    profile.write_text((PROFILES / "renos.toml").read_text().replace('lead = "leadId"\n', ""))
    times = {"startAt": "2026-12-01T09:00:00+00:00", "endAt": "2026-12-01T10:00:00+00:00"}
    async with running(replace(settings, profile=str(profile))) as gateway:
        payload = await write(gateway, "createBooking", leadId=encode_id("Lead", None, "lead-b1"), **times)
        assert (payload["errors"], payload["booking"]["customer"]["name"]) == ([], "Birk Holm")
