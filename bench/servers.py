"""Those who are measured: each a server process on a port of its own, asked over HTTP."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from secrets import token_hex
from typing import Any

import httpx

from bench.queries import Query
from bench.stores import Loaded
from domain.access import Role
from domain.errors import StartError
from gateway.commands.token import mint
from gateway.embedded.process import ServerProcess
from gateway.settings import Settings

REPOSITORY = Path(__file__).parents[1]
MERCURIUS = Path(__file__).parent / "peers" / "mercurius"
#: What the gateway runs with here, and why; everything else is as by default.
GATEWAY_SETTINGS = {
    "GATEWAY_RATE": ("0", "all requests come from one subject"),
    "GATEWAY_MAX_AT_ONCE": ("0", "likewise"),
    "GATEWAY_MAX_PAGE": ("1000", "for Q5"),
    "GATEWAY_INDEX_SECONDS": ("0", "nothing is done in between that peers do not do"),
    "GATEWAY_STORE_SECONDS": ("60", "a server under full load may wait for its stores"),
    "GATEWAY_REQUEST_SECONDS": ("120", "likewise"),
}
_READY_SECONDS = 60
_UVICORN = ("-m", "uvicorn", "--host", "127.0.0.1", "--log-level", "warning", "--no-access-log", "--factory")


@dataclass(frozen=True, slots=True)
class Contender:
    """Say how a server is called and what it is."""

    name: str
    what: str
    #: Each question has a path of its own.
    fixed: bool = False


GATEWAY = Contender("gateway", "this gateway: `python -m gateway serve`, one process, with tokens")
LIMIT = Contender("limit", "fixed Starlette handlers, raw asyncpg, motor and orjson", fixed=True)
STRAWBERRY = Contender(
    "strawberry", "Strawberry as usually written: a resolver a field, SQLAlchemy's ORM, aiodataloader"
)
MERCURIUS_JIT = Contender("mercurius", "Mercurius with graphql-jit on Fastify, pg and mongodb, hand-written loaders")
CONTENDERS = {one.name: one for one in (GATEWAY, LIMIT, MERCURIUS_JIT, STRAWBERRY)}


@dataclass(frozen=True, slots=True)
class Server:
    """Be a *contender* that runs as process *pid* and listens on *port*."""

    contender: Contender
    port: int
    pid: int
    headers: Mapping[str, str] = field(repr=False)

    @property
    def name(self) -> str:
        return self.contender.name

    def url(self, query: Query) -> str:
        return f"http://127.0.0.1:{self.port}{query.path if self.contender.fixed else '/graphql'}"

    def ask(self, query: Query, id_: str | None = None) -> Any:
        """Answer the data of the answer. Raises RuntimeError for any error."""
        answer = httpx.post(self.url(query), json=query.body(id_), headers=dict(self.headers), timeout=120)
        body = answer.json() if answer.is_success else {}
        if body.get("errors") or "data" not in body:
            raise RuntimeError(f"{self.name} answers {query.name} with {answer.status_code}: {answer.text[:2000]}")
        return body["data"]


def why_not(contender: Contender) -> str | None:
    """Say why *contender* cannot run here, or None; installs what it needs."""
    if contender is not MERCURIUS_JIT:
        return None
    if shutil.which("npm") is None:
        return "there is no npm here"
    installed, lock = MERCURIUS / "node_modules" / ".package-lock.json", MERCURIUS / "package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return None
    command = ["npm", "--prefix", str(MERCURIUS), "ci", "--no-audit", "--no-fund"]
    done = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 - our own command line
    if done.returncode:
        return f"npm could not install it: {done.stderr.strip()[-500:]}"
    installed.touch()
    return None


@contextmanager
def running(contenders: Sequence[Contender], stores: Loaded, *, mongo: bool) -> Iterator[list[Server]]:
    """Run *contenders* on *stores*, those with or without *mongo*."""
    with ExitStack() as stack:
        yield [_start(stack, contender, stores, mongo=mongo) for contender in contenders]


def _start(stack: ExitStack, contender: Contender, stores: Loaded, *, mongo: bool) -> Server:
    port, secret = free_port(), token_hex(32)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    environment = kept | {"PYTHONPATH": str(REPOSITORY), "NODE_ENV": "production"}
    headers = {"content-type": "application/json"}
    mongo_url = stores.mongo_url if mongo else ""
    if contender is GATEWAY:
        environment |= {name: value for name, (value, _) in GATEWAY_SETTINGS.items()}
        environment |= {
            "GATEWAY_PORT": str(port),
            "GATEWAY_JWT_SECRET": secret,
            "GATEWAY_PROFILE": str(stores.profile(mongo=mongo)),
            "GATEWAY_POSTGRES_URL": stores.postgres_url,
            "GATEWAY_MONGO_URL": mongo_url,
        }
        headers["authorization"] = f"Bearer {_token(secret)}"
    else:
        environment |= {"PORT": str(port), "POSTGRES_URL": stores.postgres_url, "MONGO_URL": mongo_url}
    log = stores.folder / f"{contender.name}.log"
    log.write_bytes(b"")
    process = ServerProcess(_command(contender, port), log=log, stop_signal=signal.SIGTERM, env=environment)
    stack.callback(process.stop)
    process.wait_until(lambda: _is_ready(port), what=contender.name, seconds=_READY_SECONDS)
    return Server(contender, port, process.pid, headers)


def _command(contender: Contender, port: int) -> list[str]:
    peers = {LIMIT: "bench.peers.limit.app:create_app", STRAWBERRY: "bench.peers.strawberry_usual.app:create_app"}
    if contender is GATEWAY:
        return [sys.executable, "-m", "gateway", "serve"]
    if contender is MERCURIUS_JIT:
        return [shutil.which("node") or "node", str(MERCURIUS / "server.js")]
    return [sys.executable, *_UVICORN, "--port", str(port), peers[contender]]


def _token(secret: str) -> str:
    asked = Namespace(subject="bench", role=[Role.READER], tenant=None, expires=timedelta(days=1))
    return mint(Settings(jwt_secret=secret), asked)


def _is_ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", timeout=5).is_success
    except httpx.TransportError:
        return False


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def require_wrk() -> None:
    """Find wrk, or install it where that is possible. Raises StartError with what to do where it is not."""
    if shutil.which("wrk") is not None:
        return
    if os.geteuid() == 0 and shutil.which("apt-get") is not None:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for arguments in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", "wrk"]):
            subprocess.run(["apt-get", *arguments], check=False, capture_output=True, env=environment)  # noqa: S603, S607 - our own command lines
    if shutil.which("wrk") is None:
        raise StartError(
            "The load comes from wrk, which is not here:", ["install it: apt-get install wrk, brew install wrk"]
        )


def settle(seconds: float = 0.3) -> None:
    """Let what the last load left be done before the next one is measured."""
    time.sleep(seconds)
