"""Instants and money as text: nothing is lost on the way."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from reprlib import repr as shortened
from typing import Any

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

from domain.time import FIRST, LAST, sane

_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def parse_instant(given: Any) -> datetime:
    """Read an ISO 8601 date and time; one without an offset is in UTC."""
    if not isinstance(given, str):
        raise GraphQLError(f"A DateTime is a text such as 2026-01-31T09:00:00Z, not {shortened(given)}.")
    try:
        read = datetime.fromisoformat(given)
    except ValueError:
        raise GraphQLError(f"{given[:40]!r} is no DateTime: write it as 2026-01-31T09:00:00Z.") from None
    try:
        instant = sane((read if read.tzinfo is not None else read.replace(tzinfo=UTC)).astimezone(UTC))
    except OverflowError:
        instant = None
    if instant is None:
        raise GraphQLError(f"{given[:40]!r} is too far away: a DateTime is of the years {FIRST.year} to {LAST.year}.")
    return instant


def write_instant(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat()


def parse_day(given: Any) -> date:
    """Read a day of the calendar."""
    if not isinstance(given, str) or not _DAY.fullmatch(given):
        raise GraphQLError(f"{shortened(given)} is no Date: write it as 2026-01-31.")
    try:
        return date.fromisoformat(given)
    except ValueError:
        raise GraphQLError(f"{shortened(given)} is no day of the calendar.") from None


def parse_decimal(given: Any) -> Decimal:
    """Read a decimal number from text."""
    try:
        number = Decimal(given) if isinstance(given, str) else None
    except ArithmeticError:
        number = None
    if number is None or not number.is_finite():
        raise GraphQLError('A Decimal is a number written as text, such as "12.50".')
    return number


SCALARS: dict[object, ScalarDefinition] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description="A date and time in ISO 8601: 2026-01-31T09:00:00+00:00. One without an offset is in UTC.",
        serialize=write_instant,
        parse_value=parse_instant,
    ),
    date: strawberry.scalar(
        name="Date",
        description="A day: 2026-01-31.",
        serialize=date.isoformat,
        parse_value=parse_day,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description="A decimal number as a string: money is never a float.",
        serialize=lambda number: f"{number:f}",
        parse_value=parse_decimal,
    ),
}
