"""Create customers: in every store that is to have one, linked both ways, or nothing at all."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.identity import Names
from domain.link_plans import Links, NoFieldError, plan_join
from domain.mutation_errors import ErrorCode, RefusedError, UserError
from domain.operations import (
    Counts,
    Insert,
    Intended,
    Mail,
    Operation,
    OperationKind,
    RowWrite,
    Write,
    written,
)
from domain.records import Key, Record, RecordKind, RecordRef
from domain.status import CustomerStatus
from resolvers.known import Contact, Holders, contact_of, duplicates, duplicates_among
from resolvers.linking import Linked, refused
from resolvers.making import LINKED, NO_LINK, Making, claimed, record_to_be
from resolvers.operations import Decided
from sources.own.idempotency import Sent


@dataclass(frozen=True, slots=True, kw_only=True)
class NewCustomer:
    """Be a customer as somebody wants it: *with_account* None means where the store has accounts."""

    name: str
    email: str | None = None
    phone: str | None = None
    source: str | None = None
    with_account: bool | None = None
    #: What its delivery record says: address and area; None where it is to have none.
    delivery: Mapping[str, str | None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """Be what creating takes: the row that is written, the documents to be, what they are found by."""

    refs: tuple[RecordRef, ...]
    row: RowWrite | None
    writes: tuple[Write | Insert, ...]
    trail: tuple[Write, ...]
    records: Mapping[RecordRef, Record]

    @property
    def login(self) -> str | None:
        """What its account logs in with."""
        return next((record.email for ref, record in self.records.items() if ref.kind is RecordKind.ACCOUNT), None)

    @property
    def fresh(self) -> frozenset[str]:
        return frozenset(written(ref) for ref in self.records)

    @property
    def event(self) -> Intended | None:
        """What the trail of links tells; nothing where there is one record alone."""
        return Intended(kind=LINKED, records=self.refs, trail=self.trail) if len(self.refs) > 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Creating(Making):
    """Create customers."""

    async def create_customer(self, new: NewCustomer, sent: Sent | None, *, invite: bool = False) -> Linked:
        """Create *new* unless somebody has its e-mail or phone already; *invite* them to the account they get."""
        contact, faults = contact_of(self.stores, new.email, new.phone)
        if faults := [*faults, *self.wrong(new)]:
            return refused(*faults)

        async def decide(id_: uuid.UUID, connection: AsyncConnection) -> Decided:
            creation = await self.plan(connection, new, contact)
            if invite:
                self.check_invitation(creation.login)
            await self.put(connection, creation.records)
            return self.decided(id_, creation, contact, invite=invite)

        return await self.run(contact.things, decide, sent)

    def decided(self, id_: uuid.UUID, creation: Creation, contact: Contact, *, invite: bool = False) -> Decided:
        """Decide on a *creation*; *invite* those whose it is."""
        account = next((ref.key for ref in creation.refs if ref.kind is RecordKind.ACCOUNT), None)
        operation = Operation(
            id=id_,
            tenant=self.tenant,
            kind=OperationKind.CREATE_CUSTOMER,
            by=self.by,
            writes=creation.writes,
            rows=() if creation.row is None else (creation.row,),
            event=creation.event,
            made=Counts(created=len(creation.refs), linked=int(len(creation.refs) > 1)),
            mail=Mail(account) if invite and account is not None else None,
        )
        result = {"operation": str(id_), "records": [written(ref) for ref in creation.refs], "retired": []}
        things = contact.things | claimed(creation.login)
        return Decided(operation=operation, things=things, result=result, fresh=creation.fresh)

    async def plan(
        self, connection: AsyncConnection, new: NewCustomer, contact: Contact, holders: Holders | None = None
    ) -> Creation:
        """Write the row of *new* through *connection*, and say what else it takes. Under the claims of *contact*.

        *holders* is who has what, where that was found already. Raises RefusedError, also for one who is known.
        """
        faults = (
            await duplicates(self.stores, self.documents, self.tenant, contact)
            if holders is None
            else duplicates_among(holders, contact)
        )
        if faults:
            raise RefusedError(*faults)
        values = {"name": new.name, "email": new.email, "phone": new.phone, "source": new.source}
        given = {name: value for name, value in values.items() if value is not None}
        documents: dict[RecordRef, dict[str, Any]] = {}
        records: dict[RecordRef, Record] = {}
        # Documents first: what they lack is told before anything is written.
        for kind in self._document_kinds(new):
            key = await self.documents.new_key(self.tenant, kind)
            ref = RecordRef(kind, Key(key))
            said: dict[str, Any] = dict(given)
            if kind is RecordKind.ACCOUNT:
                said["email"] = await self.login(new.name, new.email, new.phone, ref.key)
                said["made_up"] = new.email is None
            if kind is RecordKind.DELIVERY:
                said |= {name: value for name, value in (new.delivery or {}).items() if value is not None}
            documents[ref] = await self.documents.new_document(self.tenant, kind, key, said)
            records[ref] = record_to_be(ref, said)
        row = None
        if self.stores.profile.customer is not None:
            row = await self._row(connection, given)
            ref = RecordRef(RecordKind.CRM, row.key)
            records[ref] = record_to_be(ref, given)
        refs = tuple(ref for kind in RecordKind for ref in records if ref.kind is kind)
        trail = await self._link_new(refs, documents)
        writes = tuple(Insert(ref, document) for ref, document in documents.items())
        return Creation(refs=refs, row=row, writes=writes, trail=trail, records=records)

    async def _row(self, connection: AsyncConnection, given: Mapping[str, Any]) -> RowWrite:
        section, rows = self.stores.profile.customer, self.operations.rows
        assert section is not None
        words = () if section.status is None else section.status.words.get(CustomerStatus.ACTIVE, ())
        mapped = {name: value for name, value in given.items() if rows.maps("customer", name)}
        default = {"status": words[0]} if words else {}
        return await rows.insert(connection, self.tenant, "customer", mapped, unless_filled=default)

    async def _link_new(
        self, refs: Sequence[RecordRef], documents: Mapping[RecordRef, dict[str, Any]]
    ) -> tuple[Write, ...]:
        """Let the new documents name each other and the row."""
        if len(refs) <= 1:
            return ()
        nobody = {
            kind: {ref.key: Names(None, None) for ref in refs if ref.kind is kind}
            for kind in (RecordKind.ACCOUNT, RecordKind.DELIVERY)
        }
        links = Links(nobody, frozenset(ref.key for ref in refs if ref.kind is RecordKind.CRM))
        try:
            changes = plan_join(links, self.documents.fields, refs)
        except NoFieldError:
            raise RefusedError(NO_LINK) from None
        return tuple([await self.said(documents[one.record], one) for one in changes])

    def _document_kinds(self, new: NewCustomer) -> list[RecordKind]:
        kinds = []
        if new.with_account is not False and RecordKind.ACCOUNT in self.stores.mongo_kinds:
            kinds.append(RecordKind.ACCOUNT)
        if new.delivery is not None:
            kinds.append(RecordKind.DELIVERY)
        return kinds

    def wrong(self, new: NewCustomer) -> list[UserError]:
        """Say what of *new* this store has no place for."""
        profile, kinds = self.stores.profile, self._document_kinds(new)
        if new.with_account and profile.account is None:
            return [UserError(ErrorCode.NOT_MAPPED, "The store has no accounts.", ("withAccount",))]
        if new.delivery is not None and profile.delivery is None:
            return [UserError(ErrorCode.NOT_MAPPED, "The store has no delivery records.", ("delivery",))]
        if profile.customer is None and not kinds:
            message = "The store has no customers of its own: ask for an account or a delivery record."
            return [UserError(ErrorCode.REQUIRED, message, ("withAccount",))]
        faults = []
        for name in ("email", "phone", "source"):
            is_mapped = profile.customer is not None and self.operations.rows.maps("customer", name)
            if getattr(new, name) is not None and not (
                is_mapped or any(self.documents.maps(kind, name) for kind in kinds)
            ):
                faults.append(UserError(ErrorCode.NOT_MAPPED, f"The store has no {name} here.", (name,)))
        for name, value in (new.delivery or {}).items():
            if value is not None and not self.documents.maps(RecordKind.DELIVERY, name):
                faults.append(UserError(ErrorCode.NOT_MAPPED, f"The store has no {name} here.", ("delivery", name)))
        return faults
