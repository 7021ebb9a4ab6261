"""Small stores of links, for the tests of the link rules: few keys, the same ones in every kind, so that links meet."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from hypothesis import strategies as st

from domain.identity import Identity, Names
from domain.records import Key, RecordKind, RecordRef


@dataclass(frozen=True, slots=True)
class LinkedStore:
    """Be what link rules see of a store: the names in its *accounts* and *deliveries*, and the CRM *rows* that live."""

    accounts: Mapping[Key, Names] = field(default_factory=dict)
    deliveries: Mapping[Key, Names] = field(default_factory=dict)
    rows: frozenset[Key] = frozenset()

    @property
    def identity(self) -> Identity:
        """Decide over the whole store."""
        return Identity(self.accounts, self.deliveries, self.rows)

    @property
    def refs(self) -> Iterator[RecordRef]:
        for kind, keys in zip(RecordKind, (self.rows, self.accounts, self.deliveries), strict=True):
            for key in keys:
                yield RecordRef(kind, key)

    @property
    def swapped(self) -> "LinkedStore":
        """Be the same store with accounts for deliveries, and deliveries for accounts."""
        return LinkedStore(self.deliveries, self.accounts, self.rows)

    def names(self, kind: RecordKind) -> Mapping[Key, Names]:
        return {RecordKind.ACCOUNT: self.accounts, RecordKind.DELIVERY: self.deliveries}[kind]


def linked_stores(*, most: int = 5) -> st.SearchStrategy[LinkedStore]:
    """Draw stores of up to *most* records of each kind, whose links name each other, or nothing that lives."""
    keys = st.sampled_from([str(number) for number in range(most)])
    names = st.builds(Names, partner=st.none() | keys, crm=st.none() | keys)
    records = st.dictionaries(keys, names, max_size=most)
    return st.builds(LinkedStore, accounts=records, deliveries=records, rows=st.frozensets(keys, max_size=most))
