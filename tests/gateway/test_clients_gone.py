"""Clients that go away, take nothing of their answers, or are very many, and a real process that goes on."""

import asyncio
import resource
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace

import asyncpg
import pytest

from gateway.settings import Settings
from sources.own.migrating import migrate
from tests.loading import existing_store
from tests.servers import Servers
from tests.serving import Served, refused, serving, until
from tests.sockets import Connection, written

LEADS = "{ leads(first: 1) { nodes { id } } }"
NOTES = "query ($id: ID!) { customer(id: $id) { notes { nodes { text } } } }"
ADD = "mutation ($id: ID!, $text: String!) { addNote(input: {customerId: $id, text: $text}) { errors { code } } }"
SMALL = 4


@pytest.fixture(scope="module")
async def stored(without_mongo: Servers) -> Settings:
    settings = await existing_store(without_mongo, "renos", "clients_gone")
    await migrate(str(settings.postgres_url))
    return settings


@pytest.fixture(scope="module")
async def served(stored: Settings, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """Serve with time enough for everything."""
    patient = replace(stored, head_seconds=300, request_seconds=300, store_timeout=300, idle_seconds=300)
    async with serving(patient, tmp_path_factory.mktemp("served")) as found:
        yield found


@pytest.fixture(scope="module")
async def hasty(stored: Settings, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """Serve with little time for anything."""
    settings = replace(stored, head_seconds=2.5, request_seconds=2.5, idle_seconds=2.5)
    async with serving(settings, tmp_path_factory.mktemp("hasty")) as found:
        yield found


@pytest.fixture(scope="module")
async def narrow(stored: Settings, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """Serve few connections."""
    settings = replace(stored, max_connections=SMALL, head_seconds=300, request_seconds=300, store_timeout=300)
    async with serving(settings, tmp_path_factory.mktemp("narrow")) as found:
        yield found


@dataclass(frozen=True, slots=True)
class Locked:
    """Keep readers and writers from a table, and look who waits for it."""

    locker: asyncpg.Connection
    # A connection sees in a transaction whoever was there when it looked first.
    watcher: asyncpg.Connection

    async def waiting(self) -> int:
        count: int = await self.watcher.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
        )
        return count

    async def until_waiting(self, count: int) -> None:
        async def so_many_wait() -> bool:
            return await self.waiting() == count

        await until(so_many_wait)

    async def let_go(self) -> None:
        await self.locker.execute("ROLLBACK")


@asynccontextmanager
async def locked(served: Served, table: str = '"Lead"') -> AsyncIterator[Locked]:
    url = str(served.settings.postgres_url).replace("+asyncpg", "")
    locker, watcher = await asyncpg.connect(url), await asyncpg.connect(url)
    try:
        await locker.execute(f"BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")
        yield Locked(locker, watcher)
    finally:
        await locker.close()
        await watcher.close()


def half_closed(connection: Connection) -> None:
    connection.writer.write_eof()


@pytest.mark.parametrize("go", [Connection.vanish, half_closed], ids=["reset", "half closed"])
@pytest.mark.parametrize("behind", [b"", written("GET", "/healthz")], ids=["alone", "with another behind it"])
async def test_the_statements_of_whoever_has_gone_are_cancelled(
    served: Served, go: Callable[[Connection], None], behind: bytes
) -> None:
    assert (await served.post(LEADS)).json["data"]["leads"]["nodes"]
    async with locked(served) as lock, AsyncExitStack() as stack:
        connections = [await stack.enter_async_context(served.connected()) for _ in range(3)]
        for connection in connections:
            await connection.send(served.asking(LEADS) + behind)
        await lock.until_waiting(len(connections))
        await served.answers_others()
        for connection in connections:
            go(connection)
        await lock.until_waiting(0)
    assert (await served.post(LEADS)).json["data"]["leads"]["nodes"]


async def test_what_is_written_is_written_whole_whoever_has_gone(served: Served) -> None:
    customer = (await served.post("{ customers(first: 1) { nodes { id } } }")).json["data"]["customers"]["nodes"][0]
    async with locked(served, "gateway.note") as lock, served.connected() as connection:
        await connection.send(served.asking(ADD, id=customer["id"], text="written while away"))
        await lock.until_waiting(1)
        connection.vanish()
        await served.answers_others()
        assert await lock.waiting() == 1

    async def it_is_there() -> bool:
        answer = (await served.post(NOTES, {"id": customer["id"]})).json["data"]["customer"]["notes"]["nodes"]
        return [note["text"] for note in answer] == ["written while away"]

    await until(it_is_there)


async def test_an_answer_that_nobody_takes_is_not_kept(hasty: Served) -> None:
    """Forty megabytes are asked for, and none are read."""
    idle = hasty.worker.num_fds()
    with socket.create_connection((hasty.host, hasty.port)) as greedy:
        greedy.sendall(written("GET", "/static/graphiql.js") * 30)

        async def it_was_taken_up() -> bool:
            return bool(hasty.worker.num_fds() > idle)

        async def it_was_closed() -> bool:
            return bool(hasty.worker.num_fds() <= idle)

        await until(it_was_taken_up)
        await hasty.answers_others()
        await until(it_was_closed)


# ── many ──


async def test_a_thousand_connections_at_once_are_answered(served: Served) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 3_000:
        pytest.skip("this machine lets nobody open a thousand connections")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 3_000), hard))
    async with AsyncExitStack() as stack:
        silent = [await stack.enter_async_context(served.connected()) for _ in range(500)]
        asked = [await stack.enter_async_context(served.connected()) for _ in range(500)]
        for connection in asked:
            await connection.send(served.asking())
        answers = await asyncio.gather(*(connection.reply() for connection in asked))
        assert [answer for answer in answers if answer.status != 200] == []
        await served.answers_others()
        assert (await served.post("{ viewer { subject } }", connection=silent[0])).status == 200


async def test_where_one_more_comes_the_one_that_was_quiet_for_longest_goes(narrow: Served) -> None:
    async with AsyncExitStack() as stack:
        quiet = [await stack.enter_async_context(narrow.connected()) for _ in range(SMALL)]
        for connection in (quiet[1], quiet[0], *quiet[2:]):
            assert (await narrow.post("{ viewer { subject } }", connection=connection)).status == 200
        await narrow.answers_others()
        assert await quiet[1].ended() == b""
        assert (await narrow.post("{ viewer { subject } }", connection=quiet[0])).status == 200


async def test_where_all_are_being_answered_one_more_is_refused(narrow: Served) -> None:
    assert (await narrow.post(LEADS)).status == 200
    async with locked(narrow) as lock, AsyncExitStack() as stack:
        busy = [await stack.enter_async_context(narrow.connected()) for _ in range(SMALL)]
        for connection in busy:
            await connection.send(narrow.asking(LEADS))
        await lock.until_waiting(SMALL)
        async with narrow.connected() as one_more:
            reply = await one_more.reply()
            assert refused(reply) == (503, "TOO_MANY_CONNECTIONS")
            assert reply.headers["retry-after"] == "1"
        await lock.let_go()
        assert [(await connection.reply()).status for connection in busy] == [200] * SMALL
    await narrow.answers_others()
