"""Wait for a store for so long, and not for ourselves: time in which the event loop itself was late does not count."""

import asyncio
from types import TracebackType

#: Seconds between looks at the clock: whatever one takes longer than this, the loop was late.
_STEP = 0.05


class patience:  # noqa: N801 - used like a function, as asyncio.timeout is
    """Raise TimeoutError where what is awaited within has not come after *seconds*, or little more.

    An answer that has come lies unread while the loop is busy with others: whoever asks much at once would be told
    that the store is slow. So the clock goes in small steps, each of which counts for no more than it was meant to
    take. With an idle loop that is the time on the wall; with one that is late, a store that hangs is waited for the
    longer. All who wait look at one clock: most have their answer before it has gone on by a step.
    """

    __slots__ = ("_cancelling", "_clock", "_is_over", "_task", "left")

    def __init__(self, seconds: float) -> None:
        #: The step that is under way has begun before.
        self.left = seconds + _STEP
        self._is_over = False

    async def __aenter__(self) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._task, self._cancelling = task, task.cancelling()
        self._clock = _clock()
        self._clock.add(self)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self._clock.waiting.discard(self)
        is_ours = self._is_over and self._task.uncancel() <= self._cancelling
        if is_ours and kind is not None and issubclass(kind, asyncio.CancelledError):
            raise TimeoutError from error

    def end(self) -> None:
        """End the wait: the time is up."""
        self._is_over = True
        self._task.cancel()


class _Clock:
    """Go on in steps while anybody is *waiting*."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.waiting: set[patience] = set()
        self._goes = False

    def add(self, one: patience) -> None:
        self.waiting.add(one)
        if not self._goes:
            self._goes = True
            self.loop.call_later(_STEP, self._tick)

    def _tick(self) -> None:
        for one in tuple(self.waiting):
            one.left -= _STEP
            if one.left <= 0:
                self.waiting.discard(one)
                one.end()
        self._goes = bool(self.waiting)
        if self._goes:
            self.loop.call_later(_STEP, self._tick)


#: The clock of the event loop that was asked for last: a process has one, but for tests.
_clocks: list[_Clock] = []


def _clock() -> _Clock:
    loop = asyncio.get_running_loop()
    if not _clocks or _clocks[0].loop is not loop:
        _clocks[:] = [_Clock(loop)]
    return _clocks[0]
