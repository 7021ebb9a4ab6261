"""Tokens that are remembered: by each of their bytes, until they expire or their issuer's keys are read again."""

import time
from collections.abc import Iterator

import jwt
import pytest

from domain.access import Role, Viewer
from domain.errors import KeysUnavailableError, UnauthenticatedError
from gateway.auth import LEEWAY_SECONDS, TokenReader
from gateway.jwks import COOLDOWN, LONGEST_BELIEVED, KeySet
from gateway.known_tokens import KnownTokens
from gateway.settings import Settings
from tests.issuer import Issuer, Pair, elliptic, issuing, rsa
from tests.tokens import SECRET, mint

ADA = Viewer("ada", frozenset({Role.READER}))
PLAIN = Settings(jwt_secret=SECRET)
RSA, EC = rsa("one"), elliptic("two")
KEYS = object()


class Clock:
    """Be a clock that stands where it is told to."""

    def __init__(self, now: float = 0.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def verified(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """List the tokens whose signature was looked at."""
    tokens: list[str] = []
    decode = jwt.decode

    def noting(token: str, *given: object, **named: object) -> object:
        tokens.append(token)
        return decode(token, *given, **named)  # type: ignore[arg-type]  # as it was called

    monkeypatch.setattr(jwt, "decode", noting)
    return tokens


async def test_a_token_is_verified_once(verified: list[str]) -> None:
    tokens, authorization = TokenReader(PLAIN), f"Bearer {mint(PLAIN, roles=[Role.READER])}"
    assert [await tokens.viewer_of(authorization) for _ in range(3)] == [ADA] * 3
    assert len(verified) == 1


async def test_what_is_not_the_same_to_the_letter_is_verified_anew() -> None:
    tokens, token = TokenReader(PLAIN), mint(PLAIN, roles=[Role.READER])
    assert await tokens.viewer_of(f"Bearer {token}") == ADA
    for place in range(10, len(token) - 1, 10):
        other = f"{token[:place]}{'A' if token[place] != 'A' else 'B'}{token[place + 1 :]}"
        with pytest.raises(UnauthenticatedError):
            await tokens.viewer_of(f"Bearer {other}")


async def test_a_refused_token_is_refused_each_time(verified: list[str]) -> None:
    tokens, authorization = TokenReader(PLAIN), f"Bearer {mint(PLAIN, seconds=-LEEWAY_SECONDS - 1)}"
    for _ in range(3):
        with pytest.raises(UnauthenticatedError, match="expired"):
            await tokens.viewer_of(authorization)
    assert len(verified) == 3


async def test_a_remembered_token_expires_when_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(time.time())
    monkeypatch.setattr("gateway.auth.KnownTokens", lambda: KnownTokens(clock=clock))
    tokens = TokenReader(PLAIN)
    expires = int(clock.now) - LEEWAY_SECONDS + 2
    authorization = f"Bearer {mint(PLAIN, roles=[Role.READER], exp=expires)}"
    assert await tokens.viewer_of(authorization) == ADA
    found: list[Viewer | None] = []
    for clock.now in (expires + LEEWAY_SECONDS - 0.1, expires + LEEWAY_SECONDS):
        found.append(tokens._known.find(authorization, None))
    assert found == [ADA, None]


async def test_a_token_that_is_padded_is_not_remembered(verified: list[str]) -> None:
    """Else one token could take all places there are, each with all that fits into a head."""
    tokens, token = TokenReader(PLAIN), mint(PLAIN, roles=[Role.READER])
    for authorization in (f"Bearer  {token}", f" Bearer {token}", f"Bearer {token}{' ' * 9_000}"):
        assert [await tokens.viewer_of(authorization) for _ in range(2)] == [ADA] * 2
    assert (len(verified), len(tokens._known)) == (6, 0)


def test_nothing_is_remembered_of_a_time_before_it_was_verified() -> None:
    clock = Clock(100)
    known = KnownTokens(clock=clock)
    known.keep("Bearer a", ADA, until=200, keys=KEYS)
    clock.now = 99
    assert known.find("Bearer a", KEYS) is None


def test_no_more_are_kept_than_there_may_be() -> None:
    known = KnownTokens(most=3)
    for number in range(10):
        known.keep(f"Bearer {number}", ADA, until=float("inf"), keys=KEYS)
    assert len(known) == 3
    assert [number for number in range(10) if known.find(f"Bearer {number}", KEYS)] == [7, 8, 9]


# ── an issuer's keys ──


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing(RSA, EC) as found:
        yield found


def reading(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> tuple[TokenReader, Clock]:
    clock = Clock()
    monkeypatch.setattr("gateway.auth.KeySet", lambda url, seconds: KeySet(url, seconds, clock=clock))
    return TokenReader(Settings(jwks_url=issuer.url, jwks_seconds=300)), clock


@pytest.mark.parametrize("pair", [RSA, EC], ids=["RS256", "ES256"])
async def test_a_withdrawn_key_takes_its_tokens_along(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch, verified: list[str], pair: Pair
) -> None:
    tokens, clock = reading(issuer, monkeypatch)
    authorization = pair.sign()
    assert [await tokens.viewer_of(authorization) for _ in range(3)] == [ADA] * 3
    assert len(verified) == 1
    issuer.keys = [rsa("new").published()]
    clock.now = 300
    assert await tokens.viewer_of(authorization) == ADA
    clock.now = 300.1
    with pytest.raises(UnauthenticatedError, match="does not have"):
        await tokens.viewer_of(authorization)


async def test_a_key_withdrawn_while_another_is_looked_for_takes_its_tokens_along(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens, clock = reading(issuer, monkeypatch)
    assert await tokens.viewer_of(RSA.sign()) == ADA
    new = rsa("new")
    issuer.keys = [new.published()]
    clock.now = COOLDOWN
    assert await tokens.viewer_of(new.sign()) == ADA
    with pytest.raises(UnauthenticatedError, match="does not have"):
        await tokens.viewer_of(RSA.sign())


async def test_a_key_replaced_under_its_name_takes_its_tokens_along(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens, clock = reading(issuer, monkeypatch)
    authorization = RSA.sign()
    assert await tokens.viewer_of(authorization) == ADA
    issuer.keys = [rsa("one").published()]
    clock.now = 301
    with pytest.raises(UnauthenticatedError, match="signature"):
        await tokens.viewer_of(authorization)


async def test_a_token_is_remembered_no_longer_than_its_keys_are_believed(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    tokens, clock = reading(issuer, monkeypatch)
    authorization = RSA.sign()
    assert await tokens.viewer_of(authorization) == ADA
    issuer.status = 500
    clock.now = LONGEST_BELIEVED
    assert await tokens.viewer_of(authorization) == ADA
    clock.now = LONGEST_BELIEVED + COOLDOWN + 1
    with pytest.raises(KeysUnavailableError):
        await tokens.viewer_of(authorization)
