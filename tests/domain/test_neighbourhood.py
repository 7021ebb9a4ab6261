"""Two hops around some records decide of them what the whole store decides: the claim that every list rests on.

The stores here are dictionaries: what is tested is which records are gathered. That the sources answer what they are
asked is tested on real servers.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.errors import SourceUnavailableError
from domain.identity import Identity, Members, Names
from domain.records import AccountRecord, DeliveryRecord, Key, RecordKind, RecordRef
from sources.mongo_records import Found
from sources.neighbourhood import Neighbourhood, around_records, around_rows
from sources.stores import Stores
from tests.domain.linked_stores import LinkedStore, linked_stores

Example = tuple[LinkedStore, list[RecordRef]]
TENANT = "acme"
MONGO_KINDS = (RecordKind.ACCOUNT, RecordKind.DELIVERY)


@dataclass
class Reader:
    """Answer from *store* as the sources do of the *kinds* that a profile maps, and note what was asked."""

    store: LinkedStore
    kinds: tuple[RecordKind, ...] = tuple(RecordKind)
    crm_is_down: bool = False
    asked: list[tuple[str, RecordKind, frozenset[Key]]] = field(default_factory=list)

    # ── as sources.stores.Stores ──

    @property
    def stores(self) -> Stores:
        return cast("Stores", self)

    @property
    def mongo_kinds(self) -> tuple[RecordKind, ...]:
        return tuple(kind for kind in self.kinds if kind is not RecordKind.CRM)

    @property
    def profile(self) -> "Reader":
        return self

    @property
    def customer(self) -> object | None:
        return self if RecordKind.CRM in self.kinds else None

    @property
    def documents(self) -> "Reader":
        return self

    @property
    def crm(self) -> "Reader":
        return self

    # ── as sources.mongo.MongoSource and sources.postgres.PostgresSource ──

    async def by_key(self, tenant: str, kind: RecordKind, keys: Collection[Key]) -> Sequence[Found]:
        self._note("key", tenant, kind, keys)
        return [found(kind, key, names) for key, names in self._names(kind).items() if key in keys]

    async def by_partner(self, tenant: str, kind: RecordKind, keys: Collection[Key]) -> Sequence[Found]:
        self._note("partner", tenant, kind, keys)
        return [found(kind, key, names) for key, names in self._names(kind).items() if names.partner in keys]

    async def by_crm(self, tenant: str, kind: RecordKind, keys: Collection[Key]) -> Sequence[Found]:
        self._note("crm", tenant, kind, keys)
        return [found(kind, key, names) for key, names in self._names(kind).items() if names.crm in keys]

    async def living_customers(self, tenant: str, keys: Collection[Key]) -> set[Key]:
        self._note("life", tenant, RecordKind.CRM, keys)
        if self.crm_is_down:
            raise SourceUnavailableError("postgres")
        return set(self.store.rows & set(keys))

    def _note(self, by: str, tenant: str, kind: RecordKind, keys: Collection[Key]) -> None:
        assert tenant == TENANT
        assert kind in self.kinds
        assert keys, "a statement about nothing"
        self.asked.append((by, kind, frozenset(keys)))

    def _names(self, kind: RecordKind) -> Mapping[Key, Names]:
        return self.store.names(kind)


def found(kind: RecordKind, key: Key, names: Names) -> Found:
    if kind is RecordKind.DELIVERY:
        return Found(DeliveryRecord(key=key), names)
    return Found(AccountRecord(key=key, is_active=True, can_log_in=True, email_is_placeholder=False), names)


async def around_chunks(reader: Reader, seeds: Iterable[RecordRef]) -> Neighbourhood:
    """Gather what a round of a list gathers around the chunks that it has read."""
    around = Neighbourhood(reader.stores, TENANT)
    for ref in seeds:
        around.add(ref.kind, [found(ref.kind, ref.key, reader.store.names(ref.kind)[ref.key])])
    await around.hop(last=False)
    await around.hop(last=True)
    return around


def whole(store: LinkedStore, kinds: Collection[RecordKind] = tuple(RecordKind)) -> Identity:
    """Decide over all of *store* that a profile maps."""
    accounts = store.accounts if RecordKind.ACCOUNT in kinds else {}
    deliveries = store.deliveries if RecordKind.DELIVERY in kinds else {}
    return Identity(accounts, deliveries, store.rows if RecordKind.CRM in kinds else frozenset())


@st.composite
def examples(draw: st.DrawFn, *, kinds: Collection[RecordKind] = MONGO_KINDS) -> Example:
    """Draw a store and some of its records of *kinds*."""
    store = draw(linked_stores(most=draw(st.integers(2, 7))))
    refs = [ref for ref in store.refs if ref.kind in kinds]
    return store, draw(st.lists(st.sampled_from(refs), unique=True, min_size=1)) if refs else []


MAPPED = [
    kinds
    for kinds in chain.from_iterable(combinations(RecordKind, size) for size in (1, 2, 3))
    if kinds != (RecordKind.CRM,)
]


@settings(max_examples=150, deadline=None)
@given(examples())
async def test_a_list_decides_of_its_chunks_what_the_whole_store_decides(
    example: Example,
) -> None:
    store, seeds = example
    identity = whole(store)

    around = await around_chunks(Reader(store), seeds)

    for seed in seeds:
        members = identity.members(seed)
        assert around.members(seed).head == members.head
        if members.head == seed:  # else the list leaves it out
            assert around.members(seed) == members
            assert around.linked(members).conflict == identity.contradicts(members)


@settings(max_examples=150, deadline=None)
@given(examples())
async def test_a_customer_found_by_any_record_is_what_the_whole_store_decides(
    example: Example,
) -> None:
    store, seeds = example
    identity = whole(store)

    around = await around_records(Reader(store).stores, TENANT, seeds)

    for seed in seeds:
        members = identity.members(seed)
        assert around.members(seed) == members
        assert around.linked(members).conflict == identity.contradicts(members)


@settings(max_examples=150, deadline=None)
@given(examples(kinds=[RecordKind.CRM]))
async def test_what_is_linked_to_crm_rows_is_what_the_whole_store_decides(
    example: Example,
) -> None:
    store, seeds = example
    identity = whole(store)

    around = await around_rows(Reader(store).stores, TENANT, [seed.key for seed in seeds])

    for seed in seeds:
        members = identity.members(seed)
        assert around.members(seed) == members
        assert around.linked(members).conflict == identity.contradicts(members)


@settings(max_examples=60, deadline=None)
@given(examples(), st.sampled_from(MAPPED))
async def test_where_a_profile_maps_fewer_kinds_the_others_are_not_asked_for(
    example: Example, kinds: tuple[RecordKind, ...]
) -> None:
    store, drawn = example
    identity = whole(store, kinds)
    seeds = [seed for seed in drawn if seed.kind in kinds]

    chunks = await around_chunks(Reader(store, kinds), seeds)
    records = await around_records(Reader(store, kinds).stores, TENANT, seeds)

    for seed in seeds:
        members = identity.members(seed)
        assert records.members(seed) == members
        assert records.linked(members).conflict == identity.contradicts(members)
        assert chunks.members(seed).head == members.head
        if members.head == seed:
            assert chunks.members(seed) == members


@settings(max_examples=60, deadline=None)
@given(examples())
async def test_a_round_asks_each_collection_five_times_at_most_and_the_crm_once_and_nothing_twice(
    example: Example,
) -> None:
    store, seeds = example
    reader = Reader(store)

    await around_chunks(reader, seeds)

    statements = Counter(kind for _, kind, _ in reader.asked)
    assert statements[RecordKind.CRM] <= 1
    assert all(statements[kind] <= 5 for kind in MONGO_KINDS)
    keys = Counter((by, kind, key) for by, kind, asked in reader.asked for key in asked)
    assert set(keys.values()) <= {1}


@pytest.mark.parametrize("both", [True, False])
async def test_what_the_last_hop_would_ask_is_asked_before_where_records_agree(both: bool) -> None:
    names = {Key(f"{number}"): Names(f"{number}", f"{number}") for number in range(5)}
    reader = Reader(LinkedStore(names, names, frozenset(names)))
    around = Neighbourhood(reader.stores, TENANT)
    for kind in MONGO_KINDS if both else MONGO_KINDS[:1]:
        around.add(kind, [found(kind, key, names[key]) for key in names])
    await around.hop(last=False, ahead=[Key("9")])
    reader.asked.clear()

    await around.hop(last=True)

    assert {by for by, _, _ in reader.asked} == ({"life"} if both else {"life", "partner"})
    for key in names:
        assert around.members(RecordRef(RecordKind.ACCOUNT, key)) == Members(key, key, key)


@settings(max_examples=150, deadline=None)
@given(examples(), st.data())
async def test_who_names_rows_is_not_asked_again_where_that_was_asked_ahead(
    example: Example, data: st.DataObject
) -> None:
    store, seeds = example
    rows = [ref.key for ref in store.refs if ref.kind is RecordKind.CRM]
    ahead = data.draw(st.lists(st.sampled_from(rows), unique=True)) if rows else []
    reader, identity = Reader(store), whole(store)
    around = Neighbourhood(reader.stores, TENANT)
    for ref in seeds:
        around.add(ref.kind, [found(ref.kind, ref.key, store.names(ref.kind)[ref.key])])
    await around.hop(last=False, ahead=ahead)
    asked = {(kind, key) for by, kind, keys in reader.asked if by == "crm" for key in keys}
    reader.asked.clear()

    beside = await around_rows(reader.stores, TENANT, rows, read=around)

    again = {(kind, key) for by, kind, keys in reader.asked if by == "crm" for key in keys}
    assert {(kind, key) for kind in MONGO_KINDS for key in ahead} <= asked
    assert not asked & again
    for row in rows:
        seed = RecordRef(RecordKind.CRM, row)
        members = identity.members(seed)
        assert beside.members(seed) == members
        assert beside.linked(members).conflict == identity.contradicts(members)


@settings(max_examples=150, deadline=None)
@given(examples())
async def test_what_a_list_shows_while_the_crm_is_down_is_so_whichever_rows_live(example: Example) -> None:
    store, seeds = example
    identity = whole(store)

    around = await around_chunks(Reader(store, crm_is_down=True), seeds)

    for seed in seeds:
        members = around.members(seed)
        if members.head == seed and not (around.crm_down and around.names_a_row(members)):
            assert members == identity.members(seed)
            assert around.linked(members).conflict == identity.contradicts(members)
