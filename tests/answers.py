"""What an answer says went wrong, and what it must never say."""

import re
from collections.abc import Iterable
from typing import Any

import httpx

#: What only the inside knows: drivers, libraries, statements, places in the code.
INSIDE = (
    "Traceback",
    "asyncpg",
    "sqlalchemy",
    "pymongo",
    "motor",
    "strawberry",
    "site-packages",
    "SELECT",
    '.py"',
    "Something went wrong inside",
)


def codes(body: dict[str, Any]) -> list[str]:
    """List the codes of *body*'s errors."""
    return [error["extensions"]["code"] for error in body.get("errors", [])]


def assert_told_nothing_of_the_inside(answer: httpx.Response) -> None:
    assert answer.status_code < 500, answer.text
    assert [word for word in INSIDE if word in answer.text] == []


def told_of(words: Iterable[str], text: str) -> list[str]:
    """List which of *words* stand in *text*: at the beginning of a word, not within a number, a time or an id."""
    return [word for word in words if re.search(rf"(?<![\w.]){re.escape(word)}(?!\d)", text)]


def refusal(answer: httpx.Response) -> tuple[int, list[str]]:
    """Answer the status and the codes of a request of which nothing was run."""
    assert_told_nothing_of_the_inside(answer)
    body = answer.json()
    assert "data" not in body
    assert all(error["message"] for error in body["errors"])
    return answer.status_code, codes(body)
