"""Tokens that were found right before: the same bytes need no second look while what they hang on is as it was."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from domain.access import Viewer

#: How many are kept, each of up to 8 KB. Only what was signed by an issuer gets here.
KEPT = 1_000


@dataclass(frozen=True, slots=True)
class _Known:
    """Be whose token it is, *since* it was verified and *until* it expires, with the issuer's *keys* as they were."""

    viewer: Viewer
    since: float
    until: float
    keys: object


class KnownTokens:
    """Keep whose tokens are, by the header they came in; no more than *most* of them, those that came last."""

    def __init__(self, most: int = KEPT, clock: Callable[[], float] = time.time) -> None:
        self._most = most
        self._clock = clock
        self._known: dict[str, _Known] = {}

    def find(self, authorization: str, keys: object) -> Viewer | None:
        """Answer whose *authorization* is: not once it has expired, or *keys* are others than when it was verified."""
        known = self._known.get(authorization)
        if known is None:
            return None
        # A clock that was put back may stand before the moment from which the token is good.
        if known.keys is keys and known.since <= self._clock() < known.until:
            return known.viewer
        del self._known[authorization]
        return None

    def keep(self, authorization: str, viewer: Viewer, *, until: float, keys: object) -> None:
        """Remember what was verified just now with *keys*."""
        if len(self._known) >= self._most:
            del self._known[next(iter(self._known))]
        self._known[authorization] = _Known(viewer, self._clock(), until, keys)

    def __len__(self) -> int:
        return len(self._known)
