"""Ask a gateway inside this process, with bytes as a server would hand them over: fast, and without any politeness."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from gateway.app import create_app
from gateway.settings import Settings

Headers = Sequence[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class Answered:
    status: int
    headers: dict[bytes, bytes]
    body: bytes


@dataclass(frozen=True, slots=True)
class Inside:
    """Be a gateway that runs in this process."""

    app: Any = field(repr=False)
    state: dict[str, Any] = field(repr=False)

    async def ask(
        self, body: bytes, headers: Headers, *, method: str = "POST", path: str = "/graphql", query: bytes = b""
    ) -> Answered:
        """Answer what comes of a request; one that takes two minutes hangs."""
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": query,
            "root_path": "",
            "headers": [(b"host", b"localhost"), *headers],
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 80),
            "state": dict(self.state),
        }
        parts = [{"type": "http.request", "body": body, "more_body": False}]
        sent: list[Any] = []

        async def receive() -> Any:
            # Whoever asks is there until they are answered.
            return parts.pop() if parts else await asyncio.get_running_loop().create_future()

        async def send(message: Any) -> None:
            sent.append(message)

        await asyncio.wait_for(self.app(scope, receive, send), 120)
        content = b"".join(message.get("body", b"") for message in sent[1:])
        return Answered(sent[0]["status"], dict(sent[0]["headers"]), content)


@asynccontextmanager
async def inside(settings: Settings) -> AsyncIterator[Inside]:
    """Run *settings* in this process."""
    app = create_app(settings)
    async with app.router.lifespan_context(app) as state:
        yield Inside(app, dict(state or {}))
