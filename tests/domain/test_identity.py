"""Which records make one customer: every rule of the design, case by case.

A case writes a store as `{account: (the delivery record it names, the CRM row it names)}`, delivery records likewise,
and the CRM rows that live.
"""

from collections.abc import Mapping
from typing import Any

import pytest

from domain.identity import Identity, Members, Names, link_state
from domain.records import Key, LinkState, RecordKind, RecordRef

Written = Mapping[Key, tuple[Key | None, Key | None]]
NOTHING = (None, None)
ALL = tuple(RecordKind)


def decide(accounts: Written, deliveries: Written, rows: str = "") -> Identity:
    return Identity(_named(accounts), _named(deliveries), frozenset(rows.split()))


def _named(written: Written) -> Mapping[Key, Names]:
    return {key: Names(*names) for key, names in written.items()}


def row(key: Key) -> RecordRef:
    return RecordRef(RecordKind.CRM, key)


def account(key: Key) -> RecordRef:
    return RecordRef(RecordKind.ACCOUNT, key)


def delivery(key: Key) -> RecordRef:
    return RecordRef(RecordKind.DELIVERY, key)


def state(identity: Identity, ref: RecordRef) -> LinkState:
    members = identity.members(ref)
    return link_state(members, ALL, contradicted=identity.contradicts(members))


# ── rule 1: what does not exist is not named ──


def test_records_that_name_nothing_are_customers_of_their_own() -> None:
    identity = decide({"a": NOTHING}, {"d": NOTHING}, "r")

    assert identity.members(account("a")) == Members(account="a")
    assert identity.members(delivery("d")) == Members(delivery="d")
    assert identity.members(row("r")) == Members(crm="r")
    assert not identity.refused


@pytest.mark.parametrize("dangling", [("gone", None), (None, "gone"), ("gone", "gone")])
def test_a_link_to_nothing_is_as_if_absent_and_no_contradiction(dangling: tuple[Key | None, Key | None]) -> None:
    identity = decide({"a": dangling}, {"d": dangling})

    assert identity.members(account("a")) == Members(account="a")
    assert identity.members(delivery("d")) == Members(delivery="d")
    assert not identity.refused


def test_a_dangling_link_does_not_keep_another_from_counting() -> None:
    """The account names a record that is gone and a row that is gone: so it names none."""
    identity = decide({"a": ("gone", "gone")}, {"d": ("a", "r")}, "r")

    assert identity.members(account("a")) == Members("r", "a", "d")
    assert not identity.refused


def test_several_that_name_the_same_dead_row_do_not_contradict_each_other() -> None:
    identity = decide({"a": (None, "gone"), "b": (None, "gone")}, {})

    assert not identity.refused
    assert identity.count_beyond_crm() == 2


def test_keys_of_different_kinds_are_different_although_they_are_spelt_alike() -> None:
    identity = decide({"1": (None, "1"), "2": NOTHING}, {"1": ("2", None)}, "1")

    assert identity.members(account("1")) == identity.members(row("1")) == Members(crm="1", account="1")
    assert identity.members(delivery("1")) == Members(account="2", delivery="1")


# ── rule 2: CRM links come first ──


def test_a_row_named_by_an_account_and_by_a_delivery_record_joins_the_two() -> None:
    identity = decide({"a": (None, "r")}, {"d": (None, "r")}, "r")

    for ref in (row("r"), account("a"), delivery("d")):
        assert identity.members(ref) == Members("r", "a", "d")
    assert not identity.refused


@pytest.mark.parametrize("named", [None, "d"])
def test_a_row_named_by_two_accounts_is_linked_to_neither_and_contradicts_both(named: Key | None) -> None:
    identity = decide({"a": (named, "r"), "b": (None, "r")}, {"d": NOTHING}, "r")

    assert identity.members(row("r")) == Members(crm="r")
    assert identity.members(account("a")) == Members(account="a", delivery=named)
    assert identity.members(account("b")) == Members(account="b")
    assert identity.refused == {(account("a"), row("r")), (account("b"), row("r"))}
    assert [state(identity, ref) for ref in (row("r"), account("a"), account("b"))] == [LinkState.CONFLICT] * 3


def test_a_row_named_by_two_delivery_records_is_still_linked_to_its_one_account() -> None:
    identity = decide({"a": (None, "r")}, {"d": (None, "r"), "e": (None, "r")}, "r")

    assert identity.members(account("a")) == identity.members(row("r")) == Members(crm="r", account="a")
    assert identity.refused == {(delivery("d"), row("r")), (delivery("e"), row("r"))}
    assert state(identity, account("a")) is LinkState.CONFLICT


# ── rule 3: an account and a delivery record ──


@pytest.mark.parametrize(
    ("of_account", "of_delivery"), [("d", "a"), ("d", None), (None, "a"), ("d", "gone"), ("gone", "a")]
)
def test_they_are_linked_if_at_least_one_names_the_other(of_account: Key | None, of_delivery: Key | None) -> None:
    identity = decide({"a": (of_account, None)}, {"d": (of_delivery, None)})

    assert identity.members(account("a")) == identity.members(delivery("d")) == Members(account="a", delivery="d")
    assert not identity.refused


def test_unless_one_of_them_names_another_live_record() -> None:
    identity = decide({"a": ("d", None), "b": ("d", None)}, {"d": ("b", None)})

    assert identity.members(account("a")) == Members(account="a")
    assert identity.members(delivery("d")) == Members(account="b", delivery="d")
    assert identity.refused == {(account("a"), delivery("d"))}


def test_a_ring_of_names_links_nobody() -> None:
    identity = decide({"a": ("d", None), "b": ("e", None)}, {"d": ("b", None), "e": ("a", None)})

    assert len(identity.refused) == 4
    assert identity.count_beyond_crm() == 4


@pytest.mark.parametrize("dangling", [None, "gone"])
def test_unless_the_one_that_names_none_is_named_by_several(dangling: Key | None) -> None:
    identity = decide({"a": ("d", None), "b": ("d", None)}, {"d": (dangling, None)})

    assert identity.members(delivery("d")) == Members(delivery="d")
    assert identity.refused == {(account("a"), delivery("d")), (account("b"), delivery("d"))}


def test_unless_both_name_rows_and_these_are_different() -> None:
    identity = decide({"a": ("d", "r")}, {"d": ("a", "s")}, "r s")

    assert identity.members(account("a")) == Members(crm="r", account="a")
    assert identity.members(delivery("d")) == Members(crm="s", delivery="d")
    assert identity.refused == {(account("a"), delivery("d"))}


def test_unless_both_name_a_row_to_which_one_of_them_is_not_linked() -> None:
    """The row r is named by two accounts: so a is not linked to it, and d is."""
    identity = decide({"a": ("d", "r"), "b": (None, "r")}, {"d": ("a", "r")}, "r")

    assert identity.members(delivery("d")) == identity.members(row("r")) == Members(crm="r", delivery="d")
    assert identity.members(account("a")) == Members(account="a")
    assert (account("a"), delivery("d")) in identity.refused


def test_unless_both_name_a_row_to_which_neither_is_linked() -> None:
    identity = decide({"a": ("d", "r"), "b": (None, "r")}, {"d": ("a", "r"), "e": (None, "r")}, "r")

    assert identity.members(account("a")) == Members(account="a")
    assert identity.members(delivery("d")) == Members(delivery="d")
    assert (account("a"), delivery("d")) in identity.refused


@pytest.mark.parametrize("of_delivery", ["r", "s", None])
def test_rows_that_are_gone_part_nobody(of_delivery: Key | None) -> None:
    identity = decide({"a": ("d", "gone")}, {"d": (None, of_delivery)}, "r s")

    assert identity.members(account("a")) == Members(of_delivery, "a", "d")
    assert not identity.refused


@pytest.mark.parametrize("another", [{"e": (None, "r")}, {"e": (None, "r"), "f": (None, "r")}])
def test_unless_one_is_linked_to_a_row_that_another_of_the_others_kind_names_too(another: dict[str, Any]) -> None:
    identity = decide({"a": ("d", "r")}, {"d": NOTHING, **another}, "r")

    assert identity.members(delivery("d")) == Members(delivery="d")
    assert (account("a"), delivery("d")) in identity.refused
    assert state(identity, delivery("d")) is LinkState.CONFLICT


def test_a_row_that_one_is_not_linked_to_does_not_part_them() -> None:
    """Neither a nor b is linked to r. So d, which names no row, can be a's, although e is linked to r."""
    identity = decide({"a": ("d", "r"), "b": (None, "r")}, {"d": NOTHING, "e": (None, "r")}, "r")

    assert identity.members(delivery("d")) == Members(account="a", delivery="d")
    assert identity.members(row("r")) == Members(crm="r", delivery="e")


# ── rule 4: the partner's row ──


def test_a_linked_record_that_names_no_row_belongs_to_its_partners() -> None:
    identity = decide({"a": ("d", "r")}, {"d": NOTHING}, "r")
    mirrored = decide({"a": NOTHING}, {"d": ("a", "r")}, "r")

    for ref in (row("r"), account("a"), delivery("d")):
        assert identity.members(ref) == mirrored.members(ref) == Members("r", "a", "d")
    assert state(identity, delivery("d")) is LinkState.COMPLETE


def test_a_linked_record_whose_row_is_gone_belongs_to_its_partners() -> None:
    identity = decide({"a": ("d", "r")}, {"d": (None, "gone")}, "r")

    assert identity.members(delivery("d")) == Members("r", "a", "d")


def test_a_linked_record_whose_own_row_refused_it_does_not_move_to_another() -> None:
    """The row s is named by two delivery records, so d is linked to none, and its pair is refused."""
    identity = decide({"a": ("d", "r")}, {"d": ("a", "s"), "e": (None, "s")}, "r s")

    assert identity.members(delivery("d")) == Members(delivery="d")
    assert identity.members(account("a")) == Members(crm="r", account="a")


# ── heads, counts, states ──


@pytest.mark.parametrize(
    ("members", "head"),
    [
        (Members("1", "2", "3"), row("1")),
        (Members(None, "2", "3"), account("2")),
        (Members(None, None, "3"), delivery("3")),
        (Members("1", None, "3"), row("1")),
    ],
)
def test_the_head_is_the_crm_row_else_the_account_else_the_delivery_record(members: Members, head: RecordRef) -> None:
    assert members.head == head
    assert members.refs[0] == head


def test_customers_beyond_the_crm_are_those_that_no_row_heads() -> None:
    """The row r heads a and h, s heads c and g; beyond them are the pair b and e, d, and f, which is refused as c's."""
    identity = decide(
        {"a": (None, "r"), "b": ("e", None), "c": ("f", "s")},
        {"d": NOTHING, "e": NOTHING, "f": NOTHING, "g": (None, "s"), "h": ("a", None)},
        "r s unnamed",
    )

    assert set(identity.heads_beyond_crm()) == {account("b"), delivery("d"), delivery("f")}
    assert identity.count_beyond_crm() == 3


@pytest.mark.parametrize(
    ("members", "mapped", "contradicted", "expected"),
    [
        (Members("1", "2", "3"), ALL, False, LinkState.COMPLETE),
        (Members("1", "2"), ALL, False, LinkState.PARTIAL),
        (Members(None, "2", "3"), ALL, False, LinkState.PARTIAL),
        (Members("1"), ALL, False, LinkState.UNLINKED),
        (Members("1"), ALL[:2], False, LinkState.UNLINKED),
        (Members("1", "2"), ALL[:2], False, LinkState.COMPLETE),
        (Members("1"), ALL[:1], False, LinkState.COMPLETE),
        (Members("1", "2", "3"), ALL, True, LinkState.CONFLICT),
        (Members("1"), ALL[:1], True, LinkState.CONFLICT),
    ],
)
def test_the_state_says_how_many_of_the_mapped_kinds_are_there_and_a_contradiction_goes_before_all(
    members: Members, mapped: tuple[RecordKind, ...], contradicted: bool, expected: LinkState
) -> None:
    assert link_state(members, mapped, contradicted=contradicted) is expected


def test_a_contradiction_is_one_of_every_customer_at_its_ends_and_of_no_other() -> None:
    """The refused link from b to d contradicts the customer of a and d, too, and not the one of c."""
    identity = decide({"a": ("d", None), "b": ("d", None), "c": NOTHING}, {"d": ("a", None)})

    states = [state(identity, ref) for ref in (account("a"), delivery("d"), account("b"), account("c"))]

    assert states == [LinkState.CONFLICT, LinkState.CONFLICT, LinkState.CONFLICT, LinkState.UNLINKED]


# ── what names alone decide, while nobody knows which rows live ──


@pytest.mark.parametrize("rows", ["", "r"])
def test_the_partner_by_names_is_the_same_whichever_rows_live(rows: str) -> None:
    identity = decide({"a": ("d", "r"), "b": NOTHING}, {"d": NOTHING, "e": (None, "r")}, rows)

    assert identity.partner_by_names(account("a")) == delivery("d")
    assert identity.partner_by_names(delivery("d")) == account("a")
    assert identity.partner_by_names(account("b")) is None
    assert identity.partner_by_names(delivery("e")) is None


def test_there_is_no_partner_by_names_where_names_contradict_each_other() -> None:
    identity = decide({"a": ("d", None), "b": ("d", None)}, {"d": NOTHING})

    assert identity.partner_by_names(account("a")) is None
    assert identity.partner_by_names(delivery("d")) is None
