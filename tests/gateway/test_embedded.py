"""The embedded stores as processes: they start, stop, survive a crash, and leave nothing behind."""

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import asyncpg
import psutil
import pytest
from pymongo import MongoClient
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from domain.errors import StartError
from gateway.embedded import EmbeddedMongo, EmbeddedPostgres, EmbeddedStores
from gateway.embedded import root as as_root

Server = EmbeddedPostgres | EmbeddedMongo
REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="gateway-test-") as name:
        Path(name).chmod(0o711)
        yield Path(name)


@pytest.fixture(scope="module")
def stores() -> Iterator[EmbeddedStores]:
    with tempfile.TemporaryDirectory(prefix="gateway-test-") as name:
        Path(name).chmod(0o711)
        with EmbeddedStores(Path(name) / "stores") as stores:
            yield stores


@pytest.fixture(params=["postgres", "mongo"])
def server(stores: EmbeddedStores, request: pytest.FixtureRequest) -> Server:
    """Each of the two, running."""
    server: Server = getattr(stores, request.param)
    server.start()
    return server


def ask(server: Server) -> int:
    """Write something, and answer how often that was done so far."""
    if isinstance(server, EmbeddedPostgres):
        return asyncio.run(ask_postgres(server.url))
    with MongoClient[dict[str, object]](server.url, serverSelectionTimeoutMS=2000) as client:
        client.get_default_database()["visits"].insert_one({})
        return client.get_default_database()["visits"].count_documents({})


async def ask_postgres(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("CREATE TABLE IF NOT EXISTS visits (); INSERT INTO visits DEFAULT VALUES")
        count: int = await connection.fetchval("SELECT count(*) FROM visits")
        return count
    finally:
        await connection.close()


def is_gone(pid: int | None) -> bool:
    assert pid is not None
    try:
        return bool(psutil.Process(pid).status() == psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return True


def wait_until_gone(pids: list[int], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while not all(is_gone(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


# ── start, stop, start ──


def test_a_stopped_server_is_gone_and_starts_again_at_the_same_address(server: Server) -> None:
    before, url, pid = ask(server), server.url, server.pid

    server.stop()

    assert is_gone(pid)
    assert server.pid is None
    server.start()
    assert server.url == url
    assert ask(server) == before + 1


def test_nothing_runs_on_after_a_stop(stores: EmbeddedStores) -> None:
    servers = (stores.postgres, stores.mongo)
    for server in servers:
        server.stop()
    others = {process.pid for process in psutil.Process().children(recursive=True)}
    for server in servers:
        server.start()
    started = {process.pid for process in psutil.Process().children(recursive=True)} - others

    for server in servers:
        server.stop()

    assert len(started) > 2
    assert all(is_gone(pid) for pid in started)


def test_a_killed_server_starts_again_with_what_was_written(server: Server) -> None:
    before, url, pid = ask(server), server.url, server.pid

    server.kill()

    assert is_gone(pid)
    server.start()
    assert server.url == url
    assert ask(server) == before + 1


def test_starting_twice_is_starting_once(server: Server) -> None:
    pid = server.pid
    server.start()
    assert server.pid == pid


def test_the_terminals_interrupt_does_not_reach_the_server(server: Server) -> None:
    assert server.pid is not None
    assert os.getsid(server.pid) != os.getsid(0)


def test_postgres_listens_on_a_socket_that_only_its_owner_reaches(stores: EmbeddedStores) -> None:
    stores.postgres.start()
    data = stores.postgres.folder / "data"
    assert data.stat().st_mode & 0o077 == 0
    assert not psutil.Process(stores.postgres.pid).net_connections("inet")


async def test_sqlalchemy_reads_the_address(stores: EmbeddedStores) -> None:
    stores.postgres.start()
    engine = create_async_engine(stores.postgres.url.replace("postgresql://", "postgresql+asyncpg://"))
    async with engine.connect() as connection:
        database = (await connection.execute(text("SELECT current_database()"))).scalar_one()
    await engine.dispose()
    assert database == "gateway"


async def test_postgres_finds_trigrams_in_every_script_and_sorts_by_code_points(stores: EmbeddedStores) -> None:
    stores.postgres.start()
    connection = await asyncpg.connect(stores.postgres.url)
    await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
    for name in ("Щукин", "王小明", "Ελένη"):
        assert await connection.fetchval("SELECT show_trgm($1)", name)
    assert await connection.fetchval("SELECT lower('ÆЩΣ')") == "æщσ"
    assert await connection.fetchval("SELECT 'Z' < 'a' AND 'z' < 'é'")
    await connection.close()


# ── what a crash leaves ──


@pytest.mark.parametrize("whose", ["somebody's", "nobody's"])
def test_a_stale_pid_file_does_not_prevent_a_start(server: Server, whose: str) -> None:
    before = ask(server)
    server.stop()
    pid = os.getpid() if whose == "somebody's" else 2**22 - 1
    data = server.folder / "data"
    if isinstance(server, EmbeddedPostgres):
        (data / "postmaster.pid").write_text(f"{pid}\n{data}\n1700000000\n5432\n{data}\n\n  1 2\nready   \n")
        (data / ".s.PGSQL.5432").touch()
        (data / ".s.PGSQL.5432.lock").write_text(f"{pid}\n{data}\n1700000000\n5432\n{data}\n\n")
    else:
        (server.folder / "mongo.pid").write_text(str(pid))

    server.start()

    assert ask(server) == before + 1


def test_a_server_that_was_left_behind_is_ended_by_the_next_start(server: Server) -> None:
    before, left = ask(server), server.pid
    another = type(server)(server.folder)

    another.start()

    assert another.pid != left
    assert is_gone(left)
    assert ask(another) == before + 1
    another.stop()
    server.stop()


def test_a_killed_gateway_takes_its_servers_along_and_the_next_one_starts(folder: Path) -> None:
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from gateway.embedded import EmbeddedStores\n"
        "with EmbeddedStores(Path(sys.argv[1])) as stores:\n"
        "    print(stores.postgres.pid, stores.mongo.pid, flush=True)\n"
        "    time.sleep(60)\n"
    )
    command = [sys.executable, "-c", program, str(folder / "stores")]
    with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True) as gateway:  # noqa: S603 - ours
        assert gateway.stdout is not None
        pids = [int(pid) for pid in gateway.stdout.readline().split()]

        gateway.kill()

    with EmbeddedStores(folder / "stores") as stores:
        assert ask(stores.postgres) == 1
        assert ask(stores.mongo) == 1
        assert wait_until_gone(pids)


# ── folders and ports ──


def test_a_folder_is_for_one_gateway_at_a_time(stores: EmbeddedStores) -> None:
    with pytest.raises(StartError, match=rf"(?s){stores.folder}.*pid {os.getpid()}"), EmbeddedStores(stores.folder):
        pass


def test_a_folder_that_cannot_be_made_is_named_with_the_reason(folder: Path) -> None:
    (folder / "file").touch()
    with (
        pytest.raises(StartError, match=rf"(?s){folder}/file/stores.*Not a directory"),
        EmbeddedStores(folder / "file" / "stores"),
    ):
        pass


def test_fresh_begins_anew(folder: Path) -> None:
    with EmbeddedStores(folder / "stores") as stores:
        assert [ask(stores.postgres), ask(stores.mongo)] == [1, 1]
    with EmbeddedStores(folder / "stores", fresh=True) as stores:
        assert [ask(stores.postgres), ask(stores.mongo)] == [1, 1]


def test_a_first_start_that_was_interrupted_is_begun_again(folder: Path) -> None:
    draft = folder / "postgres" / "data.new"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18")
    server = EmbeddedPostgres(folder / "postgres")
    server.start()
    assert ask(server) == 1
    server.remove()
    assert not server.folder.exists()


def test_data_of_another_version_are_refused_with_the_end_of_the_log(stores: EmbeddedStores) -> None:
    server = stores.postgres
    server.stop()
    version = server.folder / "data" / "PG_VERSION"
    version.write_text("9.6\n")

    with pytest.raises(StartError, match=r"initialized by PostgreSQL version 9\.6"):
        server.start()

    assert server.pid is None
    version.write_text("18\n")
    server.start()


@pytest.mark.parametrize("name", ["x" * 120, "with, comma and ä space"])
def test_a_path_that_no_socket_takes_gets_its_socket_elsewhere(stores: EmbeddedStores, name: str, folder: Path) -> None:
    stores.postgres.stop()
    moved = folder / name
    shutil.move(stores.postgres.folder, moved)
    server = EmbeddedPostgres(moved)
    try:
        server.start()
        url = server.url
        assert ask(server) > 0
        sockets = psutil.Process(server.pid).net_connections("unix")
        assert all(str(moved) not in each.laddr for each in sockets)
        server.kill()
        server.start()
        assert server.url == url
        assert ask(server) > 1
    finally:
        server.stop()
        shutil.move(moved, stores.postgres.folder)
    elsewhere = Path(parse_qs(urlsplit(url).query)["host"][0])
    assert elsewhere.parent == Path(tempfile.gettempdir())
    assert not elsewhere.exists()


def test_mongo_moves_to_another_port_when_its_own_is_taken(stores: EmbeddedStores) -> None:
    server = stores.mongo
    server.start()
    before, url = ask(server), server.url
    server.stop()
    with socket.socket() as somebody:
        somebody.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        somebody.bind(("127.0.0.1", int(url.rsplit(":", 1)[1].split("/")[0])))
        somebody.listen()

        server.start()

    assert server.url != url
    assert ask(server) == before + 1


@pytest.mark.skipif(os.geteuid() != 0, reason="whoever is not root runs PostgreSQL as themselves")
def test_as_root_a_closed_folder_is_left_closed_and_the_data_are_elsewhere(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = folder / "place"
    monkeypatch.setattr(as_root, "_PLACE", place)
    closed = folder / "closed"
    closed.mkdir(mode=0o700)
    server = EmbeddedPostgres(closed / "postgres")

    server.start()

    assert ask(server) == 1
    assert str(place) in server.url
    assert closed.stat().st_mode & 0o077 == 0
    server.stop()
    server.start()
    assert ask(server) == 2
    os.kill(server.pid or 0, signal.SIGKILL)
    server.remove()
    assert not any(place.iterdir())
