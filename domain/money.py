"""Money: exact decimals, rounded half up to the currency's minor unit (ISO 4217)."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import cache

from iso4217 import Currency

#: Enough digits that a sum of numbers below 1e1000, which is as far as stores are believed, keeps its cents.
_EXACT = Context(prec=1_200, rounding=ROUND_HALF_UP)


@cache
def minor_digits(currency: str) -> int:
    """Count the decimals of *currency*; 2 where ISO 4217 does not know it or gives it none."""
    try:
        exponent = Currency(currency).exponent
    except ValueError:
        return 2
    return 2 if exponent is None else exponent


@cache
def currencies() -> frozenset[str]:
    """List the codes of ISO 4217 that amounts can be in."""
    return frozenset(one.code for one in Currency if one.exponent is not None)


@cache
def _unit(currency: str) -> Decimal:
    return Decimal(1).scaleb(-minor_digits(currency))


def exact_sum(amounts: Iterable[Decimal]) -> Decimal:
    """Add *amounts* up, and lose nothing of them."""
    total = Decimal(0)
    for amount in amounts:
        total = _EXACT.add(total, amount)
    return total


@dataclass(slots=True, unsafe_hash=True)
class Money:
    """Be an *amount* in major units of *currency*."""

    amount: Decimal
    currency: str

    @classmethod
    def rounded(cls, amount: Decimal | int, currency: str, *, minor: bool = False) -> "Money":
        """Make money of *amount*, given in the minor unit where *minor* says so."""
        unit = _unit(currency)
        exact = amount if amount.__class__ is Decimal else Decimal(amount)
        if minor:
            exact = exact.scaleb(-minor_digits(currency), _EXACT)
        rounded = exact.quantize(unit, None, _EXACT)
        return cls(rounded or rounded.copy_abs(), currency)  # nothing owed is 0.00, never -0.00

    @classmethod
    def zero(cls, currency: str) -> "Money":
        return cls.rounded(0, currency)

    def divided_by(self, count: int) -> "Money":
        return Money.rounded(_EXACT.divide(self.amount, Decimal(count)), self.currency)
