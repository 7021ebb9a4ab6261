"""What creating and changing customers have in common: what is claimed, indexed, refused, and told of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.identifiers import IdentifierKind, IndexedKind, IndexedRef, comparable_email, identifiers_of
from domain.link_plans import Change, LinkField
from domain.mutation_errors import ErrorCode, RefusedError, UserError
from domain.operations import (
    LinkEventKind,
    Write,
    read_ref,
)
from domain.records import AccountRecord, CrmRecord, DeliveryRecord, Key, Record, RecordKind, RecordRef
from resolvers.linking import Linked, refused, turned_back
from resolvers.operations import BusyError, Decide, Operations
from sources.mongo_documents import MongoDocuments, Taken
from sources.own.idempotency import OtherInputError, Sent
from sources.own.identifiers import put_all
from sources.stores import Stores

LINKED = LinkEventKind.LINKED


@dataclass(frozen=True, slots=True, kw_only=True)
class Making:
    """Write records in *tenant* on behalf of *by*."""

    stores: Stores
    operations: Operations
    tenant: str | None
    by: str

    @property
    def documents(self) -> MongoDocuments:
        return self.operations.writing

    async def put(self, connection: AsyncConnection, records: Mapping[RecordRef, Record]) -> None:
        """Let *records*, as they will be, be found by what they have."""
        region = self.stores.profile.store.phone_region
        rows = {
            IndexedRef(IndexedKind.of(ref.kind), ref.key): identifiers_of(record, region)
            for ref, record in records.items()
        }
        await put_all(connection, self.tenant, rows)

    async def run(self, things: Collection[str], decide: Decide, sent: Sent | None) -> Linked:
        """Run what *decide* decides, and say what came of it as data."""
        try:
            done = await self.operations.run(self.tenant, things, decide, sent)
        except RefusedError as refusal:
            return refused(*refusal.errors)
        except BusyError as busy:
            return refused(UserError(ErrorCode.ALREADY_CHANGED, str(busy)))
        except OtherInputError:
            message = "This idempotencyKey came with another input before."
            return refused(UserError(ErrorCode.IDEMPOTENCY_MISMATCH, message, ("idempotencyKey",)))
        return Linked(
            records=tuple(read_ref(text) for text in done.result["records"]),
            retired_ids=tuple(done.result["retired"]),
            event=done.event,
            operation=done.operation,
            errors=turned_back(done.operation),
        )

    async def login(
        self, name: str, email: str | None, phone: str | None, key: Key, *, taken: Taken | None = None
    ) -> str | None:
        """Say what an account logs in with: an e-mail that nobody else has, or one made up. Raises RefusedError.

        One that is made up is to be claimed as well: see `claimed`. *taken* is who logs in with what, where that was
        read already.
        """
        if not self.documents.maps(RecordKind.ACCOUNT, "email"):
            return None
        if email is None:
            return await self._made_up(name, phone, key, taken)
        if (taken or await self.documents.taken(self.tenant, spelled_email(email))).by_others(spelled_email(email)):
            message = "Somebody who is no customer logs in with this e-mail."
            raise RefusedError(UserError(ErrorCode.NOT_A_CUSTOMER, message, ("email",)))
        return email

    async def _made_up(self, name: str, phone: str | None, key: Key, taken: Taken | None) -> str:
        made_up = self.documents.placeholder(name, phone, key)
        if made_up is None:
            message = "An account needs an e-mail to log in with."
            raise RefusedError(UserError(ErrorCode.REQUIRED, message, ("email",)))
        spelled = spelled_email(made_up)
        if (taken or await self.documents.taken(self.tenant, spelled)).by_anybody(spelled):
            message = (
                f"An account needs an e-mail to log in with, and {made_up}, made up for it, is somebody's already."
            )
            raise RefusedError(UserError(ErrorCode.REQUIRED, message, ("email",)))
        return made_up

    def check_invitation(self, login: str | None) -> None:
        """Refuse where nobody could be mailed at *login*. Raises RefusedError."""
        if login is None or self.documents.is_placeholder(login):
            message = "Nobody can be invited without an e-mail of their own: one that is made up is never mailed."
            raise RefusedError(UserError(ErrorCode.REQUIRED, message, ("email",)))

    async def said(self, document: dict[str, Any], change: Change) -> Write:
        assert change.after is not None
        return await self.documents.link(change.record.kind, document, LinkField(change.field), change.after)


def claimed(login: str | None) -> frozenset[str]:
    """Say what is to be claimed so that nobody else comes to log in with *login* meanwhile."""
    address = None if login is None else comparable_email(login)
    return frozenset() if address is None else frozenset({f"{IdentifierKind.EMAIL.value}:{address}"})


def spelled_email(email: str) -> set[str]:
    """List the ways in which an account may have *email*."""
    return {email, email.lower(), email.casefold()}


NO_LINK = UserError(ErrorCode.NOT_MAPPED, "The store has no field that could keep these records together.")


def record_to_be(ref: RecordRef, said: Mapping[str, Any]) -> Record:
    """Be the new record *ref* as far as it is found by anything."""
    shared: dict[str, Any] = {name: said.get(name) for name in ("name", "email", "phone")}
    if ref.kind is RecordKind.CRM:
        return CrmRecord(key=ref.key, **shared)
    if ref.kind is RecordKind.DELIVERY:
        return DeliveryRecord(key=ref.key, **shared)
    return AccountRecord(
        key=ref.key, **shared, is_active=True, can_log_in=False, email_is_placeholder=bool(said.get("made_up"))
    )
