"""Attach many leads at once, and create many customers: each looked at again by itself, from what was read for all."""

import asyncio
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import IndexMissingError
from domain.identifiers import IdentifierKind
from domain.mutation_errors import RefusedError
from domain.operations import written
from domain.planning import Done, Outcome, Step
from domain.records import Key, Lead, Record, RecordKind, RecordRef
from domain.suggestions import Evidence
from resolvers.creating import Creating, NewCustomer
from resolvers.known import contact_of, holders_of
from resolvers.lead_owners import Owners, evidence_of, owners_of
from resolvers.matching import Matching
from resolvers.operations import Decided
from resolvers.operations_together import Part, run_together
from resolvers.step_outcomes import ended_as
from sources.faults import crash_point
from sources.own import operations as log
from sources.own import planning
from sources.own.idempotency import Sent
from sources.own.operations_together import take_claims_of
from sources.own.planning import Plan
from sources.postgres_attaching import attach

CALLED = {IdentifierKind.EMAIL: "e-mail", IdentifierKind.PHONE: "phone"}
GONE = Done(Outcome.NOTHING, "The lead is not there any more.")
TAKEN = Done(Outcome.NOTHING, "Somebody has its e-mail or phone by now.")


# ── leads ──


async def attach_all(matching: Matching, plan: Plan, steps: Sequence[Step]) -> Mapping[int, Done]:
    """Attach leads and say so in one transaction; those are left out whose customers somebody else has.

    All of them where the store refuses one as late as the commit.
    """
    if not steps:
        return {}
    id_, region = uuid.uuid4(), matching.stores.profile.store.phone_region
    leads = await _leads(matching, steps)
    done = {step.number: GONE for step in steps if step.number not in leads}
    asked = {
        step.number: (step, things_of(step.details.get("row"), evidence_of(leads[step.number], region)))
        for step in steps
        if step.number in leads
    }
    try:
        async with matching.own.transaction() as connection:
            wanted = {thing for _, things in asked.values() for thing in things}
            held = (await take_claims_of(connection, matching.tenant, {id_: wanted})).get(id_, set())
            free = {number: step for number, (step, things) in asked.items() if things.isdisjoint(held)}
            owners = await owners_of(matching, [leads[number] for number in free])
            for number, step in free.items():
                lead = leads[number]
                try:
                    done[number] = await attached(matching, connection, step, lead, owners[lead.key])
                except RefusedError as refusal:
                    done[number] = refused_by_store(refusal)
            await log.release(connection, id_)
            await planning.mark_all(connection, plan.operation.id, done)
            crash_point("before-attached")
    except RefusedError:
        return {}
    crash_point("after-attached")
    return done


async def attached(matching: Matching, connection: AsyncConnection, step: Step, lead: Lead, owners: Owners) -> Done:
    """Attach *lead* to the one who owns it still. Raises RefusedError."""
    if owners.row is None or step.details.get("row") not in (None, owners.row):
        if step.details.get("row") is None and not owners.customers:
            # The step before says why, and counts the lead.
            return Done(Outcome.NOTHING, "Its customer was not created.")
        return Done(Outcome.LEFT, fault_of(owners) or "Its customer is another, or gone, by now.")
    section = matching.stores.profile.lead
    assert section is not None
    statement = await matching.stores.crm.attaching(matching.tenant, lead.key, owners.row)
    is_attached = statement is not None and await attach(connection, section, statement)
    return Done(Outcome.ATTACHED) if is_attached else Done(Outcome.NOTHING, "It has a customer by now.")


def refused_by_store(refusal: RefusedError) -> Done:
    return Done(Outcome.FAILED, refusal.errors[0].message)


def things_of(row: Key | None, told: Sequence[Evidence]) -> frozenset[str]:
    """Say what is to be claimed for a lead: what it can be told by, and the row that it is to go to."""
    rows = frozenset() if row is None else frozenset({written(RecordRef(RecordKind.CRM, row))})
    return rows | {f"{one.rule.value}:{one.value}" for one in told}


def fault_of(owners: Owners) -> str | None:
    """Say why nobody can tell which row a lead goes to; None where it goes to one, or nobody has what it has."""
    if len(owners.customers) > 1:
        assert owners.by is not None
        return f"Several customers have the {CALLED[owners.by.rule]} {owners.by.value}."
    if owners.only is not None and owners.row is None:
        return "Its customer has no row in the CRM that it could name."
    return None


async def _leads(matching: Matching, steps: Sequence[Step]) -> dict[int, Lead]:
    """Read the leads of *steps*, by their numbers."""
    keys = [step.lead for step in steps if step.lead is not None]
    found = await matching.stores.crm.leads_by_key(matching.tenant, keys)
    return {step.number: found[step.lead] for step in steps if step.lead is not None and step.lead in found}


# ── their customers ──


async def create_all(
    matching: Matching, creating: Creating, steps: Mapping[int, Step], sent: Callable[[Step], Sent]
) -> Mapping[int, Done]:
    """Create the customers of leads; whoever is left out is created alone."""
    leads = await _leads(matching, list(steps.values()))
    new = {number: new_customer(creating, step) for number, step in steps.items() if number in leads}
    read = {number: contact_of(creating.stores, one.email, one.phone) for number, one in new.items()}
    contacts = {
        number: contact for number, (contact, faults) in read.items() if not faults and not creating.wrong(new[number])
    }
    taken: set[int] = set()

    async def decide(ids: Mapping[int, uuid.UUID], connection: AsyncConnection) -> Mapping[int, Decided | RefusedError]:
        owners = await owners_of(matching, [leads[number] for number in ids])
        taken.update(number for number in ids if owners[leads[number].key].customers)
        asked = {number: contacts[number] for number in ids if number not in taken}
        holders = await holders_of(creating.stores, creating.tenant, asked.values(), list(RecordKind))
        decided: dict[int, Decided | RefusedError] = {}
        records: dict[RecordRef, Record] = {}
        for number, contact in asked.items():
            await asyncio.sleep(0)  # others are served in between
            try:
                creation = await creating.plan(connection, new[number], contact, holders)
                decided[number] = creating.decided(ids[number], creation, contact)
                records |= creation.records
            except RefusedError as refusal:
                decided[number] = refusal
        await creating.put(connection, records)
        return decided

    parts = {number: Part(things=one.things, sent=sent(steps[number])) for number, one in contacts.items()}
    try:
        ended = await run_together(creating.operations, creating.tenant, parts, decide)
    except IndexMissingError:
        return {}
    done = {number: GONE for number in steps if number not in leads} | dict.fromkeys(taken, TAKEN)
    return done | {number: ended_as(one, Outcome.CREATED) for number, one in ended.items()}


def new_customer(creating: Creating, step: Step) -> NewCustomer:
    """Be the customer of a lead, with what the CRM has a place for: accounts are made by a backfill."""
    maps = creating.operations.rows.maps
    known: dict[str, Any] = {
        name: step.details.get(name)
        for name in ("name", "email", "phone", "source")
        if name == "name" or maps("customer", name)
    }
    return NewCustomer(**known, with_account=False)
