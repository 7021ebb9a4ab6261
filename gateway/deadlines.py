"""How long a request may take: all of them equally long, so that whoever began first is over first, by one timer."""

import asyncio
from types import TracebackType
from typing import Self

#: Timers may be that much early: an event loop counts in milliseconds.
_GRAIN = 0.001


class Deadlines:
    """Give everybody *seconds*."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        #: In the order in which they are over.
        self.open: dict[Deadline, None] = {}
        self._timer: asyncio.TimerHandle | None = None

    def begin(self) -> "Deadline":
        return Deadline(self)

    def watch(self, one: "Deadline", loop: asyncio.AbstractEventLoop) -> None:
        self.open[one] = None
        if self._timer is None:
            self._timer = loop.call_at(one.until, self._look, loop)

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        now = loop.time() + _GRAIN
        while self.open:
            first = next(iter(self.open))
            if first.until > now:
                self._timer = loop.call_at(first.until, self._look, loop)
                return
            first.end()


class Deadline:
    """Raise TimeoutError where what is done within is not done in time, or is ended before, as `asyncio.timeout` does.

    That takes a timer a request, which costs more than the request itself.
    """

    __slots__ = ("_cancelling", "_deadlines", "_is_over", "_task", "until")

    def __init__(self, deadlines: Deadlines) -> None:
        self._deadlines = deadlines
        self._is_over = False

    def __enter__(self) -> Self:
        loop = asyncio.get_running_loop()
        task = asyncio.current_task(loop)
        assert task is not None
        self._task, self._cancelling = task, task.cancelling()
        self.until = loop.time() + self._deadlines.seconds
        self._deadlines.watch(self, loop)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._deadlines.open.pop(self, None)
        is_ours = self._is_over and self._task.uncancel() <= self._cancelling
        if is_ours and kind is not None and issubclass(kind, asyncio.CancelledError):
            raise TimeoutError from error

    def end(self) -> None:
        """Let the time be up; not to be called by the very task whose time it is."""
        if self in self._deadlines.open:
            del self._deadlines.open[self]
            self._is_over = True
            self._task.cancel()
