"""Attach orphaned leads to their customers, and create customers where there is none."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from domain.filters import LeadFilter
from domain.identifiers import IdentifierKind
from domain.operations import written
from domain.paging import Direction, Order, PageRequest
from domain.planning import Done, Outcome, Step, StepKind
from domain.records import Key, Lead, RecordKind, RecordRef
from domain.suggestions import Evidence
from resolvers.indexing import whole_pass
from resolvers.lead_owners import Owners, evidence_of, owners_of
from resolvers.matching import Matching
from sources.mail import is_mailable
from sources.own import operations as log
from sources.own import planning
from sources.own.idempotency import Sent
from sources.own.planning import Plan
from sources.postgres_attaching import StoreRefusesError, attach

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
            steps = [_attachment(lead, message, owners.only or (), row=owners.row)]
        elif fault is None and self._coming & set(told):
            steps = [_attachment(lead, "Its customer is to be created for another lead.")]
        elif fault is None and reached_by and creates and self.create_customer is not None:
            steps = [_creation(lead, reached_by), _attachment(lead, "Its customer is to be created for it.")]
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
            return Done(Outcome.NOTHING, "The lead is not there any more.")
        if (await owners_of(self.matching, [lead]))[lead.key].customers:
            return Done(Outcome.NOTHING, "Somebody has its e-mail or phone by now.")
        assert self.create_customer is not None
        sent = Sent(plan.operation.by, "applyOperation", f"{plan.operation.id}/{step.number}", "")
        return await self.create_customer(step.details, sent)

    async def _attach(self, plan: Plan, step: Step) -> Done | None:
        """Attach a lead and say so in one transaction; None while somebody else has its customer to themselves."""
        lead = await self._lead(step)
        if lead is None:
            return Done(Outcome.NOTHING, "The lead is not there any more.")
        matching, id_ = self.matching, uuid.uuid4()
        told = evidence_of(lead, matching.stores.profile.store.phone_region)
        row = step.details.get("row")
        things = {f"{one.rule.value}:{one.value}" for one in told}
        things |= {written(RecordRef(RecordKind.CRM, row))} if row is not None else set()
        try:
            async with matching.own.transaction() as connection:
                if await log.take_claims(connection, matching.tenant, things, id_) is not None:
                    await log.release(connection, id_)
                    return None
                owners = (await owners_of(matching, [lead]))[lead.key]
                if owners.row is None or row not in (None, owners.row):
                    await log.release(connection, id_)
                    if row is None and not owners.customers:
                        # The step before says why, and counts the lead.
                        return Done(Outcome.NOTHING, "Its customer was not created.")
                    return Done(Outcome.LEFT, _fault_of(owners) or "Its customer is another, or gone, by now.")
                statement = await matching.stores.crm.attaching(matching.tenant, lead.key, owners.row)
                is_attached = statement is not None and await attach(connection, statement)
                done = Done(Outcome.ATTACHED) if is_attached else Done(Outcome.NOTHING, "It has a customer by now.")
                await log.release(connection, id_)
                await planning.mark(connection, plan.operation.id, step.number, done)
        except StoreRefusesError as error:
            return Done(Outcome.FAILED, f"The store refuses it: {error}")
        return done


def _fault_of(owners: Owners) -> str | None:
    """Say why nobody can tell which row a lead goes to; None where it goes to one, or nobody has what it has."""
    if len(owners.customers) > 1:
        assert owners.by is not None
        return f"Several customers have the {_CALLED[owners.by.rule]} {owners.by.value}."
    if owners.only is not None and owners.row is None:
        return "Its customer has no row in the CRM that it could name."
    return None


def _attachment(lead: Lead, message: str, records: tuple[RecordRef, ...] = (), *, row: Key | None = None) -> Step:
    return Step(kind=StepKind.ATTACH, records=records, lead=lead.key, message=message, details={"row": row})


def _creation(lead: Lead, told: Sequence[Evidence]) -> Step:
    """Create whom *lead* tells of; what is no e-mail, or no phone number, stays with the lead."""
    rules = {one.rule for one in told}
    email = lead.email if IdentifierKind.EMAIL in rules else None
    phone = lead.phone if IdentifierKind.PHONE in rules else None
    name = lead.name or email or phone
    details = {"name": name, "email": email, "phone": phone, "source": lead.source}
    return Step(
        kind=StepKind.CREATE, lead=lead.key, message=f"Nobody has its e-mail or phone: create {name}.", details=details
    )
