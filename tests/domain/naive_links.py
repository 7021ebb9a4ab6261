"""The link rules once more, word by word as the design has them, and without a thought for speed."""

from dataclasses import dataclass
from itertools import product

from domain.identity import Names
from domain.records import RecordKind, RecordRef
from tests.domain.linked_stores import LinkedStore

Link = frozenset[RecordRef]


@dataclass(frozen=True, slots=True)
class NaiveLinks:
    """Decide every link of *store*."""

    store: LinkedStore

    # ── rule 1: a link that names what does not exist is as if absent ──

    def row_named_by(self, ref: RecordRef) -> RecordRef | None:
        row = self._names(ref).crm
        return RecordRef(RecordKind.CRM, row) if row is not None and row in self.store.rows else None

    def partner_named_by(self, ref: RecordRef) -> RecordRef | None:
        other = _other(ref.kind)
        partner = self._names(ref).partner
        return RecordRef(other, partner) if partner is not None and partner in self.store.names(other) else None

    # ── rule 2: CRM links ──

    def row_links(self, *, accepted: bool) -> set[Link]:
        """List the CRM links that are *accepted*, or those that are refused."""
        found: set[Link] = set()
        for row, kind in product(self.store.rows, (RecordKind.ACCOUNT, RecordKind.DELIVERY)):
            namers = self.namers_of_row(RecordRef(RecordKind.CRM, row), kind)
            if (len(namers) == 1) is accepted:
                found |= {frozenset({namer, RecordRef(RecordKind.CRM, row)}) for namer in namers}
        return found

    def namers_of_row(self, row: RecordRef, kind: RecordKind) -> list[RecordRef]:
        return [ref for ref in self.records(kind) if self.row_named_by(ref) == row]

    def row_linked_to(self, ref: RecordRef) -> RecordRef | None:
        row = self.row_named_by(ref)
        return row if row is not None and frozenset({ref, row}) in self.row_links(accepted=True) else None

    # ── rule 3: accounts and delivery records ──

    def pairs(self, *, accepted: bool) -> set[Link]:
        """List the pairs of which one names the other that are *accepted*, or those that are refused."""
        candidates = product(self.records(RecordKind.ACCOUNT), self.records(RecordKind.DELIVERY))
        named = [
            (account, delivery)
            for account, delivery in candidates
            if self.partner_named_by(account) == delivery or self.partner_named_by(delivery) == account
        ]
        return {frozenset(pair) for pair in named if self._is_refused(*pair) is not accepted}

    def _is_refused(self, account: RecordRef, delivery: RecordRef) -> bool:
        ends = ((account, delivery), (delivery, account))
        one_of_them_names_another = any(self.partner_named_by(one) not in (None, other) for one, other in ends)
        the_one_that_names_none_is_named_by_several = any(
            self.partner_named_by(one) is None and len(self._namers_of_partner(one)) > 1 for one, _ in ends
        )
        both_name_a_row = all(self.row_named_by(one) is not None for one, _ in ends)
        are_linked_to_the_same = self.row_linked_to(account) is not None and self.row_linked_to(
            account
        ) == self.row_linked_to(delivery)
        only_one_names_a_row_and_another_of_the_others_kind_names_it_too = any(
            self.row_named_by(other) is None
            and (row := self.row_linked_to(one)) is not None
            and any(namer != other for namer in self.namers_of_row(row, other.kind))
            for one, other in ends
        )
        return (
            one_of_them_names_another
            or the_one_that_names_none_is_named_by_several
            or (both_name_a_row and not are_linked_to_the_same)
            or only_one_names_a_row_and_another_of_the_others_kind_names_it_too
        )

    def _namers_of_partner(self, ref: RecordRef) -> list[RecordRef]:
        return [one for one in self.records(_other(ref.kind)) if self.partner_named_by(one) == ref]

    # ── customers: the records that are linked to each other, also by way of others (rule 4) ──

    def customer_of(self, ref: RecordRef) -> set[RecordRef]:
        links = self.row_links(accepted=True) | self.pairs(accepted=True)
        customer = {ref}
        while reached := {end for link in links if link & customer for end in link} - customer:
            customer |= reached
        return customer

    def refused(self) -> set[Link]:
        return self.row_links(accepted=False) | self.pairs(accepted=False)

    def is_contradicted(self, customer: set[RecordRef]) -> bool:
        return any(link & customer for link in self.refused())

    # ── how ──

    def records(self, kind: RecordKind) -> list[RecordRef]:
        return [RecordRef(kind, key) for key in self.store.names(kind)]

    def _names(self, ref: RecordRef) -> Names:
        return self.store.names(ref.kind)[ref.key]


def head_of(customer: set[RecordRef]) -> RecordRef:
    """Find the head: CRM, else ACCOUNT, else DELIVERY."""
    return next(ref for kind in RecordKind for ref in customer if ref.kind is kind)


def _other(kind: RecordKind) -> RecordKind:
    return RecordKind.DELIVERY if kind is RecordKind.ACCOUNT else RecordKind.ACCOUNT
