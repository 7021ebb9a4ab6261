"""How much one subject may ask of this process: so many requests at once, and so many a minute."""

import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass

from domain.errors import GatewayError

#: More subjects than are remembered at a time: those that asked least lately are forgotten, which lets them ask anew.
_MOST_SUBJECTS = 10_000
_MINUTE = 60.0


class TooManyRequestsError(GatewayError):
    """Say that a subject asks too much, and after how many *seconds* it may ask again."""

    status = 429

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.retry_after = max(1, math.ceil(seconds))


class RateLimitedError(TooManyRequestsError):
    code = "RATE_LIMITED"


class TooManyAtOnceError(TooManyRequestsError):
    code = "TOO_MANY_AT_ONCE"


@dataclass(slots=True)
class _Subject:
    """Be what is left of a subject's *allowance*, as of *at*, and how many of its requests are under way."""

    allowance: float
    at: float
    running: int = 0

    def __enter__(self) -> None:
        self.running += 1

    def __exit__(self, *_: object) -> None:
        self.running -= 1


class Admission:
    """Admit *at_once* requests of a subject at a time and *rate* a minute; 0 means any number.

    The allowance fills up evenly, so a subject that was quiet may spend a minute's at once.
    """

    def __init__(self, at_once: int, rate: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._at_once = at_once
        self._rate = rate
        self._clock = clock
        self._subjects: dict[str, _Subject] = {}

    def admitted(self, subject: str) -> AbstractContextManager[None]:
        """Count a request of *subject* while it is under way. Raises TooManyRequestsError where it is one too many."""
        found = self._found(subject)
        if self._at_once and found.running >= self._at_once:
            raise TooManyAtOnceError(f"You have {self._at_once} requests under way, which is the most.", 1)
        if self._rate:
            if found.allowance < 1:
                seconds = (1 - found.allowance) * _MINUTE / self._rate
                raise RateLimitedError(f"You may ask {self._rate} times a minute.", seconds)
            found.allowance -= 1
        return found

    def _found(self, subject: str) -> _Subject:
        now = self._clock()
        found = self._subjects.pop(subject, None) or _Subject(self._rate, now)
        found.allowance = min(self._rate, found.allowance + (now - found.at) * self._rate / _MINUTE)
        found.at = now
        self._subjects[subject] = found  # last, as who asked last
        if len(self._subjects) > _MOST_SUBJECTS:
            oldest = next((name for name, each in self._subjects.items() if not each.running), subject)
            if oldest != subject:
                del self._subjects[oldest]
        return found
