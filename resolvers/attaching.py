"""Attach orphaned leads to their customers, and create customers where there is none."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.filters import LeadFilter
from domain.identifiers import IdentifierKind
from domain.mutation_errors import RefusedError
from domain.operations import written
from domain.paging import Direction, Order, PageRequest
from domain.planning import Done, Needs, Outcome, Step, StepKind
from domain.records import Key, Lead, RecordKind, RecordRef
from domain.suggestions import Evidence
from resolvers.indexing import whole_pass
from resolvers.lead_owners import Owners, evidence_of, owners_of
from resolvers.matching import Matching
from sources.faults import crash_point
from sources.mail import is_mailable
from sources.own import operations as log
from sources.own import planning
from sources.own.idempotency import Sent, kept
from sources.own.operations_together import take_claims_of
from sources.own.planning import Plan
from sources.postgres_attaching import attach

_LOT = 500
_PAUSE, _ATTEMPTS = 0.05, 100
_CALLED = {IdentifierKind.EMAIL: "e-mail", IdentifierKind.PHONE: "phone"}
#: Makes a customer of name, e-mail, phone and source, exactly once for what is sent.
CreateCustomer = Callable[[Mapping[str, Any], Sent], Awaitable[Done]]


@dataclass(slots=True)
class Attaching:
    """Attach the leads of one tenant; without *create_customer* nobody is created."""

    matching: Matching
    create_customer: CreateCustomer | None = None
    #: One after the other: a customer is created before the lead is attached that it is created for.
    at_once: int = 1
    left: int | None = None
    #: What customers are to be created for: the next lead of the same person needs no other one.
    _coming: set[Evidence] = field(default_factory=set)

    # ── what there is to do ──

    async def plan(self, plan: Plan) -> AsyncIterator[Sequence[Step]]:
        """List the steps, oldest lead first: after a walk through all records, so that nobody is overlooked."""
        self.left, creates = plan.asked["limit"], plan.asked["create_customers"]
        stores, tenant = self.matching.stores, self.matching.tenant
        await whole_pass(stores, tenant)
        request = PageRequest(Order("leads", "CREATED_AT", Direction.ASC), _LOT)
        while True:
            page = await stores.crm.leads(tenant, LeadFilter(orphaned=True), request)
            owners = await owners_of(self.matching, page.items)
            yield [step for lead in page.items for step in self._steps(lead, owners[lead.key], creates=creates)]
            if not page.more or self.left == 0:
                return
            request = PageRequest(request.order, _LOT, position=page.end)

    def _steps(self, lead: Lead, owners: Owners, *, creates: bool) -> list[Step]:
        told = evidence_of(lead, self.matching.stores.profile.store.phone_region)
        reached_by = [one for one in told if one.rule is not IdentifierKind.EMAIL or is_mailable(one.value)]
        fault = _fault_of(owners)
        steps: list[Step] = []
        if owners.row is not None:
            assert owners.by is not None
            message = f"Its customer has the {_CALLED[owners.by.rule]} {owners.by.value}."
            steps = [_attachment(lead, told, message, owners.only or (), row=owners.row)]
        elif fault is None and self._coming & set(told):
            steps = [_attachment(lead, told, "Its customer is to be created for another lead.")]
        elif fault is None and reached_by and creates and self.create_customer is not None:
            its = _attachment(lead, told, "Its customer is to be created for it.")
            steps = [_creation(lead, reached_by), its]
        if not steps:
            told_of = "Nobody has its e-mail or phone." if reached_by else "It has neither e-mail nor phone."
            return [Step(kind=StepKind.LEAVE_FOR_REVIEW, lead=lead.key, message=fault or told_of)]
        if self.left is not None:
            if self.left < len(steps):
                self.left = 0
                return []
            self.left -= len(steps)
        if len(steps) > 1:
            self._coming.update(told)
        return steps

    # ── doing it ──

    def needs(self, step: Step) -> Needs:
        if step.kind is StepKind.LEAVE_FOR_REVIEW:
            return Needs()
        if "evidence" not in step.details:
            return Needs(alone=frozenset({"whoever comes before"}))  # planned by an earlier version
        things = frozenset(f"{rule}:{value}" for rule, value in step.details["evidence"])
        if step.kind is StepKind.CREATE:
            return Needs(alone=things)
        return Needs(shared=things | _things(step.details.get("row"), ()))

    async def do_together(self, plan: Plan, steps: Sequence[Step]) -> AsyncIterator[Mapping[int, Done]]:
        left = {step.number: Done(Outcome.LEFT) for step in steps if step.kind is StepKind.LEAVE_FOR_REVIEW}
        attached = [step for step in steps if step.kind is StepKind.ATTACH]
        try:
            yield left | await self._attach_all(plan, attached)
        except RefusedError:
            yield left

    async def _attach_all(self, plan: Plan, steps: Sequence[Step]) -> dict[int, Done]:
        """Attach leads and say so in one transaction; those whose customers somebody else has are left out."""
        matching, id_ = self.matching, uuid.uuid4()
        found = await matching.stores.crm.leads_by_key(matching.tenant, [step.lead for step in steps if step.lead])
        region = matching.stores.profile.store.phone_region
        done: dict[int, Done] = {}
        asked: dict[int, tuple[Step, Lead, frozenset[str]]] = {}
        for step in steps:
            if (lead := found.get(step.lead or "")) is None:
                done[step.number] = _GONE
            else:
                things = _things(step.details.get("row"), evidence_of(lead, region))
                asked[step.number] = step, lead, things
        async with matching.own.transaction() as connection:
            wanted = {thing for _, _, things in asked.values() for thing in things}
            held = (await take_claims_of(connection, matching.tenant, {id_: wanted})).get(id_, set())
            free = {number: one for number, one in asked.items() if one[2].isdisjoint(held)}
            owners = await owners_of(matching, [lead for _, lead, _ in free.values()])
            for number, (step, lead, _) in free.items():
                done[number] = await self._attached(connection, step, lead, owners[lead.key])
            await log.release(connection, id_)
            await planning.mark_all(connection, plan.operation.id, done)
            crash_point("before-attached")
        crash_point("after-attached")
        return done

    async def _attached(self, connection: AsyncConnection, step: Step, lead: Lead, owners: Owners) -> Done:
        """Attach *lead* to the one who owns it still. Raises RefusedError."""
        if owners.row is None or step.details.get("row") not in (None, owners.row):
            if step.details.get("row") is None and not owners.customers:
                # The step before says why, and counts the lead.
                return Done(Outcome.NOTHING, "Its customer was not created.")
            return Done(Outcome.LEFT, _fault_of(owners) or "Its customer is another, or gone, by now.")
        section = self.matching.stores.profile.lead
        assert section is not None
        statement = await self.matching.stores.crm.attaching(self.matching.tenant, lead.key, owners.row)
        is_attached = statement is not None and await attach(connection, section, statement)
        return Done(Outcome.ATTACHED) if is_attached else Done(Outcome.NOTHING, "It has a customer by now.")

    async def do(self, plan: Plan, step: Step) -> Done:
        if step.kind is StepKind.LEAVE_FOR_REVIEW:
            return Done(Outcome.LEFT)
        for _ in range(_ATTEMPTS):
            done = await (self._create(plan, step) if step.kind is StepKind.CREATE else self._attach(plan, step))
            if done is not None:
                return done
            await asyncio.sleep(_PAUSE)
        return Done(Outcome.FAILED, "Another operation is at work on its customer.")

    async def _lead(self, step: Step) -> Lead | None:
        assert step.lead is not None
        stores, tenant = self.matching.stores, self.matching.tenant
        return (await stores.crm.leads_by_key(tenant, [step.lead])).get(step.lead)

    async def _create(self, plan: Plan, step: Step) -> Done | None:
        lead = await self._lead(step)
        if lead is None:
            return _GONE
        assert self.create_customer is not None
        sent = Sent(plan.operation.by, "applyOperation", f"{plan.operation.id}/{step.number}", "")
        # Whoever has its e-mail may be who was created for it before a crash.
        is_new = await kept(self.matching.own, self.matching.tenant, sent) is None
        if is_new and (await owners_of(self.matching, [lead]))[lead.key].customers:
            return Done(Outcome.NOTHING, "Somebody has its e-mail or phone by now.")
        said = {name: value for name, value in step.details.items() if name != "evidence"}
        return await self.create_customer(said, sent)

    async def _attach(self, plan: Plan, step: Step) -> Done | None:
        """Attach a lead and say so in one transaction; None while somebody else has its customer to themselves."""
        lead = await self._lead(step)
        if lead is None:
            return _GONE
        matching, id_ = self.matching, uuid.uuid4()
        told = evidence_of(lead, matching.stores.profile.store.phone_region)
        try:
            async with matching.own.transaction() as connection:
                things = _things(step.details.get("row"), told)
                if await log.take_claims(connection, matching.tenant, things, id_) is not None:
                    await log.release(connection, id_)
                    return None
                owners = (await owners_of(matching, [lead]))[lead.key]
                done = await self._attached(connection, step, lead, owners)
                await log.release(connection, id_)
                await planning.mark_all(connection, plan.operation.id, {step.number: done})
        except RefusedError as refusal:
            return Done(Outcome.FAILED, refusal.errors[0].message)
        return done


_GONE = Done(Outcome.NOTHING, "The lead is not there any more.")


def _things(row: Key | None, told: Sequence[Evidence]) -> frozenset[str]:
    """Say what is to be claimed for a lead: what it can be told by, and the row that it is to go to."""
    rows = frozenset() if row is None else frozenset({written(RecordRef(RecordKind.CRM, row))})
    return rows | {f"{one.rule.value}:{one.value}" for one in told}


def _fault_of(owners: Owners) -> str | None:
    """Say why nobody can tell which row a lead goes to; None where it goes to one, or nobody has what it has."""
    if len(owners.customers) > 1:
        assert owners.by is not None
        return f"Several customers have the {_CALLED[owners.by.rule]} {owners.by.value}."
    if owners.only is not None and owners.row is None:
        return "Its customer has no row in the CRM that it could name."
    return None


def _attachment(
    lead: Lead, told: Sequence[Evidence], message: str, records: tuple[RecordRef, ...] = (), *, row: Key | None = None
) -> Step:
    details = {"row": row, "evidence": [[one.rule.value, one.value] for one in told]}
    return Step(kind=StepKind.ATTACH, records=records, lead=lead.key, message=message, details=details)


def _creation(lead: Lead, told: Sequence[Evidence]) -> Step:
    """Create whom *lead* tells of; what is no e-mail, or no phone number, stays with the lead."""
    rules = {one.rule for one in told}
    email = lead.email if IdentifierKind.EMAIL in rules else None
    phone = lead.phone if IdentifierKind.PHONE in rules else None
    name = lead.name or email or phone
    said = {"name": name, "email": email, "phone": phone, "source": lead.source}
    details = said | {"evidence": [[one.rule.value, one.value] for one in told]}
    return Step(
        kind=StepKind.CREATE, lead=lead.key, message=f"Nobody has its e-mail or phone: create {name}.", details=details
    )
