"""Do after the answer what nobody is to wait for, or to learn from how long it takes."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from domain.errors import GatewayError
from sources.mail import MailError

log = logging.getLogger("gateway")
_MOST = 1000
_WORKERS = 4
_GRACE_SECONDS = 10.0
#: How long to wait before a job that failed is tried again.
AGAIN = (2.0, 20.0, 120.0)


@dataclass(slots=True)
class _Job:
    do: Callable[[], Awaitable[None]]
    tries: int = 0


class Later:
    """Do jobs in the background, and what fails again after *pauses*, in seconds; no more than *most* wait."""

    def __init__(self, *, pauses: Sequence[float] = AGAIN, most: int = _MOST) -> None:
        self._pauses = pauses
        self._jobs: asyncio.Queue[_Job] = asyncio.Queue(most)
        self._waiting: set[asyncio.TimerHandle] = set()

    def put(self, do: Callable[[], Awaitable[None]]) -> None:
        """Let *do* be done soon; where too much waits already, it is not done, and the log says so."""
        self._put(_Job(do))

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Do what is put, for as long as this context is open, and then what is left, within a time limit."""
        workers = [asyncio.create_task(self._work()) for _ in range(_WORKERS)]
        try:
            yield
        finally:
            for timer in self._waiting:
                timer.cancel()
            try:
                async with asyncio.timeout(_GRACE_SECONDS):
                    await self._jobs.join()
            except TimeoutError:
                log.warning("Letters were left unsent at the end: those under way, and %d more", self._jobs.qsize())
            if self._waiting:
                log.warning("Letters were left unsent at the end: %d that had failed before", len(self._waiting))
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)

    def _put(self, job: _Job) -> None:
        try:
            self._jobs.put_nowait(job)
        except asyncio.QueueFull:
            log.warning("A letter was not sent: too many wait already")

    async def _work(self) -> None:
        while True:
            job = await self._jobs.get()
            try:
                await job.do()
            except (GatewayError, MailError) as error:
                self._failed(job, error)
            except Exception as error:  # noqa: BLE001 - a worker outlives every job
                # Its text may hold an address.
                log.error("A letter was not sent: unexpected %s", type(error).__name__)  # noqa: TRY400
            finally:
                self._jobs.task_done()

    def _failed(self, job: _Job, error: GatewayError | MailError) -> None:
        if job.tries == len(self._pauses):
            log.error("A letter was not sent after %d tries: %s", job.tries + 1, error)
            return
        log.warning("A letter could not be sent, and is tried again: %s", error)
        pause = self._pauses[job.tries]
        job.tries += 1

        def again() -> None:
            self._waiting.discard(timer)
            self._put(job)

        timer = asyncio.get_running_loop().call_later(pause, again)
        self._waiting.add(timer)
