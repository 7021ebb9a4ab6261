"""Who asks: what the token in the header says, once its signature has been found right."""

import re
from collections.abc import Mapping
from typing import Any

import jwt

from domain.access import Role, Viewer
from domain.errors import UnauthenticatedError
from gateway.jwks import ALGORITHMS, KeySet
from gateway.known_tokens import KnownTokens
from gateway.settings import Settings

#: Pinned, each to its own kind of key: what the token's header names only chooses among them.
OF_SECRETS = "HS256"
#: How far the clocks of the issuer and the gateway may be apart.
LEEWAY_SECONDS = 5
#: More than any token of ours, and little enough to look at for nothing.
MAX_TOKEN = 8 * 1024
REQUIRED = ["exp", "sub", "roles"]

_HALVES = re.compile("[\ud800-\udfff]")

#: Whoever asks an open gateway, which only the demo is.
OPEN_VIEWER = Viewer("demo", frozenset({Role.PLATFORM_ADMIN}))

#: What a client is told; the first that fits, so the narrower stand before the wider.
REASONS: tuple[tuple[type[jwt.InvalidTokenError], str], ...] = (
    (jwt.ExpiredSignatureError, "The token has expired."),
    (jwt.ImmatureSignatureError, "The token is not valid yet."),
    (jwt.InvalidSignatureError, "The token's signature is not right."),
    (jwt.InvalidIssuerError, "The token is from another issuer (iss)."),
    (jwt.InvalidAudienceError, "The token is for another audience (aud)."),
    (jwt.InvalidTokenError, "The token is not a well-formed JWT."),
)


class TokenReader:
    """Read tokens by what *settings* say of keys, issuer and audience.

    A token that names an audience is refused where none is configured (RFC 7519, section 4.1.3): it was made for
    somebody else. Raises StartError where the settings have no key and are not open.
    """

    def __init__(self, settings: Settings) -> None:
        self._secret = settings.require_key()
        self._open = settings.open
        self._keys = KeySet(settings.jwks_url, settings.jwks_seconds) if settings.jwks_url and not self._open else None
        self._issuer = settings.jwt_issuer
        self._audience = settings.jwt_audience
        secret = [OF_SECRETS] if self._secret else []
        self._algorithms = " or ".join([*secret, *(ALGORITHMS if self._keys else ())])
        self._known = KnownTokens()

    async def viewer_of(self, authorization: str | None) -> Viewer | None:
        """Answer as `read` does, once what it needs is there; a token that was verified before is only looked up.

        Raises what `fetch_key` and `read` raise.
        """
        known = self.known(authorization)
        if known is None and not self._open:
            await self.fetch_key(authorization)
        return known or self.read(authorization)

    def known(self, authorization: str | None) -> Viewer | None:
        """Answer who sent *authorization* where that was verified before, and need not be again."""
        if authorization is None:
            return None
        return self._known.find(authorization, None if self._keys is None else self._keys.fresh)

    async def fetch_key(self, authorization: str | None) -> None:
        """Read the issuer's keys where that of *authorization* may be among them, and is not at hand.

        Raises KeysUnavailableError where no keys are at hand and none can be read.
        """
        if self._keys is None or authorization is None:
            return
        try:
            header = jwt.get_unverified_header(_bearer(authorization))
        except (jwt.InvalidTokenError, RecursionError, UnauthenticatedError):
            return  # `read` says why
        if header.get("alg") in ALGORITHMS:
            await self._keys.fetch(header.get("kid"), header["alg"])

    def read(self, authorization: str | None) -> Viewer | None:
        """Answer who sent the header *authorization*: None without one, always `OPEN_VIEWER` where the gateway is open.

        Raises UnauthenticatedError with what is wrong, in words for the client.
        """
        if self._open:
            return OPEN_VIEWER
        if authorization is None:
            return None
        token = _bearer(authorization)
        claims = self._claims(token)
        viewer = _viewer(claims)
        # What is padded may come in any number of ways, each to be kept, and as long as a head may be.
        if len(authorization) == len("Bearer ") + len(token):
            keys = None if self._keys is None else self._keys.fresh
            self._known.keep(authorization, viewer, until=int(claims["exp"]) + LEEWAY_SECONDS, keys=keys)
        return viewer

    def _claims(self, token: str) -> Mapping[str, Any]:
        try:
            key, algorithm = self._key_of(token)
            return jwt.decode(
                token,
                key,
                algorithms=[algorithm],
                options={"require": REQUIRED, "verify_sub": False},  # `_viewer` looks closer
                audience=self._audience,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
            )
        except jwt.MissingRequiredClaimError as fault:
            reason = f"The token has no claim {fault.claim}."
        except jwt.InvalidAlgorithmError:
            reason = f"The token must be signed with {self._algorithms}."
        except jwt.InvalidTokenError as fault:
            reason = next(reason for kind, reason in REASONS if isinstance(fault, kind))
        raise UnauthenticatedError(reason)

    def _key_of(self, token: str) -> tuple[Any, str]:
        """Find the key for *token*, with the one algorithm that this key is for."""
        header = jwt.get_unverified_header(token) if self._keys is not None else {}
        algorithm = header.get("alg")
        if self._keys is not None and algorithm in ALGORITHMS:
            key = self._keys.find(header.get("kid"), algorithm)
            if key is None:
                raise UnauthenticatedError("The token is signed with a key that its issuer does not have.")
            return key, algorithm
        if self._secret is None:
            raise jwt.InvalidAlgorithmError
        return self._secret, OF_SECRETS


def _bearer(authorization: str) -> str:
    scheme, _, token = authorization.strip().partition(" ")
    token = token.strip()
    if scheme.lower() != "bearer" or not token:
        raise UnauthenticatedError
    if len(token) > MAX_TOKEN:
        raise UnauthenticatedError(f"The token is longer than {MAX_TOKEN} characters.")
    if not token.isascii():
        raise UnauthenticatedError("The token is not a well-formed JWT.")
    return token


def _viewer(claims: Mapping[str, Any]) -> Viewer:
    """Make the viewer of *claims*; a role that the gateway does not know gives nothing and does no harm."""
    roles = claims["roles"]
    if not isinstance(roles, list):
        raise UnauthenticatedError("The token's claim roles must be a list.")
    tenant = claims.get("tenant")
    return Viewer(
        subject=_text(claims, "sub"),
        roles=frozenset(role for role in Role if role.value in roles),
        tenant=None if tenant is None else _text(claims, "tenant"),
    )


def _text(claims: Mapping[str, Any], claim: str) -> str:
    value = claims[claim]
    # Half a character can be written in JSON, and nowhere else.
    if not isinstance(value, str) or not value.strip() or _HALVES.search(value):
        raise UnauthenticatedError(f"The token's claim {claim} must be a text that is not empty.")
    return value
