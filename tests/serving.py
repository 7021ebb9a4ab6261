"""A gateway as it is run for real: a process of its own, `python -m gateway serve`, reached by nothing but sockets."""

import asyncio
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import psutil

from domain.access import Role
from gateway.headers import SECURITY_HEADERS
from gateway.settings import SETTINGS, Settings
from tests.sockets import Connection, Reply, connected, written
from tests.tokens import mint

REPOSITORY = Path(__file__).parents[1]
VIEWER = "{ viewer { subject } }"
_STARTED = "Customer Gateway: "


@dataclass(frozen=True, slots=True)
class Inside:
    """Be what a process says of itself: its tasks that are not done, and how many objects it holds."""

    tasks: int
    objects: int


@dataclass(frozen=True, slots=True)
class Served:
    """Be a gateway that runs as *process*, and writes its log into *log*."""

    host: str
    port: int
    settings: Settings
    process: psutil.Process
    log: Path
    _child: asyncio.subprocess.Process = field(repr=False)

    @property
    def worker(self) -> psutil.Process:
        """The process that answers; the only one of them."""
        found: list[psutil.Process] = self.process.children()
        return found[0] if found else self.process

    def connected(self) -> Any:
        return connected(self.host, self.port)

    def token(self, **who: Any) -> dict[str, str]:
        return {} if self.settings.open else {"Authorization": f"Bearer {mint(self.settings, **who)}"}

    async def post(
        self,
        query: str,
        variables: dict[str, Any] | None = None,
        *,
        roles: Iterable[Role] = (Role.CLIENT_ADMIN,),
        tenant: str | None = None,
        connection: Connection | None = None,
    ) -> Reply:
        """Ask on a *connection*, or on one of its own."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        asked = written("POST", "/graphql", body, **self.token(roles=roles, tenant=tenant))
        if connection is not None:
            await connection.send(asked)
            return await connection.reply()
        async with self.connected() as one:
            await one.send(asked)
            reply: Reply = await one.reply()
            return reply

    def asking(self, query: str = VIEWER, **variables: Any) -> bytes:
        """Write what asks *query*."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        return written("POST", "/graphql", body, **self.token())

    async def answers_others(self) -> None:
        """Hold that whoever asks now is answered."""
        answer = (await self.post(VIEWER)).json
        assert answer["data"] == {"viewer": {"subject": "ada"}}, answer

    async def inside(self) -> Inside:
        """Ask the process what it holds; it has to be *watched*."""
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        self._child.stdin.write(b"?\n")
        return Inside(**json.loads(await self._child.stdout.readline()))


@asynccontextmanager
async def serving(settings: Settings, folder: Path, *, watched: bool = False) -> AsyncIterator[Served]:
    """Serve *settings* as `serve` does; *watched*, in one process, which tells what it holds when it is asked."""
    host, port = "127.0.0.1", _free_port()
    environ = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    environ |= environment(settings) | {"GATEWAY_PORT": str(port), "PYTHONPATH": str(REPOSITORY)}
    log = folder / "serve.log"
    options = ["--no-auth"] if settings.open else []
    program = ["tests.watched"] if watched else ["gateway", "serve", *options]
    with log.open("wb") as written_to:
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", *program),
            cwd=folder,
            env=environ,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=written_to,
        )
    try:
        while _STARTED not in log.read_text():
            assert child.returncode is None, log.read_text()
            await asyncio.sleep(0.05)
        yield Served(host, port, settings, psutil.Process(child.pid), log, child)
        assert child.returncode is None, log.read_text()
        child.terminate()
        assert await asyncio.wait_for(child.wait(), 120) == 0, log.read_text()
        # Nothing that clients do is an error of the gateway's.
        assert [word for word in ("ERROR", "Traceback") if word in log.read_text()] == [], log.read_text()
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


def refused(answer: Reply | bytes) -> tuple[int, str]:
    """Answer the status and the code of a refusal, which carries what every answer carries."""
    if isinstance(answer, bytes):
        head, _, body = answer.partition(b"\r\n\r\n")
        lines = [line.partition(": ") for line in head.decode().split("\r\n")[1:]]
        answer = Reply(int(head.split()[1]), {name.lower(): value for name, _, value in lines}, body)
    assert {name: answer.headers.get(name.lower()) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert answer.headers["cache-control"] == "no-store"
    (error,) = answer.json["errors"]
    assert error["message"]
    return answer.status, error["extensions"]["code"]


async def until(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait for *condition*, for as long as a machine that is busy may take."""
    for _ in range(2_400):
        if await condition():
            return
        await asyncio.sleep(0.05)
    raise AssertionError("what was waited for did not come")


def environment(settings: Settings) -> dict[str, str]:
    """Say in the environment all that *settings* say otherwise than by default."""
    usual = {each.name: each.default for each in fields(Settings)}
    said = {setting.name: getattr(settings, setting.field) for setting in SETTINGS}
    return {
        setting.name: ",".join(value) if isinstance(value, tuple) else str(value)
        for setting in SETTINGS
        if (value := said[setting.name]) != usual[setting.field]
    }


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port
