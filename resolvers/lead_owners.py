"""Find the customer that a lead goes to: the one with its e-mail, else the one with its phone, trusted or not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from domain.identifiers import IdentifierKind, identifiers_of
from domain.records import Key, Lead, RecordKind, RecordRef
from domain.suggestions import MOST_OF_A_KIND, Evidence, Known, crowded_among
from resolvers.matching import Matching
from sources.own.identifiers import records_with


@dataclass(frozen=True, slots=True)
class Owners:
    """Be the customers that a lead may go to, each by its records, and by which identifier; none, one or several."""

    customers: tuple[tuple[RecordRef, ...], ...] = ()
    by: Evidence | None = None

    @property
    def only(self) -> tuple[RecordRef, ...] | None:
        """Be the records of the one customer; None where there is none, or several."""
        return self.customers[0] if len(self.customers) == 1 else None

    @property
    def row(self) -> Key | None:
        """Be the CRM row of the one customer: what a lead can name."""
        return next((ref.key for ref in self.only or () if ref.kind is RecordKind.CRM), None)


def evidence_of(lead: Lead, region: str | None) -> list[Evidence]:
    """List what *lead* can be told by: its e-mail, then its phone."""
    read = identifiers_of(lead, region)
    values = zip(IdentifierKind, (read.email, read.phone), strict=True)
    return [Evidence(rule, value) for rule, value in values if value is not None]


async def owners_of(matching: Matching, leads: Sequence[Lead]) -> Mapping[Key, Owners]:
    """Find whom each of *leads* goes to, by its key. Raises SourceError.

    The index finds candidates, and only what their own records say counts.
    """
    region = matching.stores.profile.store.phone_region
    told = {lead.key: evidence_of(lead, region) for lead in leads}
    held: dict[Evidence, list[RecordRef]] = {}
    for rule in IdentifierKind:
        values = {one.value for evidence in told.values() for one in evidence if one.rule is rule}
        found = await records_with(matching.own, matching.tenant, rule, values, most=MOST_OF_A_KIND + 1)
        held |= {Evidence(rule, value): [ref.record for ref in refs] for value, refs in found.items()}
    crowded = crowded_among(held)
    wanted = {ref for evidence, refs in held.items() if evidence not in crowded for ref in refs}
    parties = await matching.parties(wanted) if wanted else {}
    having: dict[Evidence, list[tuple[Known, ...]]] = {}
    for party in parties.values():
        for evidence in {one for record in party for one in record.evidence} - crowded:
            having.setdefault(evidence, []).append(party)
    return {key: _owners(evidence, having) for key, evidence in told.items()}


def _owners(told: Sequence[Evidence], having: Mapping[Evidence, Sequence[Sequence[Known]]]) -> Owners:
    for evidence in told:
        if found := having.get(evidence):
            return Owners(tuple(tuple(record.ref for record in party) for party in found), evidence)
    return Owners()
