"""Tokens for the tests, as an issuer who shares the gateway's secret would make them."""

import time
from collections.abc import Iterable

import jwt

from domain.access import Role
from gateway.settings import Settings

SECRET = "a secret of the tests, of more than 32 bytes"


def mint(
    settings: Settings,
    *,
    subject: str = "ada",
    roles: Iterable[Role] = (Role.CLIENT_ADMIN,),
    tenant: str | None = None,
    seconds: float = 3600,
    **claims: object,
) -> str:
    """Sign a token that *settings* accept, for *seconds* from now; *claims* are added, those that are None left out."""
    every: dict[str, object] = {
        "sub": subject,
        "roles": [role.value for role in roles],
        "tenant": tenant,
        "exp": int(time.time() + seconds),
        "iss": settings.jwt_issuer,
        "aud": settings.jwt_audience,
        **claims,
    }
    said = {claim: value for claim, value in every.items() if value is not None}
    return jwt.encode(said, settings.require_key() or SECRET, algorithm="HS256")
