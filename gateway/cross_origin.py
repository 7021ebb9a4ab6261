"""What pages of other origins may ask, and are told: those that are named, and they alone.

No cookies: there are none.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from gateway.request_ids import REQUEST_ID
from gateway.whole_answers import lines_of

_TOLD = ("Retry-After", "WWW-Authenticate", REQUEST_ID)
_MAY: Mapping[str, Any] = MappingProxyType(
    {
        "allow_methods": ["POST"],
        "allow_headers": ["Authorization", "Content-Type", "X-Tenant", "X-Gateway-Explain"],
        "expose_headers": _TOLD,
        "max_age": 600,
    }
)
_VARY = (b"vary", b"Origin")
_EXPOSED = (b"access-control-expose-headers", ", ".join(_TOLD).encode())


def asking_first(origins: Sequence[str]) -> Middleware:
    """Answer browsers that ask whether they may ask, for pages of *origins*, and tell these what they may read."""
    return Middleware(CORSMiddleware, allow_origins=origins, **_MAY)


class CrossOrigin:
    """Tell pages of *origins* of an answer what that middleware tells them, as lines of its head."""

    def __init__(self, origins: Sequence[str]) -> None:
        told = {origin.encode(): (b"access-control-allow-origin", origin.encode()) for origin in origins}
        self._named = {origin: lines_of((_EXPOSED, allowed, _VARY)) for origin, allowed in told.items()}
        self._others = lines_of((_EXPOSED, _VARY))
        self._nobody = lines_of((_VARY,)) if origins else b""

    def lines(self, origin: bytes | None) -> bytes:
        if origin is None or not self._named:
            return self._nobody
        return self._named.get(origin, self._others)
