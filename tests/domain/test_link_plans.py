"""Plans of links: what is planned is what the link rules then read, on stores of every shape."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from domain.identity import Members, Names
from domain.link_plans import (
    Change,
    Conflict,
    LinkField,
    LinkFields,
    Links,
    LinksOfMany,
    NoFieldError,
    plan_cut,
    plan_join,
)
from domain.records import Key, RecordKind, RecordRef
from tests.domain.linked_stores import LinkedStore, linked_stores

CRM, ACCOUNT, DELIVERY = RecordKind
EVERY: LinkFields = {ACCOUNT: frozenset(LinkField), DELIVERY: frozenset(LinkField)}
NOBODY = Names()


def links(
    accounts: dict[Key, Names] | None = None, deliveries: dict[Key, Names] | None = None, rows: str = ""
) -> Links:
    return Links({ACCOUNT: accounts or {}, DELIVERY: deliveries or {}}, frozenset(rows.split()))


def of_store(store: LinkedStore) -> Links:
    return Links({ACCOUNT: store.accounts, DELIVERY: store.deliveries}, store.rows)


def crm(key: Key) -> RecordRef:
    return RecordRef(CRM, key)


def account(key: Key) -> RecordRef:
    return RecordRef(ACCOUNT, key)


def delivery(key: Key) -> RecordRef:
    return RecordRef(DELIVERY, key)


def test_three_records_that_know_nothing_of_each_other_name_each_other_then() -> None:
    store = links({"a": NOBODY}, {"d": NOBODY}, "r")
    assert plan_join(store, EVERY, [crm("r"), account("a"), delivery("d")]) == [
        Change(account("a"), LinkField.PARTNER, "d"),
        Change(account("a"), LinkField.CRM, "r"),
        Change(delivery("d"), LinkField.PARTNER, "a"),
        Change(delivery("d"), LinkField.CRM, "r"),
    ]


def test_a_link_of_one_side_is_completed_on_the_other() -> None:
    store = links({"a": Names("d")}, {"d": NOBODY})
    assert plan_join(store, EVERY, [account("a"), delivery("d")]) == [Change(delivery("d"), LinkField.PARTNER, "a")]


def test_what_is_linked_on_both_sides_needs_nothing() -> None:
    store = links({"a": Names("d")}, {"d": Names("a")})
    assert plan_join(store, EVERY, [delivery("d"), account("a")]) == []


def test_whoever_is_linked_to_one_of_them_comes_along() -> None:
    store = links({"a": Names("d")}, {"d": Names("a")}, "r")
    changes = plan_join(store, EVERY, [crm("r"), delivery("d")])
    assert store.with_changes(changes).identity.members(crm("r")) == Members("r", "a", "d")


def test_a_dangling_name_gives_way() -> None:
    store = links({"a": Names("gone", "gone")}, {"d": NOBODY}, "r")
    changes = plan_join(store, EVERY, [crm("r"), account("a"), delivery("d")])
    assert store.with_changes(changes).names[ACCOUNT]["a"] == Names("d", "r")


def test_a_store_with_one_field_is_written_on_that_side() -> None:
    fields: LinkFields = {ACCOUNT: frozenset(), DELIVERY: frozenset({LinkField.PARTNER})}
    store = links({"a": NOBODY}, {"d": NOBODY})
    assert plan_join(store, fields, [account("a"), delivery("d")]) == [Change(delivery("d"), LinkField.PARTNER, "a")]


def test_a_store_without_a_field_cannot_keep_a_link() -> None:
    fields: LinkFields = {ACCOUNT: frozenset(), DELIVERY: frozenset()}
    with pytest.raises(NoFieldError):
        plan_join(links({"a": NOBODY}, {"d": NOBODY}), fields, [account("a"), delivery("d")])


def test_two_of_a_kind_are_never_one_customer() -> None:
    with pytest.raises(Conflict) as conflict:
        plan_join(links({"a": NOBODY, "b": NOBODY}), EVERY, [account("a"), account("b")])
    assert {conflict.value.record, conflict.value.rival} == {account("a"), account("b")}


def test_a_record_that_is_linked_elsewhere_is_not_taken_away() -> None:
    store = links({"a": Names("d"), "b": NOBODY}, {"d": Names("a")})
    with pytest.raises(Conflict) as conflict:
        plan_join(store, EVERY, [account("b"), delivery("d")])
    assert account("a") in (conflict.value.record, conflict.value.rival)


def test_a_row_that_another_names_is_not_taken_away() -> None:
    """Given a row that two accounts name, and so none of them has."""
    store = links({"a": Names(crm="r"), "b": Names(crm="r")}, rows="r")
    with pytest.raises(Conflict) as conflict:
        plan_join(store, EVERY, [crm("r"), account("a")])
    assert conflict.value == Conflict(crm("r"), account("b"))


def test_to_cut_one_leaves_the_others_linked() -> None:
    store = links({"a": Names("d", "r")}, {"d": Names("a", "r")}, "r")
    after = store.with_changes(plan_cut(store, EVERY, account("a")))
    assert after.identity.members(account("a")) == Members(account="a")
    assert after.identity.members(crm("r")) == Members("r", None, "d")


def test_whoever_was_linked_through_the_one_that_is_cut_is_linked_directly() -> None:
    store = links({"a": Names("d", "r")}, {"d": NOBODY}, "r")
    changes = plan_cut(store, EVERY, account("a"))
    assert Change(delivery("d"), LinkField.CRM, "r") in changes
    store = links({"a": Names(crm="r")}, {"d": Names(crm="r")}, "r")
    after = store.with_changes(plan_cut(store, EVERY, crm("r")))
    assert after.identity.members(account("a")) == Members(None, "a", "d")


def test_refused_and_dangling_links_are_cut_too() -> None:
    store = links({"a": Names("gone", "r"), "b": Names(crm="r")}, rows="r")
    after = store.with_changes(plan_cut(store, EVERY, account("a")))
    assert after.names[ACCOUNT]["a"] == NOBODY
    assert after.identity.members(crm("r")) == Members("r", "b")
    after = store.with_changes(plan_cut(store, EVERY, crm("r")))
    assert after.names[ACCOUNT] == {"a": Names("gone"), "b": NOBODY}


@given(linked_stores(), st.data())
def test_what_is_joined_is_one_customer_then_and_says_so_on_both_sides(store: LinkedStore, data: st.DataObject) -> None:
    refs = list(store.refs)
    assume(len(refs) > 1)
    chosen = data.draw(st.lists(st.sampled_from(refs), min_size=2, max_size=3, unique=True))
    before = of_store(store)
    wanted = {member for ref in chosen for member in before.identity.members(ref).refs}
    try:
        changes = plan_join(before, EVERY, chosen)
    except Conflict as conflict:
        told: list[bool] = [before.has(conflict.record), before.has(conflict.rival)]
    else:
        told = []
    if told:
        assert all(told)
        return
    after = before.with_changes(changes)
    for ref in wanted:
        assert set(after.identity.members(ref).refs) == wanted
    assert plan_join(after, EVERY, chosen) == []
    assert {change.record for change in changes} <= wanted


@given(linked_stores(), st.data())
def test_what_is_cut_stands_alone_and_nobody_names_it(store: LinkedStore, data: st.DataObject) -> None:
    refs = list(store.refs)
    assume(refs)
    ref = data.draw(st.sampled_from(refs))
    before = of_store(store)
    rest = [other for other in before.identity.members(ref).refs if other != ref]
    after = before.with_changes(plan_cut(before, EVERY, ref))
    assert after.identity.members(ref).refs == (ref,)
    assert not after.identity.contradicts(after.identity.members(ref))
    if rest:
        assert set(rest) <= set(after.identity.members(rest[0]).refs)
    assert plan_cut(after, EVERY, ref) == []


@given(linked_stores(most=6), st.data())
def test_what_bears_on_some_records_decides_as_all_does(store: LinkedStore, data: st.DataObject) -> None:
    every = list(store.refs)
    assume(every)
    refs = data.draw(st.lists(st.sampled_from(every), min_size=1, max_size=3, unique_by=lambda ref: ref.kind))
    whole = of_store(store)
    near = LinksOfMany(whole).around(refs)
    assert all(near.has(ref) for ref in refs)
    assert [near.identity.members(ref) for ref in refs] == [whole.identity.members(ref) for ref in refs]
    assert _join(near, refs) == _join(whole, refs)


def _join(store: Links, refs: list[RecordRef]) -> list[Change] | str:
    try:
        return plan_join(store, EVERY, refs)
    except (Conflict, NoFieldError) as refusal:
        return type(refusal).__name__
