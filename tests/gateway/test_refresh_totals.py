"""`python -m gateway refresh-totals` on the stores as they are: what it says, and what the store holds afterwards."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from gateway.settings import Settings
from tests.commanding import environment, run_command
from tests.loading import EXPECTED, existing_store, make_database, run_sql
from tests.running import running, secured
from tests.servers import Servers

RENOS, SALON = EXPECTED["renos"], EXPECTED["salon"]
TENANTS = sorted(SALON["tenants"])
NORTH = TENANTS[0]


@pytest.fixture
async def renos(without_mongo: Servers) -> Settings:
    return await existing_store(without_mongo, "renos", "renos_totals")


@pytest.fixture
async def salon(without_mongo: Servers) -> Settings:
    return await existing_store(without_mongo, "salon", "salon_totals")


async def read(settings: Settings, query: str, *values: Any) -> list[tuple[Any, ...]]:
    connection = await asyncpg.connect((settings.postgres_url or "").replace("postgresql+asyncpg", "postgresql"))
    try:
        return [tuple(row) for row in await connection.fetch(query, *values)]
    finally:
        await connection.close()


async def renos_totals(settings: Settings) -> list[tuple[Any, ...]]:
    query = 'SELECT "id", "totalLeads", "totalBookings", "totalRevenue" FROM "Customer" ORDER BY 1'
    return await read(settings, query)


async def salon_totals(settings: Settings) -> list[tuple[Any, ...]]:
    return await read(settings, "SELECT organization_id::text, * FROM customer_analytics ORDER BY 1, 3")


# ── what it says ──


async def test_dry_it_tells_what_drifted_and_writes_nothing(renos: Settings) -> None:
    before = await renos_totals(renos)
    ran = await run_command(renos, "refresh-totals")
    assert ran.status == 0
    assert ran.out == (
        "To do: 3 rows changed, 0 rows inserted. Nothing was written: that takes --live.\n"
        "  ckx-anker: totalBookings 0 → 12 (+12), totalRevenue 0 → 48004.80 (+48004.80)\n"
        "  ckx-birk: totalBookings 0 → 5 (+5), totalRevenue 0 → 0.30 (+0.30)\n"
        "  ckx-celia: totalLeads 0 → 1 (+1), totalBookings 0 → 1 (+1)\n"
    )
    assert await renos_totals(renos) == before


@pytest.mark.parametrize("tenant", TENANTS)
async def test_what_drifted_is_what_is_known_of_the_store(salon: Settings, tenant: str) -> None:
    found = (await run_command(salon, "refresh-totals", "--tenant", tenant, "--json")).json
    drifted = {(tenant, one["key"]) for one in found["examples"] if not one["inserted"]}
    strays = [(tenant, key) for key in found["withoutCustomer"]["keys"]]
    assert drifted == {(of, key) for of, key in SALON["storedTotalsThatDrifted"] if of == tenant}
    assert strays == [(of, key) for of, key in SALON["storedTotalsWithoutCustomer"] if of == tenant]
    assert (found["tenant"], found["live"], found["changed"]) == (tenant, False, len(drifted))


async def test_renos_drifted_as_is_known_of_it(renos: Settings) -> None:
    found = (await run_command(renos, "refresh-totals", "--json")).json
    assert [one["key"] for one in found["examples"]] == RENOS["storedTotalsThatDrifted"]
    assert found["examples"][0]["totals"] == {"totalBookings": ["0", "12"], "totalRevenue": ["0", "48004.80"]}


# ── what it writes ──


async def live(settings: Settings, query: str, tenant: str | None = None) -> list[dict[str, Any]]:
    async with running(settings) as gateway:
        data = await gateway.data(f"{{ customers(first: 50) {{ nodes {{ {query} }} }} }}", tenant=tenant)
    nodes: list[dict[str, Any]] = data["customers"]["nodes"]
    return nodes


async def test_live_it_writes_what_the_api_answers(renos: Settings) -> None:
    ran = await run_command(renos, "refresh-totals", "--live")
    assert (ran.status, ran.out.splitlines()[0]) == (0, "3 rows changed, 0 rows inserted.")
    answered = {
        one["records"][0]["key"]: (one["totalLeads"], one["totalBookings"], float(one["totalRevenue"]["amount"]))
        for one in await live(renos, "records { key } totalLeads totalBookings totalRevenue { amount }")
    }
    assert {key: tuple(totals) for key, *totals in await renos_totals(renos)} == answered
    assert answered == {
        key: (one["totalLeads"], one["totalBookings"], float(one["totalRevenue"]))
        for key, one in RENOS["customers"].items()
    }


@pytest.mark.parametrize("size", ["1", "2000"])
async def test_a_table_of_totals_gets_its_missing_rows_tenant_by_tenant(salon: Settings, size: str) -> None:
    before = {row for row in await salon_totals(salon) if row[2] == "GONE"}
    for tenant in TENANTS:
        ran = await run_command(salon, "refresh-totals", "--tenant", tenant, "--live", "--batch", size)
        assert ran.status == 0
    found = await salon_totals(salon)
    assert {row for row in found if row[2] == "GONE"} == before
    assert {
        (tenant, key, first.isoformat(), accepted, no_shows, revenue)
        for tenant, _, key, first, accepted, no_shows, revenue in found
        if key != "GONE"
    } == {
        (
            tenant,
            key,
            one["firstBookingAt"],
            one["acceptedBookings"],
            one["noShows"],
            int(one["totalRevenue"].replace(".", "")),
        )
        for tenant, customers in SALON["tenants"].items()
        for key, one in customers.items()
    }


async def test_only_the_tenant_that_is_named_is_touched(salon: Settings) -> None:
    others = [row for row in await salon_totals(salon) if row[0] != TENANTS[1]]
    await run_command(salon, "refresh-totals", "--tenant", TENANTS[1], "--live")
    assert [row for row in await salon_totals(salon) if row[0] != TENANTS[1]] == others
    assert [row[2:] for row in await salon_totals(salon) if row[0] == TENANTS[1]] != []


async def test_a_total_without_customer_is_told_and_left(salon: Settings) -> None:
    ran = await run_command(salon, "refresh-totals", "--tenant", NORTH, "--live")
    assert "Left as they are, for they name no customer: 1 row (GONE)" in ran.out


async def test_a_second_run_changes_nothing(renos: Settings, salon: Settings) -> None:
    for settings, tenant in ((renos, ()), (salon, ("--tenant", NORTH))):
        await run_command(settings, "refresh-totals", "--live", *tenant)
        versions = await read(settings, 'SELECT xmin::text FROM "Customer"') if not tenant else []
        again = await run_command(settings, "refresh-totals", "--live", "--json", *tenant)
        assert (again.json["changed"], again.json["inserted"], again.status) == (0, 0, 0)
        assert versions == (await read(settings, 'SELECT xmin::text FROM "Customer"') if not tenant else [])


#: More than can be written before the signal arrives.
MANY = 20_000


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
async def test_however_it_ends_whole_batches_stay_and_the_next_run_carries_on(
    renos: Settings, tmp_path: Path, number: signal.Signals
) -> None:
    each = f"generate_series(1, {MANY}) AS n"
    await run_sql(
        renos.postgres_url or "",
        f"""INSERT INTO "Customer" ("id", "name") SELECT 'more-' || n, 'More' FROM {each}""",
        f"""INSERT INTO "Lead" ("id", "customerId") SELECT 'l-' || n, 'more-' || n FROM {each}""",
    )
    written = """SELECT count(*) FROM "Customer" WHERE "totalLeads" = 1 AND "id" LIKE 'more-%'"""
    command = [sys.executable, "-m", "gateway", "refresh-totals", "--live", "--batch", "7"]
    environ = os.environ | environment(renos) | {"PYTHONPATH": str(Path(__file__).parents[2])}
    started = await asyncio.create_subprocess_exec(*command, cwd=tmp_path, env=environ, stderr=subprocess.PIPE)
    while (await read(renos, written))[0][0] < 100:
        assert started.returncode is None
        await asyncio.sleep(0.02)
    started.send_signal(number)
    _, err = await started.communicate()
    done = 3 + (await read(renos, written))[0][0]
    assert 100 <= done < MANY + 3
    assert done % 7 == 0
    if number is signal.SIGINT:
        assert started.returncode == 130
        assert f"Interrupted: {done:,} rows changed, 0 rows inserted. Run it again" in err.decode()
    ran = await run_command(renos, "refresh-totals", "--live", "--json")
    assert (ran.status, ran.json["changed"]) == (0, MANY + 3 - done)


# ── --recent ──


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("""UPDATE "Lead" SET "updatedAt" = now() - interval '6 days' WHERE "id" = 'lead-b9'""", ["ckx-birk"]),
        ("""UPDATE "Booking" SET "startTime" = now() + interval '1 day' WHERE "id" = 'book-c1'""", ["ckx-celia"]),
        ("""UPDATE "Quote" SET "createdAt" = now() - interval '6 days' WHERE "id" = 'quote-a1'""", ["ckx-anker"]),
        ("""UPDATE "Customer" SET "createdAt" = now() - interval '6 days' WHERE "id" = 'ckx-anker'""", ["ckx-anker"]),
        ("""UPDATE "Lead" SET "updatedAt" = now() - interval '8 days' WHERE "id" = 'lead-b9'""", []),
    ],
    ids=["lead", "booking", "revenue", "customer", "before"],
)
async def test_recent_looks_at_whoever_has_something_new(renos: Settings, change: str, expected: Sequence[str]) -> None:
    back = " ".join(
        f"""UPDATE "{table}" SET "{column}" = "{column}" - interval '10 years';"""
        for table, columns in {
            "Customer": ["createdAt"],
            "Lead": ["createdAt", "updatedAt"],
            "Booking": ["createdAt", "startTime"],
            "Quote": ["createdAt"],
        }.items()
        for column in columns
    )
    await run_sql(renos.postgres_url or "", back, change)
    for recent in ("7d", "1w"):
        found = (await run_command(renos, "refresh-totals", "--recent", recent, "--json")).json
        assert [one["key"] for one in found["examples"]] == expected
    written = (await run_command(renos, "refresh-totals", "--recent", "1w", "--live", "--json")).json
    assert written["changed"] == len(expected)
    rest = (await run_command(renos, "refresh-totals", "--json")).json
    assert rest["changed"] == 3 - len(expected)


# ── what cannot be ──


@pytest.mark.parametrize("recent", ["90", "d", "0d", "-1d", "1m", "90 d", "1.5d", "99999d", "٣d", ""])
async def test_a_time_that_is_none_is_refused(renos: Settings, recent: str) -> None:
    ran = await run_command(renos, "refresh-totals", f"--recent={recent}")
    assert (ran.status, ran.out) == (2, "")
    assert f"{recent} is no number of days or weeks, such as 90d or 12w" in ran.err


async def test_a_profile_without_stored_totals_has_nothing_to_refresh(demo_settings: Settings) -> None:
    ran = await run_command(demo_settings, "refresh-totals")
    assert ran.status == 2
    assert "the profile demo has no section [customer.stored_totals]" in ran.err


async def test_the_tenant_is_named_where_there_are_tenants_and_only_there(renos: Settings, salon: Settings) -> None:
    for settings, arguments, said in (
        (salon, [], "the store salon has tenants: name one with --tenant KEY"),
        (salon, ["--tenant", "nobody"], "the store has no tenant 'nobody'"),
        (renos, ["--tenant", NORTH], "the store renos has no tenants"),
    ):
        ran = await run_command(settings, "refresh-totals", *arguments)
        assert (ran.status, ran.out) == (2, "")
        assert said in ran.err


async def test_a_store_that_is_down_is_said() -> None:
    nowhere = secured(profile="renos", postgres_url="postgresql://nobody@127.0.0.1:1/nothing")
    ran = await run_command(nowhere, "refresh-totals", "--live")
    assert (ran.status, ran.out) == (2, "")
    assert "The store postgres cannot be asked right now." in ran.err
    assert "Traceback" not in ran.err


async def test_who_may_only_read_is_told_which_table(renos: Settings) -> None:
    url = renos.postgres_url or ""
    await run_sql(
        url,
        "DROP ROLE IF EXISTS totals_reader",
        "CREATE ROLE totals_reader LOGIN",
        "GRANT SELECT ON ALL TABLES IN SCHEMA public TO totals_reader",
    )
    reader = secured(profile="renos", postgres_url=url.replace("//postgres@", "//totals_reader@"))
    before = await renos_totals(renos)
    dry = await run_command(reader, "refresh-totals")
    assert dry.status == 0
    assert "With --live it would not start: table 'Customer': the user of GATEWAY_POSTGRES_URL may not" in dry.out
    ran = await run_command(reader, "refresh-totals", "--live")
    assert (ran.status, ran.out) == (2, "")
    assert "table 'Customer': the user of GATEWAY_POSTGRES_URL may not update column 'totalLeads'" in ran.err
    assert await renos_totals(renos) == before


async def test_a_column_that_nobody_can_fill_is_named_before_anything_is_written(salon: Settings) -> None:
    url = salon.postgres_url or ""
    await run_sql(url, "ALTER TABLE customer_analytics ADD branch text NOT NULL DEFAULT ''")
    await run_sql(url, "ALTER TABLE customer_analytics ALTER branch DROP DEFAULT")
    before = await salon_totals(salon)
    ran = await run_command(salon, "refresh-totals", "--tenant", NORTH, "--live")
    assert (ran.status, ran.out) == (2, "")
    assert "table 'customer_analytics': column 'branch' is required, has no default" in ran.err
    assert await salon_totals(salon) == before


async def test_totals_that_cannot_be_counted_are_named(without_mongo: Servers, tmp_path: Path) -> None:
    url = await make_database(without_mongo, "uncounted")
    await run_sql(url, "CREATE TABLE c (id int, at timestamptz, leads int, revenue money)")
    (tmp_path / "p.toml").write_text(
        '[store]\nname="p"\ncurrency="EUR"\n[customer]\ntable="c"\nkey="id"\ncreated_at="at"\n'
        '[customer.stored_totals]\nleads="leads"\nrevenue="revenue"\n'
    )
    ran = await run_command(secured(profile=str(tmp_path / "p.toml"), postgres_url=url), "refresh-totals")
    assert (ran.status, ran.out) == (2, "")
    assert "customer.stored_totals.leads: the profile does not say whose they are in [lead]" in ran.err
    assert "customer.stored_totals.revenue: " in ran.err
