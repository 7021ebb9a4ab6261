"""`python -m gateway profile init` over odd stores, and what it says where it cannot draft."""

import tomllib
from pathlib import Path

import pytest

from gateway.__main__ import main
from gateway.settings import Settings
from tests.drafting import draft, edit, is_there, parsed, refusals, text_of, write
from tests.loading import existing_store, make_database, run_sql
from tests.servers import Servers


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "draft.toml"


# ── odd stores ──


async def test_names_that_toml_or_a_profile_cannot_hold_bare_break_no_draft(
    without_mongo: Servers, monkeypatch: pytest.MonkeyPatch, file: Path
) -> None:
    url = await make_database(without_mongo, "drafted_odd")
    await run_sql(
        url,
        'CREATE SCHEMA "the crm"',
        'CREATE TABLE "the crm"."Clients" ("Client ""Id""" uuid PRIMARY KEY, "e.mail" text, "E-Mail" text NOT NULL, '
        '"two\nlines" text, " created at " timestamptz, "Created:At" timestamptz NOT NULL, "état" text, status text)',
        'INSERT INTO "the crm"."Clients" VALUES '
        "(gen_random_uuid(), 'a', 'b', 'c', now(), now(), 'd', 'act\"ive' || chr(10))",
        'CREATE TABLE "dotted.name" (id int)',
        "CREATE TABLE empty ()",
        "CREATE VIEW broken AS SELECT 1 / (random() * 0)::int AS x",
        "CREATE MATERIALIZED VIEW unfilled AS SELECT 1 AS x WITH NO DATA",
        'CREATE TABLE "with:colon" (id int)',
        'INSERT INTO "with:colon" VALUES (1)',
        "CREATE VIEW bookings AS SELECT 1 AS id, 'done' AS status, now() AS created_at FROM pg_sleep(30)",
    )
    monkeypatch.setenv("GATEWAY_STORE_SECONDS", "2")

    assert await draft(monkeypatch, Settings(postgres_url=url), "--output", str(file), "--name", "odd") == 0

    drafted = parsed(file)
    assert drafted["customer"]["table"] == "the crm.Clients"
    assert drafted["customer"]["key"] == 'Client "Id"'
    assert drafted["customer"]["email"] == "E-Mail"
    assert drafted["customer"]["created_at"] == "Created:At"
    assert drafted["booking"]["table"] == "bookings"
    edit(file, ("[store]\n", '[store]\ncurrency = "EUR"\n'))
    assert refusals(file) == {"booking.key", "booking.status.words"}


async def test_a_store_without_customers_is_drafted_as_what_is_missing(
    without_mongo: Servers, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    url = await make_database(without_mongo, "drafted_empty")
    await run_sql(url, "CREATE TABLE weather (id int)")

    assert await draft(monkeypatch, Settings(postgres_url=url)) == 0

    text, said = capsys.readouterr()
    assert "Needed, and not found: one of [customer], [account], [delivery], store.currency." in said
    assert tomllib.loads(text) == {"store": {"name": "drafted_empty"}}
    assert "at least one of [customer], [account] and [delivery] has to be there" in text
    assert "weather (few)" in text


# ── faults of whoever runs it ──


async def test_without_a_store_there_is_nothing_to_draft(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert await draft(monkeypatch, Settings()) == 2
    assert capsys.readouterr().err.splitlines() == [
        "No store is named whose profile could be drafted:",
        "  - expected GATEWAY_POSTGRES_URL or GATEWAY_MONGO_URL, or both",
    ]


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        (Settings(postgres_url="postgresql://127.0.0.1:1/db"), "GATEWAY_POSTGRES_URL"),
        (Settings(mongo_url="mongodb://127.0.0.1:1/db"), "GATEWAY_MONGO_URL"),
    ],
)
async def test_a_store_that_does_not_answer_is_named(
    monkeypatch: pytest.MonkeyPatch, file: Path, capsys: pytest.CaptureFixture[str], settings: Settings, name: str
) -> None:
    assert await draft(monkeypatch, settings, "--output", str(file)) == 2
    heading, fault = capsys.readouterr().err.splitlines()
    assert heading.endswith("does not answer:")
    assert fault.startswith(f"  - {name}: ")
    assert not is_there(file)


async def test_a_file_that_is_there_is_written_over_only_by_force(
    without_mongo: Servers, monkeypatch: pytest.MonkeyPatch, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = await existing_store(without_mongo, "renos", "drafted_renos")
    write(file, "mine")

    assert await draft(monkeypatch, settings, "--output", str(file)) == 2
    assert capsys.readouterr().err.splitlines() == [
        f"There is a file {file} already:",
        "  - give another --output, or write over it with --force",
    ]
    assert text_of(file) == "mine"

    assert await draft(monkeypatch, settings, "--output", str(file), "--force", "--name", "cleaners") == 0
    assert parsed(file)["store"]["name"] == "cleaners"


async def test_a_file_that_cannot_be_written_is_named(
    without_mongo: Servers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = await existing_store(without_mongo, "renos", "drafted_renos")
    missing = tmp_path / "none" / "draft.toml"
    assert await draft(monkeypatch, settings, "--output", str(missing)) == 2
    assert f"The draft cannot be written to {missing}:" in capsys.readouterr().err


def test_a_store_has_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["profile", "init", "--name", " "])
    assert "a name is not empty" in capsys.readouterr().err


async def test_what_is_left_to_do_is_said(
    without_mongo: Servers, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = await existing_store(without_mongo, "bikes", "drafted_bikes")
    await draft(monkeypatch, settings)
    said = capsys.readouterr()
    assert "Needed, and not found: store.currency." in said.err
    unsure = [line for line in said.out.splitlines()[2:] if "unsure: " in line]
    assert f"To be decided: {len(unsure)} that are marked unsure." in said.err
    assert '# currency = "EUR"  # needed: ' in said.out
    assert '# unsure: what these words mean; they read as UNKNOWN: "НОВЫЙ" (1)' in said.out
