"""Change customers: names and addresses in every record that has them, a status, who delivers."""

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.identifiers import IdentifierKind, identifiers_of
from domain.identity import Members
from domain.mutation_errors import ErrorCode, RefusedError, UserError
from domain.operations import Mail, Operation, OperationKind, RowWrite, Write, written
from domain.records import AccountRecord, Key, Record, RecordKind, RecordRef
from domain.status import CustomerStatus
from resolvers.known import Contact, contact_of, duplicates, read_records
from resolvers.linking import Linked, refused
from resolvers.making import Making
from resolvers.operations import Decided
from sources.mongo_writing import OddValueError
from sources.neighbourhood import around_all
from sources.own.idempotency import Sent
from sources.profile import StatusMap

_NO_CUSTOMER = UserError(ErrorCode.NOT_FOUND, "There is no such customer.", ("id",))
#: Where the e-mail of a customer stands apart from what they log in with.
_OF_CONTACT = (RecordKind.CRM, RecordKind.DELIVERY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Be what is to change of a customer: *texts* by name (name, email, phone), None clears; *status* in a tuple."""

    texts: Mapping[str, str | None] = field(default_factory=dict)
    status: tuple[CustomerStatus | None] | None = None
    change_login: bool = False

    @property
    def names(self) -> list[str]:
        return [*self.texts, *(["status"] if self.status is not None else [])]


@dataclass(frozen=True, slots=True, kw_only=True)
class Updating(Making):
    """Change customers."""

    async def update(self, ref: RecordRef, change: Change, sent: Sent | None) -> Linked:
        """Write *change* to every record of the customer of *ref* that says such a thing."""
        if ref.kind not in self.stores.kinds:
            return refused(_NO_CUSTOMER)
        contact, faults = contact_of(self.stores, change.texts.get("email"), change.texts.get("phone"))
        if faults:
            return refused(*faults)

        async def decide(id_: uuid.UUID, connection: AsyncConnection) -> Decided:
            members = await self._members(ref)
            records = await read_records(self.stores, self.tenant, members.refs)
            refused_ = await self._refused(change, contact, records)
            if refused_:
                raise RefusedError(*refused_)
            values = {one: self._values(one, change, records) for one in records}
            writes: list[Write] = []
            for one in records:
                writes += await self._changes(one, values[one]) if one.kind is not RecordKind.CRM else []
            row = await self._row(connection, members, values)
            await self.put(connection, {one: _changed(records[one], values[one]) for one in records if values[one]})
            rows = () if row is None else (row,)
            mail = _confirmation(change, records)
            return self._decided(id_, OperationKind.UPDATE_CUSTOMER, members, writes, rows, mail)

        return await self.run(contact.things | {written(ref)}, decide, sent)

    async def assign_courier(self, ref: RecordRef, courier: Key | None, sent: Sent | None) -> Linked:
        """Let *courier* deliver to the customer of *ref*; None: nobody."""
        if ref.kind not in self.stores.kinds:
            return refused(replace(_NO_CUSTOMER, path=("customerId",)))
        if self.stores.profile.courier is None or not self.documents.maps(RecordKind.DELIVERY, "courier"):
            return refused(UserError(ErrorCode.NOT_MAPPED, "The store has no couriers.", ("courierKey",)))

        async def decide(id_: uuid.UUID, _: AsyncConnection) -> Decided:
            members = await self._members(ref, ("customerId",))
            if members.delivery is None:
                message = "The customer has no delivery record that could name a courier."
                raise RefusedError(UserError(ErrorCode.NOT_FOUND, message, ("customerId",)))
            value = None
            if courier is not None:
                if not await self.stores.documents.couriers_by_key(self.tenant, [courier]):
                    raise RefusedError(UserError(ErrorCode.NOT_FOUND, "There is no such courier.", ("courierKey",)))
                value = await self.documents.courier_value(courier)
            delivery = RecordRef(RecordKind.DELIVERY, members.delivery)
            writes = await self._changes(delivery, {"courier": value})
            return self._decided(id_, OperationKind.ASSIGN_COURIER, members, writes)

        return await self.run({written(ref)}, decide, sent)

    # ── how ──

    async def _members(self, ref: RecordRef, path: tuple[str, ...] = ("id",)) -> Members:
        links = (await around_all(self.stores, self.tenant, [ref])).links
        if not links.has(ref):
            raise RefusedError(replace(_NO_CUSTOMER, path=path))
        return links.identity.members(ref)

    async def _refused(
        self, change: Change, contact: Contact, records: Mapping[RecordRef, Record]
    ) -> Sequence[UserError]:
        """Say what no record could keep, and who has the new e-mail or phone already."""
        faults = [
            UserError(ErrorCode.NOT_MAPPED, self._unmapped(name, change, records), (name,))
            for name in change.names
            if not self._kept(name, change, records)
        ]
        if change.status is not None and not faults:
            faults += self._without_word(change.status[0], records)
        if change.change_login:
            faults += _login_faults(records.values())
        if faults:
            return faults
        region = self.stores.profile.store.phone_region
        has = [identifiers_of(record, region) for record in records.values()]
        own = {IdentifierKind.EMAIL: {one.email for one in has}, IdentifierKind.PHONE: {one.phone for one in has}}
        new = {kind: value for kind, value in contact.normal.items() if value not in own[kind]}
        asked = replace(contact, normal=new)
        found = await duplicates(self.stores, self.documents, self.tenant, asked, but=records)
        if change.change_login and not found and contact.email is not None:
            spelled = {contact.email, contact.email.lower(), contact.email.casefold()}
            if (await self.documents.taken(self.tenant, spelled)).by_others(spelled):
                message = "Somebody who is no customer logs in with this e-mail."
                return [UserError(ErrorCode.NOT_A_CUSTOMER, message, ("email",))]
        return found

    def _unmapped(self, name: str, change: Change, records: Mapping[RecordRef, Record]) -> str:
        if name == "email" and any(self._maps(ref.kind, name) for ref in records) and not change.change_login:
            return "Only the customer's login has an e-mail: it changes with changeLogin."
        return f"No record of this customer could keep its {name}."

    def _kept(self, name: str, change: Change, records: Mapping[RecordRef, Record]) -> list[RecordRef]:
        """List the records that are to say *name*; a login says its e-mail as well, but only once it is confirmed."""
        mapped = [ref for ref in records if self._maps(ref.kind, name)]
        if name == "email" and not change.change_login:
            return [ref for ref in mapped if ref.kind in _OF_CONTACT]
        if name == "status":
            said = [ref for ref in mapped if records[ref].status is not None]
            return (said or mapped)[:1]
        return mapped

    def _maps(self, kind: RecordKind, name: str) -> bool:
        if kind is RecordKind.CRM:
            return self.operations.rows.maps("customer", name)
        return self.documents.maps(kind, name)

    def _without_word(self, status: CustomerStatus | None, records: Mapping[RecordRef, Record]) -> list[UserError]:
        if status is None:
            return []
        words = self._words(self._kept("status", Change(), records)[0].kind)
        if status is CustomerStatus.UNKNOWN:
            return [UserError(ErrorCode.INVALID, "UNKNOWN is no status that could be written.", ("status",))]
        if words.get(status):
            return []
        return [UserError(ErrorCode.NOT_MAPPED, f"The store has no word for {status.value}.", ("status",))]

    def _words(self, kind: RecordKind) -> Mapping[CustomerStatus, tuple[str, ...]]:
        section = self.stores.profile.customer if kind is RecordKind.CRM else self.stores.profile.delivery
        status: StatusMap[CustomerStatus] | None = None if section is None else section.status
        return {} if status is None else status.words

    def _values(self, ref: RecordRef, change: Change, records: Mapping[RecordRef, Record]) -> dict[str, Any]:
        """Say what the record *ref* is to hold of what is to change."""
        values: dict[str, Any] = {}
        for name, text in change.texts.items():
            is_login = name == "email" and ref.kind is RecordKind.ACCOUNT
            if ref in self._kept(name, change, records) and not is_login and getattr(records[ref], name) != text:
                values[name] = text
        if change.status is not None and ref in self._kept("status", change, records):
            (status,) = change.status
            if records[ref].status is not status:
                values["status"] = None if status is None else self._words(ref.kind)[status][0]
        return values

    async def _changes(self, ref: RecordRef, values: Mapping[str, Any]) -> list[Write]:
        try:
            return await self.documents.changes_of(self.tenant, ref, values)
        except (OddValueError, LookupError) as odd:
            message = f"{odd}: mend it in the store first."
            raise RefusedError(UserError(ErrorCode.CONSTRAINT, message)) from None

    async def _row(
        self, connection: AsyncConnection, members: Members, values: Mapping[RecordRef, Mapping[str, Any]]
    ) -> RowWrite | None:
        if members.crm is None:
            return None
        changed = values.get(RecordRef(RecordKind.CRM, members.crm))
        if not changed:
            return None
        return await self.operations.rows.update(connection, self.tenant, "customer", members.crm, changed)

    def _decided(  # noqa: PLR0917 - what an operation is made of
        self,
        id_: uuid.UUID,
        kind: OperationKind,
        members: Members,
        writes: Sequence[Write],
        rows: tuple[RowWrite, ...] = (),
        mail: Mail | None = None,
    ) -> Decided:
        nothing = not writes and not rows and mail is None
        operation = Operation(
            id=id_, tenant=self.tenant, kind=kind, by=self.by, writes=tuple(writes), rows=rows, mail=mail
        )
        result = {
            "operation": None if nothing else str(id_),
            "records": [written(one) for one in members.refs],
            "retired": [],
        }
        things = frozenset(written(one) for one in members.refs)
        return Decided(operation=None if nothing else operation, things=things, result=result)


def _login_faults(records: Iterable[Record]) -> list[UserError]:
    """Say why nobody could confirm a new login."""
    account = next((one for one in records if isinstance(one, AccountRecord)), None)
    if account is None:
        return [UserError(ErrorCode.NOT_MAPPED, "The customer has no login.", ("changeLogin",))]
    if not account.is_active:
        return [UserError(ErrorCode.INVALID, "The customer's account is not active.", ("changeLogin",))]
    return []


def _confirmation(change: Change, records: Mapping[RecordRef, Record]) -> Mail | None:
    """Ask the new address, where it is to be the login and is not yet."""
    email = change.texts.get("email")
    if not change.change_login or email is None:
        return None
    return next(
        (Mail(ref.key, email) for ref, one in records.items() if ref.kind is RecordKind.ACCOUNT and one.email != email),
        None,
    )


def _changed(record: Record, values: Mapping[str, Any]) -> Record:
    """Be *record* as it will be, as far as it is found by anything."""
    return replace(record, **{name: value for name, value in values.items() if name != "status"})
