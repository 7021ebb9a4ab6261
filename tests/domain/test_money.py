"""Money: exact, rounded half up to what its currency can pay."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.money import Money, minor_digits
from domain.records import Revenue


def dkk(amount: str) -> Money:
    return Money(Decimal(amount), "DKK")


@pytest.mark.parametrize(
    ("currency", "digits"),
    [("DKK", 2), ("EUR", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("XAU", 2), ("", 2), ("???", 2), ("eur", 2)],
)
def test_a_currency_has_the_decimals_of_iso_4217_and_an_unknown_one_two(currency: str, digits: int) -> None:
    assert minor_digits(currency) == digits


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [
        ("0.005", "0.01"),
        ("0.0049999999", "0.00"),
        ("0.015", "0.02"),
        ("0.025", "0.03"),
        ("2.675", "2.68"),
        ("1.004999999999999999999999999999999999999999", "1.00"),
        ("12", "12.00"),
        ("1E+3", "1000.00"),
        ("-0.005", "-0.01"),
        ("-0.015", "-0.02"),
        ("-1.004", "-1.00"),
    ],
)
def test_half_a_minor_unit_is_rounded_up_and_away_from_zero_below_it(amount: str, rounded: str) -> None:
    assert str(Money.rounded(Decimal(amount), "DKK").amount) == rounded


@pytest.mark.parametrize("amount", ["-0.004", "-0", "-0.00"])
def test_nothing_has_no_sign(amount: str) -> None:
    assert str(Money.rounded(Decimal(amount), "DKK").amount) == "0.00"


@pytest.mark.parametrize(
    ("currency", "rounded"), [("JPY", "1235"), ("KWD", "1234.568"), ("DKK", "1234.57"), ("???", "1234.57")]
)
def test_an_amount_is_rounded_to_its_own_currency(currency: str, rounded: str) -> None:
    assert str(Money.rounded(Decimal("1234.5678"), currency).amount) == rounded


@pytest.mark.parametrize(
    ("amount", "currency", "major"),
    [
        (12345, "DKK", "123.45"),
        (12345, "JPY", "12345"),
        (12345, "KWD", "12.345"),
        (5, "DKK", "0.05"),
        (-5, "DKK", "-0.05"),
        (0, "DKK", "0.00"),
        (Decimal("12345.5"), "DKK", "123.46"),
        (Decimal("0.4"), "DKK", "0.00"),
    ],
)
def test_an_amount_in_the_minor_unit_is_brought_to_the_major_one(
    amount: Decimal | int, currency: str, major: str
) -> None:
    assert str(Money.rounded(amount, currency, minor=True).amount) == major


@pytest.mark.parametrize(("currency", "zero"), [("DKK", "0.00"), ("JPY", "0"), ("KWD", "0.000")])
def test_zero_is_written_like_any_other_amount(currency: str, zero: str) -> None:
    assert str(Money.zero(currency).amount) == zero


@pytest.mark.parametrize(
    ("amount", "count", "each"),
    [
        ("10.00", 3, "3.33"),
        ("20.00", 3, "6.67"),
        ("0.01", 2, "0.01"),
        ("0.05", 10, "0.01"),
        ("-0.01", 2, "-0.01"),
        ("-0.01", 3, "0.00"),
        ("0.00", 7, "0.00"),
        ("100.00", 1, "100.00"),
    ],
)
def test_money_is_divided_exactly_and_then_rounded(amount: str, count: int, each: str) -> None:
    assert str(dkk(amount).divided_by(count).amount) == each


def test_revenue_of_no_rows_has_no_average() -> None:
    assert Revenue(total=dkk("0.00"), count=0).average is None
    assert Revenue(total=dkk("10.00"), count=4).average == dkk("2.50")


@pytest.mark.parametrize("sign", ["", "-"])
@pytest.mark.parametrize("nines", [198, 300, 1000])
def test_the_largest_amount_that_stores_are_believed_keeps_its_cents(sign: str, nines: int) -> None:
    amount = Decimal(f"{sign}{'9' * nines}.125")

    major, minor = Money.rounded(amount, "DKK"), Money.rounded(amount, "DKK", minor=True)

    assert str(major.amount) == f"{sign}{'9' * nines}.13"
    assert str(minor.amount) == f"{sign}{'9' * (nines - 2)}.99"
    assert major.divided_by(1) == major


def test_an_amount_far_below_the_minor_unit_is_nothing() -> None:
    assert str(Money.rounded(Decimal("1E-16383"), "DKK").amount) == "0.00"


amounts = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**15), max_value=10**15)


@given(amounts, st.sampled_from(["DKK", "JPY", "KWD"]))
def test_rounding_moves_an_amount_by_half_a_minor_unit_at_most_and_only_once(amount: Decimal, currency: str) -> None:
    unit = Decimal(1).scaleb(-minor_digits(currency))

    rounded = Money.rounded(amount, currency)

    assert abs(rounded.amount - amount) <= unit / 2
    assert rounded.amount % unit == 0
    assert Money.rounded(rounded.amount, currency) == rounded


@given(st.integers(-(10**18), 10**18), st.sampled_from(["DKK", "JPY", "KWD"]))
def test_minor_units_are_kept_to_the_last(amount: int, currency: str) -> None:
    assert Money.rounded(amount, currency, minor=True).amount.scaleb(minor_digits(currency)) == amount
