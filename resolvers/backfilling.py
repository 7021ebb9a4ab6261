"""Backfill links: link what is certain, repair what only one side says, create accounts that are missing."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from domain.identifiers import IdentifierKind, IndexedKind
from domain.identity import Members
from domain.link_plans import Links
from domain.operations import LinkEventKind
from domain.planning import Done, Needs, Outcome, Step, StepKind
from domain.records import Key, RecordKind, RecordRef
from domain.suggestions import Evidence, LinkCertainty, Suggestion
from resolvers.backfilling_checks import (
    REASON,
    evidence_of,
    is_linked,
    needs_of,
    require_alone,
    require_certain,
    require_no_account,
    require_one,
    things_of,
)
from resolvers.backfilling_lots import BackfillLot, account_made
from resolvers.creating_accounts import CreatingAccounts
from resolvers.indexing import whole_pass
from resolvers.linking import Backing, Linking
from resolvers.matching import Matched, Matching
from resolvers.step_outcomes import came_of, ended_as
from resolvers.suggestions import walk
from sources.neighbourhood import Neighbourhood, around_all
from sources.own.idempotency import Sent
from sources.own.planning import Plan
from sources.stores import Stores
from sources.walking import records_after

#: Records, and identifiers, that are looked at together: some servers go through a whole collection for each lot.
_LOT, _IDENTIFIERS = 5000, 2000


@dataclass(slots=True)
class Backfill:
    """Do what a backfill of one tenant takes, as *linking* links; without *creating* no account is made."""

    linking: Linking
    matching: Matching
    creating: CreatingAccounts | None = None
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
        async for lot in walk(self.matching, None, size=_IDENTIFIERS):
            yield self._within_limit([_of_suggestion(one) for _, one in lot.found])
        if self._both_name:
            async for one_way in self._one_way():
                yield self._within_limit([_repair(one) for one in one_way])
        kinds = [kind for kind in RecordKind if kind.value in plan.asked["create_accounts_for"]]
        if self.creating is not None:
            for kind in kinds:
                async for without, matched in self._without_account(kind, kinds):
                    telling = matched.telling
                    yield self._within_limit([_creation(one, telling.get(one.head, ())) for one in without])

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
            yield (await self._in_no(found, around, {LinkCertainty.CERTAIN}))[0]

    async def _without_account(
        self, kind: RecordKind, kinds: Sequence[RecordKind]
    ) -> AsyncIterator[tuple[list[Members], Matched]]:
        """Go through the customers that have a record of *kind* and no account: each at the first of *kinds*.

        With what was found around them.
        """
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
            yield await self._in_no(found, around, set(LinkCertainty))

    async def _in_no(
        self, customers: Sequence[Members], around: Neighbourhood, certainties: set[LinkCertainty]
    ) -> tuple[list[Members], Matched]:
        """Leave out the *customers* that a suggestion of *certainties* is about; answer also what was found of them."""
        matched = await self.matching.around({ref for one in customers for ref in one.refs}, around)
        about = {ref for one in matched.suggestions if one.certainty in certainties for ref in one.records}
        return [one for one in customers if one.head not in about], matched

    async def _lots(self, kind: RecordKind) -> AsyncIterator[tuple[Neighbourhood, list[Members]]]:
        """Go through the customers that have a record of *kind*, in the order of its keys."""
        stores, tenant = self._stores, self.linking.tenant
        after: str | None = None
        while True:
            lot = await records_after(stores, tenant, IndexedKind.of(kind), after, size=_LOT)
            refs = [RecordRef(kind, record.key) for record in lot.records]
            if refs:
                around = await around_all(stores, tenant, refs)
                links, identity = around.links, around.identity
                yield around, [identity.members(ref) for ref in refs if links.has(ref)]
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

    def needs(self, step: Step) -> Needs:
        return needs_of(step)

    async def do_together(self, plan: Plan, steps: Sequence[Step]) -> AsyncIterator[Mapping[int, Done]]:
        writing = {step.number: step for step in steps if step.kind is not StepKind.LEAVE_FOR_REVIEW}
        left = {step.number: Done(Outcome.LEFT) for step in steps if step.number not in writing}
        if not writing:
            yield left
            return
        lot = BackfillLot(self.linking, self.matching, self.creating, writing)
        ended = await lot.run({number: _sent(plan, step) for number, step in writing.items()})
        done = left | {number: ended_as(one, _OUTCOMES[writing[number].kind]) for number, one in ended.items()}
        if self.invite is None or not plan.asked["invite"]:
            yield done
            return
        made = {number: account for number, one in ended.items() if (account := account_made(one)) is not None}
        yield {number: one for number, one in done.items() if number not in made}
        for number, account in made.items():
            # Each is said to be done by itself: nobody else is to get a second letter because of a crash.
            await self.invite(account)
            yield {number: done[number]}

    async def do(self, plan: Plan, step: Step) -> Done:
        sent = _sent(plan, step)
        match step.kind:
            case StepKind.LINK:
                linked = await self.linking.link(step.records, REASON, sent, backed=self._backed(step))
            case StepKind.REPAIR:
                linked = await self.linking.link(step.records, REASON, sent, backed=_one_still(step))
            case StepKind.CREATE:
                return await self._create(plan, step, sent)
            case _:
                return Done(Outcome.LEFT)
        return await came_of(self.linking.operations, linked, _OUTCOMES[step.kind])

    def _backed(self, step: Step) -> Backing:
        async def check(links: Links) -> None:
            if not is_linked(step, links):
                # The identifiers are claimed: whoever else comes to have one of them waits, and is seen by the next.
                matched = await self.matching.around(step.records)
                require_certain(step, matched.by_record.get(step.records[0]))

        return Backing(things=things_of(step), check=check, rule=evidence_of(step)[0].rule)

    async def _create(self, plan: Plan, step: Step, sent: Sent) -> Done:
        head = step.records[0]

        async def check(links: Links) -> None:
            members = require_no_account(step, links)
            require_alone((await self.matching.around(members.refs)).by_record.get(head))

        assert self.creating is not None
        backed = Backing(check=check, things=things_of(step))
        linked = await self.creating.create_account(head, None, sent, backed=backed, event=LinkEventKind.BACKFILLED)
        done = await came_of(self.linking.operations, linked, Outcome.CREATED)
        if done.outcome is Outcome.CREATED and self.invite is not None and plan.asked["invite"]:
            await self.invite(next(ref.key for ref in linked.records if ref.kind is RecordKind.ACCOUNT))
        return done


_OUTCOMES = {
    StepKind.LINK: Outcome.LINKED,
    StepKind.REPAIR: Outcome.REPAIRED,
    StepKind.CREATE: Outcome.CREATED,
}


def _sent(plan: Plan, step: Step) -> Sent:
    """Name *step* so that it is done once, however often it is begun."""
    return Sent(plan.operation.by, "applyOperation", f"{plan.operation.id}/{step.number}", "")


def _one_still(step: Step) -> Backing:
    async def check(links: Links) -> None:
        require_one(step, links)

    return Backing(check=check)


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


def _creation(one: Members, told: Sequence[Evidence]) -> Step:
    details = {"evidence": [[part.rule.value, part.value] for part in told]}
    return Step(kind=StepKind.CREATE, records=one.refs, message="It has no account: make one.", details=details)
