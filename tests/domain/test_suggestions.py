"""Which customers are suggested to be one, held against a definition that looks at every pair."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from hypothesis import given
from hypothesis import strategies as st

from domain.identifiers import IdentifierKind
from domain.records import RecordKind, RecordRef
from domain.suggestions import Evidence, Known, LinkCertainty, suggestions_among

Parties = Sequence[Sequence[Known]]
EMAIL, PHONE = IdentifierKind.EMAIL, IdentifierKind.PHONE


def crm(key: str, email: str | None = None, phone: str | None = None) -> Known:
    return Known(RecordRef(RecordKind.CRM, key), email, phone)


def account(key: str, email: str | None = None, phone: str | None = None, *, verified: bool = False) -> Known:
    return Known(RecordRef(RecordKind.ACCOUNT, key), email, phone, verified)


def delivery(key: str, email: str | None = None, phone: str | None = None) -> Known:
    return Known(RecordRef(RecordKind.DELIVERY, key), email, phone)


def only(*parties: Sequence[Known], trusts: bool = True) -> LinkCertainty:
    (found,) = suggestions_among(parties, trusts=trusts)
    return found.certainty


def test_one_to_one_on_a_trusted_identifier_is_certain() -> None:
    assert only([account("a", "x@x")], [delivery("d", "x@x")]) is LinkCertainty.CERTAIN
    assert only([account("a", "x@x", verified=True)], [crm("1", "x@x")], trusts=False) is LinkCertainty.CERTAIN


def test_an_identifier_that_nobody_verified_is_likely_unless_the_store_trusts_it() -> None:
    assert only([account("a", "x@x")], [delivery("d", "x@x")], trusts=False) is LinkCertainty.LIKELY
    verified = account("a", "x@x", "+1", verified=True)
    assert only([verified], [delivery("d", None, "+1")], trusts=False) is LinkCertainty.LIKELY


def test_another_identifier_of_other_values_contradicts() -> None:
    assert only([account("a", "x@x", "+1")], [delivery("d", "x@x", "+2")]) is LinkCertainty.LIKELY
    assert only([account("a", "x@x", "+1")], [delivery("d", "x@x")]) is LinkCertainty.CERTAIN


def test_several_candidates_are_one_ambiguous_suggestion_with_all_of_them() -> None:
    (found,) = suggestions_among(
        [[account("a", None, "+1")], [delivery("d", None, "+1")], [delivery("e", None, "+1")]], trusts=True
    )
    assert found.certainty is LinkCertainty.AMBIGUOUS
    assert [ref.key for ref in found.records] == ["a", "d", "e"]
    assert found.evidence == (Evidence(PHONE, "+1"),)


def test_records_of_one_customer_or_of_one_kind_do_not_match() -> None:
    assert suggestions_among([[account("a", "x@x"), delivery("d", "x@x")]], trusts=True) == []
    assert suggestions_among([[delivery("d", "x@x")], [delivery("e", "x@x")]], trusts=True) == []


def test_an_identifier_on_more_than_three_records_of_one_kind_matches_nothing() -> None:
    several = [[delivery(key, None, "+1")] for key in "defg"]
    assert len(suggestions_among([[account("a", None, "+1")], *several[:3]], trusts=True)) == 1
    assert suggestions_among([[account("a", None, "+1")], *several], trusts=True) == []
    two, crowded = [[account("a", None, "+1")], [delivery("d", None, "+1")]], {Evidence(PHONE, "+1")}
    assert suggestions_among(two, trusts=True, crowded=crowded) == []


def test_pairs_that_were_told_apart_are_not_suggested_again() -> None:
    a, d, e, one = account("a", "x@x"), delivery("d", "x@x"), delivery("e", "x@x"), crm("1", "x@x")
    apart = {frozenset({a.ref, d.ref})}
    assert suggestions_among([[a], [d]], trusts=True, parted=apart) == []
    # Also not when one of them has become another's meanwhile.
    assert suggestions_among([[one, a], [d]], trusts=True, parted=apart) == []
    (found,) = suggestions_among([[a], [d], [e]], trusts=True, parted=apart)
    assert [ref.key for ref in found.records] == ["a", "e"]
    # Both match a third: who of the two is meant has to be decided.
    (found,) = suggestions_among([[a], [d], [one]], trusts=True, parted=apart)
    assert found.certainty is LinkCertainty.AMBIGUOUS


# ── held against the definition ──

_KEYS = st.sampled_from("abcdefgh")
_EMAILS, _PHONES = st.none() | st.sampled_from(["x@x", "y@y", "z@z"]), st.none() | st.sampled_from(["+1", "+2", "+3"])


@st.composite
def parties(draw: st.DrawFn) -> list[list[Known]]:
    found: list[list[Known]] = []
    for number in range(draw(st.integers(0, 7))):
        kinds = draw(st.sets(st.sampled_from(RecordKind), min_size=1))
        found.append(
            [
                Known(RecordRef(kind, f"{number}"), draw(_EMAILS), draw(_PHONES), draw(st.booleans()))
                for kind in RecordKind
                if kind in kinds
            ]
        )
    return found


@dataclass
class Naive:
    """Be the definition: every pair of customers is looked at."""

    parties: Parties
    trusts: bool
    parted: Collection[frozenset[RecordRef]]

    def apart(self, one: Sequence[Known], other: Sequence[Known]) -> bool:
        return any(frozenset({a.ref, b.ref}) in self.parted for a in one for b in other)

    def matches(self, one: Sequence[Known], other: Sequence[Known]) -> dict[Evidence, bool]:
        """Answer what the two share, and whether that can be trusted."""
        count = Counter((a.ref.kind, evidence) for party in self.parties for a in party for evidence in a.evidence)
        crowded = {evidence for (_, evidence), number in count.items() if number > 3}
        found: dict[Evidence, bool] = {}
        for a, b in product(one, other):
            for evidence in set(a.evidence) & set(b.evidence) - crowded:
                if a.ref.kind is not b.ref.kind and not self.apart(one, other):
                    verified = evidence.rule is EMAIL and (a.email_is_verified or b.email_is_verified)
                    found[evidence] = found.get(evidence, False) or self.trusts or verified
        return found

    def reach(self, start: int, *, trusted: bool) -> frozenset[int]:
        found, more = set[int](), {start}
        while not more <= found:
            found |= more
            more = {
                n
                for n in range(len(self.parties))
                for m in found
                if m != n and any(ok or not trusted for ok in self.matches(self.parties[m], self.parties[n]).values())
            }
        return frozenset(found)

    def certainty(self, group: frozenset[int]) -> LinkCertainty:
        pairs = list(combinations([self.parties[number] for number in group], 2))
        kinds = [one.ref.kind for number in group for one in self.parties[number]]
        if len(set(kinds)) < len(kinds) or any(self.apart(one, other) for one, other in pairs):
            return LinkCertainty.AMBIGUOUS
        contradicted = any(
            contradict({a.email for a in one} - {None}, {b.email for b in other} - {None})
            or contradict({a.phone for a in one} - {None}, {b.phone for b in other} - {None})
            for one, other in pairs
        )
        trusted = self.reach(min(group), trusted=True) == group
        return LinkCertainty.CERTAIN if trusted and not contradicted else LinkCertainty.LIKELY

    def all(self) -> set[tuple[frozenset[RecordRef], frozenset[Evidence], LinkCertainty]]:
        groups = {self.reach(number, trusted=False) for number in range(len(self.parties))}
        return {
            (
                frozenset(one.ref for number in group for one in self.parties[number]),
                frozenset(
                    e for m, n in combinations(sorted(group), 2) for e in self.matches(self.parties[m], self.parties[n])
                ),
                self.certainty(group),
            )
            for group in groups
            if len(group) > 1
        }


def contradict(one: set[str | None], other: set[str | None]) -> bool:
    return bool(one) and bool(other) and not one & other


@given(parties(), st.booleans(), st.data())
def test_suggestions_are_what_every_pair_says(found: list[list[Known]], trusts: bool, data: st.DataObject) -> None:
    refs = [one.ref for party in found for one in party]
    pairs = [frozenset(pair) for pair in combinations(refs, 2)]
    parted = data.draw(st.sets(st.sampled_from(pairs), max_size=3)) if pairs else set()
    owner = {one.ref: number for number, party in enumerate(found) for one in party}
    parted = {pair for pair in parted if len({owner[ref] for ref in pair}) > 1}
    got = suggestions_among(found, trusts=trusts, parted=parted)
    told = {(frozenset(one.records), frozenset(one.evidence), one.certainty) for one in got}
    assert told == Naive(found, trusts, parted).all()
    assert len(told) == len(got)
