"""Exports that something ends: signals, a full disk, a store that dies; and how much memory a long one takes."""

import asyncio
import os
import pty
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from gateway.demo_data import load_demo
from gateway.embedded import EmbeddedPostgres
from gateway.export_files import WRITERS
from gateway.settings import Settings
from tests.commanding import environment
from tests.loading import make_database, mongo_url, run_sql
from tests.servers import Servers

#: Long enough that nobody holds all of them by mistake and is not noticed.
LEADS, FEW = 10_000, 500
#: Leads whose notes no page hides, more of them than any test waits for.
MADE = f"""
INSERT INTO leads (id, status, source, notes, created_at)
    SELECT 1000000 + n, 'new', CASE WHEN n <= {FEW} THEN 'few' ELSE 'many' END, repeat(md5(n::text), 128),
        timestamptz '2026-01-01Z' + n * interval '1 second' FROM generate_series(1, {LEADS}) AS n
"""
#: A program that runs a command, and tells how much memory it took at most.
MEASURED = """
import resource, sys
from gateway.__main__ import main
status = main(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
sys.exit(status)
"""


@pytest.fixture(scope="module")
async def long_settings(both_servers: Servers) -> Settings:
    """Load the demo data, with many long leads beside them."""
    postgres, mongo = await make_database(both_servers, "exported_long"), mongo_url(both_servers, "exported_long")
    await load_demo(postgres, mongo, customers=20, seed=7)
    await run_sql(postgres, MADE)
    return Settings(profile="demo", postgres_url=postgres, mongo_url=mongo)


def left_in(folder: Path) -> list[str]:
    return sorted(one.name for one in folder.iterdir())


def export_of(path: Path, format_: str, *more: str) -> tuple[str, ...]:
    return ("export", "leads", "--format", format_, "--output", str(path), *more)


#: A program that runs another as a terminal does: whatever the tests were begun with, it heeds what ends it.
HEEDING = """
import os, signal, sys
for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(one, signal.SIG_DFL)
os.execvp(sys.argv[1], sys.argv[1:])
"""


async def begin(settings: Settings, *command: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HEEDING, *command),
        env=os.environ | environment(settings),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


async def midway(folder: Path, process: asyncio.subprocess.Process) -> None:
    """Wait until rows are on their way into a file in *folder*."""
    while process.returncode is None and size_of(folder) < 1 << 20:  # noqa: ASYNC110 - nobody tells how far it is
        await asyncio.sleep(0.005)


# ── signals ──


@pytest.mark.parametrize(
    ("format_", "how"),
    [("csv", signal.SIGINT), ("xlsx", signal.SIGINT), ("xlsx", signal.SIGTERM), ("jsonl", signal.SIGHUP)],
)
async def test_an_interruption_midway_leaves_nothing(
    long_settings: Settings, tmp_path: Path, format_: str, how: signal.Signals
) -> None:
    process = await begin(long_settings, sys.executable, "-m", "gateway", *export_of(tmp_path / "out", format_))
    await midway(tmp_path, process)
    process.send_signal(how)
    _, err = await process.communicate()
    assert process.returncode == 130
    assert left_in(tmp_path) == []
    assert b"nothing was written" in err
    assert b"Traceback" not in err


async def test_what_runs_in_the_background_is_ended_too(long_settings: Settings, tmp_path: Path) -> None:
    """Given a process that does not heed SIGINT, as a shell starts it behind an ampersand."""
    deaf = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); os.execvp(sys.argv[1], sys.argv[1:])"
    gateway = (sys.executable, "-m", "gateway", *export_of(tmp_path / "out", "jsonl"))
    process = await begin(long_settings, sys.executable, "-c", deaf, *gateway)
    await midway(tmp_path, process)
    process.terminate()
    _, err = await process.communicate()
    assert process.returncode == 130
    assert left_in(tmp_path) == []
    assert b"Traceback" not in err


async def test_what_shall_outlive_its_terminal_does(long_settings: Settings, tmp_path: Path) -> None:
    lasting = (
        "import os, signal, sys; signal.signal(signal.SIGHUP, signal.SIG_IGN); os.execvp(sys.argv[1], sys.argv[1:])"
    )
    gateway = (sys.executable, "-m", "gateway", *export_of(tmp_path / "out", "jsonl"))
    process = await begin(long_settings, sys.executable, "-c", lasting, *gateway)
    await midway(tmp_path, process)
    process.send_signal(signal.SIGHUP)
    _, err = await process.communicate()
    assert (process.returncode, left_in(tmp_path)) == (0, ["out"]), err


# ── a disk that takes no more ──


#: A program that writes a file, and may write nothing any more when that is to be put together.
LIMITED = """
import resource, sys
from pathlib import Path
from gateway.export_files import written
from gateway.export_rows import Column
try:
    with written(Path(sys.argv[1]), sys.argv[2], "rows", [Column("text", ("text",))]) as file:
        file.write([{"text": "x" * 100}] * 10)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
except OSError as error:
    print(error)
"""


@pytest.mark.parametrize("format_", WRITERS)
async def test_a_disk_that_is_full_at_the_end_leaves_nothing(
    long_settings: Settings, tmp_path: Path, format_: str
) -> None:
    process = await begin(long_settings, sys.executable, "-c", LIMITED, str(tmp_path / "out"), format_)
    out, err = await process.communicate()
    assert (process.returncode, err) == (0, b"")
    assert b"File too large" in out
    assert left_in(tmp_path) == []


@pytest.mark.parametrize("format_", WRITERS)
async def test_a_disk_that_is_full_midway_is_told_and_leaves_nothing(
    long_settings: Settings, tmp_path: Path, format_: str
) -> None:
    shell = f'ulimit -f 512; exec {sys.executable} -m gateway "$@"'
    process = await begin(long_settings, "sh", "-c", shell, "sh", *export_of(tmp_path / "out", format_))
    _, err = await process.communicate()
    assert process.returncode == 2
    assert left_in(tmp_path) == []
    assert b"File too large" in err
    assert b"Traceback" not in err


# ── a store that dies ──


@pytest.fixture
async def mortal(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[EmbeddedPostgres]:
    """Run a server of PostgreSQL that the test may kill."""
    postgres = EmbeddedPostgres(tmp_path_factory.mktemp("mortal") / "postgres")
    await asyncio.to_thread(postgres.start)
    yield postgres
    await asyncio.to_thread(postgres.remove)


async def test_a_store_that_dies_midway_is_named_and_leaves_nothing(
    mortal: EmbeddedPostgres, both_servers: Servers, tmp_path: Path
) -> None:
    mongo = mongo_url(both_servers, "exported_mortal")
    await load_demo(mortal.url, mongo, customers=20, seed=7)
    await run_sql(mortal.url, MADE)
    settings = Settings(profile="demo", postgres_url=mortal.url, mongo_url=mongo)
    process = await begin(settings, sys.executable, "-m", "gateway", *export_of(tmp_path / "out", "csv"))
    await midway(tmp_path, process)
    await asyncio.to_thread(mortal.kill)
    _, err = await process.communicate()
    assert process.returncode == 2
    assert left_in(tmp_path) == []
    assert b"postgres" in err
    assert b"Traceback" not in err


# ── memory ──


@pytest.mark.parametrize("format_", ["jsonl", "xlsx"])
async def test_a_long_export_takes_no_more_memory_than_a_short_one(
    long_settings: Settings, tmp_path: Path, format_: str
) -> None:
    most: list[int] = []
    for number, chosen in enumerate(('{"source": ["few"]}', '{"source": ["few", "many"]}')):
        path = tmp_path / str(number)
        command = export_of(path, format_, "--filter", chosen)
        process = await begin(long_settings, sys.executable, "-c", MEASURED, *command)
        out, err = await process.communicate()
        assert process.returncode == 0, err
        most.append(int(out))
    assert f"{LEADS:,} leads".encode() in err
    # The texts alone would be 40 MB, and their rows as much again.
    assert most[1] < most[0] * 1.2, most


# ── how far it is ──


def read_terminal(terminal: int) -> bytes:
    """Read what comes out at the other end of *terminal*, until nobody writes there any more."""
    found = b""
    with suppress(OSError):  # which is how Linux says so
        while more := os.read(terminal, 10_000):
            found += more
    return found


async def test_whoever_watches_sees_how_far_it_is(long_settings: Settings, tmp_path: Path) -> None:
    master, slave = pty.openpty()
    command = export_of(tmp_path / "out", "csv", "--filter", '{"source": ["few", "many"]}')
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "gateway", *command),
        env=os.environ | environment(long_settings) | {"TERM": "xterm", "COLUMNS": "120"},
        stderr=slave,
    )
    os.close(slave)
    shown = (await asyncio.to_thread(read_terminal, master)).decode()
    os.close(master)
    assert await process.wait() == 0
    done = [int(number) for number in re.findall(rf"(\d+)/{LEADS}", shown)]
    assert done == sorted(done)
    assert len({*done}) > 1
    assert f"{LEADS:,} leads in" in shown
