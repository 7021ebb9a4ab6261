"""Totals of customers from indexes alone: what doctor advises is what the server then uses, and reads no row for."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from gateway.settings import Settings
from sources.checks_indexes import IndexChecks
from sources.index_covers import covers_of
from sources.profile_reading import read_profile
from tests.commanding import run_command
from tests.large import large_store
from tests.loading import run_sql
from tests.servers import Servers

CUSTOMERS = 60_000
ADVISED = (
    ("Lead", '("customerId") INCLUDE ("id")'),
    ("Booking", '("leadId") INCLUDE ("status", "startTime")'),
    ("Quote", '("leadId") INCLUDE ("total") WHERE status IN (\'accepted\')'),
)


async def advice(settings: Settings) -> tuple[list[str], list[str]]:
    """Answer the statements that doctor prints: what is missing, and what would cover."""
    report = (await run_command(settings, "doctor", "--json")).json
    found: dict[str, dict[str, None]] = {"missing-index": {}, "covering-index": {}}
    for one in [*report["findings"], *report["notes"]]:
        if one["check"] in found:
            found[one["check"]][one["mends"]] = None
    return list(found["missing-index"]), list(found["covering-index"])


async def make(settings: Settings, statements: list[str]) -> None:
    assert settings.postgres_url is not None
    await run_sql(settings.postgres_url, *statements)
    await run_sql(settings.postgres_url, "VACUUM ANALYZE")


def nodes(plan: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    yield plan
    for one in plan.get("Plans", ()):
        yield from nodes(one)


async def scans(settings: Settings) -> dict[tuple[str, str], str]:
    """Ask how the totals of a page of customers are found: for each statement's section and table, by what scan."""
    assert settings.postgres_url is not None
    profile = read_profile(settings.profile)
    checks = IndexChecks(profile, settings.postgres_url, seconds=30)
    found: dict[tuple[str, str], str] = {}
    try:
        await checks.faults()
        assert checks._tables is not None
        for cover in covers_of(profile, checks._tables):
            plan = await checks._connection.plan(cover.statement, {"owners": [f"c{number}" for number in range(1, 51)]})
            for node in nodes(plan):
                if node.get("Relation Name"):
                    found[cover.section, node["Relation Name"]] = node["Node Type"]
    finally:
        await checks.close()
    return found


@pytest.fixture
async def large(without_mongo: Servers) -> Settings:
    settings = await large_store(without_mongo, "renos", customers=CUSTOMERS, in_mongo=0)
    return Settings(profile="renos", postgres_url=settings.postgres_url, open=True)


async def test_advised_indexes_answer_totals_alone(large: Settings) -> None:
    missing, covering = await advice(large)
    printed = [*missing, *covering]
    assert len(set(printed)) == len(printed)
    made = {(table, how) for table, how in ADVISED for one in printed if one.endswith(f'ON "{table}" {how};')}
    assert made == set(ADVISED), printed
    await make(large, missing)
    before = await scans(large)
    assert "Index Scan" in before.values(), before

    await make(large, covering)

    after = await scans(large)
    assert set(after.values()) == {"Index Only Scan"}, after
    assert await advice(large) == ([], [])
