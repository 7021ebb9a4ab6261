"""Backfill links: link what is certain, repair what only one side says, create accounts that are missing."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass

from domain.identifiers import IdentifierKind, IndexedKind
from domain.identity import Members
from domain.link_plans import Links
from domain.mutation_errors import ErrorCode, RefusedError, UserError
from domain.planning import Done, Outcome, Step, StepKind
from domain.records import Key, RecordKind, RecordRef
from domain.suggestions import Evidence, LinkCertainty, Suggestion
from resolvers.indexing import whole_pass
from resolvers.linking import Backing, Check, Linked, Linking
from resolvers.matching import Matching
from resolvers.step_outcomes import came_of
from resolvers.suggestions import walk
from sources.neighbourhood import Neighbourhood, around_all
from sources.own.idempotency import Sent
from sources.own.planning import Plan
from sources.stores import Stores
from sources.walking import records_after

_LOT = 500
#: Makes an account for the customer of a record, exactly once for what is sent; told what has to hold under its claims.
CreateAccount = Callable[[RecordRef, "Backing", Sent], Awaitable[Linked]]


@dataclass(slots=True)
class Backfill:
    """Do what a backfill of one tenant takes, as *linking* links; without *create_account* no account is made."""

    linking: Linking
    matching: Matching
    create_account: CreateAccount | None = None
    #: Mails the owner of an account how to set a password.
    invite: Callable[[Key], Awaitable[None]] | None = None
    at_once: int = 4
    #: Steps that may still be planned that write something; None: as many as there are.
    left: int | None = None

    # ── what there is to do ──

    async def plan(self, plan: Plan) -> AsyncIterator[Sequence[Step]]:
        """List the steps: after a walk through all records, so that no rival is overlooked."""
        self.left = plan.asked["limit"]
        await whole_pass(self._stores, self.linking.tenant)
        async for lot in walk(self.matching, None):
            yield self._within_limit([_of_suggestion(one) for _, one in lot.found])
        if self._both_name:
            async for one_way in self._one_way():
                yield self._within_limit([_repair(one) for one in one_way])
        kinds = [kind for kind in RecordKind if kind.value in plan.asked["create_accounts_for"]]
        if self.create_account is not None:
            for kind in kinds:
                async for without in self._without_account(kind, kinds):
                    yield self._within_limit([_creation(one) for one in without])

    def _within_limit(self, steps: Sequence[Step]) -> list[Step]:
        kept = []
        for step in steps:
            if step.kind is StepKind.LEAVE_FOR_REVIEW or self.left is None:
                kept.append(step)
            elif self.left > 0:
                kept.append(step)
                self.left -= 1
        return kept

    async def _one_way(self) -> AsyncIterator[list[Members]]:
        """Go through the customers whose account and delivery record are linked by one of the two alone."""
        async for around, lot in self._lots(RecordKind.DELIVERY):
            names = around.links.names
            found = [
                one
                for one in lot
                if one.account is not None
                and one.delivery is not None
                and None
                in (names[RecordKind.ACCOUNT][one.account].partner, names[RecordKind.DELIVERY][one.delivery].partner)
            ]
            yield await self._in_no(found, {LinkCertainty.CERTAIN})

    async def _without_account(self, kind: RecordKind, kinds: Sequence[RecordKind]) -> AsyncIterator[list[Members]]:
        """Go through the customers that have a record of *kind* and no account: each at the first of *kinds*."""
        before = kinds[: kinds.index(kind)]
        async for around, lot in self._lots(kind):
            identity = around.identity
            found = [
                one
                for one in lot
                if one.account is None
                and not any(ref.kind in before for ref in one.refs)
                and not identity.contradicts(one)
            ]
            yield await self._in_no(found, set(LinkCertainty))

    async def _in_no(self, customers: Sequence[Members], certainties: set[LinkCertainty]) -> list[Members]:
        """Leave out the *customers* that a suggestion of *certainties* is about."""
        if not customers:
            return []
        matched = await self.matching.around({ref for one in customers for ref in one.refs})
        about = {ref for one in matched.suggestions if one.certainty in certainties for ref in one.records}
        return [one for one in customers if one.head not in about]

    async def _lots(self, kind: RecordKind) -> AsyncIterator[tuple[Neighbourhood, list[Members]]]:
        """Go through the customers that have a record of *kind*, in the order of its keys."""
        stores, tenant = self._stores, self.linking.tenant
        after: str | None = None
        while True:
            lot = await records_after(stores, tenant, IndexedKind.of(kind), after, size=_LOT)
            refs = [RecordRef(kind, record.key) for record in lot.records]
            if refs:
                around = await around_all(stores, tenant, refs)
                yield around, [around.identity.members(ref) for ref in refs if around.links.has(ref)]
            if lot.ended:
                return
            after = lot.last

    @property
    def _stores(self) -> Stores:
        return self.linking.stores

    @property
    def _both_name(self) -> bool:
        readers = self._stores.documents.readers
        return len(readers) > 1 and all(reader.links.partner for reader in readers.values())

    # ── doing it ──

    async def do(self, plan: Plan, step: Step) -> Done:
        sent = Sent(plan.operation.by, "applyOperation", f"{plan.operation.id}/{step.number}", "")
        match step.kind:
            case StepKind.LINK:
                return await self._link(step, sent)
            case StepKind.REPAIR:
                done = await self.linking.link(step.records, _REASON, sent, backed=Backing(check=self._one_still(step)))
                return await self._come_of(done, Outcome.REPAIRED)
            case StepKind.CREATE:
                return await self._create(plan, step, sent)
            case _:
                return Done(Outcome.LEFT)

    async def _link(self, step: Step, sent: Sent) -> Done:
        evidence = [Evidence(IdentifierKind(rule), value) for rule, value in step.details["evidence"]]

        async def check(links: Links) -> None:
            if set(links.identity.members(step.records[0]).refs) >= set(step.records):
                return
            # The identifiers are claimed: whoever else comes to have one of them waits, and is seen by the next.
            matched = await self.matching.around(step.records)
            now = next((one for one in matched.suggestions if one.records == step.records), None)
            if now is None or now.certainty is not LinkCertainty.CERTAIN:
                message = "They are not certainly one any more: not linked."
                raise RefusedError(UserError(ErrorCode.SUGGESTION_OUTDATED, message))

        things = frozenset(f"{one.rule.value}:{one.value}" for one in evidence)
        backing = Backing(things=things, check=check, rule=evidence[0].rule)
        return await self._come_of(await self.linking.link(step.records, _REASON, sent, backed=backing), Outcome.LINKED)

    def _one_still(self, step: Step) -> Check:
        async def check(links: Links) -> None:
            if links.identity.members(step.records[0]).refs != step.records:
                message = "The link has been changed since: nothing to repair."
                raise RefusedError(UserError(ErrorCode.STALE, message))

        return check

    async def _create(self, plan: Plan, step: Step, sent: Sent) -> Done:
        head = step.records[0]

        async def check(links: Links) -> None:
            members = links.identity.members(head)
            if members.account is not None:
                raise RefusedError(UserError(ErrorCode.STALE, "It has an account by now."))
            if (await self.matching.around(members.refs)).of(head) is not None:
                message = "It may be one with another customer by now: no account is made."
                raise RefusedError(UserError(ErrorCode.SUGGESTION_OUTDATED, message))

        assert self.create_account is not None
        linked = await self.create_account(head, Backing(check=check), sent)
        done = await self._come_of(linked, Outcome.CREATED)
        if done.outcome is Outcome.CREATED and self.invite is not None and plan.asked["invite"]:
            await self.invite(next(ref.key for ref in linked.records if ref.kind is RecordKind.ACCOUNT))
        return done

    async def _come_of(self, linked: Linked, outcome: Outcome) -> Done:
        return await came_of(self.linking.operations, linked, outcome)


_REASON = "Backfill"


def _told(evidence: Sequence[Evidence]) -> str:
    return " and ".join(f"the {_CALLED[one.rule]} {one.value}" for one in evidence)


_CALLED = {IdentifierKind.EMAIL: "e-mail", IdentifierKind.PHONE: "phone"}


def _of_suggestion(one: Suggestion) -> Step:
    told = _told(one.evidence)
    if one.certainty is not LinkCertainty.CERTAIN:
        message = f"{one.certainty.value}: they share {told}. Somebody has to decide."
        return Step(kind=StepKind.LEAVE_FOR_REVIEW, records=one.records, message=message)
    evidence = [[part.rule.value, part.value] for part in one.evidence]
    return Step(kind=StepKind.LINK, records=one.records, message=f"They share {told}.", details={"evidence": evidence})


def _repair(one: Members) -> Step:
    message = "Only one of the two names the other: let both."
    return Step(kind=StepKind.REPAIR, records=one.refs, message=message)


def _creation(one: Members) -> Step:
    return Step(kind=StepKind.CREATE, records=one.refs, message="It has no account: make one.")
