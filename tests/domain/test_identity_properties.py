"""What holds of the link rules in every store: the design's words taken literally, and what follows from them."""

from hypothesis import given, settings

from domain.identity import Members
from domain.records import RecordKind, RecordRef
from tests.domain.linked_stores import LinkedStore, linked_stores
from tests.domain.naive_links import NaiveLinks, head_of

SWAPPED = {
    RecordKind.CRM: RecordKind.CRM,
    RecordKind.ACCOUNT: RecordKind.DELIVERY,
    RecordKind.DELIVERY: RecordKind.ACCOUNT,
}


@settings(max_examples=200, deadline=None)
@given(linked_stores())
def test_it_decides_what_the_design_says_word_by_word(store: LinkedStore) -> None:
    identity, naive = store.identity, NaiveLinks(store)

    for ref in store.refs:
        customer = naive.customer_of(ref)
        members = identity.members(ref)
        assert set(members.refs) == customer
        assert members.head == head_of(customer)
        assert identity.contradicts(members) == naive.is_contradicted(customer)
    assert {frozenset(link) for link in identity.refused} == naive.refused()


@settings(max_examples=200, deadline=None)
@given(linked_stores(most=7))
def test_every_record_is_in_exactly_one_customer(store: LinkedStore) -> None:
    identity = store.identity

    customers = {identity.members(ref) for ref in store.refs}

    refs = [ref for customer in customers for ref in customer.refs]
    assert sorted(refs, key=_order) == sorted(store.refs, key=_order)
    assert all(ref in identity.members(ref).refs for ref in store.refs)


@settings(max_examples=200, deadline=None)
@given(linked_stores(most=7))
def test_customers_beyond_the_crm_are_counted_and_listed_as_they_are_decided(store: LinkedStore) -> None:
    identity = store.identity

    heads = {identity.members(ref).head for ref in store.refs}

    beyond = {head for head in heads if head.kind is not RecordKind.CRM}
    listed = list(identity.heads_beyond_crm())
    assert set(listed) == beyond
    assert len(listed) == identity.count_beyond_crm() == len(beyond)


@settings(max_examples=200, deadline=None)
@given(linked_stores(most=7))
def test_the_rules_are_the_same_for_accounts_and_delivery_records(store: LinkedStore) -> None:
    here, there = store.identity, store.swapped.identity

    for ref in store.refs:
        members = here.members(ref)
        other = there.members(_swapped(ref))
        assert other == Members(members.crm, members.delivery, members.account)
        assert there.contradicts(other) == here.contradicts(members)
    assert {frozenset(map(_swapped, link)) for link in here.refused} == {frozenset(link) for link in there.refused}
    assert here.count_beyond_crm() == there.count_beyond_crm()


def _swapped(ref: RecordRef) -> RecordRef:
    return RecordRef(SWAPPED[ref.kind], ref.key)


def _order(ref: RecordRef) -> tuple[int, str]:
    return ref.kind.rank, ref.key
