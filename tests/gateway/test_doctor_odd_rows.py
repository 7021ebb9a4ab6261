"""What doctor finds in rows and documents that are odd in every way, and what it leaves alone."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.commanding import run_command
from tests.loading import existing_store, fill_mongo, make_database, mongo_url, run_sql
from tests.running import secured
from tests.servers import Servers

AWKWARD = Path(__file__).parents[1] / "sources" / "awkward"
Told = dict[tuple[str, str], list[dict[str, Any]]]


def by_place(findings: list[dict[str, Any]]) -> Told:
    told: Told = {}
    for one in findings:
        told.setdefault((one["check"], one["where"]), []).append(one)
    return told


def shown(told: Told, check: str, where: str) -> dict[str, str]:
    return {one["key"]: one["detail"] for finding in told[check, where] for one in finding["examples"]}


@pytest.fixture(scope="module")
async def awkward(without_mongo: Servers) -> Told:
    url = await make_database(without_mongo, "doctors_awkward")
    odd = "INSERT INTO crm.\"Booking\" VALUES (6, '1', 'yes', NULL, 30, '2025-07-05', '7', 'XX7', true)"
    await run_sql(url, (AWKWARD / "postgres.sql").read_text(), odd)
    settings = secured(profile=str(AWKWARD / "profile.toml"), postgres_url=url)
    return by_place((await run_command(settings, "doctor", "--json")).json["findings"])


def test_dates_of_another_form_and_beyond_the_calendar(awkward: Told) -> None:
    assert shown(awkward, "odd-date", "lead.created_at") == {"2": "last summer", "3": "2025-02-01T10:00:00.5"}
    assert set(shown(awkward, "odd-date", "customer.created_at").values()) == {"infinity", "0044-03-15 12:00:00 BC"}
    assert shown(awkward, "odd-date", "booking.start_at") == {"3": "infinity"}
    assert ("odd-date", "booking.created_at") not in awkward


def test_money_that_is_no_number_and_currencies_that_are_none(awkward: Told) -> None:
    assert shown(awkward, "odd-money", "booking.amount") == {"3": "twelve"}
    assert shown(awkward, "odd-money", "revenue.amount") == {"4": "NaN", "5": "Infinity"}
    assert shown(awkward, "odd-money", "booking.currency") == {"6": "XX7"}
    assert ("odd-money", "revenue.currency") not in awkward


def test_words_without_a_status_and_none_at_all(awkward: Told) -> None:
    told = {(one["message"], one["count"]) for one in awkward["unmapped-status", "lead.status"]}
    assert told == {("has the word 'odd', which is mapped to no status and reads as UNKNOWN", 1), ("has no status", 1)}
    assert shown(awkward, "unmapped-status", "lead.status").keys() == {"2", "3"}


def test_rows_that_name_what_does_not_count(awkward: Told) -> None:
    """A lead that the profile's `where` leaves out is not there for a booking either."""
    assert shown(awkward, "orphaned-lead", "lead.customer") == {"5": "nobody"}
    assert shown(awkward, "orphaned-booking", "booking.lead") == {"4": "6", "5": "none"}


async def test_bookings_that_reach_nobody_through_their_lead(without_mongo: Servers) -> None:
    settings = await existing_store(without_mongo, "renos", "doctors_through")
    assert settings.postgres_url is not None
    await run_sql(
        settings.postgres_url,
        'ALTER TABLE "Lead" DROP CONSTRAINT "Lead_customerId_fkey"',
        'ALTER TABLE "Booking" DROP CONSTRAINT "Booking_leadId_fkey", ALTER "leadId" DROP NOT NULL',
        """UPDATE "Lead" SET "customerId" = 'gone' WHERE id = 'lead-a1'""",
        """UPDATE "Booking" SET "leadId" = NULL WHERE id = 'book-a2'""",
        """UPDATE "Booking" SET "leadId" = 'lead-o1' WHERE id = 'book-a3'""",
        """UPDATE "Booking" SET "leadId" = 'lead-gone' WHERE id = 'book-a4'""",
        """UPDATE "Booking" SET "leadId" = '' WHERE id = 'book-a5'""",
    )
    report = (await run_command(settings, "doctor", "--json")).json
    told = by_place(report["findings"])
    found = {
        one["message"]: [each["key"] for each in one["examples"]]
        for one in told["orphaned-booking", "booking.customer"]
    }
    assert found == {
        "has no lead, and so no customer": ["book-a2", "book-a5"],
        "has a lead without customer": ["book-a3"],
        "has a lead whose customer is not there": ["book-a1"],
    }
    assert shown(told, "orphaned-booking", "booking.lead") == {"book-a4": "lead-gone"}
    assert shown(told, "orphaned-lead", "lead.customer")["lead-a1"] == "gone"


async def test_keys_and_identifiers_that_several_rows_have(without_mongo: Servers) -> None:
    settings = await existing_store(without_mongo, "platform", "doctors_twice")
    assert settings.postgres_url is not None
    first = "11111111-0000-4000-8000-000000000001"
    # Aya's number as people in Ireland and at a desk write it, Bo's address, and one that only folds to another.
    more = [
        (1, "(087) 000-0001", "BO@Spa.example"),
        (2, "00353 87 0000001 ext. 7", " "),
        (3, "unknown", "Straße@spa.example"),
        (4, "none", "STRASSE@spa.example"),
    ]
    await run_sql(
        settings.postgres_url,
        "ALTER TABLE leads DROP CONSTRAINT leads_pkey",
        "INSERT INTO leads SELECT * FROM leads WHERE name = 'Gus'",
        # The same key within another tenant is another lead.
        "INSERT INTO leads (id, tenant_id, source) "
        "SELECT id, '22222222-0000-4000-8000-000000000002', 'web' FROM leads WHERE name = 'Hal'",
        f"""INSERT INTO clients (id, tenant_id, name, phone, email, first_interaction_source, first_interaction_date)
            SELECT ('c1000000-0000-4000-8000-00000000000' || n)::uuid, '{first}', 'X', phone, email, 'web', now()
            FROM (VALUES {", ".join(map(str, more))}) AS more (n, phone, email)""",
    )
    report = (await run_command(settings, "doctor", "--json", "--all-tenants")).json
    told = by_place(report["findings"])
    assert {one["tenant"] for findings in told.values() for one in findings} == {first, None}
    (twice,) = told["duplicate-key", "lead.key"]
    assert (twice["count"], twice["examples"][0]["detail"]) == (1, "2")
    (phones,) = told["duplicate-identifier", "customer.phone"]
    assert phones["count"] == 3
    assert phones["examples"][0] == {
        "key": "c0000000-0000-4000-8000-000000000001",
        "detail": "with c1000000-0000-4000-8000-000000000001, c1000000-0000-4000-8000-000000000002",
    }
    (emails,) = told["duplicate-identifier", "customer.email"]
    assert [one["key"] for one in emails["examples"]] == [
        "c0000000-0000-4000-8000-000000000002",
        "c1000000-0000-4000-8000-000000000003",
    ]


async def test_a_status_that_is_no_vocabulary_is_told_in_one(without_mongo: Servers) -> None:
    settings = await existing_store(without_mongo, "renos", "doctors_words")
    assert settings.postgres_url is not None
    await run_sql(settings.postgres_url, """UPDATE "Lead" SET status = 'word ' || id""")
    told = by_place((await run_command(settings, "doctor", "--json")).json["findings"])
    findings = told["unmapped-status", "lead.status"]
    assert len(findings) == 21
    assert (findings[-1]["message"], findings[-1]["count"]) == ("36 more words are mapped to no status", 36)


async def test_documents_that_are_odd(servers: Servers) -> None:
    url = mongo_url(servers, "doctors_documents")
    at = datetime(2025, 7, 1, tzinfo=UTC)
    account = {"role": "customer", "is_active": True}
    fill_mongo(
        url,
        {
            "users": [
                *({**account, "id": f"u{number}", "created_at": at} for number in range(5)),
                {**account, "id": "u1", "created_at": at},
                {**account, "id": 7, "created_at": at},
                {**account, "created_at": at},
                {**account, "id": "u5", "created_at": "2025-07-01T00:00:00"},
                {**account, "id": "u6", "created_at": datetime(1, 1, 1, tzinfo=UTC)},
                {**account, "id": "u7"},
                {"role": "admin", "id": 8, "created_at": "long ago"},
            ],
            "customers_v2": [
                {"id": "c1", "created_at": "2025-09-01T10:00:00", "status": "active"},
                {"id": "c2", "created_at": at, "status": "gone"},
                {"id": "c3", "created_at": "01.09.2025", "status": None},
                {"id": "c4", "status": 1},
            ],
        },
    )
    settings = secured(profile="delivery", mongo_url=url)
    report = (await run_command(settings, "doctor", "--json")).json
    told = by_place(report["findings"])
    assert shown(told, "odd-key", "account.key") == {"7": "int", "None": "NoneType"}
    assert shown(told, "duplicate-key", "account.key") == {"u1": "2 documents"}
    assert shown(told, "odd-date", "account.created_at").keys() == {"u5", "u6"}
    assert shown(told, "odd-date", "delivery.created_at").keys() == {"c2", "c3"}
    words = {(one["message"], one["examples"][0]["key"]) for one in told["unmapped-status", "delivery.status"]}
    assert words == {
        ("has the word 'gone', which is mapped to no status", "c2"),
        ("has no status", "c3"),
        ("has the word 1, which is mapped to no status", "c4"),
    }
    notes = {one["where"]: one["message"] for one in report["notes"] if one["check"] == "empty-mapping"}
    assert notes["account.phone"] == "no document of users has the field phone"
    assert "account.key" not in notes
    assert "courier.collection" not in notes
