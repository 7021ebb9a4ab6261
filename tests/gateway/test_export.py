"""Exports: the rows that the API answers, in every format, whole or not at all."""

import asyncio
import csv
import json
import os
import signal
import sys
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from gateway import export_files
from gateway.__main__ import main
from gateway.export_files import written
from gateway.export_rows import EXPORTS, Column, Kind
from gateway.settings import Settings
from tests.commanding import environment, run_command
from tests.loading import existing_store, expected_tenants, run_sql
from tests.running import Gateway, running
from tests.servers import Servers

SHEET = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"


@pytest.fixture(scope="module")
async def store(servers: Servers) -> AsyncIterator[Gateway]:
    """A store in which names are formulas."""
    settings = await existing_store(servers, "grocer", "exported")
    assert settings.postgres_url is not None
    await run_sql(
        settings.postgres_url,
        "UPDATE customers SET name = '=1+1' WHERE id = 2 AND org = 'north'",
        "UPDATE customers SET name = '+49, \"x\"' || chr(10) || 'y' WHERE id = 3 AND org = 'north'",
    )
    async with running(settings) as gateway:
        yield gateway


def cells(path: Path, number: int = 1) -> list[list[str]]:
    """Read a sheet of a workbook, by its *number*: what each cell holds, and never a formula."""
    with zipfile.ZipFile(path) as book:
        sheet = ET.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))  # noqa: S314 - our own file
    assert sheet.find(f".//{SHEET}f") is None
    return [["".join(cell.itertext()) for cell in row.iter(f"{SHEET}c")] for row in sheet.iter(f"{SHEET}row")]


def left_in(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def mode_of(path: Path) -> int:
    return path.stat().st_mode


async def exported(settings: Settings, path: Path, *arguments: str) -> Path:
    ran = await run_command(settings, "export", *arguments, "--output", str(path), "--tenant", "north")
    assert ran.status == 0, ran.err
    assert left_in(path.parent) == [path.name], "nothing else is left"
    assert mode_of(path) & 0o077 == 0, "it is for its owner's eyes"
    return path


async def test_every_customer_is_a_line_of_csv(store: Gateway, tmp_path: Path) -> None:
    path = await exported(store.settings, tmp_path / "out.csv", "customers")
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    query = "{ customers(orderBy: {direction: ASC}) { nodes { id name createdAt totalRevenue { amount } } } }"
    told = (await store.data(query, tenant="north"))["customers"]["nodes"]
    assert [row["id"] for row in rows] == [one["id"] for one in told]
    assert [row["totalRevenue"] for row in rows] == [one["totalRevenue"]["amount"] for one in told]
    assert [row["createdAt"] for row in rows] == [one["createdAt"] or "" for one in told]
    names = {row["name"] for row in rows}
    assert {"'=1+1", '\'+49, "x"\ny'} <= names
    assert {one["name"] for one in told} == {name.removeprefix("'") for name in names}


@pytest.mark.parametrize("what", EXPORTS)
async def test_all_formats_hold_the_same_rows(store: Gateway, tmp_path: Path, what: str) -> None:
    for format_ in ("csv", "jsonl", "xlsx"):
        (tmp_path / format_).mkdir()
        await exported(store.settings, tmp_path / format_ / "out", what, "--format", format_)
    with (tmp_path / "csv" / "out").open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    objects = [json.loads(line) for line in (tmp_path / "jsonl" / "out").read_text().splitlines()]
    header, *sheet = cells(tmp_path / "xlsx" / "out")
    names = [column.name for column in EXPORTS[what].columns]
    assert header == names == list(lines[0]) == list(objects[0])
    assert len(lines) == len(objects) == len(sheet) > 0
    assert [line["id"] for line in lines] == [one["id"] for one in objects] == [row[0] for row in sheet]


async def test_a_filter_is_the_apis_own(store: Gateway, tmp_path: Path) -> None:
    chosen = tmp_path / "filter.json"
    chosen.write_text('{"has": ["ACCOUNT"], "linkage": ["COMPLETE"]}')
    (tmp_path / "out").mkdir()
    path = await exported(
        store.settings, tmp_path / "out" / "it", "customers", "--format", "jsonl", "--filter", str(chosen)
    )
    query = "{ customers(filter: {has: [ACCOUNT], linkage: [COMPLETE]}) { totalCount } }"
    expected = (await store.data(query, tenant="north"))["customers"]["totalCount"]
    assert len(path.read_text().splitlines()) == expected > 0


@pytest.mark.parametrize(
    ("what", "chosen"),
    [
        ("customers", {"createdIn": {"from": "2025-01-03T00:00:00Z"}, "lacks": ["DELIVERY"]}),
        ("leads", {"status": ["NEW", "CONTACTED"], "createdIn": {"from": None}}),
        ("bookings", {"storeStatus": ["done"]}),
        ("bookings", None),
    ],
)
async def test_what_is_exported_is_what_the_api_lists_of_the_tenant(
    store: Gateway, tmp_path: Path, what: str, chosen: dict[str, Any] | None
) -> None:
    given = () if chosen is None else ("--filter", json.dumps(chosen))
    path = await exported(store.settings, tmp_path / "out", what, "--format", "jsonl", *given)
    order = "orderBy: {by: CREATED_AT, direction: ASC}"
    query = f"query ($it: {EXPORTS[what].filter}) {{ {what}(first: 100, filter: $it, {order}) {{ nodes {{ id }} }} }}"
    north, south = [(await store.data(query, {"it": chosen}, tenant=one))[what]["nodes"] for one in ("north", "south")]
    ids = [json.loads(line)["id"] for line in path.read_text().splitlines()]
    assert ids == [one["id"] for one in north] != []
    assert {one["id"] for one in south}.isdisjoint(ids)


async def test_no_text_of_a_store_becomes_a_formula_whichever_column_it_is_in(servers: Servers, tmp_path: Path) -> None:
    settings = await existing_store(servers, "platform", "exported_formulas")
    assert settings.postgres_url is not None
    tenant = expected_tenants("platform")[0]
    hostile = ("service_name", "staff_member", "currency", "payment_status", "source")
    changed = ", ".join(f"{name} = '=1+1'" for name in hostile)
    await run_sql(settings.postgres_url, f"UPDATE bookings SET {changed}, amount = '100'")
    path = tmp_path / "out.csv"
    assert (await run_command(settings, "export", "bookings", "--output", str(path), "--tenant", tenant)).status == 0
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert rows
    assert {row["currency"] for row in rows} == {"'=1+1"}
    assert [cell for row in rows for cell in row.values() if cell.startswith("=")] == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("customers", "--tenant", "north", "--filter", '{"wrong": 1}'), "wrong"),
        (("customers", "--tenant", "north", "--filter", '{"status": ["NOBODY"]}'), "NOBODY"),
        (("customers", "--tenant", "north", "--filter", "{"), "no JSON"),
        (("customers", "--tenant", "north", "--filter", "no-such-file"), "neither JSON nor a file"),
        (("customers", "--tenant", "north", "--filter", '{"search": "anna"}'), "index"),
        (("customers", "--tenant", "nowhere"), "no tenant"),
        (("customers",), "--tenant"),
    ],
)
async def test_what_cannot_be_exported_is_said_and_leaves_no_file(
    store: Gateway, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    ran = await run_command(store.settings, "export", *arguments, "--output", str(tmp_path / "out"))
    assert ran.status == 2
    assert said in ran.err
    assert "Traceback" not in ran.err
    assert left_in(tmp_path) == []


async def test_a_file_that_is_there_is_written_over_by_force_alone(store: Gateway, tmp_path: Path) -> None:
    path = tmp_path / "out"
    path.write_text("mine")
    command = ("export", "leads", "--output", str(path), "--tenant", "north")
    ran = await run_command(store.settings, *command)
    assert (ran.status, path.read_text()) == (2, "mine")
    assert "--force" in ran.err
    assert (await run_command(store.settings, *command, "--force")).status == 0
    assert path.read_text().startswith("id,key")


async def test_a_store_that_is_down_makes_no_half_export(store: Gateway, tmp_path: Path) -> None:
    settings = Settings(
        profile="grocer", postgres_url=store.settings.postgres_url, mongo_url="mongodb://127.0.0.1:9/nothing"
    )
    ran = await run_command(settings, "export", "customers", "--output", str(tmp_path / "out"), "--tenant", "north")
    assert ran.status == 2
    assert "mongo" in ran.err
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
async def test_an_interruption_leaves_nothing(demo_settings: Settings, tmp_path: Path, how: signal.Signals) -> None:
    command = (
        sys.executable,
        "-m",
        "gateway",
        "export",
        "leads",
        "--format",
        "jsonl",
        "--output",
        str(tmp_path / "out"),
    )
    process = await asyncio.create_subprocess_exec(
        *command, env=os.environ | environment(demo_settings), stderr=asyncio.subprocess.PIPE
    )
    while not left_in(tmp_path) and process.returncode is None:  # noqa: ASYNC110 - nobody tells when it is there
        await asyncio.sleep(0.005)
    process.send_signal(how)
    _, err = await process.communicate()
    assert left_in(tmp_path) == []
    assert process.returncode == 130
    assert b"Traceback" not in err


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n"])
def test_no_text_becomes_a_formula(tmp_path: Path, start: str) -> None:
    columns = [Column("text", ("text",)), Column("amount", ("amount",), Kind.NUMBER)]
    row: dict[str, Any] = {"text": f"{start}cmd|'/C calc'!A0", "amount": "-5.00"}
    for format_ in ("csv", "xlsx"):
        with written(tmp_path / format_, format_, "rows", columns) as file:
            file.write([row])
    with (tmp_path / "csv").open(newline="", encoding="utf-8") as read:
        assert list(csv.reader(read))[1] == [f"'{row['text']}", "-5.00"]
    assert len(cells(tmp_path / "xlsx")) == 2


def test_amounts_that_no_spreadsheet_holds_stay_texts(tmp_path: Path) -> None:
    columns = [Column("amount", ("amount",), Kind.NUMBER), Column("at", ("at",), Kind.TIME)]
    rows = [
        {"amount": "12345678901234567.89", "at": "0100-01-01T00:00:00+00:00"},
        {"amount": "0.10", "at": "2026-01-01T01:00:00+01:00"},
    ]
    with written(tmp_path / "out", "xlsx", "rows", columns) as file:
        file.write(rows)
    _, big, small = cells(tmp_path / "out")
    assert big == ["12345678901234567.89", "0100-01-01T00:00:00+00:00"]
    assert small == ["0.1", "46023"]


def test_what_one_sheet_cannot_hold_goes_on_in_the_next(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export_files, "_MOST_ROWS_OF_A_SHEET", 3)
    with written(tmp_path / "out", "xlsx", "rows", [Column("text", ("text",))]) as file:
        file.write([{"text": f"row {number}"} for number in range(4)])
        file.write([{"text": "row 4"}])
    sheets = [cells(tmp_path / "out", number) for number in (1, 2, 3)]
    assert sheets == [[["text"], ["row 0"], ["row 1"]], [["text"], ["row 2"], ["row 3"]], [["text"], ["row 4"]]]


async def test_odd_texts_are_filters_like_any_others(store: Gateway, tmp_path: Path) -> None:
    chosen = json.dumps({"source": ["\ud800", "\x00", "=1+1", "%"]})
    path = await exported(store.settings, tmp_path / "out", "leads", "--format", "jsonl", "--filter", chosen)
    assert path.read_text() == ""


def test_a_place_that_is_not_there_is_no_place_for_a_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", "leads", "--output", str(tmp_path / "nowhere" / "out")]) == 2
    assert "no place for a file" in capsys.readouterr().err
