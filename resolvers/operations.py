"""Run operations: claims and intent first, then the writes, then the event; carried on by whoever finds one unfinished.

However a gateway ends, what is left is an intent that says what was before and what is to be. Another gateway, or the
same one started again, takes it over once its lease is over: each write is done where the field is still as before, and
found done where it holds the new value already. A field that holds neither turns the whole operation back.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import GatewayError, SourceError, SourceUnavailableError
from domain.operations import Operation, OperationState, RowWrite, written
from sources.faults import crash_point
from sources.mongo_documents import MongoDocuments
from sources.mongo_writing import Outcome
from sources.own import operations as log
from sources.own.idempotency import Sent, keep, keep_result, kept
from sources.own.store import OwnStore
from sources.postgres_refusals import state_of
from sources.postgres_turning import PostgresTurning
from sources.stores import Stores

logger = logging.getLogger("gateway")
#: How often somebody who finds a record claimed looks again, and how long in all: longer than an operation takes.
_PAUSE, _PATIENCE = 0.05, 5.0
_ATTEMPTS = 6
#: A deadlock, and transactions that could not be put in a row.
_TO_REPEAT = frozenset({"40P01", "40001"})
_CHANGED = "a record was changed by somebody else meanwhile, or a rule of its store is against it"


class BusyError(GatewayError):
    """Say that another operation is at work on one of the records, and has been for a while."""

    code = "ALREADY_CHANGED"

    def __init__(self) -> None:
        super().__init__("Another operation is at work on one of these records: try again in a moment.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """Be what a use case decides under its claims: an *operation*, or none where nothing needs to be written.

    *things* is what it must have to itself for that, beside the *fresh* that were not there before; *result* is kept
    for whoever sends the same again.
    """

    operation: Operation | None
    things: frozenset[str]
    result: Mapping[str, Any]
    fresh: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """Be what came of it: *operation* as it stands, its *event*, and *result* as it was decided, now or before."""

    operation: Operation | None
    event: int | None
    result: Mapping[str, Any]


class _HeldError(Exception):
    def __init__(self, holder: uuid.UUID) -> None:
        super().__init__(holder)
        self.holder = holder


class _GrownError(Exception):
    def __init__(self, things: frozenset[str]) -> None:
        super().__init__(things)
        self.things = things


class _KnownError(Exception):
    def __init__(self, result: Mapping[str, Any]) -> None:
        super().__init__(result)
        self.result = result


#: Reads and decides, given the operation's id and the connection of the transaction that takes the claims and writes
#: the intent down: what it writes to the CRM through it is committed with them, or not at all.
Decide = Callable[[uuid.UUID, AsyncConnection], Awaitable[Decided]]
#: Sends, soon, what is to be sent of an operation that is applied.
Post = Callable[[Operation], None]


def operations_of(stores: Stores, post: Post | None = None) -> "Operations | None":
    """Make whoever writes to *stores*; None where the gateway has no tables of its own.

    *post* is told of every operation that is applied, once, by whichever gateway applies it.
    """
    if stores.own is None:
        return None
    documents = MongoDocuments(stores.profile, stores.mongo)
    return Operations(stores.own, documents, PostgresTurning(stores.profile), post)


@dataclass(slots=True)
class Operations:
    """Run the operations of this process, known to others as *owner*."""

    own: OwnStore
    writing: MongoDocuments
    rows: PostgresTurning
    post: Post | None = None
    owner: uuid.UUID = field(default_factory=uuid.uuid4)

    async def run(self, tenant: str | None, things: Collection[str], decide: Decide, sent: Sent | None = None) -> Done:
        """Claim *things*, let *decide* read and decide, write down what it intends, and carry it through.

        *decide* may find that it needs more: then all is claimed anew before it decides again. What it raises leaves
        nothing behind. Raises BusyError, ReadOnlyError, OtherInputError, and SourceError before the first write.
        """
        wanted, until = frozenset(things), time.monotonic() + _PATIENCE
        grown = 0
        while True:
            try:
                decided, event = await self._try_to_intend(tenant, wanted, decide, sent)
                break
            except _GrownError as more:
                grown += 1
                if grown > _ATTEMPTS:
                    raise BusyError from None
                wanted |= more.things
            except _HeldError as held:
                if time.monotonic() > until:
                    raise BusyError from None
                await self.carry_on(only=held.holder)
                await asyncio.sleep(_PAUSE)
            except _KnownError as known:
                return await self._before(tenant, known.result)
        if decided.operation is None:
            return Done(operation=None, event=None, result=decided.result)
        if decided.operation.state.is_over:
            self.applied(decided.operation)
            return Done(operation=decided.operation, event=event, result=decided.result)
        operation, event = await self.carry_through(decided.operation)
        return Done(operation=operation, event=event, result=decided.result)

    async def _try_to_intend(
        self, tenant: str | None, things: frozenset[str], decide: Decide, sent: Sent | None
    ) -> tuple[Decided, int | None]:
        try:
            return await self._intend(tenant, things, decide, sent)
        except DBAPIError as error:
            if state_of(error) not in _TO_REPEAT:
                raise
            # Two transactions waited for each other's rows: the one that was refused comes again.
            raise _GrownError(frozenset()) from error

    async def _intend(
        self, tenant: str | None, things: frozenset[str], decide: Decide, sent: Sent | None
    ) -> tuple[Decided, int | None]:
        id_, event = uuid.uuid4(), None
        async with self.own.transaction() as connection:
            if sent is not None:
                await self._look_back(connection, tenant, sent, id_)
            holder = await log.take_claims(connection, tenant, things, id_)
            if holder is not None:
                raise _HeldError(holder)
            decided = await decide(id_, connection)
            if decided.operation is not None and not decided.things <= things:
                raise _GrownError(decided.things)
            if decided.operation is not None:
                holder = await log.take_claims(connection, tenant, decided.fresh, id_)
                if holder is not None:
                    raise _HeldError(holder)
                begun = await log.begin(connection, decided.operation, self.owner)
                if not begun.writes:
                    # Nothing is left to do outside of this transaction.
                    _, event = await log.finish(connection, begun, self.owner)
                    begun = replace(begun, state=OperationState.APPLIED)
                decided = replace(decided, operation=begun)
            else:
                await log.release(connection, id_)
            if sent is not None:
                await keep_result(connection, tenant, sent, decided.result)
            crash_point("before-intent")
        crash_point("after-intent")
        return decided, event

    async def _look_back(self, connection: AsyncConnection, tenant: str | None, sent: Sent, id_: uuid.UUID) -> None:
        before = await keep(connection, tenant, sent, {"operation": str(id_)})
        if before is not None:
            raise _KnownError(before)

    async def before(self, tenant: str | None, sent: Sent) -> Done | None:
        """Find what came of *sent* if it was sent before. Raises OtherInputError."""
        result = await kept(self.own, tenant, sent)
        return None if result is None else await self._before(tenant, result)

    async def _before(self, tenant: str | None, result: Mapping[str, Any]) -> Done:
        """Find what came of a mutation that was sent before."""
        id_ = result.get("operation")
        operation, event = (None, None) if id_ is None else await self._as_it_stands(tenant, uuid.UUID(id_))
        return Done(operation=operation, event=event, result=result)

    async def _as_it_stands(self, tenant: str | None, id_: uuid.UUID) -> tuple[Operation | None, int | None]:
        return await log.find_operation(self.own, tenant, id_), await log.event_of(self.own, id_)

    # ── carrying through ──

    async def carry_on(self, *, only: uuid.UUID | None = None) -> Operation | None:
        """Carry through one unfinished operation that nobody is at work on; None where there is none."""
        async with self.own.transaction() as connection:
            operation = await log.lease(connection, self.owner, only=only)
        if operation is None:
            return None
        return (await self.carry_through(operation))[0]

    async def carry_through(self, operation: Operation) -> tuple[Operation, int | None]:
        """Do the writes of *operation*, which this gateway has to itself, and close it.

        A store that goes down on the way leaves it PENDING. Answers how it stands, and its event.
        """
        try:
            if not await self._write_all(operation):
                return await self.turn_back(operation), None
            crash_point("before-applied")
            async with self.own.transaction() as connection:
                finished, event = await log.finish(connection, operation, self.owner)
            crash_point("after-applied")
            if not finished:
                # Another gateway took it over meanwhile: it stands as that one has left it.
                found, event = await self._as_it_stands(operation.tenant, operation.id)
                return found or operation, event
            self.applied(operation)
        except SourceError as error:
            logger.warning("Operation %s waits: %s", operation.id, error)
            await self._put_off(operation)
            return replace(operation, state=OperationState.PENDING), None
        return replace(operation, state=OperationState.APPLIED, done=len(operation.writes)), event

    def applied(self, operation: Operation) -> None:
        """Send what is to be sent of *operation*, which this gateway has applied."""
        if self.post is not None:
            self.post(operation)

    async def settled(self, operation: Operation) -> Operation:
        """Find how *operation* has ended, carrying it on if need be. Raises SourceError while it cannot end."""
        until = time.monotonic() + _PATIENCE
        while time.monotonic() < until:
            tried = await self.carry_on(only=operation.id)
            found = await log.find_operation(self.own, operation.tenant, operation.id)
            if found is not None and found.state.is_over:
                return found
            if tried is not None:
                break  # a store stands in its way
            await asyncio.sleep(_PAUSE)
        raise SourceUnavailableError("mongo", f"operation {operation.id} has not ended")

    async def _write_all(self, operation: Operation) -> bool:
        """Do the writes; False as soon as a field holds neither what it held nor what it is to hold."""
        renewed = time.monotonic()
        for number, write in enumerate(operation.writes):
            if time.monotonic() - renewed > log.LEASE.total_seconds() / 3:
                async with self.own.transaction() as connection:
                    if not await log.renew(connection, operation.id, self.owner, number):
                        raise SourceUnavailableError("postgres", "another gateway carries this operation on")
                renewed = time.monotonic()
            crash_point(f"write-{number}")
            if await self.writing.write(write) is Outcome.OVERTAKEN:
                return False
        return True

    async def turn_back(self, operation: Operation) -> Operation:
        """Give everything that still is as it was written what it held before; say what could not be undone."""
        stay: list[str] = []
        for number, write in reversed(list(enumerate(operation.writes))):
            crash_point(f"turn-{number}")
            if not await self.writing.turn_back(write):
                stay.append(written(write.record))
        named = {row.key for row in operation.rows if row.before is None and await self._is_named(operation, row)}
        crash_point("before-failed")
        async with self.own.transaction() as connection:
            if await log.fail(connection, operation, self.owner, _CHANGED):
                stay += [
                    f"{row.section} {row.key}"
                    for row in reversed(operation.rows)
                    if row.key in named or not await self.rows.turn_back(connection, operation.tenant, row)
                ]
                if stay:
                    logger.error("Operation %s left behind: %s", operation.id, ", ".join(stay))
                    left = f"{_CHANGED}; not undone, since changed or referred to: {', '.join(stay)}"
                    await log.note_failure(connection, operation.id, left)
        return (await self._as_it_stands(operation.tenant, operation.id))[0] or operation

    async def _is_named(self, operation: Operation, row: RowWrite) -> bool:
        return row.section == "customer" and await self.writing.is_named(operation.tenant, row.key)

    async def _put_off(self, operation: Operation) -> None:
        """Let others carry on at once; where not even that can be written, they do when the lease is over."""
        try:
            async with self.own.transaction() as connection:
                await log.put_off(connection, operation.id, self.owner)
        except SourceError:
            logger.warning("Operation %s is carried on when its lease is over", operation.id)
