"""Do many steps of a backfill at once: what decides on them is read together, and each is decided on by itself."""

import asyncio
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import IndexMissingError
from domain.identity import Members
from domain.link_plans import Change, Links, LinksOfMany
from domain.mutation_errors import RefusedError
from domain.operations import Intended, LinkEventKind, Operation, OperationState
from domain.planning import Step, StepKind
from domain.records import Key, Record, RecordKind, RecordRef
from domain.suggestions import Suggestion
from resolvers.backfilling_checks import (
    REASON,
    evidence_of,
    is_linked,
    needs_of,
    require_alone,
    require_certain,
    require_no_account,
    require_one,
)
from resolvers.creating_accounts import CreatingAccounts, NewAccount
from resolvers.known import Contact, duplicates_among, holders_of
from resolvers.linking import Linking, written_of
from resolvers.making import claimed, spelled_email
from resolvers.matching import Matching
from resolvers.operations import Decided
from resolvers.operations_together import Ended, Part, run_together
from sources.mongo_documents import Taken
from sources.mongo_writing import Documents
from sources.neighbourhood import Neighbourhood, around_all
from sources.own.idempotency import Sent
from sources.own.operations_together import take_claims_of


@dataclass(slots=True)
class BackfillLot:
    """Do *steps*, by their numbers, of which no two need the same."""

    linking: Linking
    matching: Matching
    creating: CreatingAccounts | None
    steps: Mapping[int, Step]
    #: What each step is decided on, what it changes, and whom it makes: found by the way.
    _links: dict[int, Links] = field(default_factory=dict)
    _joins: dict[int, tuple[list[Change], Intended]] = field(default_factory=dict)
    _accounts: dict[int, tuple[Members, Contact, NewAccount]] = field(default_factory=dict)

    async def run(self, sent: Mapping[int, Sent]) -> Ended:
        """Say what came of the steps; those that are left out are to be done alone. Raises SourceError."""
        parts = {number: Part(things=needs_of(step).alone, sent=sent[number]) for number, step in self.steps.items()}
        try:
            return await run_together(self.linking.operations, self.linking.tenant, parts, self._decide)
        except IndexMissingError:
            return {}

    async def _decide(
        self, ids: Mapping[int, uuid.UUID], connection: AsyncConnection
    ) -> Mapping[int, Decided | RefusedError]:
        steps = {number: self.steps[number] for number in ids}
        around = await around_all(
            self.linking.stores, self.linking.tenant, [ref for step in steps.values() for ref in step.records]
        )
        many = LinksOfMany(around.links)
        for number, step in steps.items():
            links = many.around(step.records)
            # What is not there any more is told alone.
            if all(map(links.has, step.records)):
                self._links[number] = links
        refused = await self._check(around, ids, connection)
        documents = await self._documents()
        decided: dict[int, Decided | RefusedError] = dict(refused)
        for number in self._joins.keys() | self._accounts.keys():
            await asyncio.sleep(0)  # others are served in between
            try:
                decided[number] = await self._decided(number, ids[number], documents)
            except RefusedError as refusal:
                decided[number] = refusal
        if self.creating is not None:
            made = {number for number, one in decided.items() if isinstance(one, Decided)} & self._accounts.keys()
            await self.creating.put(
                connection,
                {ref: record for number in made for ref, record in self._accounts[number][2].records.items()},
            )
        return decided

    # ── each looked at again ──

    async def _check(
        self, around: Neighbourhood, ids: Mapping[int, uuid.UUID], connection: AsyncConnection
    ) -> dict[int, RefusedError]:
        """Plan those that still hold; answer why the others are refused."""
        refused: dict[int, RefusedError] = {}
        open_ = [number for number in self._links if not is_linked(self.steps[number], self._links[number])]
        open_ += [number for number in self._links if self.steps[number].kind is StepKind.CREATE]
        refs = {ref for number in open_ for ref in self.steps[number].records}
        found = (await self.matching.around(refs, around)).by_record if refs else {}
        members: dict[int, Members] = {}
        for number, links in self._links.items():
            await asyncio.sleep(0)  # others are served in between
            step = self.steps[number]
            try:
                if step.kind is StepKind.CREATE:
                    members[number] = require_no_account(step, links)
                    require_alone(next((found[ref] for ref in members[number].refs if ref in found), None))
                else:
                    self._joins[number] = self._join(step, links, found)
            except RefusedError as refusal:
                refused[number] = refusal
        if creations := {number: one for number, one in members.items() if number not in refused}:
            refused |= await self._make(creations, around, ids, connection)
        return refused

    def _join(self, step: Step, links: Links, found: Mapping[RecordRef, Suggestion]) -> tuple[list[Change], Intended]:
        if step.kind is StepKind.REPAIR:
            require_one(step, links)
            return self.linking.joined(links, step.records, REASON, None)
        if not is_linked(step, links):
            require_certain(step, found.get(step.records[0]))
        return self.linking.joined(links, step.records, REASON, evidence_of(step)[0].rule)

    async def _make(
        self,
        creations: Mapping[int, Members],
        around: Neighbourhood,
        ids: Mapping[int, uuid.UUID],
        connection: AsyncConnection,
    ) -> dict[int, RefusedError]:
        """Make the accounts of customers that have none; answer why some get none."""
        creating, kind = self.creating, RecordKind.ACCOUNT
        assert creating is not None
        own = await self._records(creations, around)
        logins = {number: creating.own_contact(records) for number, records in own.items()}
        keys = dict(
            zip(creations, await creating.documents.new_keys(creating.tenant, kind, len(creations)), strict=True)
        )
        emails = {number: creating.address(own[number], logins[number], Key(key)) for number, key in keys.items()}
        # Nobody knew before what would be made up.
        made_up = {ids[number]: claimed(emails[number]) for number, one in logins.items() if one.email is None}
        held = await take_claims_of(connection, creating.tenant, made_up)
        spelled = {one for email in emails.values() if email is not None for one in spelled_email(email)}
        taken = await creating.documents.taken(creating.tenant, spelled) if spelled else Taken()
        holders = await holders_of(creating.stores, creating.tenant, logins.values(), [kind])
        refused: dict[int, RefusedError] = {}
        for number, members in creations.items():
            login, links = logins[number], self._links[number]
            try:
                if faults := duplicates_among(holders, login, but=members.refs):
                    raise RefusedError(*faults)  # noqa: TRY301 - one of several that refuse
                new = await creating.account(links, members.refs, own[number], login, key=keys[number], taken=taken)
                if ids[number] not in held:
                    self._accounts[number] = members, login, new
            except RefusedError as refusal:
                refused[number] = refusal
        return refused

    async def _records(self, creations: Mapping[int, Members], around: Neighbourhood) -> dict[int, list[Record]]:
        """Read the records of customers, as far as they were not read already."""
        rows = {one.crm for one in creations.values() if one.crm is not None}
        stores, tenant = self.linking.stores, self.linking.tenant
        crm: Mapping[Key, Record] = await stores.crm.customers_by_key(tenant, rows) if rows else {}

        def known(ref: RecordRef) -> Record | None:
            return crm.get(ref.key) if ref.kind is RecordKind.CRM else around.record(ref)

        return {
            number: [record for ref in members.refs if (record := known(ref)) is not None]
            for number, members in creations.items()
        }

    # ── what is written ──

    async def _documents(self) -> Documents:
        changes = [change for found, _ in self._joins.values() for change in found]
        changes += [change for _, _, new in self._accounts.values() for change in new.changes]
        return await self.linking.operations.writing.changed_documents(self.linking.tenant, changes)

    async def _decided(self, number: int, id_: uuid.UUID, documents: Documents) -> Decided:
        links = self._links[number]
        if number in self._joins:
            changes, event = self._joins[number]
            return await self.linking.decided(id_, links, changes, event, documents)
        assert self.creating is not None
        members, login, new = self._accounts[number]
        writes = await written_of(self.linking.operations.writing.writes_of(new.changes, documents))
        things = needs_of(self.steps[number]).alone | login.things
        return self.creating.decided(id_, new, members, writes, things=things, event=LinkEventKind.BACKFILLED)


def account_made(ended: Operation | RefusedError | None) -> Key | None:
    """Find the account that an operation has made; None where it made none."""
    if not isinstance(ended, Operation) or ended.state is not OperationState.APPLIED or ended.event is None:
        return None
    kept: Iterable[RecordRef] = ended.event.records if ended.made is not None else ()
    return next((ref.key for ref in kept if ref.kind is RecordKind.ACCOUNT), None)
