"""An event loop in a thread of its own, for tests that are no coroutines: machines of hypothesis."""

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def waiting() -> Iterator[Callable[[Coroutine[Any, Any, Any]], Any]]:
    """Answer what runs a coroutine there, and waits for what comes of it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield lambda coroutine: asyncio.run_coroutine_threadsafe(coroutine, loop).result(120)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
