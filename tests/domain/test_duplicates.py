"""Which records share an identifier: the same, however it is written, and nothing else."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from domain.duplicates import SharedIdentifiers
from domain.matching import normal_email, normal_phone

DANISH = st.integers(20_00_00_00, 20_00_00_09)
WRITTEN = st.tuples(
    st.sampled_from(
        ["+45{}", "0045 {}", "{}", "(+45) {}", "+45-{}", "{} lok. 12", "{} ext 3", "+46{}", "0{}", "tel {}"]
    ),
    DANISH,
).map(lambda one: one[0].format(one[1]))


def test_an_address_is_the_same_in_any_letter_case_and_a_number_in_any_form() -> None:
    assert normal_email(" Ada@Example.org ") == "ada@example.org"
    assert normal_email("  ") is None
    assert {normal_phone(one, "DK") for one in ("20101001", "+45 20 10 10 01", "0045-20101001")} == {"+4520101001"}
    assert normal_phone("20101001", None) is None
    assert normal_phone("+45 20101001", None) == "+4520101001"
    assert [normal_phone(one, "DK") for one in ("12", "none", "", "+")] == [None] * 4


@given(st.lists(st.one_of(WRITTEN, st.text(max_size=12)), max_size=12))
def test_looking_at_how_numbers_end_finds_what_reading_all_of_them_does(phones: list[str]) -> None:
    shared, every = SharedIdentifiers("DK"), defaultdict[str, list[str]](list)
    for number, phone in enumerate(phones):
        shared.add(str(number), None, phone)
        if (normal := normal_phone(phone, "DK")) is not None:
            every[normal].append(str(number))
    assert shared.phones() == sorted(sorted(keys) for keys in every.values() if len(keys) > 1)


def test_only_so_many_groups_are_named() -> None:
    shared = SharedIdentifiers(None)
    for key in "abcdef":
        shared.add(key, "one@example.org", None)
    (found,) = shared.findings("customer", None, 10)
    assert found.count == 6
    assert [(one.key, one.detail) for one in found.examples] == [("a", "with b, c, d and 2 more")]
