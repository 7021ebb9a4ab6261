"""Find who probably is one customer: by the identifier index, and then from the stores, which alone decide."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace

from domain.identifiers import IdentifierKind, identifiers_of
from domain.identity import Members
from domain.records import AccountRecord, Record, RecordKind, RecordRef
from domain.suggestions import (
    MOST_OF_A_KIND,
    Evidence,
    Known,
    LinkCertainty,
    Suggestion,
    crowded_among,
    suggestions_among,
)
from sources.neighbourhood import Neighbourhood, around_all
from sources.own.identifiers import records_with
from sources.own.rejections import told_apart
from sources.own.store import OwnStore
from sources.stores import Stores

#: A chain of customers of whom each shares something with the next is followed this far, and to this many more records.
_ROUNDS, _MOST_RECORDS = 12, 5_000


@dataclass(slots=True)
class Matched:
    """Be what was found around some records: the *suggestions*, who has each identifier, the customers."""

    suggestions: list[Suggestion]
    holders: Mapping[Evidence, Sequence[RecordRef]]
    parties: Sequence[Sequence[Known]]

    def seed_of(self, one: Suggestion) -> Evidence | None:
        """Say which of the identifiers that the index lists as shared comes first in *one*; None where it has none."""
        return next((evidence for evidence in one.evidence if is_shared(self.holders.get(evidence, ()))), None)

    @property
    def by_record(self) -> dict[RecordRef, Suggestion]:
        """Be the suggestions by the records that are in them, each in one at most."""
        return {ref: one for one in self.suggestions for ref in one.records}

    @property
    def telling(self) -> Mapping[RecordRef, Sequence[Evidence]]:
        """Be what customers can be told by, by their first records: e-mails, and those phone numbers that few have."""
        crowded = crowded_among(self.holders)
        return {
            party[0].ref: sorted(
                {
                    evidence
                    for one in party
                    for evidence in one.evidence
                    if evidence.rule is IdentifierKind.EMAIL or evidence not in crowded
                },
                key=lambda one: one.place,
            )
            for party in self.parties
        }


def is_shared(refs: Sequence[RecordRef]) -> bool:
    return len({ref.kind for ref in refs}) > 1


@dataclass(slots=True)
class Matching:
    """Compare the customers of *tenant*."""

    stores: Stores
    own: OwnStore
    tenant: str | None

    async def around(self, refs: Collection[RecordRef], read: Neighbourhood | None = None) -> Matched:
        """Find every suggestion that one of *refs* is in, and whatever else was found on the way.

        *read* is what was read around *refs* already. Raises SourceError.
        """
        search = _Search(self, set(refs), _MOST_RECORDS + len(refs), read)
        for _ in range(_ROUNDS):
            if not await search.go_on():
                break
        parties = list(search.parties.values())
        found = [ref for party in parties for ref in (one.ref for one in party)]
        parted = await told_apart(self.own, self.tenant, found)
        suggestions = await asyncio.to_thread(
            suggestions_among,
            parties,
            trusts=self.stores.profile.store.trust_unverified,
            crowded=search.crowded,
            parted=parted,
        )
        return Matched(search.judged(suggestions), search.holders, parties)

    async def parties(
        self, refs: Collection[RecordRef], read: Neighbourhood | None = None
    ) -> Mapping[RecordRef, tuple[Known, ...]]:
        """Read the customers of *refs*, by their first records, with what each record is known by now."""
        around = await around_all(self.stores, self.tenant, list(refs)) if read is None else read
        links, identity = around.links, around.identity
        members = {identity.members(ref) for ref in refs if links.has(ref)}
        rows = {one.crm for one in members if one.crm is not None}
        crm = await self.stores.crm.customers_by_key(self.tenant, rows) if rows else {}
        region = self.stores.profile.store.phone_region

        def known(one: Members) -> tuple[Known, ...]:
            records = {ref: crm.get(ref.key) if ref.kind is RecordKind.CRM else around.record(ref) for ref in one.refs}
            return tuple(_known(ref, record, region) for ref, record in records.items() if record is not None)

        # Outside the event loop: normalising thousands takes a while.
        parties = await asyncio.to_thread(lambda: [known(one) for one in members])
        return {party[0].ref: party for party in parties if party}


def _known(ref: RecordRef, record: Record, region: str | None) -> Known:
    has = identifiers_of(record, region)
    verified = isinstance(record, AccountRecord) and record.email_is_verified
    return Known(ref, has.email, has.phone, verified)


@dataclass(slots=True)
class _Search:
    """Gather customers until every one is there that has an identifier of any other."""

    matching: Matching
    wanted: set[RecordRef]
    #: How many records it looks at, beside those of the last step.
    most: int
    read: Neighbourhood | None = None
    seen: set[RecordRef] = field(default_factory=set)
    parties: dict[RecordRef, tuple[Known, ...]] = field(default_factory=dict)
    holders: dict[Evidence, Sequence[RecordRef]] = field(default_factory=dict)
    crowded: set[Evidence] = field(default_factory=set)

    async def go_on(self) -> bool:
        """Read those who are wanted, and who shares something with them; False once there is nobody new."""
        fresh = self.wanted - self.seen
        if not fresh or len(self.seen) > self.most:
            return False
        self.seen |= fresh
        found = await self.matching.parties(fresh, self.read)
        self.read = None
        self.parties |= found
        self.seen |= {one.ref for party in found.values() for one in party}
        asked = {evidence for party in found.values() for one in party for evidence in one.evidence}
        for rule in IdentifierKind:
            values = {evidence.value for evidence in asked - self.holders.keys() if evidence.rule is rule}
            own, tenant = self.matching.own, self.matching.tenant
            held = await records_with(own, tenant, rule, values, most=MOST_OF_A_KIND + 1)
            self.holders |= {
                Evidence(rule, value): [ref.record for ref in held.get(value, ())] for value in sorted(values)
            }
        self.crowded |= crowded_among({evidence: self.holders.get(evidence, ()) for evidence in asked})
        for evidence in asked - self.crowded:
            self.wanted.update(self.holders.get(evidence, ()))
        return True

    def judged(self, found: Sequence[Suggestion]) -> list[Suggestion]:
        """Be what was *found*, but for those whose ends were not: nobody can say that they are one to one."""
        if self.wanted <= self.seen:
            return list(found)
        evidence = {record.ref: record.evidence for party in self.parties.values() for record in party}
        return [
            one if self._is_whole(one, evidence) else replace(one, certainty=LinkCertainty.AMBIGUOUS) for one in found
        ]

    def _is_whole(self, one: Suggestion, evidence: Mapping[RecordRef, Sequence[Evidence]]) -> bool:
        known = {each for ref in one.records for each in evidence.get(ref, ())}
        return all(ref in self.seen for each in known - self.crowded for ref in self.holders.get(each, ()))
