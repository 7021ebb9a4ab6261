"""What holds for either store: it may be down, and then it is asked again, but not by everybody at once."""

import time
from dataclasses import dataclass

from domain.errors import SourceUnavailableError
from sources.meter import gave_up, give_up

#: Seconds for which a store that refused a connection is not tried again.
COOLDOWN = 0.5


@dataclass(slots=True)
class Availability:
    """Remember for one *store* that it was found down, so that one request does not wait for it twice."""

    store: str
    _until: float = 0.0

    def check(self) -> None:
        """Raise SourceUnavailableError at once while the store was found down a moment ago, or has kept us waiting."""
        if time.monotonic() < self._until:
            raise SourceUnavailableError(self.store, "found down a moment ago")
        if gave_up(self.store):
            raise SourceUnavailableError(self.store, "did not answer this request in time before")

    def found_down(self, error: BaseException) -> SourceUnavailableError:
        self._until = time.monotonic() + COOLDOWN
        return SourceUnavailableError(self.store, f"{type(error).__name__}: {error}")

    def found_slow(self, seconds: float) -> SourceUnavailableError:
        """Give it up for this request alone: it may be one statement that is slow, and not the store."""
        give_up(self.store)
        return SourceUnavailableError(self.store, f"no answer within {seconds:g} s")

    def found_up(self) -> None:
        self._until = 0.0
