"""Create accounts for customers that have none: linked both ways, or nothing at all."""

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.identity import Members, Names
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
from resolvers.linking import Backing, Linked, refused, written_of
from resolvers.making import LINKED, NO_LINK, Making, claimed, record_to_be
from resolvers.operations import Decided
from sources.mongo_documents import Taken
from sources.neighbourhood import around_all
from sources.own.idempotency import Sent

_NO_CUSTOMER = UserError(ErrorCode.NOT_FOUND, "There is no such customer.", ("customerId",))


@dataclass(frozen=True, slots=True)
class NewAccount:
    """Be an account to be: how it is made, the *changes* of other records, the *record*, the *trail* of its links."""

    insert: Insert
    changes: tuple[Change, ...]
    record: Record
    trail: tuple[Write, ...]

    @property
    def records(self) -> dict[RecordRef, Record]:
        return {self.insert.record: self.record}


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
            own = list((await read_records(self.stores, self.tenant, members.refs)).values())
            login = contact if email is not None else self.own_contact(own)
            if faults := await self._taken(login, members.refs, given=email is not None):
                raise RefusedError(*faults)
            key = await self.documents.new_key(self.tenant, RecordKind.ACCOUNT)
            new = await self.account(links, members.refs, own, login, key=key)
            if invite:
                self.check_invitation(new.record.email)
            await self.put(connection, new.records)
            writes = await written_of(self.documents.writes(self.tenant, new.changes))
            needed = things | login.things | claimed(new.record.email)
            return self.decided(id_, new, members, writes, things=needed, event=event, invite=invite)

        return await self.run(things, decide, sent)

    # ── parts of creating ──

    def own_contact(self, records: Collection[Record]) -> Contact:
        """Be how the customer of *records* is reached: the first e-mail that is one."""
        read = [contact_of(self.stores, one.email, None) for one in records if one.email is not None]
        return next((contact for contact, faults in read if not faults), Contact(None, None, {}))

    def address(self, own: Sequence[Record], login: Contact, key: Key) -> str | None:
        """Say what the account *key* of the customer of the records *own* is to log in with."""
        if login.email is not None or not self.documents.maps(RecordKind.ACCOUNT, "email"):
            return login.email
        return self.documents.placeholder(_first(own, "name") or "", _first(own, "phone"), key)

    async def _taken(self, login: Contact, refs: Collection[RecordRef], *, given: bool) -> list[UserError]:
        """Say who has the e-mail already: anybody, of one that is *given*, else only who logs in with it."""
        kinds = RecordKind if given else (RecordKind.ACCOUNT,)
        return await duplicates(self.stores, self.documents, self.tenant, login, but=refs, kinds=tuple(kinds))

    async def account(
        self,
        links: Links,
        refs: Sequence[RecordRef],
        own: Sequence[Record],
        login: Contact,
        *,
        key: Any,
        taken: Taken | None = None,
    ) -> NewAccount:
        """Make the account *key* of the customer *refs*, and say what its other records have to say of it.

        *taken* is who logs in with what, where that was read already. Raises RefusedError.
        """
        kind = RecordKind.ACCOUNT
        ref = RecordRef(kind, Key(key))
        name, phone = _first(own, "name"), _first(own, "phone")
        email = await self.login(name or "", login.email, phone, ref.key, taken=taken)
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
        trail = tuple([await self.said(document, one) for one in changes if one.record == ref])
        rest = tuple(one for one in changes if one.record != ref)
        return NewAccount(Insert(ref, document), rest, record_to_be(ref, said), trail)

    def decided(
        self,
        id_: uuid.UUID,
        new: NewAccount,
        members: Members,
        writes: Sequence[Write],
        *,
        things: frozenset[str],
        event: LinkEventKind,
        invite: bool = False,
    ) -> Decided:
        """Decide on the *new* account of *members*, whose other records are written by *writes*."""
        insert = new.insert
        refs = tuple(sorted({*members.refs, insert.record}, key=lambda one: one.kind.rank))
        operation = Operation(
            id=id_,
            tenant=self.tenant,
            kind=OperationKind.CREATE_ACCOUNT,
            by=self.by,
            writes=(insert, *writes),
            event=Intended(kind=event, records=refs, trail=(*new.trail, *writes)),
            made=Counts(created=1, linked=1),
            mail=Mail(insert.record.key) if invite else None,
        )
        retired = [members.head] if refs[0] != members.head else []
        result = {
            "operation": str(id_),
            "records": [written(one) for one in refs],
            "retired": [encode_id(CUSTOMER, self.tenant, one.key, one.kind) for one in retired],
        }
        needed = things | {written(one) for one in members.refs}
        return Decided(operation=operation, things=needed, result=result, fresh=frozenset({written(insert.record)}))


def _first(records: Sequence[Record], field: str) -> str | None:
    """Find the first that *records* say in *field*."""
    found: str | None = next((said for one in records if (said := getattr(one, field)) is not None), None)
    return found
