"""A gateway as its users meet it: a real server on a real port, over real stores."""

import asyncio
import socket
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import uvicorn

from domain.access import Role
from gateway.app import create_app
from gateway.connections import ServerConfig
from gateway.lobby import connection_limits
from gateway.settings import Settings
from tests.tokens import SECRET, mint


class _Server(uvicorn.Server):
    """Leave signals to the test run."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass(frozen=True, slots=True)
class Gateway:
    """Ask a running gateway at *url*, as somebody with a token of *roles*."""

    url: str
    settings: Settings
    http: httpx.AsyncClient

    def token(self, *, roles: Iterable[Role] = (Role.CLIENT_ADMIN,), tenant: str | None = None) -> dict[str, str]:
        """Make the header that says who asks; an open gateway needs none."""
        if self.settings.open:
            return {}
        return {"Authorization": f"Bearer {mint(self.settings, roles=roles, tenant=tenant)}"}

    async def post(
        self,
        query: str,
        variables: dict[str, Any] | None = None,
        *,
        roles: Iterable[Role] = (Role.CLIENT_ADMIN,),
        tenant: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        token = (
            {} if self.settings.open else {"Authorization": f"Bearer {mint(self.settings, roles=roles, tenant=tenant)}"}
        )
        return await self.http.post(
            f"{self.url}/graphql", json={"query": query, "variables": variables}, headers={**token, **(headers or {})}
        )

    async def ask(self, query: str, variables: dict[str, Any] | None = None, **how: Any) -> dict[str, Any]:
        """Answer the whole body of the answer to *query*."""
        body: dict[str, Any] = (await self.post(query, variables, **how)).json()
        return body

    async def data(self, query: str, variables: dict[str, Any] | None = None, **how: Any) -> dict[str, Any]:
        """Answer the data; fail on any error."""
        body = await self.ask(query, variables, **how)
        assert "errors" not in body, body["errors"]
        data: dict[str, Any] = body["data"]
        return data

    async def explained(self, query: str, variables: dict[str, Any] | None = None, **how: Any) -> dict[str, Any]:
        """Answer what the stores were asked for *query*."""
        body = await self.ask(query, variables, headers={"X-Gateway-Explain": "1"}, **how)
        assert "errors" not in body, body["errors"]
        return {name: body["extensions"]["explain"][name] for name in ("postgres", "mongo")}

    async def until_ready(self, *, up: bool = True) -> None:
        """Wait until /readyz says that all stores answer, or that one does not."""
        for _ in range(1200):
            if (await self.http.get(f"{self.url}/readyz")).is_success is up:
                return
            await asyncio.sleep(0.1)
        raise AssertionError("the stores did not come into the state that was waited for")


@asynccontextmanager
async def running(settings: Settings) -> AsyncIterator[Gateway]:
    """Serve *settings* on a free port."""
    # asyncio sends at once, without waiting for more to send, only where a socket says that it is TCP.
    with socket.socket(proto=socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        limits = connection_limits(settings)
        server = _Server(
            ServerConfig(create_app(settings), limits, lifespan="on", log_level="warning", access_log=False)
        )
        task = asyncio.create_task(server.serve(sockets=[listener]))
        while not server.started and not task.done():  # noqa: ASYNC110 - uvicorn sets a flag, no event
            await asyncio.sleep(0.01)
        if task.done():
            await task
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            async with httpx.AsyncClient(timeout=60) as http:
                yield Gateway(url, settings, http)
        finally:
            server.should_exit = True
            await task


#: A store is waited for longer than usual: a machine that has much else to do is none that is down.
PATIENT: dict[str, Any] = {"store_timeout": 30.0, "count_seconds": 60.0, "request_seconds": 120.0}


def secured(**settings: Any) -> Settings:
    """Make settings that ask for the tests' tokens, of a gateway that does nothing by itself in between."""
    return Settings(**{"jwt_secret": SECRET, "index_seconds": 0.0, "rate": 0, "max_at_once": 0, **PATIENT, **settings})
