"""Let signals to end count as an interruption, so that a command leaves nothing half behind."""

import asyncio
import signal
import threading
from collections.abc import Callable, Coroutine
from typing import Any, Self, TypeVar

T = TypeVar("T")
#: What ends a program; the last is of a terminal that is closed.
_ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Ending:
    """Raise KeyboardInterrupt, while the context is open, where this process is told to end.

    A signal that is ignored stays so: what `nohup` began outlives its terminal. So does an interruption of what a shell
    runs in the background, which ends all the same when it is told to.
    """

    def __init__(self) -> None:
        self._told = False
        self._runs = False
        self._cancel: Callable[[], object] | None = None
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():  # elsewhere whoever has that decides
            heeded = [one for one in _ENDS if signal.getsignal(one) is not signal.SIG_IGN]
            self._before = {one: signal.signal(one, self._heed) for one in heeded}
        return self

    def __exit__(self, *_: object) -> None:
        for one, handler in self._before.items():
            signal.signal(one, handler)

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Run *work*, which is cancelled where this process is told to end."""
        self._runs = True
        try:
            found = asyncio.run(self._watched(work))
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None
        finally:
            self._runs = False
        if self._told:  # too late to be cancelled
            raise KeyboardInterrupt
        return found

    async def _watched(self, work: Coroutine[Any, Any, T]) -> T:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        assert task is not None
        self._cancel = lambda: loop.call_soon_threadsafe(task.cancel)
        try:
            if self._told:  # too early for that
                work.close()
                raise asyncio.CancelledError
            return await work
        finally:
            self._cancel = None

    def _heed(self, number: int, _: object) -> None:
        """Cancel what runs; while its loop is made or closed, which must not be cut short, whoever runs it looks.

        Whoever interrupts once more does not want to wait for what is closed.
        """
        again, self._told = self._told, True
        if again and number == signal.SIGINT:
            raise KeyboardInterrupt
        if self._cancel is not None:
            self._cancel()
        elif not self._runs:
            raise KeyboardInterrupt
