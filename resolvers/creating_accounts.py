"""Create accounts for customers that have none: linked both ways, or nothing at all."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.identity import Names
from domain.ids import CUSTOMER, encode_id
from domain.link_plans import Change, Conflict, Links, NoFieldError, plan_join
from domain.mutation_errors import ErrorCode, RefusedError, UserError
from domain.operations import (
    Counts,
    Insert,
    Intended,
    LinkEventKind,
    Mail,
    Operation,
    OperationKind,
    Write,
    written,
)
from domain.records import Key, Record, RecordKind, RecordRef
from resolvers.known import Contact, contact_of, duplicates, read_records
from resolvers.linking import Backing, Linked, refused
from resolvers.making import LINKED, NO_LINK, Making, claimed, record_to_be
from resolvers.operations import Decided
from sources.mongo_writing import OddValueError
from sources.neighbourhood import around_all
from sources.own.idempotency import Sent

_NO_CUSTOMER = UserError(ErrorCode.NOT_FOUND, "There is no such customer.", ("customerId",))


@dataclass(frozen=True, slots=True, kw_only=True)
class CreatingAccounts(Making):
    """Create accounts."""

    async def create_account(
        self,
        ref: RecordRef,
        email: str | None,
        sent: Sent | None,
        *,
        invite: bool = False,
        backed: Backing | None = None,
        event: LinkEventKind = LINKED,
    ) -> Linked:
        """Make an account for the customer of *ref*, which has none: with *email*, else its own, else one made up.

        *invite* them to it, unless that is left to whoever asks.
        """
        if RecordKind.ACCOUNT not in self.stores.mongo_kinds:
            return refused(UserError(ErrorCode.NOT_MAPPED, "The store has no accounts."))
        if ref.kind not in self.stores.kinds:
            return refused(_NO_CUSTOMER)
        contact, faults = contact_of(self.stores, email, None)
        if faults:
            return refused(*faults)
        things = contact.things | {written(ref)} | (backed.things if backed is not None else frozenset())

        async def decide(id_: uuid.UUID, connection: AsyncConnection) -> Decided:
            links = (await around_all(self.stores, self.tenant, [ref])).links
            if not links.has(ref):
                raise RefusedError(_NO_CUSTOMER)
            if backed is not None:
                await backed.check(links)
            members = links.identity.members(ref)
            if members.account is not None:
                message = f"The customer has the account {members.account} already."
                raise RefusedError(UserError(ErrorCode.ALREADY_LINKED, message, ("customerId",)))
            own = await read_records(self.stores, self.tenant, members.refs)
            login = contact if email is not None else self._own_contact(own.values())
            if faults := await self._taken(login, members.refs, given=email is not None):
                raise RefusedError(*faults)
            insert, changes, record, trail = await self._account(links, members.refs, list(own.values()), login)
            if invite:
                self.check_invitation(record.email)
            writes = await self._writes(changes)
            refs = tuple(sorted({*members.refs, insert.record}, key=lambda one: one.kind.rank))
            operation = Operation(
                id=id_,
                tenant=self.tenant,
                kind=OperationKind.CREATE_ACCOUNT,
                by=self.by,
                writes=(insert, *writes),
                event=Intended(kind=event, records=refs, trail=(*trail, *writes)),
                made=Counts(created=1, linked=1),
                mail=Mail(insert.record.key) if invite else None,
            )
            await self.put(connection, {insert.record: record})
            retired = [members.head] if refs[0] != members.head else []
            result = {
                "operation": str(id_),
                "records": [written(one) for one in refs],
                "retired": [encode_id(CUSTOMER, self.tenant, one.key, one.kind) for one in retired],
            }
            needed = things | login.things | claimed(record.email) | {written(one) for one in members.refs}
            return Decided(operation=operation, things=needed, result=result, fresh=frozenset({written(insert.record)}))

        return await self.run(things, decide, sent)

    def _own_contact(self, records: Collection[Record]) -> Contact:
        read = [contact_of(self.stores, one.email, None) for one in records if one.email is not None]
        return next((contact for contact, faults in read if not faults), Contact(None, None, {}))

    async def _taken(self, login: Contact, refs: Collection[RecordRef], *, given: bool) -> list[UserError]:
        """Say who has the e-mail already: anybody, of one that is *given*, else only who logs in with it."""
        kinds = RecordKind if given else (RecordKind.ACCOUNT,)
        return await duplicates(self.stores, self.documents, self.tenant, login, but=refs, kinds=tuple(kinds))

    async def _account(
        self, links: Links, refs: Sequence[RecordRef], own: Sequence[Record], login: Contact
    ) -> tuple[Insert, list[Change], Record, list[Write]]:
        """Make the account of the customer *refs*, and say what its other records have to say of it."""
        kind = RecordKind.ACCOUNT
        key = await self.documents.new_key(self.tenant, kind)
        ref = RecordRef(kind, Key(key))
        name = next((one.name for one in own if one.name is not None), None)
        phone = next((one.phone for one in own if one.phone is not None), None)
        email = await self.login(name or "", login.email, phone, ref.key)
        said = {"name": name, "phone": phone, "email": email, "made_up": login.email is None}
        document = await self.documents.new_document(self.tenant, kind, key, said)
        names = {**links.names, kind: {**links.names.get(kind, {}), ref.key: Names(None, None)}}
        try:
            changes = plan_join(Links(names, links.live), self.documents.fields, [*refs, ref])
        except NoFieldError:
            raise RefusedError(NO_LINK) from None
        except Conflict as conflict:
            message = f"{written(conflict.record)} is claimed by {written(conflict.rival)}: settle that first."
            raise RefusedError(UserError(ErrorCode.ALREADY_LINKED, message, ("customerId",))) from None
        trail = [await self.said(document, one) for one in changes if one.record == ref]
        return Insert(ref, document), [one for one in changes if one.record != ref], record_to_be(ref, said), trail

    async def _writes(self, changes: Sequence[Change]) -> list[Write]:
        try:
            return await self.documents.writes(self.tenant, changes)
        except (OddValueError, LookupError) as odd:
            message = f"{odd}: mend it in the store first."
            raise RefusedError(UserError(ErrorCode.CONSTRAINT, message)) from None
