"""What requests are called, in the log and in their answers: as a proxy calls them, or anew."""

import os
import re
from contextvars import ContextVar
from itertools import count

from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID = "X-Request-Id"
_HEADER = REQUEST_ID.lower().encode()
_GIVEN = re.compile(rb"[A-Za-z0-9._-]{1,64}")

_request: ContextVar[str] = ContextVar("request", default="-")
current_request = _request.get


class RequestIds:
    """Name every request to *app*, and its answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._begin = os.urandom(4).hex()
        self._numbers = count(1)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = next((value for name, value in scope["headers"] if name == _HEADER), b"")
        called = given if _GIVEN.fullmatch(given) else f"{self._begin}-{next(self._numbers)}".encode()
        _request.set(called.decode())

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (_HEADER, called)]
            await send(message)

        await self._app(scope, receive, named)
