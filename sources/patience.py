"""Wait for a store for so long, and not for ourselves: time in which the event loop itself was late does not count."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

#: Seconds between looks at the clock: whatever one takes longer than this, the loop was late.
_STEP = 0.05


@asynccontextmanager
async def patience(seconds: float) -> AsyncIterator[None]:
    """Raise TimeoutError where what is awaited within has not come after *seconds*.

    An answer that has come lies unread while the loop is busy with others: whoever asks much at once would be told
    that the store is slow. So the clock goes in small steps, each of which counts for no more than it was meant to
    take. With an idle loop that is the time on the wall; with one that is late, a store that hangs is waited for the
    longer.
    """
    async with asyncio.timeout(None) as limit:
        clock = _Clock(limit, seconds)
        try:
            yield
        finally:
            clock.stop()


class _Clock:
    """Let *limit* end once *seconds* have gone by in steps."""

    def __init__(self, limit: asyncio.Timeout, seconds: float) -> None:
        self._limit = limit
        self._loop = asyncio.get_running_loop()
        self._left = seconds
        self._step = 0.0
        self._begin()

    def stop(self) -> None:
        self._handle.cancel()

    def _begin(self) -> None:
        self._step = min(_STEP, self._left)
        self._handle = self._loop.call_later(self._step, self._tick)

    def _tick(self) -> None:
        self._left -= self._step
        if self._left > 0:
            self._begin()
        else:
            self._limit.reschedule(self._loop.time())
