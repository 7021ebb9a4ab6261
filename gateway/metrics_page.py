"""Where metrics are read: at /metrics by administrators of the platform, by anybody on an address of their own."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from domain.access import Role
from domain.errors import GatewayError
from gateway.auth import TokenReader
from gateway.headers import SECURITY_HEADERS
from gateway.metrics_told import CONTENT_TYPE, Telling
from gateway.setting_kinds import is_loopback

_HEADERS = {**SECURITY_HEADERS, "Cache-Control": "no-store"}


def metrics_page(tokens: TokenReader, telling: Telling) -> Callable[[Request], Awaitable[Response]]:
    """Tell those whose token says that they look after the platform; an open gateway tells everyone on its machine."""

    async def answer(request: Request) -> Response:
        try:
            viewer = await tokens.viewer_of(request.headers.get("authorization"))
        except GatewayError as error:
            return _refused(str(error))
        if viewer is None:
            return _refused("This needs a token: Authorization: Bearer …")
        if Role.PLATFORM_ADMIN not in viewer.roles:
            return PlainTextResponse("Only a PLATFORM_ADMIN may read this.\n", 403, _HEADERS)
        return await _tell(telling)

    return answer


@asynccontextmanager
async def metrics_port(telling: Telling, listener: socket.socket | None) -> AsyncIterator[None]:
    """Tell whoever reaches *listener*, for as long as this is open."""
    if listener is None:
        yield
        return

    async def answer(_: Request) -> Response:
        return await _tell(telling)

    # On this machine it answers to its own name alone, so that no page can reach it by a name of its own.
    host = listener.getsockname()[0]
    guard = Middleware(TrustedHostMiddleware, allowed_hosts=[host, "localhost"], www_redirect=False)
    is_own = is_loopback(host) and ":" not in host
    app = Starlette(routes=[Route("/metrics", answer)], middleware=[guard] if is_own else [])
    server = _Server(uvicorn.Config(app, lifespan="off", log_config=None, log_level="warning", access_log=False))
    task = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        yield
    finally:
        server.should_exit = True
        await task


class _Server(uvicorn.Server):
    """Leave signals to the server beside it."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def _tell(telling: Telling) -> Response:
    return Response(await telling.everything(), headers=_HEADERS, media_type=CONTENT_TYPE)


def _refused(reason: str) -> Response:
    return PlainTextResponse(f"{reason}\n", 401, {**_HEADERS, "WWW-Authenticate": "Bearer"})
