"""Attach orphaned leads to their customers, and create customers where there is none."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field

from domain.filters import LeadFilter
from domain.identifiers import IdentifierKind
from domain.mutation_errors import RefusedError
from domain.paging import Direction, Order, PageRequest
from domain.planning import Done, Needs, Outcome, Step, StepKind
from domain.records import Key, Lead, RecordRef
from domain.suggestions import Evidence
from resolvers.attaching_lots import (
    CALLED,
    GONE,
    TAKEN,
    attach_all,
    attached,
    create_all,
    fault_of,
    new_customer,
    refused_by_store,
    things_of,
)
from resolvers.creating import Creating
from resolvers.indexing import whole_pass
from resolvers.lead_owners import Owners, evidence_of, owners_of
from resolvers.matching import Matching
from resolvers.step_outcomes import came_of
from sources.mail import is_mailable
from sources.own import operations as log
from sources.own import planning
from sources.own.idempotency import Sent, kept
from sources.own.planning import Plan

_LOT = 500
_PAUSE, _ATTEMPTS = 0.05, 100


@dataclass(slots=True)
class Attaching:
    """Attach the leads of one tenant; without *creating* nobody is created."""

    matching: Matching
    creating: Creating | None = None
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
        fault = fault_of(owners)
        steps: list[Step] = []
        if owners.row is not None:
            assert owners.by is not None
            message = f"Its customer has the {CALLED[owners.by.rule]} {owners.by.value}."
            steps = [_attachment(lead, told, message, owners.only or (), row=owners.row)]
        elif fault is None and self._coming & set(told):
            steps = [_attachment(lead, told, "Its customer is to be created for another lead.")]
        elif fault is None and reached_by and creates and self.creating is not None:
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
        return Needs(shared=things | things_of(step.details.get("row"), ()))

    async def do_together(self, plan: Plan, steps: Sequence[Step]) -> AsyncIterator[Mapping[int, Done]]:
        yield {step.number: Done(Outcome.LEFT) for step in steps if step.kind is StepKind.LEAVE_FOR_REVIEW}
        creations = {step.number: step for step in steps if step.kind is StepKind.CREATE}
        if self.creating is not None and creations:
            yield await create_all(self.matching, self.creating, creations, lambda step: _sent(plan, step))
        yield await attach_all(self.matching, plan, [step for step in steps if step.kind is StepKind.ATTACH])

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

    async def _create(self, plan: Plan, step: Step) -> Done:
        lead = await self._lead(step)
        if lead is None:
            return GONE
        creating, sent = self.creating, _sent(plan, step)
        assert creating is not None
        # Whoever has its e-mail may be who was created for it before a crash.
        is_new = await kept(self.matching.own, self.matching.tenant, sent) is None
        if is_new and (await owners_of(self.matching, [lead]))[lead.key].customers:
            return TAKEN
        linked = await creating.create_customer(new_customer(creating, step), sent)
        return await came_of(creating.operations, linked, Outcome.CREATED)

    async def _attach(self, plan: Plan, step: Step) -> Done | None:
        """Attach a lead and say so in one transaction; None while somebody else has its customer to themselves."""
        lead = await self._lead(step)
        if lead is None:
            return GONE
        matching, id_ = self.matching, uuid.uuid4()
        told = evidence_of(lead, matching.stores.profile.store.phone_region)
        try:
            async with matching.own.transaction() as connection:
                things = things_of(step.details.get("row"), told)
                if await log.take_claims(connection, matching.tenant, things, id_) is not None:
                    await log.release(connection, id_)
                    return None
                owners = (await owners_of(matching, [lead]))[lead.key]
                done = await attached(matching, connection, step, lead, owners)
                await log.release(connection, id_)
                await planning.mark_all(connection, plan.operation.id, {step.number: done})
        except RefusedError as refusal:
            return refused_by_store(refusal)
        return done


def _sent(plan: Plan, step: Step) -> Sent:
    """Name *step* so that it is done once, however often it is begun."""
    return Sent(plan.operation.by, "applyOperation", f"{plan.operation.id}/{step.number}", "")


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
