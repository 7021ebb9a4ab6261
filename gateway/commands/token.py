"""Mint a token with the secret of the settings, for those who develop against a gateway."""

import time
from argparse import Namespace

import jwt

from domain.errors import StartError
from gateway.auth import OF_SECRETS
from gateway.setting_kinds import KEY, key_of
from gateway.settings import Settings, read_settings


def run(arguments: Namespace) -> int:
    settings = read_settings()
    print(mint(settings, arguments))  # noqa: T201 - what the command is for
    return 0


def mint(settings: Settings, arguments: Namespace) -> str:
    """Sign a token that a gateway with *settings* accepts. Raises StartError where they have no good secret."""
    try:
        secret = key_of(settings.jwt_secret or "")
    except ValueError:
        faults = [
            f"GATEWAY_JWT_SECRET: expected {KEY.expected}",
            "with GATEWAY_JWKS_URL alone, only the issuer can sign",
        ]
        raise StartError("There is no secret to sign a token with:", faults) from None
    now = int(time.time())
    claims = {
        "sub": arguments.subject,
        "roles": [role.value for role in dict.fromkeys(arguments.role)],
        "tenant": arguments.tenant,
        "iat": now,
        "exp": now + int(arguments.expires.total_seconds()),
        "iss": settings.jwt_issuer,
        "aud": settings.jwt_audience,
    }
    said = {claim: value for claim, value in claims.items() if value is not None}
    return jwt.encode(said, secret, algorithm=OF_SECRETS)
