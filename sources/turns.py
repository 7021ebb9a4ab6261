"""Turns for those who ask a store: so many at a time, and how many have theirs or wait for it."""

import asyncio
from dataclasses import dataclass
from types import TracebackType


@dataclass(frozen=True, slots=True)
class Use:
    """Say of *size* places how many are *in_use*, and how many ask to have one and are *waiting*."""

    size: int
    in_use: int
    waiting: int


class Turns:
    """Let *size* in at a time, and the others in their turn."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._free = asyncio.Semaphore(size)
        self._in_use = 0
        self._waiting = 0

    @property
    def use(self) -> Use:
        return Use(self._size, self._in_use, self._waiting)

    async def __aenter__(self) -> None:
        self._waiting += 1
        try:
            await self._free.acquire()
        finally:
            self._waiting -= 1
        self._in_use += 1

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._in_use -= 1
        self._free.release()
