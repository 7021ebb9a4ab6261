"""Link records, cut them loose, and undo either: decided under claims, written on both sides, kept in the trail."""

import uuid
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.identifiers import IdentifierKind
from domain.ids import CUSTOMER, encode_id
from domain.link_plans import Change, Conflict, Links, NoFieldError, plan_cut, plan_join
from domain.mutation_errors import ErrorCode, LinkConflict, RefusedError, UserError
from domain.operations import Intended, LinkEvent, LinkEventKind, Operation, OperationKind, Write, read_ref, written
from domain.records import Key, RecordKind, RecordRef
from resolvers.operations import BusyError, Decide, Decided, Operations
from sources.mongo_writing import Documents, MongoWriting, OddValueError
from sources.neighbourhood import Neighbourhood, around_all
from sources.own import operations as log
from sources.own.idempotency import OtherInputError, Sent
from sources.storable import is_storable
from sources.stores import Stores

_MOST = 3
#: Of the key of a record that is to be claimed: an index has to hold it.
_LONGEST_KEY = 500


#: Looks at the records concerned, under the claims; raises RefusedError where they are not to be written any more.
Check = Callable[[Links], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Backing:
    """Be what a link rests on: *things* to be claimed as well, what to *check*, the *rule* that it was found by."""

    check: Check
    things: frozenset[str] = frozenset()
    rule: IdentifierKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Linked:
    """Be what came of linking: where the *records* belong now, the ids that are retired, the event, the operation."""

    records: tuple[RecordRef, ...] = ()
    retired_ids: tuple[str, ...] = ()
    event: int | None = None
    operation: Operation | None = None
    errors: tuple[UserError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Linking:
    """Change links in *tenant* on behalf of *by*."""

    stores: Stores
    operations: Operations
    tenant: str | None
    by: str

    # ── the use cases ──

    async def link(
        self, refs: Sequence[RecordRef], reason: str | None, sent: Sent | None, *, backed: Backing | None = None
    ) -> Linked:
        """Make one customer of those that *refs* belong to."""
        if not 1 < len(refs) <= _MOST or len({ref.kind for ref in refs}) < len(refs):
            return refused(
                UserError(ErrorCode.INVALID, "Name two or three records, each of another store.", ("records",))
            )
        paths = [("records", str(place)) for place in range(len(refs))]
        if faults := _wrong_keys(refs, paths):
            return refused(*faults)

        async def decide(id_: uuid.UUID, _: AsyncConnection) -> Decided:
            around = await self._around(refs, paths)
            links = around.links
            if backed is not None:
                await backed.check(links)
            changes, event = self.joined(links, refs, reason, None if backed is None else backed.rule)
            return await self._decided(id_, OperationKind.LINK, links, changes, event)

        more = frozenset[str]() if backed is None else backed.things
        return await self._run({written(ref) for ref in refs} | more, decide, sent)

    async def unlink(self, ref: RecordRef, reason: str | None, sent: Sent | None) -> Linked:
        """Cut every link of *ref*; the others stay linked, and the pairs are not suggested again."""
        if faults := _wrong_keys([ref], [("record",)]):
            return refused(*faults)

        async def decide(id_: uuid.UUID, _: AsyncConnection) -> Decided:
            around = await self._around([ref], [("record",)])
            links = around.links
            changes = plan_cut(links, self._writing.fields, ref)
            others = tuple(other for other in links.identity.members(ref).refs if other != ref)
            event = Intended(
                kind=LinkEventKind.UNLINKED,
                records=(ref, *others),
                reason=reason,
                rejects=tuple((ref, other) for other in others),
            )
            return await self._decided(id_, OperationKind.UNLINK, links, changes, event)

        return await self._run({written(ref)}, decide, sent)

    async def undo(self, event_id: int, reason: str | None, sent: Sent | None) -> Linked:
        """Restore what the event *event_id* found, if what it left still stands."""
        event = await log.find_event(self.operations.own, self.tenant, event_id)
        if event is None:
            return refused(UserError(ErrorCode.NOT_FOUND, "There is no such event.", ("eventId",)))
        found = event
        back = {
            LinkEventKind.LINKED: LinkEventKind.UNLINKED,
            LinkEventKind.REPAIRED: LinkEventKind.UNLINKED,
            LinkEventKind.BACKFILLED: LinkEventKind.UNLINKED,
            LinkEventKind.UNLINKED: LinkEventKind.LINKED,
            LinkEventKind.REJECTED: LinkEventKind.REJECTED,
        }[event.kind]

        async def decide(id_: uuid.UUID, _: AsyncConnection) -> Decided:
            now = await log.find_event(self.operations.own, self.tenant, event_id)
            if now is None or now.undone_by is not None:
                raise RefusedError(UserError(ErrorCode.ALREADY_CHANGED, "The event is undone already.", ("eventId",)))
            writes = tuple(write.turned for write in reversed(found.writes))
            changed = sorted({write.record for write in writes}, key=written)
            around = await self._around(
                [*found.records, *changed], [("eventId",)] * (len(found.records) + len(changed))
            )
            links = around.links
            if not await self._writing.hold(found.writes):
                fault = "What the event left has been changed since."
                raise RefusedError(UserError(ErrorCode.ALREADY_CHANGED, fault, ("eventId",)))
            if not _stands(links, found):
                fault = "Records that the event left together are apart by now."
                raise RefusedError(UserError(ErrorCode.ALREADY_CHANGED, fault, ("eventId",)))
            after = links.with_changes(self._writing.changes(writes))
            if _harmed(links, after, found.records):
                fault = "A record has been linked to another since: cut that link first."
                raise RefusedError(UserError(ErrorCode.ALREADY_CHANGED, fault, ("eventId",)))
            event = Intended(kind=back, records=found.records, reason=reason, undo_of=event_id)
            operation = Operation(
                id=id_, tenant=self.tenant, kind=OperationKind.UNDO, by=self.by, writes=writes, event=event
            )
            return self._told_before(operation, links, after, found.records)

        return await self._run({written(ref) for ref in event.records}, decide, sent)

    # ── parts of linking ──

    def joined(
        self, links: Links, refs: Sequence[RecordRef], reason: str | None, rule: IdentifierKind | None
    ) -> tuple[list[Change], Intended]:
        """Say what makes one customer of those that *refs* belong to, and the event of that. Raises RefusedError."""
        try:
            changes = plan_join(links, self._writing.fields, refs)
        except Conflict as conflict:
            raise RefusedError(_told(conflict)) from None
        except NoFieldError:
            fault = UserError(ErrorCode.NOT_MAPPED, "The store has no field that could keep such a link.", ("records",))
            raise RefusedError(fault) from None
        united = links.with_changes(changes).identity.members(refs[0]).refs
        is_one = links.identity.members(refs[0]).refs == united
        kind = LinkEventKind.REPAIRED if is_one else LinkEventKind.LINKED
        return changes, Intended(kind=kind, records=united, reason=reason, rule=rule)

    async def decided(
        self, id_: uuid.UUID, links: Links, changes: Sequence[Change], event: Intended, documents: Documents
    ) -> Decided:
        """Decide on a link from the *documents* that *changes* change. Raises RefusedError."""
        writes = await written_of(self._writing.writes_of(changes, documents))
        operation = Operation(
            id=id_, tenant=self.tenant, kind=OperationKind.LINK, by=self.by, writes=tuple(writes), event=event
        )
        return self._told_before(operation, links, links.with_changes(changes), event.records)

    # ── how ──

    @property
    def _writing(self) -> MongoWriting:
        return self.operations.writing

    async def _run(self, things: Collection[str], decide: Decide, sent: Sent | None) -> Linked:
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

    async def _around(self, refs: Sequence[RecordRef], paths: Sequence[tuple[str, ...]]) -> Neighbourhood:
        """Gather the customers of *refs*. Raises RefusedError for those that are not there, or no customers."""
        known = [ref for ref in refs if ref.kind in self.stores.kinds]
        around = await around_all(self.stores, self.tenant, known)
        links = around.links
        faults = [await self._missing(ref, path) for ref, path in zip(refs, paths, strict=True) if not links.has(ref)]
        if faults:
            raise RefusedError(*faults)
        return around

    async def _missing(self, ref: RecordRef, path: tuple[str, ...]) -> UserError:
        if ref.kind not in self.stores.kinds:
            return UserError(ErrorCode.NOT_MAPPED, f"The store has no records of the kind {ref.kind.value}.", path)
        if ref.kind is not RecordKind.CRM and await self._writing.exists(self.tenant, ref.kind, ref.key):
            return UserError(ErrorCode.NOT_A_CUSTOMER, f"{written(ref)} is no customer's.", path)
        return UserError(ErrorCode.NOT_FOUND, f"There is no record {written(ref)}.", path)

    async def _decided(
        self, id_: uuid.UUID, kind: OperationKind, links: Links, changes: Sequence[Change], event: Intended
    ) -> Decided:
        after = links.with_changes(changes)
        writes = await written_of(self._writing.writes(self.tenant, changes))
        operation = Operation(id=id_, tenant=self.tenant, kind=kind, by=self.by, writes=tuple(writes), event=event)
        return self._told_before(operation, links, after, event.records)

    def _told_before(self, operation: Operation, before: Links, after: Links, records: Sequence[RecordRef]) -> Decided:
        """Say what comes of *operation* in keys: the records concerned, and the ids that are no customer's own then."""
        was, will = before.identity, after.identity
        old = {was.members(ref).head for ref in records if before.has(ref)}
        new = {will.members(ref).head for ref in records if after.has(ref)}
        retired = sorted(encode_id(CUSTOMER, self.tenant, head.key, head.kind) for head in old - new)
        event = operation.event
        assert event is not None
        things = {written(ref) for ref in records} | {written(write.record) for write in operation.writes}
        result = {
            "operation": str(operation.id) if operation.writes or event.undo_of else None,
            "records": [written(ref) for ref in records],
            "retired": retired,
        }
        nothing = not operation.writes and event.undo_of is None
        return Decided(operation=None if nothing else operation, things=frozenset(things), result=result)


async def written_of(writes: Awaitable[list[Write]]) -> list[Write]:
    """Answer *writes*, which no document stands in the way of. Raises RefusedError."""
    try:
        return await writes
    except OddValueError as odd:
        raise RefusedError(UserError(ErrorCode.CONSTRAINT, f"{odd}: mend it in the store first.")) from None
    except LookupError as lost:
        message = f"{lost} is there twice, or not any more: mend it in the store first."
        raise RefusedError(UserError(ErrorCode.CONSTRAINT, message)) from None


def _wrong_keys(refs: Sequence[RecordRef], paths: Sequence[tuple[str, ...]]) -> list[UserError]:
    """Say which of *refs* have keys that could not even be claimed."""
    faults: list[UserError] = []
    for ref, path in zip(refs, paths, strict=True):
        if len(ref.key) > _LONGEST_KEY:
            faults.append(UserError(ErrorCode.TOO_LONG, f"A key may have {_LONGEST_KEY} characters.", path))
        elif not is_storable(ref.key):
            faults.append(UserError(ErrorCode.NOT_FOUND, f"There is no record {written(ref)!r}.", path))
    return faults


def _stands(links: Links, event: LinkEvent) -> bool:
    """Say whether those are one customer still whom *event* made, or left, one."""
    if event.undo_of is not None or event.kind is LinkEventKind.REJECTED:
        return True
    together = event.records[1:] if event.kind is LinkEventKind.UNLINKED else event.records
    identity = links.identity
    return len({identity.members(ref) for ref in together if links.has(ref)}) <= 1


def _harmed(before: Links, after: Links, records: Collection[RecordRef]) -> bool:
    """Say whether any record beside *records* would belong to another customer after, or to one with any of them."""
    was, will = before.identity, after.identity
    named = [RecordRef(kind, Key(key)) for kind, keys in before.names.items() for key in keys]
    rows = [RecordRef(RecordKind.CRM, key) for key in before.live]
    theirs = {member for ref in records if after.has(ref) for member in will.members(ref).refs}
    return not theirs <= set(records) or any(
        was.members(ref) != will.members(ref) for ref in (*named, *rows) if ref not in records
    )


def _told(conflict: Conflict) -> LinkConflict:
    record, rival = written(conflict.record), written(conflict.rival)
    message = f"{record} is linked to, or claimed by, {rival}."
    if conflict.record.kind is conflict.rival.kind:
        message = f"{record} would come to a customer that has {rival} already, and can have one of them only."
    return LinkConflict(ErrorCode.ALREADY_LINKED, message, ("records",), conflict.record, conflict.rival)


def refused(*errors: UserError) -> Linked:
    return Linked(errors=errors)


def turned_back(operation: Operation | None) -> tuple[UserError, ...]:
    """Say that nothing came of *operation*, if so."""
    if operation is None or operation.failure is None:
        return ()
    return (UserError(ErrorCode.ALREADY_CHANGED, f"It was turned back: {operation.failure}."),)
