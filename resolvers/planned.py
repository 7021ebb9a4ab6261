"""Run operations of many steps: planned in the background of a request, applied step by step, carried on after a crash.

While a plan is made nothing is written but the plan, so that one which was interrupted is begun anew. Each step is an
operation of its own, which is done once however often it is begun; whoever is at work on the whole keeps a lease on it.
"""

import asyncio
import logging
import time
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from contextvars import Context as NewContext
from dataclasses import dataclass, field
from typing import Any, Protocol

from domain.errors import GatewayError, SourceError
from domain.operations import Operation, OperationKind, OperationState
from domain.planning import Done, Needs, Outcome, Step, apart
from sources.faults import crash_point
from sources.own import planning
from sources.own.idempotency import Sent, keep
from sources.own.operations import LEASE
from sources.own.planning import Plan
from sources.own.store import OwnStore

logger = logging.getLogger("gateway")
#: Steps that are done together at the most: their claims are kept for as long as that takes.
LOT = 500
#: How long somebody who asks waits before being told that it is under way.
_WAIT = 10.0


class Work(Protocol):
    """Say what the steps of one kind of operation are, and do them: many together, or up to *at_once* side by side."""

    at_once: int

    def plan(self, plan: Plan) -> AsyncIterator[Sequence[Step]]:
        """List the steps that *plan* takes. Raises SourceError."""

    def needs(self, step: Step) -> Needs:
        """Say what *step* needs: who needs the same waits until it is done."""

    def do_together(self, plan: Plan, steps: Sequence[Step]) -> AsyncIterator[Mapping[int, Done]]:
        """Do those of *steps* that can be done together, of which no two need the same; answer what came of them.

        By their numbers, at once or bit by bit; whoever is left out is done alone. Raises SourceError.
        """

    async def do(self, plan: Plan, step: Step) -> Done:
        """Do *step*, or find out what came of it before. Raises SourceError, and is begun again then."""


class Worker(Protocol):
    """Make whoever does the work of a planned operation."""

    def __call__(self, plan: Plan) -> Work: ...


@dataclass(slots=True)
class Planned:
    """Run the planned operations of this process, known to others as *owner*."""

    own: OwnStore
    workers: Mapping[OperationKind, Worker]
    owner: uuid.UUID = field(default_factory=uuid.uuid4)
    _tasks: dict[uuid.UUID, asyncio.Task[None]] = field(default_factory=dict)

    async def begin(
        self, operation: Operation, asked: Mapping[str, Any], sent: Sent | None, *, live: bool
    ) -> uuid.UUID:
        """Begin *operation*, or find the one that was begun when this was sent before.

        Raises OtherInputError, ReadOnlyError, and SourceError where nothing could be planned.
        """
        async with self.own.transaction() as connection:
            result = {"operation": str(operation.id)}
            known = None if sent is None else await keep(connection, operation.tenant, sent, result)
            if known is not None:
                return uuid.UUID(known["operation"])
            plan = await planning.begin(connection, operation, asked, self.owner, live=live)
        await self._wait_for(plan)
        return operation.id

    async def apply(self, tenant: str | None, id_: uuid.UUID, sent: Sent | None) -> None:
        """Do the steps of what is PLANNED; whatever has been begun already is left as it is. Raises OtherInputError."""
        async with self.own.transaction() as connection:
            if sent is not None:
                await keep(connection, tenant, sent, {"operation": str(id_)})
            plan = await planning.start(connection, tenant, id_, self.owner)
        if plan is not None:
            await self._wait_for(plan)

    async def carry_on(self) -> Operation | None:
        """Carry one on that nobody is at work on, to its end; None where there is none."""
        async with self.own.transaction() as connection:
            plan = await planning.take_up(connection, self.owner)
        if plan is None:
            return None
        with suppress(SourceError):
            await self._run(plan)
        found = await planning.find_plan(self.own, plan.operation.tenant, plan.operation.id)
        return plan.operation if found is None else found.operation

    async def run(self, operation: Operation, asked: Mapping[str, Any], *, live: bool) -> None:
        """Run *operation* to its end, or until all its steps are planned. Raises SourceError."""
        async with self.own.transaction() as connection:
            plan = await planning.begin(connection, operation, asked, self.owner, live=live)
        await self._run(plan)

    async def close(self) -> None:
        """Leave what is under way to others."""
        tasks = list(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _wait_for(self, plan: Plan) -> None:
        """Run *plan* in the background, and wait for it a while."""
        # A context of its own: what the request counts, and which stores it has given up on, is no part of it.
        task = asyncio.get_running_loop().create_task(self._run(plan), context=NewContext())
        self._tasks[plan.operation.id] = task
        task.add_done_callback(lambda _: self._tasks.pop(plan.operation.id, None))
        done, _ = await asyncio.wait({task}, timeout=_WAIT)
        if done:
            task.result()

    async def _run(self, plan: Plan) -> None:
        id_, are_planned = plan.operation.id, plan.are_planned
        try:
            async with self._kept(id_):
                work = self.workers[plan.operation.kind](plan)
                if not are_planned:
                    await self._plan(plan, work)
                    are_planned = True
                if plan.is_live:
                    await self._do_all(plan, work)
                    crash_point("before-closed")
                    await self._close(id_, OperationState.APPLIED)
        except SourceError as error:
            if not are_planned:
                await self._close(id_, OperationState.FAILED, str(error))
                raise
            logger.warning("Operation %s waits: %s", id_, error)
            await self._close(id_, OperationState.PENDING)
        except asyncio.CancelledError:
            with suppress(GatewayError):
                await self._close(id_, OperationState.PENDING)
            raise
        except Exception:
            await self._close(id_, OperationState.FAILED, "something went wrong inside")
            raise

    async def _close(self, id_: uuid.UUID, state: OperationState, failure: str | None = None) -> None:
        try:
            async with self.own.transaction() as connection:
                await planning.close(connection, id_, self.owner, state, failure)
        except SourceError:
            logger.warning("Operation %s is carried on when its lease is over", id_)

    async def _plan(self, plan: Plan, work: Work) -> None:
        id_, number = plan.operation.id, 0
        async with self.own.transaction() as connection:
            await planning.clear(connection, id_)
        async for steps in work.plan(plan):
            crash_point("planning")
            async with self.own.transaction() as connection:
                await planning.add_steps(connection, id_, number + 1, steps)
            number += len(steps)
        async with self.own.transaction() as connection:
            await planning.note_planned(connection, plan, self.owner, number)
        crash_point("planned")

    async def _do_all(self, plan: Plan, work: Work) -> None:
        id_, number = plan.operation.id, 0
        waiting: list[Step] = []
        ended = False
        while True:
            if not ended and len(waiting) < LOT:
                steps = await planning.steps_after(self.own, id_, number, 2 * LOT, to_do=True)
                number, ended = steps[-1].number if steps else number, len(steps) < 2 * LOT
                waiting += steps
            if not waiting:
                return
            lot, waiting = apart(waiting, work.needs, LOT)
            await self._do_lot(plan, work, lot)
            async with self.own.transaction() as connection:
                await planning.note_progress(connection, id_, self.owner)

    async def _do_lot(self, plan: Plan, work: Work, lot: Sequence[Step]) -> None:
        """Do the steps of *lot* together, and then, one by one, those that could not be."""
        first, left = lot[0].number, {step.number: step for step in lot}
        crash_point(f"lot-{first}")
        async for done in self._together(plan, work, lot if len(lot) > 1 else []):
            crash_point(f"lot-done-{first}")
            await self._mark(plan, done)
            left = {number: step for number, step in left.items() if number not in done}
        places = asyncio.Semaphore(work.at_once)

        async def do(step: Step) -> None:
            async with places:
                crash_point(f"step-{step.number}")
                done = await self._do(plan, work, step)
                crash_point(f"step-done-{step.number}")
                await self._mark(plan, {step.number: done})

        ended = await asyncio.gather(*map(do, left.values()), return_exceptions=True)
        if failed := [one for one in ended if isinstance(one, BaseException)]:
            raise failed[0]

    async def _together(self, plan: Plan, work: Work, lot: Sequence[Step]) -> AsyncIterator[Mapping[int, Done]]:
        if not lot:
            return
        try:
            async for done in work.do_together(plan, lot):
                yield done
        except GatewayError:
            raise
        except Exception:
            logger.exception("Steps from %s of operation %s are done one by one", lot[0].number, plan.operation.id)

    async def _mark(self, plan: Plan, done: Mapping[int, Done]) -> None:
        if done:
            async with self.own.transaction() as connection:
                await planning.mark_all(connection, plan.operation.id, done)

    async def _do(self, plan: Plan, work: Work, step: Step) -> Done:
        try:
            return await work.do(plan, step)
        except GatewayError:
            raise
        except Exception:
            logger.exception("Step %s of operation %s failed", step.number, plan.operation.id)
            return Done(Outcome.FAILED, "Something went wrong inside; the log has it.")

    @asynccontextmanager
    async def _kept(self, id_: uuid.UUID) -> AsyncIterator[None]:
        """Keep the lease for as long as this context is open; end it where another gateway has taken over."""
        worker = asyncio.current_task()
        assert worker is not None

        async def keep_lease() -> None:
            until = time.monotonic() + LEASE.total_seconds()
            while True:
                await asyncio.sleep(LEASE.total_seconds() / 4)
                with suppress(SourceError):
                    async with self.own.transaction() as connection:
                        if not await planning.renew(connection, id_, self.owner):
                            break
                        until = time.monotonic() + LEASE.total_seconds()
                if time.monotonic() > until:
                    break
            worker.cancel()

        keeper = asyncio.create_task(keep_lease())
        try:
            yield
        finally:
            keeper.cancel()
