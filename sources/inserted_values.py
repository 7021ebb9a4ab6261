"""What a new row or document is filled with: values of the profile's `insert`, and what its words with @ stand for."""

import secrets
import string
import uuid
from typing import Any

from sources.profile import Scalar

NEXT, CODE = "@next", "@code:"
#: A token that nobody guesses, in a link that somebody can type.
_TOKEN_BYTES = 24


def is_counted(value: Scalar) -> bool:
    """Say whether *value* stands for something that depends on the rows that are there."""
    return isinstance(value, str) and (value == NEXT or value.startswith(CODE))


def pattern_of(value: str) -> str:
    """Say how the number is written that *value* stands for."""
    return value.removeprefix(CODE) if value.startswith(CODE) else "{}"


def around_number(pattern: str) -> tuple[str, str]:
    """Say what stands before and after the number in *pattern*, as it is written."""
    parts = list(string.Formatter().parse(pattern))
    number = next(place for place, (_, field, _, _) in enumerate(parts) if field is not None)
    before = "".join(literal for literal, _, _, _ in parts[: number + 1])
    after = "".join(literal for literal, _, _, _ in parts[number + 1 :])
    return before, after


def filled_with(value: Scalar, now: Any) -> Any:
    """Answer what *value* stands for, whatever rows there are; *now* is this moment as the store writes it."""
    if value == "@uuid":
        return str(uuid.uuid4())
    if value == "@token":
        return secrets.token_urlsafe(_TOKEN_BYTES)
    return now if value == "@now" else value
