"""Keep workers at work on one port: start them, start again whoever dies, replace them one after the other.

The port is listened on here, once, and each worker inherits the listener. So nothing that is on its way to the port is
lost while workers come and go, and a worker is a fresh interpreter, which reads the code, the settings and the profile
as they are now.
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from domain.errors import StartError

log = logging.getLogger("gateway")
_WORKER = "gateway.commands.worker"
_CHECKOUT = str(Path(__file__).parents[1])
#: A worker that has not said by then that it serves never will.
_START_SECONDS = 120.0
#: How long to wait before somebody who did not start is started again: longer each time, up to the last.
_PAUSES = (0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
#: Beyond what a worker may take for requests: it closes the stores, and sends letters that wait.
_CLOSING_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Plan:
    """Say how many *workers* there are to be, and how long each may take to end, in *stop_seconds*."""

    workers: int
    stop_seconds: float


class NotStartedError(Exception):
    """Say with which *status* a worker ended, or that it was ended (None), before it served anything."""

    def __init__(self, status: int | None) -> None:
        super().__init__(status)
        self.status = status


@dataclass(frozen=True, slots=True)
class Worker:
    """Be a process that answers requests, in the place *number*; *said* is what it serves."""

    number: int
    process: asyncio.subprocess.Process
    said: str
    #: What tells it that we are there: once that is closed, it ends.
    line: asyncio.StreamWriter

    async def end(self, seconds: float) -> None:
        """Ask it to end, and wait for that; kill it where it takes longer than *seconds*."""
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()
        most = seconds + _CLOSING_SECONDS
        try:
            async with asyncio.timeout(most):
                await self.process.wait()
        except TimeoutError:
            log.warning("Worker %d did not end within %g seconds, and is killed", self.number, most)
            await _kill(self.process)
        self.line.close()


class Supervisor:
    """Keep workers on *listeners*, as many as *plan* says whenever it is asked; *options* are theirs.

    A listener is handed over as the option that it is named. *announce* is told in a line what is served, at the start
    and whenever all workers were replaced.
    """

    def __init__(
        self,
        listeners: Mapping[str, socket.socket],
        plan: Callable[[], Plan],
        announce: Callable[[str], None],
        options: Sequence[str] = (),
    ) -> None:
        self._listeners = listeners
        self._read_plan = plan
        self._announce = announce
        self._options = options
        self._plan = plan()
        self._workers: dict[int, Worker] = {}
        self._keepers: dict[int, asyncio.Task[None]] = {}
        self._stopping = asyncio.Event()
        self._replacing = asyncio.Event()

    async def run(self) -> int:
        """Work until SIGINT or SIGTERM, and answer 0; or the exit status of a first worker that did not start."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stopping.set)
        loop.add_signal_handler(signal.SIGHUP, self._replacing.set)
        working = asyncio.create_task(self._work())
        stopping = asyncio.create_task(self._stopping.wait())
        await asyncio.wait((working, stopping), return_when=asyncio.FIRST_COMPLETED)
        for task in (working, stopping, *self._keepers.values()):
            task.cancel()
        ended = await asyncio.gather(working, stopping, *self._keepers.values(), return_exceptions=True)
        for listener in self._listeners.values():
            listener.close()
        await asyncio.gather(*(worker.end(self._plan.stop_seconds) for worker in self._workers.values()))
        if isinstance(ended[0], NotStartedError):
            return ended[0].status or 0
        if isinstance(ended[0], Exception):
            raise ended[0]
        return 0

    async def _work(self) -> None:
        # The first alone: what is wrong with all of them is said once, and ends the start.
        self._workers[0] = await self._start(0)
        self._announce(self._workers[0].said)
        self._keep_all()
        while True:
            await self._replacing.wait()
            self._replacing.clear()
            await self._replace_all()

    def _keep_all(self) -> None:
        for number in range(self._plan.workers):
            if number not in self._keepers or self._keepers[number].done():
                self._keepers[number] = asyncio.create_task(self._keep(number))

    async def _keep(self, number: int) -> None:
        """See to it that somebody works in the place *number*, as long as the plan has it."""
        failures = 0
        while number < self._plan.workers:
            worker = self._workers.get(number)
            if worker is not None:
                status = await worker.process.wait()
                if self._workers.get(number) is worker:
                    log.error("Worker %d ended with status %d, and is started again", number, status)
                    del self._workers[number]
                continue
            try:
                self._workers[number] = await self._start(number)
                failures = 0
            except NotStartedError:
                await asyncio.sleep(_PAUSES[min(failures, len(_PAUSES) - 1)])
                failures += 1
        if number in self._workers:
            await self._workers.pop(number).end(self._plan.stop_seconds)

    async def _replace_all(self) -> None:
        """Put new workers in the place of all, each serving before the one that it replaces is asked to end."""
        try:
            self._plan = self._read_plan()
        except StartError as error:
            log.error("Nothing is replaced. %s", error)  # noqa: TRY400 - whoever wrote the settings wants no traceback
            return
        await self._stop_starting()
        for number, worker in sorted(self._workers.items()):
            if number < self._plan.workers:
                try:
                    newer = await self._start(number)
                except NotStartedError:
                    log.error("No more workers are replaced: the new one did not start")  # noqa: TRY400 - it said why
                    self._keep_all()
                    return
                self._workers[number] = newer
            else:
                del self._workers[number]
            await worker.end(self._plan.stop_seconds)
        self._keep_all()
        self._announce(self._workers[0].said)

    async def _stop_starting(self) -> None:
        """End whoever does not serve yet: they may have read the settings as they were."""
        starting = [keeper for number, keeper in self._keepers.items() if number not in self._workers]
        for keeper in starting:
            keeper.cancel()
        await asyncio.gather(*starting, return_exceptions=True)

    async def _start(self, number: int) -> Worker:
        """Start a worker and wait until it serves. Raises NotStartedError."""
        ours, theirs = socket.socketpair()
        with theirs:
            sockets = {**self._listeners, "--supervisor": theirs}
            options = [f"{name}={one.fileno()}" for name, one in sockets.items()]
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", _WORKER, str(number), *options, *self._options),
                pass_fds=[one.fileno() for one in sockets.values()],
                stdin=asyncio.subprocess.DEVNULL,
                env={
                    **os.environ,
                    "PYTHONPATH": os.pathsep.join([_CHECKOUT, *filter(None, [os.getenv("PYTHONPATH")])]),
                },
            )
        reader, line = await asyncio.open_connection(sock=ours)
        try:
            async with asyncio.timeout(_START_SECONDS):
                said = await reader.readline()
                if said:
                    return Worker(number, process, said.decode().rstrip("\n"), line)
                raise NotStartedError(await process.wait())
        except TimeoutError:
            log.warning("Worker %d did not start within %g seconds, and is killed", number, _START_SECONDS)
            await _kill(process)
            raise NotStartedError(None) from None
        except asyncio.CancelledError:
            await _kill(process)
            raise
        finally:
            if process.returncode is not None:
                line.close()


async def _kill(process: asyncio.subprocess.Process) -> None:
    with contextlib.suppress(ProcessLookupError):
        process.kill()
    await process.wait()
