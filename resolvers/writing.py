"""Write in one transaction: with what comes of it kept for whoever sends the same again, or not at all."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import ReadOnlyError
from domain.mutation_errors import ErrorCode, RefusedError, UserError
from resolvers.context import Context
from sources.faults import crash_point
from sources.own.idempotency import OtherInputError, Sent, keep, keep_result

Result = Mapping[str, Any]


async def write_once(
    context: Context, sent: Sent | None, work: Callable[[AsyncConnection], Awaitable[Result]]
) -> Result:
    """Let *work* write, and answer what comes of it in keys; what came of it before where it was sent before.

    Everything is read anew afterwards. Raises RefusedError, after which nothing is written, ReadOnlyError, SourceError.
    """
    own = context.stores.own
    if own is None:
        raise ReadOnlyError
    await own.require()
    try:
        async with own.transaction() as connection:
            if sent is not None:
                before = await keep(connection, context.tenant, sent, {})
                if before is not None:
                    return before
            result = await work(connection)
            if sent is not None:
                await keep_result(connection, context.tenant, sent, result)
            crash_point("before-commit")
    except OtherInputError:
        message = "This idempotencyKey came with another input before."
        raise RefusedError(UserError(ErrorCode.IDEMPOTENCY_MISMATCH, message, ("idempotencyKey",))) from None
    finally:
        context.forget()
    crash_point("after-commit")
    return result
