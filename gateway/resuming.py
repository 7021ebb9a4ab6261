"""Carry on what a crash or a store that was down has left unfinished: at the start, and every few seconds."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from domain.errors import GatewayError
from domain.operations import Operation
from resolvers.operations import Operations
from resolvers.planned import Planned

log = logging.getLogger("gateway")
_SECONDS = 5.0


@asynccontextmanager
async def resuming(operations: Operations | None, planned: Planned | None) -> AsyncIterator[None]:
    """Look for unfinished operations for as long as this context is open; leave what is under way then to others."""
    # Each kind on its own: an operation of many steps takes its time.
    tasks = [asyncio.create_task(_look(kind)) for kind in (operations, planned) if kind is not None]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if planned is not None:
            await planned.close()


async def _look(operations: Operations | Planned) -> None:
    while True:
        try:
            await carry_on_all(operations)
        except GatewayError as error:
            log.debug("Nothing can be carried on: %s", error)
        except Exception:
            log.exception("An operation could not be carried on")
        await asyncio.sleep(_SECONDS)


async def carry_on_all(operations: Operations | Planned) -> list[Operation]:
    """Carry on every operation that nobody is at work on, each once; answer how they stand."""
    done: list[Operation] = []
    while (operation := await operations.carry_on()) is not None:
        done.append(operation)
        if not operation.state.is_over:
            break  # its store is down: the others would wait for it as well
    return done
