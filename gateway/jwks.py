"""The public keys of whoever issues tokens: read when they are needed, kept, and read again when they change."""

import asyncio
import json
import logging
import time
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.client import HTTPException
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from domain.errors import KeysUnavailableError

log = logging.getLogger("gateway")

#: Each for one kind of key.
ALGORITHMS = ("RS256", "ES256")
PublicKey = RSAPublicKey | EllipticCurvePublicKey

#: Seconds between two attempts, whatever tokens come: so unknown keys cannot be used to wear out the issuer.
COOLDOWN = 10.0
#: Seconds for which keys are still believed while the issuer cannot be asked.
LONGEST_BELIEVED = 86_400.0
_FETCH_SECONDS = 5.0
_MOST_BYTES = 512 * 1024
_MOST_KEYS = 100
#: RFC 7518, section 3.3.
_RSA_BITS = 2048


@dataclass(frozen=True, slots=True)
class IssuerKey:
    """Be a *key* for one *algorithm*; *kid* is what its issuer calls it."""

    kid: str | None
    algorithm: str
    key: PublicKey


class KeySet:
    """Keep the keys at *url* for *seconds*; a key that is not among them is looked for once per *cooldown*."""

    def __init__(
        self, url: str, seconds: float, *, cooldown: float = COOLDOWN, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._url = url
        self._seconds = seconds
        self._cooldown = cooldown
        self._clock = clock
        self._keys: tuple[IssuerKey, ...] = ()
        self._read_at = -float("inf")
        self._tried_at = -float("inf")
        self._lock = asyncio.Lock()

    def find(self, kid: str | None, algorithm: str) -> PublicKey | None:
        """Answer the key for *algorithm* that is called *kid*; without a name, the only one there is for it."""
        fitting = [key for key in self._keys if key.algorithm == algorithm and kid in (None, key.kid)]
        return fitting[0].key if len(fitting) == 1 else None

    @property
    def fresh(self) -> object:
        """The keys as they were read, the same object until they are read again; one of its own once that is due."""
        return object() if self._clock() - self._read_at > self._seconds else self._keys

    async def fetch(self, kid: str | None, algorithm: str) -> None:
        """Read the keys where *kid* is not among them, or they are due. Raises KeysUnavailableError where none are."""
        if self._is_due(kid, algorithm):
            if self._lock.locked() and self.find(kid, algorithm) is not None:
                return  # an issuer that answers slowly holds up nobody whose key is still believed
            async with self._lock:  # whoever comes meanwhile waits for the same answer
                if self._is_due(kid, algorithm):
                    await self._read()
                    self._tried_at = self._clock()
        if not self._keys:
            raise KeysUnavailableError

    def _is_due(self, kid: str | None, algorithm: str) -> bool:
        now = self._clock()
        if now - self._read_at > LONGEST_BELIEVED:
            self._keys = ()
        wanted = now - self._read_at > self._seconds or self.find(kid, algorithm) is None
        return wanted and (now - self._tried_at >= self._cooldown)

    async def _read(self) -> None:
        try:
            self._keys = parse_keys(await asyncio.to_thread(_download, self._url))
            self._read_at = self._clock()
        except (OSError, ValueError, HTTPException, RecursionError) as error:
            log.warning("The keys that GATEWAY_JWKS_URL names cannot be read: %s", type(error).__name__)


def parse_keys(content: bytes) -> tuple[IssuerKey, ...]:
    """Read a JSON Web Key Set, leaving out what is no key to check a signature with; raise ValueError for no set."""
    found = json.loads(content)
    given = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(given, list):
        raise ValueError("no key set")  # noqa: TRY004 - of what was read, not of what we were called with
    return tuple(key for each in given[:_MOST_KEYS] if isinstance(each, dict) and (key := _key(each)) is not None)


def _key(given: Mapping[str, Any]) -> IssuerKey | None:
    if given.get("use", "sig") != "sig" or given.get("kty") not in ("RSA", "EC"):
        return None
    try:
        key = jwt.PyJWK(dict(given)).key
    except (jwt.PyJWTError, ValueError, TypeError):
        return None
    if isinstance(key, RSAPublicKey) and key.key_size >= _RSA_BITS:
        algorithm = "RS256"
    elif isinstance(key, EllipticCurvePublicKey) and isinstance(key.curve, SECP256R1):
        algorithm = "ES256"
    else:
        return None
    kid = given.get("kid")
    if given.get("alg", algorithm) != algorithm or not isinstance(kid, str | None):
        return None
    return IssuerKey(kid, algorithm, key)


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Go nowhere else than where the settings say."""

    def redirect_request(self, *_: object) -> None:
        return None


def _download(url: str) -> bytes:
    opener = urllib.request.build_opener(_NoRedirect)
    with opener.open(url, timeout=_FETCH_SECONDS) as answer:
        content: bytes = answer.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        raise ValueError("too large")
    return content
