"""Convert leads: won, and attached to their customers, in one operation."""

import uuid
from dataclasses import dataclass, replace

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import ReadOnlyError
from domain.ids import LEAD
from domain.mutation_errors import ErrorCode, RefusedError, UserError
from domain.operations import Counts, Operation, OperationKind, RowWrite
from domain.records import Key, Lead
from domain.status import LeadStatus
from resolvers.context import Context
from resolvers.creating import Creating, Creation, NewCustomer
from resolvers.indexing import require_index
from resolvers.known import contact_of
from resolvers.lead_owners import evidence_of, owners_of
from resolvers.matching import Matching
from resolvers.mutating import LONGEST_KEY, sent_of, subject_of, text_faults
from resolvers.operations import BusyError, Decided
from resolvers.owning import crm_key_of
from resolvers.status_changes import (
    StatusChange,
    Written,
    change_status,
    key_in,
    lead_written,
    machine_of,
    not_found,
    writable,
)
from sources.own.idempotency import OtherInputError, Sent
from sources.postgres_status import Parent

_WHERE = ("customerId",)


async def convert_lead(context: Context, id_: str, customer_id: str | None, key: str | None) -> Written:
    """Convert the lead *id_*. Raises ReadOnlyError where this gateway only reads, IndexMissingError, SourceError."""
    if context.operations is None:
        raise ReadOnlyError
    if faults := text_faults({"idempotencyKey": (key, LONGEST_KEY)}):
        return Written(errors=tuple(faults))
    lead: Key | None = None
    try:
        parent = await writable(context, "lead")
        lead = key_in(context, id_, LEAD)
        sent = sent_of(context, "convertLead", key, [id_, customer_id])
        # Whoever sends the same again has it already, whatever has become of the customer since.
        if sent is not None and (before := await context.operations.before(context.tenant, sent)) is not None:
            return Written(key=before.result["key"], operation=before.operation)
        owner = None if customer_id is None else await crm_key_of(context, customer_id)
        return await _Converting(context, parent, lead, owner).run(sent)
    except RefusedError as refusal:
        there = lead if all(error.code is not ErrorCode.NOT_FOUND for error in refusal.errors) else None
        return Written(key=there, errors=refusal.errors)
    except BusyError as busy:
        return Written(key=lead, errors=(UserError(ErrorCode.ALREADY_CHANGED, str(busy)),))
    except OtherInputError:
        message = "This idempotencyKey came with another input before."
        return Written(errors=(UserError(ErrorCode.IDEMPOTENCY_MISMATCH, message, ("idempotencyKey",)),))
    finally:
        context.forget()


@dataclass(frozen=True, slots=True)
class _Attached:
    """Be what attaching wrote, what it must have to itself for that, and what was not there before."""

    rows: tuple[RowWrite, ...] = ()
    things: frozenset[str] = frozenset()
    fresh: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Converting:
    """Convert the lead *key*, for the customer that has the CRM row *named* where one was named."""

    context: Context
    parent: Parent
    key: Key
    named: Key | None

    async def run(self, sent: Sent | None) -> Written:
        context = self.context
        assert context.operations is not None
        lead = await lead_written(context, Written(key=self.key))
        # Whoever converts another lead of the same person waits, and finds the customer that was made.
        told = frozenset() if lead is None else self._told_by(lead)
        done = await context.operations.run(context.tenant, self._things | told, self._decide, sent)
        return Written(key=done.result["key"], operation=done.operation)

    async def _decide(self, id_: uuid.UUID, connection: AsyncConnection) -> Decided:
        """Attach the lead and let it be won, all in the transaction that claims it."""
        context = self.context
        lead = await self.parent.find(connection, context.tenant, self.key, locked=True)
        if not isinstance(lead, Lead):
            raise RefusedError(not_found("lead"))
        attached = await self._attach(connection, lead)
        won = await self._win(connection, lead)
        rows = (*attached.rows, *won)
        result = {"operation": str(id_) if rows else None, "key": self.key}
        things = frozenset({*self._things, *attached.things})
        if not rows:
            return Decided(operation=None, things=things, result=result)
        operation = Operation(
            id=id_,
            tenant=context.tenant,
            kind=OperationKind.CONVERT_LEAD,
            by=subject_of(context),
            rows=rows,
            made=Counts(created=int(bool(attached.fresh)), attached=int(bool(attached.rows))),
        )
        return Decided(operation=operation, things=things, result=result, fresh=attached.fresh)

    @property
    def _things(self) -> frozenset[str]:
        return frozenset({f"LEAD:{self.key}", *(() if self.named is None else (f"CRM:{self.named}",))})

    def _told_by(self, lead: Lead) -> frozenset[str]:
        region = self.context.stores.profile.store.phone_region
        return frozenset(f"{one.rule.value}:{one.value}" for one in evidence_of(lead, region))

    async def _attach(self, connection: AsyncConnection, lead: Lead) -> _Attached:
        """Let the lead name its customer: the one named, the one that matches, or a new one. Raises RefusedError."""
        tenant = self.context.tenant
        assert self.context.operations is not None
        if not self.context.operations.rows.maps("lead", "customer"):
            if self.named is not None:
                raise RefusedError(UserError(ErrorCode.NOT_MAPPED, "The store's leads name no customer.", _WHERE))
            return _Attached()
        if lead.customer_key is not None:
            if self.named not in (None, lead.customer_key):
                raise RefusedError(UserError(ErrorCode.ALREADY_LINKED, "The lead is another customer's.", _WHERE))
            return _Attached()
        told = self._told_by(lead)
        owner, creation = self.named or await self._matching(lead), None
        if owner is None:
            creation = await self._create(connection, lead)
            assert creation.row is not None
            owner = creation.row.key
        row = await self.context.operations.rows.update(connection, tenant, "lead", self.key, {"customer": owner})
        rows = (None if creation is None else creation.row, row)
        return _Attached(
            rows=tuple(one for one in rows if one is not None),
            things=told if creation is not None else told | {f"CRM:{owner}"},
            fresh=frozenset() if creation is None else creation.fresh,
        )

    async def _matching(self, lead: Lead) -> Key | None:
        """Find the CRM row of the one customer with the lead's e-mail, else its phone; None where nobody has these."""
        stores, tenant = self.context.stores, self.context.tenant
        own = await require_index(stores, tenant)
        owners = (await owners_of(Matching(stores, own, tenant), [lead]))[lead.key]
        if len(owners.customers) > 1:
            message = "Several customers have its e-mail or phone: name one of them."
            raise RefusedError(UserError(ErrorCode.AMBIGUOUS, message, _WHERE))
        if owners.only is not None and owners.row is None:
            message = "Its customer has no row in the CRM that it could name."
            raise RefusedError(UserError(ErrorCode.CONSTRAINT, message, _WHERE))
        return owners.row

    async def _create(self, connection: AsyncConnection, lead: Lead) -> Creation:
        """Make a row for whoever asked, without an account: nobody has seen yet that the address is theirs."""
        context = self.context
        assert context.operations is not None
        name = lead.name or lead.email or lead.phone
        if name is None:
            message = "Nothing says who asked: name a customer, or write down a name."
            raise RefusedError(UserError(ErrorCode.REQUIRED, message, _WHERE))
        creating = Creating(
            stores=context.stores, operations=context.operations, tenant=context.tenant, by=subject_of(context)
        )
        email, phone = lead.email, lead.phone
        contact, faults = contact_of(context.stores, email, phone)
        if faults:
            # What cannot be an address of anybody stays with the lead.
            wrong = {fault.path for fault in faults}
            email, phone = None if ("email",) in wrong else email, None if ("phone",) in wrong else phone
            contact, _ = contact_of(context.stores, email, phone)
        maps = context.operations.rows.maps
        new = NewCustomer(
            name=name,
            email=email if maps("customer", "email") else None,
            phone=phone if maps("customer", "phone") else None,
            source=lead.source if maps("customer", "source") else None,
            with_account=False,
        )
        creation = await creating.plan(connection, new, contact)
        await creating.put(connection, creation.records)
        return creation

    async def _win(self, connection: AsyncConnection, lead: Lead) -> tuple[RowWrite, ...]:
        """Let the lead be won, unless it is; along its rules. Raises RefusedError."""
        machine = machine_of(self.context, "lead")
        if machine.meaning(lead.store_status) is LeadStatus.WON:
            return ()
        asked = StatusChange(id="", to=LeadStatus.WON)
        try:
            await change_status(self.context, connection, self.parent, machine, self.key, asked)
        except RefusedError as refusal:
            # Nobody has said what it is to be: it is the lead that cannot be converted.
            raise RefusedError(*(replace(error, path=("id",)) for error in refusal.errors)) from None
        column = self.parent.section.status.column
        return (RowWrite("lead", self.key, {column: lead.store_status}, {column: machine.written(LeadStatus.WON)}),)
