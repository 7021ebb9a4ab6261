"""What of several things that are asked together is better asked apart, and for how long."""

import time
from collections.abc import Hashable

#: What takes the server longer than so many seconds, so many times one after the other, is worth a connection for each,
#: for so many seconds. Once is nothing: what was not asked for before is not at hand yet.
LONG, TIMES, APART = 0.05, 3, 60.0


class Apart:
    """Remember what was asked together in vain."""

    def __init__(self) -> None:
        self._until: dict[Hashable, float] = {}
        #: How often something took long, one time after the other.
        self._slow: dict[Hashable, int] = {}

    def has(self, what: Hashable) -> bool:
        """Say whether *what* is to be asked apart now."""
        until = self._until.get(what)
        return until is not None and time.monotonic() < until

    def add(self, what: Hashable) -> None:
        """Have *what* asked apart for a while."""
        self._slow.pop(what, None)
        self._until[what] = time.monotonic() + APART

    def took(self, what: Hashable, seconds: float) -> None:
        """See how long the server took for *what*."""
        if seconds <= LONG:
            self._slow.pop(what, None)
            return
        self._slow[what] = self._slow.get(what, 0) + 1
        if self._slow[what] >= TIMES:
            self.add(what)

    def clear(self) -> None:
        self._until.clear()
        self._slow.clear()
