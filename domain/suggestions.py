"""Which customers are probably one: those that share an e-mail or a phone number, in groups judged as a whole.

Two customers match if records of theirs, of different kinds, have the same identifier. They contradict each other if
both have another identifier and share no value of it. Names link nothing and contradict nothing.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from itertools import combinations
from typing import NamedTuple

from domain.identifiers import IdentifierKind
from domain.records import RecordKind, RecordRef

#: An identifier on more records of one kind than this brings nobody together.
MOST_OF_A_KIND = 3


class LinkCertainty(Enum):
    CERTAIN = "CERTAIN"
    LIKELY = "LIKELY"
    AMBIGUOUS = "AMBIGUOUS"


class Evidence(NamedTuple):
    """Be what matched: by which *rule*, and the normalised *value*."""

    rule: IdentifierKind
    value: str

    @property
    def place(self) -> tuple[int, str]:
        """Say where it comes among others: e-mails first, by code points."""
        return list(IdentifierKind).index(self.rule), self.value


@dataclass(frozen=True, slots=True)
class Known:
    """Be a record as matching sees it: its normalised identifiers, and whether somebody verified its e-mail."""

    ref: RecordRef
    email: str | None = None
    phone: str | None = None
    email_is_verified: bool = False

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        values = zip(IdentifierKind, (self.email, self.phone), strict=True)
        return tuple(Evidence(rule, value) for rule, value in values if value is not None)


#: The records of one customer.
Party = Sequence[Known]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Be customers that may be one: all their *records*, in order, the *evidence*, and how certain it is."""

    records: tuple[RecordRef, ...]
    evidence: tuple[Evidence, ...]
    certainty: LinkCertainty
    #: The first record of each customer.
    heads: tuple[RecordRef, ...]

    @property
    def links(self) -> int:
        """Count the pairs that linking them would make, or complete: n records are joined by n - 1."""
        return len(self.heads) - 1


class _Match(NamedTuple):
    """Be an identifier that two customers share."""

    pair: tuple[int, int]
    evidence: Evidence
    is_trusted: bool


def suggestions_among(
    parties: Sequence[Party],
    *,
    trusts: bool,
    crowded: Collection[Evidence] = (),
    parted: Collection[frozenset[RecordRef]] = (),
) -> list[Suggestion]:
    """Find the groups of customers among *parties* that match each other and nobody else.

    *trusts*: an identifier that nobody verified may link by itself. *crowded* are identifiers that match nothing,
    *parted* pairs of records that somebody has told apart. What is found is whole if every customer is given that has
    an identifier of any other.
    """
    owner = {record.ref: number for number, party in enumerate(parties) for record in party}
    apart = {
        frozenset(map(owner.__getitem__, pair)) for pair in parted if all(ref in owner for ref in pair)
    }  # by customers: a pair that was told apart is not brought together through others of the same customers either
    matches = [
        match
        for match in _matches(parties, owner, trusts=trusts, crowded=crowded)
        if frozenset(match.pair) not in apart
    ]
    by_group: dict[int, list[_Match]] = defaultdict(list)
    group_of = _joined(match.pair for match in matches)
    for match in matches:
        by_group[group_of[match.pair[0]]].append(match)
    groups: dict[int, list[int]] = defaultdict(list)
    for number, group in group_of.items():
        groups[group].append(number)
    found = [_suggestion([parties[one] for one in groups[group]], by_group[group]) for group in groups]
    told_apart = [any(pair <= set(groups[group]) and len(pair) > 1 for pair in apart) for group in groups]
    return sorted(
        (_ambiguous(one) if is_apart else one for one, is_apart in zip(found, told_apart, strict=True)),
        key=lambda one: (one.evidence[0].place, _places(one.records)),
    )


def crowded_among(holders: Mapping[Evidence, Iterable[RecordRef]]) -> set[Evidence]:
    """Say which identifiers are on more records of one kind than bring anybody together."""
    found = set()
    for evidence, refs in holders.items():
        kinds = Counter(ref.kind for ref in refs)
        if max(kinds.values(), default=0) > MOST_OF_A_KIND:
            found.add(evidence)
    return found


def _matches(
    parties: Sequence[Party], owner: Mapping[RecordRef, int], *, trusts: bool, crowded: Collection[Evidence]
) -> Iterator[_Match]:
    holders: dict[Evidence, list[Known]] = defaultdict(list)
    for party in parties:
        for record in party:
            for evidence in record.evidence:
                holders[evidence].append(record)
    many = crowded_among({evidence: [one.ref for one in records] for evidence, records in holders.items()})
    for evidence, records in holders.items():
        if evidence in crowded or evidence in many:
            continue
        for one, other in combinations(records, 2):
            if one.ref.kind is not other.ref.kind and owner[one.ref] != owner[other.ref]:
                verified = evidence.rule is IdentifierKind.EMAIL and (one.email_is_verified or other.email_is_verified)
                first, second = sorted((owner[one.ref], owner[other.ref]))
                yield _Match((first, second), evidence, trusts or verified)


def _joined(pairs: Iterable[tuple[int, int]]) -> dict[int, int]:
    """Give all that *pairs* join, directly or through others, the same number."""
    parent: dict[int, int] = {}

    def root(one: int) -> int:
        parent.setdefault(one, one)
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for one, other in pairs:
        parent[root(one)] = root(other)
    return {one: root(one) for one in list(parent)}


def _suggestion(parties: Sequence[Party], matches: Sequence[_Match]) -> Suggestion:
    records = sorted((record.ref for party in parties for record in party), key=_place)
    heads = sorted((min((record.ref for record in party), key=_place) for party in parties), key=_place)
    evidence = sorted({match.evidence for match in matches}, key=lambda one: one.place)
    return Suggestion(tuple(records), tuple(evidence), _certainty(parties, records, matches), tuple(heads))


def _certainty(parties: Sequence[Party], records: Sequence[RecordRef], matches: Sequence[_Match]) -> LinkCertainty:
    if len({ref.kind for ref in records}) < len(records):
        return LinkCertainty.AMBIGUOUS
    trusted = _joined(match.pair for match in matches if match.is_trusted)
    is_trusted = len(trusted) == len(parties) and len(set(trusted.values())) == 1
    contradicted = any(_contradict(one, other) for one, other in combinations(parties, 2))
    return LinkCertainty.CERTAIN if is_trusted and not contradicted else LinkCertainty.LIKELY


def _contradict(one: Party, other: Party) -> bool:
    """Say whether both have an e-mail, or both a phone, and no value of it is the same."""
    for rule in IdentifierKind:
        values = [{e.value for record in party for e in record.evidence if e.rule is rule} for party in (one, other)]
        if all(values) and not values[0] & values[1]:
            return True
    return False


def _ambiguous(one: Suggestion) -> Suggestion:
    return Suggestion(one.records, one.evidence, LinkCertainty.AMBIGUOUS, one.heads)


def _place(ref: RecordRef) -> tuple[int, str]:
    return ref.kind.rank, ref.key


def _places(refs: Iterable[RecordRef]) -> list[tuple[int, str]]:
    return [_place(ref) for ref in refs]


def one_of_each(refs: Iterable[RecordRef]) -> dict[RecordKind, RecordRef]:
    """Sort records of different kinds by their kind."""
    return {ref.kind: ref for ref in refs}
