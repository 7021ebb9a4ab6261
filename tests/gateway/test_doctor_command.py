"""How doctor is run: what it prints where, how it ends, whose tenants it looks at, and that it leaves no trace."""

from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from pymongo import MongoClient
from sqlalchemy import text

from gateway.settings import Settings
from sources.checks_postgres import PostgresChecks
from sources.profile_reading import read_profile
from tests.commanding import run_command
from tests.loading import existing_store, mongo_url, run_sql
from tests.running import secured
from tests.servers import Servers

NOWHERE = "postgresql+asyncpg://nobody@127.0.0.1:1/nothing"


@pytest.fixture(scope="module")
async def grocer_settings(servers: Servers) -> Settings:
    return await existing_store(servers, "grocer", "doctors_grocer")


@pytest.fixture(scope="module")
async def bikes_settings(without_mongo: Servers) -> Settings:
    return await existing_store(without_mongo, "bikes", "doctors_bikes")


@pytest.fixture
async def renos_settings(without_mongo: Servers) -> Settings:
    return await existing_store(without_mongo, "renos", "doctors_renos")


async def mend(settings: Settings, *more: str) -> None:
    """Make the indexes that are printed for *settings*, and run *more*."""
    report = (await run_command(settings, "doctor", "--json")).json
    made = dict.fromkeys(one["mends"] for one in report["findings"] if one["check"] == "missing-index")
    assert settings.postgres_url is not None
    await run_sql(settings.postgres_url, *made, *more)


# ── how it ends ──


async def test_a_store_with_nothing_wrong_in_it_ends_with_0(renos_settings: Settings) -> None:
    await mend(
        renos_settings,
        """DELETE FROM "Lead" WHERE "customerId" IS NULL""",
        """UPDATE "Customer" SET "totalBookings" = 12, "totalRevenue" = 48004.80 WHERE id = 'ckx-anker'""",
        """UPDATE "Customer" SET "totalBookings" = 5, "totalRevenue" = 0.30 WHERE id = 'ckx-birk'""",
        """UPDATE "Customer" SET "totalBookings" = 1, "totalLeads" = 1 WHERE id = 'ckx-celia'""",
    )
    ran = await run_command(renos_settings, "doctor")
    assert (ran.status, ran.out.strip(), ran.err) == (0, "renos: nothing is wrong.", "")
    report = (await run_command(renos_settings, "doctor", "--json")).json
    assert report == {"store": "renos", "tenants": [None], "findings": [], "notes": [], "ok": True}


async def test_notes_alone_are_nothing_wrong(servers: Servers) -> None:
    settings = secured(profile="delivery", mongo_url=mongo_url(servers, "doctors_new"))
    assert settings.mongo_url is not None
    with MongoClient[dict[str, Any]](settings.mongo_url) as client:
        client.drop_database(client.get_default_database().name)
    ran = await run_command(settings, "doctor", "--json")
    assert ran.status == 0
    assert (ran.json["ok"], ran.json["findings"]) == (True, [])
    assert {(one["check"], one["where"]) for one in ran.json["notes"]} == {
        ("empty-mapping", f"{section}.collection") for section in ("account", "delivery", "courier")
    }
    ran = await run_command(settings, "doctor")
    assert "there is no collection customers_v2" in ran.out
    assert "delivery: nothing is wrong." in ran.out


async def test_findings_end_with_1_and_are_told_to_readers_and_machines_alike(bikes_settings: Settings) -> None:
    shown, machine = [await run_command(bikes_settings, "doctor", *how) for how in ([], ["--json"])]
    assert (shown.status, machine.status) == (1, 1)
    report = machine.json
    assert report.keys() == {"store", "tenants", "findings", "notes", "ok"}
    assert (report["store"], report["tenants"], report["ok"]) == ("bikes", [None], False)
    for one in report["findings"]:
        assert one.keys() == {"check", "where", "message", "tenant", "count", "examples", "mends"}
        assert one["check"] in shown.out
        assert one["where"] in shown.out
        assert one["mends"] is None or f"\n{one['mends']}\n" in shown.out
    assert shown.out.strip().endswith("bikes: 12 findings of 2 kinds.")


async def test_a_wrong_setup_ends_with_2(bikes_settings: Settings) -> None:
    ran = await run_command(replace(bikes_settings, postgres_url=None), "doctor")
    assert (ran.status, ran.out) == (2, "")
    assert "GATEWAY_POSTGRES_URL: not set" in ran.err


# ── what it looks like ──


async def test_colours_are_for_terminals(bikes_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in (await run_command(bikes_settings, "doctor")).out
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[1;31m" in (await run_command(bikes_settings, "doctor")).out
    monkeypatch.setenv("NO_COLOR", "1")
    assert "31m" not in (await run_command(bikes_settings, "doctor")).out


async def test_what_a_store_holds_steers_no_terminal(renos_settings: Settings) -> None:
    assert renos_settings.postgres_url is not None
    await run_sql(renos_settings.postgres_url, """UPDATE "Lead" SET id = E'\\x1b[2J[red]' WHERE id = 'lead-o1'""")
    ran = await run_command(renos_settings, "doctor")
    assert "\x1b" not in ran.out
    assert "\\x1b[2J[red]" in ran.out


async def test_as_many_examples_are_named_as_are_asked_for(renos_settings: Settings) -> None:
    for asked, named in (("0", 0), ("2", 2), ("100", 4)):
        report = (await run_command(renos_settings, "doctor", "--json", "--examples", asked)).json
        (found,) = (one for one in report["findings"] if one["check"] == "orphaned-lead")
        assert (found["count"], len(found["examples"])) == (4, named)


# ── tenants ──


@pytest.mark.parametrize(
    ("given", "said"),
    [([], "has tenants: name one with --tenant KEY or --all-tenants"), (["--tenant", "west"], "no tenant 'west'")],
)
async def test_a_store_with_tenants_wants_one_named(grocer_settings: Settings, given: list[str], said: str) -> None:
    ran = await run_command(grocer_settings, "doctor", *given)
    assert (ran.status, ran.out) == (2, "")
    assert said in ran.err


async def test_one_tenant_alone_is_looked_at(grocer_settings: Settings) -> None:
    report = (await run_command(grocer_settings, "doctor", "--json", "--tenant", "south")).json
    assert report["tenants"] == ["south"]
    assert {one["check"] for one in report["findings"]} == {"missing-index"}


async def test_a_store_without_tenants_wants_none_named(bikes_settings: Settings) -> None:
    for given in (["--tenant", "x"], ["--all-tenants"]):
        ran = await run_command(bikes_settings, "doctor", *given)
        assert (ran.status, ran.out) == (2, "")
        assert "has no tenants" in ran.err


# ── stores that are not as they should be ──


async def test_what_the_database_contradicts_is_told_beside_everything_else(renos_settings: Settings) -> None:
    assert renos_settings.postgres_url is not None
    await run_sql(renos_settings.postgres_url, 'ALTER TABLE "Booking" DROP COLUMN "startTime"', 'DROP TABLE "Quote"')
    ran = await run_command(renos_settings, "doctor", "--json")
    assert (ran.status, ran.err) == (1, "")
    told = {(one["where"], one["message"]) for one in ran.json["findings"] if one["check"] == "contradiction"}
    (booking,) = (message for where, message in told if where == "booking.start_at")
    assert booking.startswith("table 'Booking' has no column 'startTime'")
    assert ("revenue.table", "the database has no table 'Quote'") in told
    assert {one["where"] for one in ran.json["findings"]} >= {"lead.customer", "customer.created_at"}
    assert not {one["where"] for one in ran.json["findings"]} & {"booking.created_at", "revenue.customer"}


async def test_a_store_that_is_down_is_told_once_and_the_other_is_looked_at(grocer_settings: Settings) -> None:
    ran = await run_command(replace(grocer_settings, postgres_url=NOWHERE), "doctor", "--json", "--tenant", "north")
    assert ran.status == 1
    assert "Which tenants there are cannot be told" in ran.err
    (down,) = (one for one in ran.json["findings"] if one["check"] == "store-down")
    assert down["where"] == "postgres"
    checks = {one["check"] for one in ran.json["findings"]}
    assert checks == {"store-down", "missing-index", "one-way-link", "contradictory-link"}


async def test_mongo_may_be_down_as_well(grocer_settings: Settings) -> None:
    settings = replace(grocer_settings, mongo_url="mongodb://127.0.0.1:1/nothing")
    ran = await run_command(settings, "doctor", "--json", "--tenant", "north")
    assert ran.status == 1
    assert {one["check"] for one in ran.json["findings"]} == {"store-down", "missing-index"}


# ── never a write ──


async def fingerprint(settings: Settings) -> tuple[Any, ...]:
    """Tell apart every version of every row, table, index and document."""
    assert settings.postgres_url is not None
    assert settings.mongo_url is not None
    connection = await asyncpg.connect(settings.postgres_url.replace("+asyncpg", ""))
    try:
        relations = await connection.fetch("SELECT relname FROM pg_class WHERE oid >= 16384 ORDER BY 1")
        query = "SELECT xmin::text, xmax::text, * FROM {} ORDER BY org, id"
        rows = [await connection.fetch(query.format(name)) for name in ("customers", "leads", "bookings", "quotes")]
    finally:
        await connection.close()
    with MongoClient[dict[str, Any]](settings.mongo_url) as client:
        database = client.get_default_database()
        documents = {name: list(database[name].find()) for name in sorted(database.list_collection_names())}
        indexes = {name: list(database[name].list_indexes()) for name in documents}
    return relations, rows, documents, indexes


async def test_doctor_writes_nothing(grocer_settings: Settings) -> None:
    before = await fingerprint(grocer_settings)
    assert (await run_command(grocer_settings, "doctor", "--all-tenants")).status == 1
    assert await fingerprint(grocer_settings) == before


async def test_the_server_would_refuse_a_write(grocer_settings: Settings) -> None:
    assert grocer_settings.postgres_url is not None
    checks = PostgresChecks(read_profile("grocer"), grocer_settings.postgres_url, seconds=5)
    connections = [checks._connection, checks.totals._connection, checks.indexes._connection]
    connections += checks.indexes._planners.values()
    try:
        for connection in connections:
            with pytest.raises(Exception, match="read-only transaction"):
                await connection.rows(text("CREATE TABLE written (id integer)"))
    finally:
        await checks.close()
