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


@st.composite
def linked_stores(draw: st.DrawFn, *, most: int = 5) -> LinkedStore:
    """Draw a store of up to *most* records of each kind, whose links name each other, or nothing that lives."""
    fewest = draw(st.integers(0, most))
    keys = st.sampled_from([str(number) for number in range(most)])
    named = st.one_of(st.none(), keys, keys)
    records = st.dictionaries(keys, st.builds(Names, partner=named, crm=named), min_size=fewest, max_size=most)
    rows = st.frozensets(keys, min_size=draw(st.integers(0, fewest)), max_size=most)
    return LinkedStore(draw(records), draw(records), draw(rows))
