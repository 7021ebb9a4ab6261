"""What requests are called, in the log and in their answers: as a proxy calls them, or anew."""

import os
import re
from contextvars import ContextVar
from itertools import count

from starlette.types import ASGIApp, Message, Receive, Scope, Send

REQUEST_ID = "X-Request-Id"
HEADER = REQUEST_ID.lower().encode()
_GIVEN = re.compile(rb"[A-Za-z0-9._-]{1,64}")

_request: ContextVar[str] = ContextVar("request", default="-")
current_request = _request.get


class RequestIds:
    """Name every request to *app*, and its answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._begin = os.urandom(4).hex().encode()
        self._numbers = count(1)

    def name(self, given: bytes) -> bytes:
        """Name the request that is answered here: as is *given*, where that is a name."""
        called = given if given and _GIVEN.fullmatch(given) else b"%b-%d" % (self._begin, next(self._numbers))
        _request.set(called.decode())
        return called

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        called = self.name(next((value for name, value in scope["headers"] if name == HEADER), b""))

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), (HEADER, called)]
            await send(message)

        await self._app(scope, receive, named)
