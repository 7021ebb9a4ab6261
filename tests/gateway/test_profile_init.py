"""`python -m gateway profile init`: a first draft of a profile from the live stores, which are only read."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from pymongo import MongoClient
from pymongo.database import Database
from sqlalchemy.engine import make_url

from gateway.settings import Settings
from sources.profile_reading import read_profile
from sources.profile_schema import SCHEMA
from tests.drafting import draft, edit, parsed, refusals, text_of
from tests.loading import existing_store, make_database, run_sql
from tests.servers import Servers

SHIPPED = SCHEMA.parent
STORES = ("renos", "bikes", "salon", "platform", "delivery", "grocer")
#: What a draft must not get wrong, wherever it is sure of it.
CHECKED = ("table", "collection", "tenant", "key", "customer", "lead", "created_at", "name", "email", "phone", "links")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "draft.toml"


@pytest.mark.parametrize("name", STORES)
async def test_what_a_draft_is_sure_of_agrees_with_the_profile_that_is_shipped(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, file: Path, name: str
) -> None:
    settings = await existing_store(servers, name, f"drafted_{name}")

    assert await draft(monkeypatch, settings, "--output", str(file)) == 0

    assert (file.parent / text_of(file).splitlines()[0].removeprefix("#:schema ")).resolve() == SCHEMA
    drafted, right = parsed(file), parsed(SHIPPED / f"{name}.toml")
    assert drafted.keys() >= right.keys()
    for section in right.keys() - {"store"}:
        sure = {key: drafted[section][key] for key in CHECKED if key in drafted[section]}
        known = {key: right[section][key] for key in CHECKED if key in right[section]}
        # A delivery record that names no account shows nothing of the field that could.
        assert sure == (known if section != "delivery" or name != "delivery" else {**known, "links": {}})


@pytest.mark.parametrize("name", STORES)
async def test_a_draft_is_a_profile_but_for_what_it_says_is_needed(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, file: Path, name: str
) -> None:
    settings = await existing_store(servers, name, f"drafted_{name}")
    await draft(monkeypatch, settings, "--output", str(file))

    if "currency" not in parsed(file)["store"]:
        assert refusals(file) == {"store.currency"}
        edit(file, ("[store]\n", '[store]\ncurrency = "EUR"\n'))
    # On a server that others use, the databases of a test run begin with a word of its own.
    assert read_profile(str(file)).store.name.endswith(f"drafted_{name}")


# ── what it does to the stores ──


def documents(url: str) -> dict[str, int]:
    client: MongoClient[dict[str, Any]]
    with MongoClient(url, serverSelectionTimeoutMS=5000) as client:
        database: Database[dict[str, Any]] = client.get_default_database()
        return {name: database[name].count_documents({}) for name in database.list_collection_names()}


async def test_the_stores_are_only_read(servers: Servers, monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    settings = await existing_store(servers, "grocer", "drafted_read_only")
    assert settings.postgres_url is not None
    assert settings.mongo_url is not None
    # Whatever writes fails in such a database.
    await run_sql(settings.postgres_url, 'ALTER DATABASE "drafted_read_only" SET default_transaction_read_only = on')
    before = documents(settings.mongo_url)

    assert await draft(monkeypatch, settings, "--output", str(file)) == 0

    assert documents(settings.mongo_url) == before
    assert parsed(file).keys() >= {"customer", "account"}


async def test_a_big_table_is_not_read_through(
    without_mongo: Servers, monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    url = await make_database(without_mongo, "drafted_big")
    rows = 200_000
    await run_sql(
        url,
        "CREATE TABLE customers (id bigint PRIMARY KEY, email text, status text, created_at timestamptz NOT NULL)",
        "INSERT INTO customers SELECT n, n || '@big.example', CASE n % 1000 WHEN 0 THEN 'paused' ELSE 'active' END, "
        f"now() FROM generate_series(1, {rows}) AS n",
        "VACUUM ANALYZE customers",
    )
    before = await rows_read(url)

    assert await draft(monkeypatch, Settings(postgres_url=url), "--output", str(file)) == 0

    assert 0 < await rows_read(url) - before < rows / 10
    # The rare word may be missed by a sample, and is known to the server's statistics.
    assert parsed(file)["customer"]["status"]["words"] == {"ACTIVE": ["active"], "PAUSED": ["paused"]}


async def rows_read(url: str) -> int:
    """Read how many rows of customers the server has read for anybody so far."""
    connection = await asyncpg.connect(url)
    try:
        # What a connection has done is counted once it has ended.
        for _ in range(1200):
            if await connection.fetchval(
                "SELECT count(*) = 1 FROM pg_stat_activity WHERE datname = current_database() AND backend_type = "
                "'client backend'"
            ):
                break
            await asyncio.sleep(0.05)
        return int(await connection.fetchval("SELECT coalesce(sum(seq_tup_read), 0)::bigint FROM pg_stat_user_tables"))
    finally:
        await connection.close()


async def test_a_table_that_may_not_be_read_is_left_out(
    without_mongo: Servers, monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    settings = await existing_store(without_mongo, "renos", "drafted_partly")
    assert settings.postgres_url is not None
    await run_sql(
        settings.postgres_url,
        "DROP ROLE IF EXISTS drafter",
        "CREATE ROLE drafter LOGIN PASSWORD 'drafter'",
        'GRANT SELECT ON "Customer", "Lead" TO drafter',
    )
    url = make_url(settings.postgres_url).set(username="drafter", password="drafter")
    limited = replace(settings, postgres_url=url.render_as_string(hide_password=False))

    assert await draft(monkeypatch, limited, "--output", str(file)) == 0

    assert parsed(file).keys() == {"store", "customer", "lead"}
