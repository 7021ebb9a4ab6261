"""`serve` in several processes: who dies comes back, and whoever is replaced leaves no request unanswered."""

import asyncio
import json
import os
import random
import signal
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil
import pytest

from gateway.settings import Settings
from tests.operating import serving

QUERY = "query Page { customers(first: 5) { nodes { name totalLeads leads(first: 2) { nodes { id } } } } }"


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def head_of(body: bytes, connection: str = "keep-alive") -> bytes:
    lines = ("POST /graphql HTTP/1.1", "Host: 127.0.0.1", f"Connection: {connection}", "Content-Type: application/json")
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode()


@dataclass(slots=True)
class Load:
    """Ask without a pause to speak of, as clients that keep their connections and as some that do not."""

    port: int
    answered: int = 0
    closed: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    ending: bool = False

    async def ask(self, *, keeping: bool) -> None:
        while not self.ending:
            try:
                await self._on_one_connection(keeping=keeping)
            except (OSError, EOFError, ValueError, AssertionError) as error:
                self.failed[f"{type(error).__name__}: {error}"] += 1

    async def _on_one_connection(self, *, keeping: bool) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            while not self.ending:
                body = json.dumps({"query": QUERY}).encode()
                writer.write(head_of(body, "keep-alive" if keeping else "close") + body)
                head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
                length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
                answer = json.loads(await reader.readexactly(length))
                assert head.startswith("http/1.1 200"), head
                assert len(answer["data"]["customers"]["nodes"]) == 5, answer
                self.answered += 1
                if "connection: close" in head:
                    self.closed += keeping
                    return
                await asyncio.sleep(0.1 + random.random() * 0.2)  # noqa: S311 - nothing secret
        finally:
            writer.close()

    async def until_answered(self, more: int) -> None:
        wanted = self.answered + more
        while self.answered < wanted:
            assert not self.failed, self.failed
            await asyncio.sleep(0.05)


async def is_allowed(port: int, size: int) -> bool:
    """Ask for a page of *size*, and say whether it may be as large."""
    query = f"{{ customers(first: {size}) {{ nodes {{ id }} }} }}"
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=60) as http:
        return "errors" not in (await http.post("/graphql", json={"query": query})).json()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for what the system tells nobody of."""
    async with asyncio.timeout(600):
        while not condition():  # noqa: ASYNC110 - see above
            await asyncio.sleep(0.05)


def has(worker: psutil.Process, status: str, port: int) -> bool:
    """Say whether *worker* has a socket of *port* in this state."""
    return any(each.status == status and each.laddr.port == port for each in worker.net_connections())


def runs(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


@asynccontextmanager
async def loaded(port: int) -> AsyncIterator[Load]:
    """Ask on four connections for as long as this is open; then no request may have failed."""
    load = Load(port)
    tasks = [asyncio.create_task(load.ask(keeping=number % 3 > 0)) for number in range(4)]
    try:
        yield load
    finally:
        load.ending = True
        await asyncio.gather(*tasks)
    assert load.failed == {}


async def test_workers_are_replaced_under_load_without_a_failed_request(
    demo_settings: Settings, tmp_path: Path
) -> None:
    port = free_port()
    (tmp_path / ".env").write_text("GATEWAY_MAX_PAGE=10\n")
    async with serving(demo_settings, tmp_path, port, "--no-auth", GATEWAY_WORKERS="2") as served:
        await until(lambda: len(served.workers()) == 2)
        before = served.workers()
        assert not await is_allowed(port, 20)
        async with loaded(port) as load:
            await load.until_answered(20)
            (tmp_path / ".env").write_text("GATEWAY_MAX_PAGE=20\n")

            served.signal(signal.SIGHUP)

            await served.until_said("Customer Gateway", times=2)
            await until(lambda: not any(map(runs, before)))
            await load.until_answered(20)
        assert load.closed > 0
        after = served.workers()
        assert len(after) == 2
        assert not {each.pid for each in before} & {each.pid for each in after}
        assert await is_allowed(port, 20)
    assert [line for line in served.said if "Customer Gateway" not in line] == []


async def test_whoever_starts_while_all_are_replaced_is_replaced_too(demo_settings: Settings, tmp_path: Path) -> None:
    async with serving(demo_settings, tmp_path, free_port(), "--no-auth", GATEWAY_WORKERS="3") as served:
        # The first serves; the others have only begun to start.
        before = served.workers()

        served.signal(signal.SIGHUP)

        await served.until_said("Customer Gateway", times=2)
        await until(lambda: not any(map(runs, before)))
        await until(lambda: len(served.workers()) == 3)
        assert await is_allowed(served.port, 20)
    assert [line for line in served.said if "Customer Gateway" not in line] == []


async def test_a_worker_that_dies_is_started_again(demo_settings: Settings, tmp_path: Path) -> None:
    async with serving(demo_settings, tmp_path, free_port(), "--no-auth", GATEWAY_WORKERS="2") as served:
        await until(lambda: len(served.workers()) == 2)
        dying, other = served.workers()

        dying.kill()

        await served.until_said("ended with status -9, and is started again")
        await until(lambda: len(served.workers()) == 2 and dying not in served.workers())
        assert other in served.workers()
        assert await is_allowed(served.port, 20)


async def test_what_is_under_way_is_answered_before_the_end(demo_settings: Settings, tmp_path: Path) -> None:
    async with serving(demo_settings, tmp_path, free_port(), "--no-auth") as served:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        body = json.dumps({"query": QUERY}).encode()
        writer.write(head_of(body) + body[:10])
        await writer.drain()
        (worker,) = served.workers()
        await until(lambda: has(worker, psutil.CONN_ESTABLISHED, served.port))

        served.signal(signal.SIGTERM)
        await until(lambda: not has(worker, psutil.CONN_LISTEN, served.port))
        writer.write(body[10:])

        answer = (await reader.read()).decode()
        writer.close()
        assert answer.startswith("HTTP/1.1 200")
        assert "connection: close" in answer.lower()
        assert await served.until_ended() == 0


async def test_settings_that_are_wrong_replace_nobody(demo_settings: Settings, tmp_path: Path) -> None:
    async with serving(demo_settings, tmp_path, free_port(), "--no-auth") as served:
        before = served.workers()
        (tmp_path / ".env").write_text("GATEWAY_MAX_PAGE=many\n")

        served.signal(signal.SIGHUP)

        await served.until_said("Nothing is replaced. The settings are wrong:")
        await served.until_said("GATEWAY_MAX_PAGE is 'many'")
        assert [each.pid for each in served.workers()] == [each.pid for each in before]
        assert await is_allowed(served.port, 20)


async def test_workers_end_with_whoever_started_them(demo_settings: Settings, tmp_path: Path) -> None:
    async with serving(demo_settings, tmp_path, free_port(), "--no-auth") as served:
        workers = served.workers()

        served.process.kill()

        await served.until_ended()
        await until(lambda: not any(map(runs, workers)))


@pytest.mark.parametrize("installed", [True, False], ids=["installed", "not there"])
async def test_uvloop_is_used_where_it_is_installed(
    demo_settings: Settings, tmp_path: Path, *, installed: bool
) -> None:
    if not installed:
        (tmp_path / "uvloop.py").write_text("raise ImportError\n")
    path = os.pathsep.join(filter(None, [str(tmp_path), os.getenv("PYTHONPATH")]))
    async with serving(demo_settings, tmp_path, free_port(), "--no-auth", PYTHONPATH=path) as served:
        assert await is_allowed(served.port, 20)
        (worker,) = served.workers()
        used = {name for name in ("uvloop", "httptools") for each in worker.memory_maps() if f"/{name}/" in each.path}
        assert used == ({"uvloop", "httptools"} if installed else {"httptools"})
