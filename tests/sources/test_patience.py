"""The clock that a store is held to: it runs while the loop is idle, and stands still while the loop is late."""

import asyncio
import time

import pytest

from sources.patience import patience


async def test_what_does_not_come_ends_the_wait() -> None:
    with pytest.raises(TimeoutError):
        async with patience(0.2):
            await asyncio.sleep(600)


async def test_what_has_come_while_the_loop_was_busy_has_come_in_time() -> None:
    async with patience(0.2):
        for _ in range(3):
            time.sleep(0.3)  # noqa: ASYNC251 - the loop is kept from everything, as by a burst of other requests
            await asyncio.sleep(0.01)


async def test_a_loop_that_is_always_late_does_not_wait_for_ever() -> None:
    async def burn() -> None:
        while True:
            time.sleep(0.1)  # noqa: ASYNC251 - as above
            await asyncio.sleep(0)

    burning = asyncio.create_task(burn())
    try:
        with pytest.raises(TimeoutError):
            async with patience(0.2):
                await asyncio.sleep(600)
    finally:
        burning.cancel()


async def test_whoever_is_cancelled_is_not_told_of_time() -> None:
    async def wait() -> None:
        async with patience(600):
            await asyncio.sleep(600)

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting


async def test_time_that_is_up_ends_nothing_afterwards() -> None:
    async with patience(0.05):
        await asyncio.sleep(0)
    await asyncio.sleep(0.2)
