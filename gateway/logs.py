"""What the log says: nothing of persons, whatever a driver or a library tells of what it was given."""

import logging
import re
import traceback
from types import TracebackType

#: Libraries whose own account of their work quotes documents, statements or letters.
_TALKATIVE = ("aiosmtplib", "asyncpg", "motor", "pymongo", "sqlalchemy")
_LEFT_OUT = "…"
#: Whatever may be somebody's in any text of the log, and what stands in its place.
_PERSONAL = (
    (re.compile(r"\[parameters: .*?\](?=\s*(?:\(Background|$))", re.DOTALL), "[parameters]"),
    (re.compile(r"^(?:DETAIL|CONTEXT|HINT): .*", re.MULTILINE), _LEFT_OUT),
    (re.compile(r"(query argument \$\d+: |invalid input syntax for [^:\n]+: ).*"), rf"\1{_LEFT_OUT}"),
    (re.compile(r"\beyJ[\w-]*\.[\w-]*\.?[\w-]*|\bBearer +\S+"), _LEFT_OUT),
    (re.compile(r"[^\s@'\"<>(),;:]+@[^\s@'\"<>(),;:]+\.[^\s@'\"<>(),;:]+"), _LEFT_OUT),
    (re.compile(r"\+\d[\d ()/.-]{5,}\d"), _LEFT_OUT),
)
#: What an error quotes is what it was given: the key that is missing, the value that cannot be.
_QUOTED = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"")
_MOST_CAUSES = 10
ErrorInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


def quieten() -> None:
    """Let libraries tell no more than what is wrong, whatever level somebody sets for all."""
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.WARNING)


def discreet(text: str) -> str:
    """Leave out of *text* what may be personal: addresses, numbers, tokens, what statements were given."""
    for pattern, instead in _PERSONAL:
        text = pattern.sub(instead, text)
    return text


class DiscreetFormatter(logging.Formatter):
    """Write records without what may be personal, and errors also without what they quote."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - its name in the library
        record.message = discreet(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: ErrorInfo) -> str:  # noqa: N802 - its name in the library
        return "" if ei[1] is None else "\n".join(_told(ei[1], _MOST_CAUSES)).rstrip("\n")


def _told(error: BaseException, most: int) -> list[str]:
    """Tell of *error* and of what led to it, the first first, as Python does: where, of which kind, in which words."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = [*_told(cause, most - 1), "which led to:"] if cause is not None and most else []
    kind = type(error)
    said = _QUOTED.sub(_LEFT_OUT, discreet(str(error)))
    within = error.exceptions if isinstance(error, BaseExceptionGroup) and most else ()
    return [
        *before,
        "Traceback (most recent call last):",
        "".join(traceback.format_tb(error.__traceback__)).rstrip("\n"),
        f"{kind.__module__}.{kind.__qualname__}: {said}",
        *(line for one in within for line in ("of which one is:", *_told(one, most - 1))),
    ]
