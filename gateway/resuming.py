"""Carry on what a crash or a store that was down has left unfinished: at the start, and every few seconds."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from domain.errors import GatewayError
from domain.operations import Operation
from resolvers.operations import Operations

log = logging.getLogger("gateway")
_SECONDS = 5.0


@asynccontextmanager
async def resuming(operations: Operations | None) -> AsyncIterator[None]:
    """Look for unfinished operations for as long as this context is open."""
    if operations is None:
        yield
        return
    task = asyncio.create_task(_look(operations))
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _look(operations: Operations) -> None:
    while True:
        try:
            await carry_on_all(operations)
        except GatewayError as error:
            log.debug("Nothing can be carried on: %s", error)
        except Exception:
            log.exception("An operation could not be carried on")
        await asyncio.sleep(_SECONDS)


async def carry_on_all(operations: Operations) -> list[Operation]:
    """Carry on every operation that nobody is at work on, each once; answer how they stand."""
    done: list[Operation] = []
    while (operation := await operations.carry_on()) is not None:
        done.append(operation)
        if not operation.state.is_over:
            break  # its store is down: the others would wait for it as well
    return done
