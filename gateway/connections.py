"""The connections of this process: how long each may take to ask and to be answered, and who has gone.

The server itself waits without end for a head that does not arrive, keeps whatever is sent as one, and for an answer to
be taken; docs/decisions/0016-connections.md has what is bounded and why here.
"""

from asyncio import TimerHandle
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import uvicorn
from httptools import HttpParserError, HttpParserUpgrade
from starlette.types import ASGIApp
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from domain.errors import GatewayError, TooSlowError
from gateway.bad_requests import BadRequestError
from gateway.lobby import ConnectionLimits, Lobby, room_for
from gateway.refused_connections import HeadTooLargeError, TooManyConnectionsError, refusal
from gateway.upgrades import body_parser

#: Where a request finds its connection, in its state.
CONNECTION = "connection"
#: Where a connection finds, in the same place, what counts the code that a client was told.
TOLD = "told"
_HEAD_TOO_LARGE = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
#: Requests of a connection that wait for those before them; whoever sends more at once is read no further.
_MOST_WAITING = 32
#: Bytes a second below which an answer counts as not taken.
_SLOWEST = 1024


class ServerConfig(uvicorn.Config):
    """Configure a server of *app* that holds its connections to *limits*."""

    def __init__(self, app: ASGIApp, limits: ConnectionLimits, **given: Any) -> None:
        super().__init__(
            app,
            http=Connection,
            ws="none",
            server_header=False,
            timeout_keep_alive=limits.idle_seconds,  # type: ignore[arg-type]  # it is only ever waited for
            **given,
        )
        self.limits = limits
        self.lobby = Lobby(room_for(limits.most))


class Connection(HttpToolsProtocol):
    """Be a connection that is held to its limits."""

    config: ServerConfig

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        self._lobby, self._limits = self.config.lobby, self.config.limits
        self._deadline: TimerHandle | None = None
        self._stalled: TimerHandle | None = None
        self._fault: BadRequestError | None = None
        #: Bytes since the last head or message was whole, or the last piece of a body.
        self._head = 0
        self._in_head = True
        #: More was sent at once than is read, so this is the last that is answered.
        self._full = False
        #: What is being answered, or was last.
        self.current: RequestResponseCycle | None = None
        self.is_gone = False
        #: What is to be done where the client goes away before it is answered.
        self.on_gone: Callable[[], None] | None = None

    # ── who comes and goes ──

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        if self._lobby.admit(self):
            self._expect()
        else:
            self._refuse(
                TooManyConnectionsError("There are too many connections just now."), HTTPStatus.SERVICE_UNAVAILABLE
            )

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_gone = True
        self._lobby.leave(self)
        self._relax()
        if self._stalled is not None:
            self._stalled.cancel()
        for cycle in (self.current, *(cycle for cycle, _ in self.pipeline)):
            if cycle is not None and not cycle.response_complete:
                cycle.disconnected = True
                cycle.message_event.set()
        super().connection_lost(exc)
        if self.on_gone is not None:
            self.on_gone()

    def drop(self) -> None:
        self.transport.abort()

    # ── what is asked ──

    def data_received(self, data: bytes) -> None:
        if self._full:
            return
        self._head += len(data)
        self._unset_keepalive_if_required()
        try:
            self._parse(data)
        except HttpParserError:
            self.logger.warning("Invalid HTTP request received.")
            self.send_400_response("")
        if self.transport.is_closing():
            return
        # What is no whole header yet is told to nobody; it may be twice as long as one that is.
        if self._head > 2 * self._limits.head:
            if self._in_head or self._answering:
                self._refuse(self._too_large(), _HEAD_TOO_LARGE)
            else:
                self.transport.close()  # what comes behind a body whose request has its answer
        elif self._in_head and self._deadline is None and not self._answering:
            self._expect()

    def on_headers_complete(self) -> None:
        self._in_head, self._head = False, 0
        self._relax()
        self._lobby.attend(self)
        size, hosts = len(self.url), 0
        for name, value in self.headers:
            size += len(name) + len(value)
            hosts += name == b"host"
        if size > self._limits.head:
            self._fault = self._too_large()
            raise self._fault  # the parser ends, and `send_400_response` says why
        if hosts > 1 or (not hosts and self.parser.get_http_version() == "1.1"):
            # Of two, whoever is between may have looked at the other one (RFC 9112, section 3.2).
            self._fault = BadRequestError("There must be one Host.")
            raise self._fault
        if len(self.pipeline) >= _MOST_WAITING:
            self._full = True
            return
        super().on_headers_complete()
        # What stands behind a body in the form of headers is none of those that the request came with.
        self.headers = []

    def on_body(self, body: bytes) -> None:
        self._head = 0
        if not self._full:
            super().on_body(body)

    def on_message_complete(self) -> None:
        self._in_head, self._head = True, 0
        if not self._answering:
            self._relax()  # the end of a body that nobody waited for any more
        if not self._full:
            super().on_message_complete()

    def _parse(self, data: bytes) -> None:
        """Read *data*; what offers another protocol is the last that is read: what comes behind may be of that."""
        try:
            self.parser.feed_data(data)
        except HttpParserUpgrade as offered:
            if self._full:
                return
            self.cycle.keep_alive = False
            self.cycle.more_body, self._in_head = True, False
            self.cycle.message_event.clear()
            parser = body_parser(self.cycle.scope["headers"], self.on_body, self._end)
            if parser is None:
                self._end()
            else:
                self.parser = parser
                parser.feed_data(data[offered.args[0] :])

    def _end(self) -> None:
        self.on_message_complete()
        self._full = True

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - what it says of the parser is nobody's
        """Refuse what is no HTTP, or too much of it."""
        fault = self._fault or BadRequestError("This is no HTTP.")
        self._refuse(fault, HTTPStatus(fault.status))

    # ── what is answered ──

    @property
    def _answering(self) -> bool:
        return self.current is not None and not self.current.response_complete

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self.current = cycle
        cycle.scope["state"][CONNECTION] = self
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        self.on_gone = None
        super().on_response_complete()
        if self.transport.get_write_buffer_size():
            self._watch()
        if self.transport.is_closing() or self._answering:
            return
        self._lobby.wait(self)
        if self._full:
            self.transport.close()
        elif not self._in_head:
            self._expect()  # the rest of a body that was not read

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch()

    # ── what takes too long ──

    def _expect(self) -> None:
        """Give what is to come its time, whatever of it comes in between."""
        self._relax()
        self._deadline = self.loop.call_later(self._limits.head_seconds, self._late)

    def _relax(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _late(self) -> None:
        self._deadline = None
        if self._in_head and self._head:
            self._refuse(TooSlowError(self._limits.head_seconds), HTTPStatus.REQUEST_TIMEOUT)
        else:
            self.transport.close()

    def _watch(self) -> None:
        """Look now and then whether anything is taken of what was written."""
        if self._stalled is None:
            self._look_later(self.transport.get_write_buffer_size())

    def _look_later(self, left: int) -> None:
        self._stalled = self.loop.call_later(self._limits.answer_seconds, self._look, left)

    def _look(self, before: int) -> None:
        self._stalled = None
        left = self.transport.get_write_buffer_size()
        if not left:
            return
        # More may have been written since, so that more is left than before: that is no reason to end it.
        if before - left < _SLOWEST * self._limits.answer_seconds and left <= before:
            self.transport.abort()
        else:
            self._look_later(left)

    # ── what is refused ──

    def _too_large(self) -> HeadTooLargeError:
        return HeadTooLargeError(f"Address and headers may have {self._limits.head} bytes.", _HEAD_TOO_LARGE)

    def _refuse(self, error: GatewayError, status: HTTPStatus) -> None:
        """Answer *error* and close; unless something is being answered, which is the last then."""
        self._full = True
        current = self.current
        if current is not None and self._answering and not current.more_body:
            current.keep_alive = False
            return
        if current is None or not self._answering or not current.response_started:
            self.transport.write(refusal(error, status))
            self.app_state[TOLD](error.code)
        self.transport.close()
