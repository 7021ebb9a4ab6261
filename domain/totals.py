"""Totals that somebody stored beside a customer, held against what is counted now."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from domain.records import Key


@dataclass(frozen=True, slots=True)
class Total:
    """Be one total in the *column* of a store: what is *stored*, and what is counted *live*."""

    column: str
    stored: Any
    live: Any

    def __str__(self) -> str:
        difference = ""
        if isinstance(self.stored, Decimal) and isinstance(self.live, Decimal):
            difference = f" ({self.live - self.stored:+f})"
        return f"{self.column} {shown(self.stored)} → {shown(self.live)}{difference}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """Be a customer whose stored totals are not the live ones; *missing* where there is no row that holds them."""

    key: Key
    missing: bool
    totals: Sequence[Total]

    def __str__(self) -> str:
        return ", ".join(str(total) for total in self.totals)


@dataclass(frozen=True, slots=True, kw_only=True)
class Drifts:
    """Count the rows that are *changed* and *missing*; *examples* are some of them."""

    changed: int = 0
    missing: int = 0
    examples: Sequence[Drift] = ()


@dataclass(frozen=True, slots=True)
class Unwritten:
    """Say of a customer why its totals could not be written."""

    key: Key
    reason: str


@dataclass(frozen=True, slots=True)
class Strays:
    """Count the rows of totals that name no customer; *keys* are some of the keys that they name."""

    count: int = 0
    keys: Sequence[Key] = ()


def shown(value: object) -> str:
    """Write a total as text: numbers without exponent, dates as ISO 8601 has them, nothing as NULL."""
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, date):
        return value.isoformat()
    return "NULL" if value is None else str(value)
