"""The HTTP server in this process: takes its port, runs until it is asked to end, ends in order."""

import asyncio
import errno
import math
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress

import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from domain.errors import StartError
from gateway.connections import ServerConfig
from gateway.garbage import seldom_collected
from gateway.lobby import ConnectionLimits
from gateway.log_lines import set_up_logging

_LOOK_SECONDS = 0.05
_CLOSING = (b"connection", b"close")
_LAST_PORT = 65535
_STARTUP_FAILED = "lifespan.startup.failed"


def take_port(host: str, port: int, *, chosen_by: str = "GATEWAY_PORT=") -> socket.socket:
    """Listen on *port*, so that nobody else can while the stores start.

    Raises StartError if somebody does already, with another port as *chosen_by* would choose it.
    """
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen()
        except OSError:
            listener.close()
            raise
    except OSError as error:
        fault = error.strerror or str(error)
        if error.errno == errno.EADDRINUSE:
            fault = (
                f"port {port} is taken; choose another one: {chosen_by}{port + 1 if port < _LAST_PORT else port - 1}"
            )
        raise StartError(f"The gateway cannot listen on {host}:{port}:", [fault]) from error
    return listener


def run_server(
    app: ASGIApp,
    listener: socket.socket,
    limits: ConnectionLimits,
    on_start: Callable[[], None] = lambda: None,
    *,
    grace: float = 10.0,
) -> None:
    """Serve *app* until SIGINT or SIGTERM, its connections held to *limits*.

    Requests under way are answered first, within *grace* seconds. It runs on uvloop where that is installed.
    Raises the StartError of a lifespan that did not start, and SystemExit after any other failure there.
    """
    set_up_logging()
    guard = _StartGuard(app)
    config = ServerConfig(
        guard,
        limits,
        lifespan="on",
        log_config=None,  # its loggers speak through the root's, as ours do
        log_level="warning",
        access_log=False,
        timeout_graceful_shutdown=math.ceil(grace),
    )
    try:
        # The server passes the signal that ended it on to us.
        with suppress(KeyboardInterrupt), _noting_sigterm() as came:
            _Server(config, on_start, came).run(sockets=[listener])
    except SystemExit:
        if guard.error is not None:
            raise guard.error from None
        raise


def interrupt_on_sigterm() -> None:
    """Let SIGTERM interrupt what runs as Ctrl-C does, so that everything is closed."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, interrupt)


@contextmanager
def _noting_sigterm() -> Iterator[Callable[[], bool]]:
    """Take note of a SIGTERM that comes before the server looks for one, instead of ending it half made.

    Answers what says whether it came.
    """
    noted: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, _: noted.append(number))
    try:
        yield lambda: bool(noted)
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def ending_undisturbed() -> Iterator[None]:
    """Once this context is left, in whatever way, let no signal disturb what closes after it."""
    try:
        yield
    finally:
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.SIG_IGN)


class _Server(uvicorn.Server):
    """Be uvicorn's server, save that it closes no connection on which a request may be on its way."""

    def __init__(self, config: uvicorn.Config, on_start: Callable[[], None], is_to_end: Callable[[], bool]) -> None:
        super().__init__(config)
        self._on_start = on_start
        self._is_to_end = is_to_end
        self._while_serving = ExitStack()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.should_exit = self.should_exit or self._is_to_end()
        if self.should_exit:
            # Asked to end before it served: what has started still ends in order, which uvicorn leaves out.
            if self.started:
                await self.shutdown(sockets)
            return
        self._while_serving.enter_context(seldom_collected())
        self._on_start()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        began = asyncio.get_running_loop().time()
        await self._stop_accepting()
        if signal.SIGINT not in self._captured_signals:  # whoever presses Ctrl-C wants it to end at once
            await self._drain(began + self.config.timeout_keep_alive)
        spent = int(asyncio.get_running_loop().time() - began)
        self.config.timeout_graceful_shutdown = max((self.config.timeout_graceful_shutdown or 0) - spent, 1)
        try:
            await super().shutdown(sockets)
        finally:
            self._while_serving.close()

    async def _stop_accepting(self) -> None:
        """Close the listener in this process, once whoever was let in is known: asyncio would forget them."""
        loop = asyncio.get_running_loop()
        if isinstance(loop, asyncio.SelectorEventLoop):
            for server in self.servers:
                for listener in server.sockets:
                    loop.remove_reader(listener.fileno())
            await asyncio.sleep(_LOOK_SECONDS)
        for server in self.servers:
            server.close()

    async def _drain(self, until: float) -> None:
        """Answer what comes on connections that are open, the last answer of each saying that it closes.

        Whoever asks nothing is waited for as long as such a connection is kept anyway: a request that is on its way
        while its connection is closed would be lost.
        """
        state = self.server_state
        state.default_headers = [*state.default_headers, _CLOSING]
        for connection in list(state.connections):
            cycle = getattr(connection, "cycle", None)
            if cycle is not None and not cycle.response_complete:
                connection.shutdown()  # which lets it end after this answer
        loop = asyncio.get_running_loop()
        while state.connections and not self.force_exit and loop.time() < until:  # noqa: ASYNC110 - uvicorn has no event
            await asyncio.sleep(_LOOK_SECONDS)


class _StartGuard:
    """Keep the StartError of the lifespan of *app*: it ends in its message, not in a traceback."""

    def __init__(self, app: ASGIApp) -> None:
        self.error: StartError | None = None
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            await self._app(scope, receive, send)
            return
        failure: list[Message] = []

        async def hold_failure(message: Message) -> None:
            if message["type"] == _STARTUP_FAILED:
                failure.append(message)
            else:
                await send(message)

        try:
            await self._app(scope, receive, hold_failure)
        except StartError as error:
            self.error = error
            await send({"type": _STARTUP_FAILED, "message": ""})
        except BaseException:
            for message in failure:
                await send(message)
            raise
