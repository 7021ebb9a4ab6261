"""Run many operations at once: claims and intents of all in one transaction, their writes side by side, one end.

Each remains an operation of its own, with its intent, its event and its end: whoever finds them unfinished carries each
through as if it had been begun alone. What stands in the way of one stands in nobody else's: that one is left to be run
alone.
"""

import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import SourceError
from domain.mutation_errors import RefusedError
from domain.operations import Operation, OperationState
from resolvers.operations import Decided, Operations
from sources.faults import crash_point
from sources.mongo_writing import Outcome
from sources.own import idempotency
from sources.own import operations_together as log
from sources.own.idempotency import Sent
from sources.own.operations import LEASE

logger = logging.getLogger("gateway")
#: Writes of one statement: few enough that it ends well within a store's time, whatever the store.
WRITES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Be one of several operations: the *things* that it must have to itself, and how it was *sent*."""

    things: frozenset[str]
    sent: Sent


#: Reads and decides for all whose ids are given, by their numbers, under the claims of each: a refusal leaves nothing
#: behind. Whoever is left out is run alone.
DecideAll = Callable[[Mapping[int, uuid.UUID], AsyncConnection], Awaitable[Mapping[int, Decided | RefusedError]]]
#: What came of them, by number: an operation that is over, None where nothing had to be written, or why it was refused.
Ended = dict[int, Operation | RefusedError | None]


@dataclass(slots=True)
class _Intended:
    begun: dict[int, Operation] = field(default_factory=dict)
    ended: Ended = field(default_factory=dict)


async def run_together(
    operations: Operations, tenant: str | None, parts: Mapping[int, Part], decide: DecideAll
) -> Ended:
    """Run an operation for each of *parts*, of which no two have a thing in common; who is left out is run alone.

    Raises SourceError: what was begun by then is PENDING, or carried on when its lease is over.
    """
    try:
        intended = await _intend(operations, tenant, parts, decide)
    except (DBAPIError, RefusedError) as error:
        # The store refuses something of one of them, or two transactions waited for each other's rows.
        logger.info("Operations are run one by one: %s", error)
        return {}
    return intended.ended | await _carry_through(operations, intended.begun)


async def _intend(
    operations: Operations, tenant: str | None, parts: Mapping[int, Part], decide: DecideAll
) -> _Intended:
    ids = {number: uuid.uuid4() for number in parts}
    found = _Intended()
    async with operations.own.transaction() as connection:
        results = {part.sent: {"operation": str(ids[number])} for number, part in parts.items()}
        fresh = await idempotency.keep_all(connection, tenant, results)
        numbers = {ids[number]: number for number, part in parts.items() if part.sent in fresh}
        held = await log.take_claims_of(connection, tenant, {id_: parts[one].things for id_, one in numbers.items()})
        decided = await decide({number: id_ for id_, number in numbers.items() if id_ not in held}, connection)
        free = await _without_rivals(connection, tenant, parts, decided)
        for number, one in decided.items():
            if isinstance(one, RefusedError) or one.operation is None:
                found.ended[number] = one if isinstance(one, RefusedError) else None
            elif number in free:
                found.begun[number] = one.operation
        await log.begin_all(connection, list(found.begun.values()), operations.owner)
        await log.release_all(connection, numbers.keys() - {one.id for one in found.begun.values()})
        kept = {
            parts[number].sent: one.result
            for number, one in decided.items()
            if isinstance(one, Decided) and (number in found.begun or number in found.ended)
        }
        await idempotency.keep_results(connection, tenant, kept)
        await idempotency.forget(connection, tenant, fresh - kept.keys())
        crash_point("before-intent")
    crash_point("after-intent")
    return found


async def _without_rivals(
    connection: AsyncConnection,
    tenant: str | None,
    parts: Mapping[int, Part],
    decided: Mapping[int, Decided | RefusedError],
) -> set[int]:
    """Say who has all that it needs to itself, with what was not there before."""
    whole = {
        number: one
        for number, one in decided.items()
        if isinstance(one, Decided) and one.operation is not None and one.things <= parts[number].things
    }
    wanted = {one.operation.id: one.fresh for one in whole.values() if one.operation is not None}
    held = await log.take_claims_of(connection, tenant, wanted)
    return {number for number, one in whole.items() if one.operation is not None and one.operation.id not in held}


async def _carry_through(operations: Operations, begun: Mapping[int, Operation]) -> Ended:
    """Do the writes of those *begun*, and close them; whoever another gateway has taken over is left out."""
    if not begun:
        return {}
    try:
        written, overtaken = await _write_all(operations, begun)
        crash_point("before-applied")
        async with operations.own.transaction() as connection:
            applied = await log.finish_all(connection, list(written.values()), operations.owner)
        crash_point("after-applied")
        turned = {number: await operations.turn_back(one) for number, one in overtaken.items()}
    except SourceError as error:
        logger.warning("%d operations wait: %s", len(begun), error)
        await _put_off(operations, [one.id for one in begun.values()])
        raise
    ended: Ended = {}
    for number, one in written.items():
        if one.id in applied:
            operations.applied(one)
            ended[number] = replace(one, state=OperationState.APPLIED, done=len(one.writes))
    return ended | {number: one for number, one in turned.items() if one.state.is_over}


async def _write_all(
    operations: Operations, begun: Mapping[int, Operation]
) -> tuple[dict[int, Operation], dict[int, Operation]]:
    """Do the first write of each, then the second; answer those that are done, and those that were overtaken."""
    left, overtaken, renewed = dict(begun), dict[int, Operation](), time.monotonic()
    for place in range(max(len(one.writes) for one in begun.values())):
        numbers = [number for number, one in left.items() if place < len(one.writes)]
        for first in range(0, len(numbers), WRITES):
            if time.monotonic() - renewed > LEASE.total_seconds() / 3:
                left, renewed = await _still_ours(operations, left), time.monotonic()
            crash_point(f"write-{place}-{first}")
            lot = [number for number in numbers[first : first + WRITES] if number in left]
            outcomes = await operations.writing.write_all([left[number].writes[place] for number in lot])
            for number, outcome in zip(lot, outcomes, strict=True):
                if outcome is Outcome.OVERTAKEN:
                    overtaken[number] = left.pop(number)
    return left, overtaken


async def _still_ours(operations: Operations, left: Mapping[int, Operation]) -> dict[int, Operation]:
    """Keep the leases; leave out whom another gateway carries on."""
    async with operations.own.transaction() as connection:
        ours = await log.renew_all(connection, [one.id for one in left.values()], operations.owner)
    return {number: one for number, one in left.items() if one.id in ours}


async def _put_off(operations: Operations, ids: Collection[uuid.UUID]) -> None:
    try:
        async with operations.own.transaction() as connection:
            await log.put_off_all(connection, ids, operations.owner)
    except SourceError:
        logger.warning("%d operations are carried on when their lease is over", len(ids))
