"""Tokens that an issuer signs with keys of its own: which are believed, and how often it is asked for its keys."""

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import Iterator

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP384R1
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from domain.access import Role, Viewer
from domain.errors import KeysUnavailableError, UnauthenticatedError
from gateway.auth import TokenReader
from gateway.jwks import LONGEST_BELIEVED, KeySet, parse_keys
from gateway.settings import Settings
from tests.answers import refusal
from tests.issuer import CLAIMS, Issuer, elliptic, issuing, rsa
from tests.running import running
from tests.tokens import SECRET

RSA, OTHER_RSA, EC = rsa("one"), rsa("one"), elliptic("two")
ADA = Viewer("ada", frozenset({Role.READER}))


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with issuing(RSA, EC) as found:
        yield found


def reader(issuer: Issuer, **settings: object) -> TokenReader:
    return TokenReader(Settings(**{"jwks_url": issuer.url, **settings}))  # type: ignore[arg-type]  # tests name fields


async def read(tokens: TokenReader, authorization: str) -> Viewer | None:
    return await tokens.viewer_of(authorization)


async def refused(tokens: TokenReader, authorization: str) -> str:
    with pytest.raises(UnauthenticatedError) as caught:
        await read(tokens, authorization)
    return str(caught.value)


async def test_tokens_of_both_kinds_of_keys_are_believed(issuer: Issuer) -> None:
    tokens = reader(issuer)
    assert await read(tokens, RSA.sign()) == ADA
    assert await read(tokens, EC.sign()) == ADA
    assert issuer.asked == 1


async def test_a_secret_may_stand_beside_the_keys(issuer: Issuer) -> None:
    secret = "Bearer " + jwt.encode(CLAIMS, SECRET)
    tokens = reader(issuer, jwt_secret=SECRET)
    assert await read(tokens, secret) == ADA
    assert issuer.asked == 0
    assert await read(tokens, RSA.sign()) == ADA
    assert await refused(reader(issuer), secret) == "The token must be signed with RS256 or ES256."


async def test_issuer_and_audience_are_looked_at(issuer: Issuer) -> None:
    tokens = reader(issuer, jwt_issuer="https://issuer.test/", jwt_audience="gateway")
    assert await read(tokens, EC.sign(iss="https://issuer.test/", aud="gateway")) == ADA
    assert "another issuer" in await refused(tokens, EC.sign(iss="https://other.test/", aud="gateway"))
    assert "another audience" in await refused(tokens, EC.sign(iss="https://issuer.test/", aud="other"))


# ── what is not believed ──


async def test_a_key_is_for_its_own_algorithm_only(issuer: Issuer) -> None:
    tokens = reader(issuer, jwt_secret=SECRET)
    unknown = "The token is signed with a key that its issuer does not have."
    assert await refused(tokens, OTHER_RSA.sign()) == "The token's signature is not right."
    assert await refused(tokens, RSA.sign(kid="two")) == unknown
    assert await refused(tokens, EC.sign(kid="one")) == unknown
    for algorithm in ("RS384", "RS512", "PS256"):
        assert (
            await refused(tokens, RSA.sign(algorithm=algorithm))
            == "The token must be signed with HS256 or RS256 or ES256."
        )


def unsigned(header: dict[str, object]) -> str:
    def part(content: dict[str, object]) -> str:
        return base64.urlsafe_b64encode(json.dumps(content).encode()).rstrip(b"=").decode()

    return f"{part(header)}.{part(CLAIMS)}"


@pytest.mark.parametrize(
    "encoding", [(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), (Encoding.PEM, PublicFormat.PKCS1)]
)
@pytest.mark.parametrize("secret", [None, SECRET])
async def test_nobody_signs_with_a_public_key(
    issuer: Issuer, encoding: tuple[Encoding, PublicFormat], secret: str | None
) -> None:
    """The oldest trick: HMAC, with what everybody knows for its secret."""
    public = RSA.private.public_key().public_bytes(*encoding)
    for text in (public, public.strip(), json.dumps(RSA.published()).encode()):
        for kid in ("one", "two", None):
            signed = unsigned({"alg": "HS256", "typ": "JWT", **({"kid": kid} if kid else {})})
            signature = base64.urlsafe_b64encode(hmac.digest(text, signed.encode(), hashlib.sha256)).rstrip(b"=")
            reason = await refused(reader(issuer, jwt_secret=secret), f"Bearer {signed}.{signature.decode()}")
            assert reason == (
                "The token's signature is not right." if secret else "The token must be signed with RS256 or ES256."
            )


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "", "rs256", 7, None, ["RS256"]])
async def test_a_token_without_a_signature_is_refused(issuer: Issuer, algorithm: object) -> None:
    token = unsigned({"alg": algorithm, "kid": "one"})
    for signature in ("", "e30"):
        assert await refused(reader(issuer), f"Bearer {token}.{signature}") == (
            "The token must be signed with RS256 or ES256."
        )
    assert issuer.asked == 0


@pytest.mark.parametrize(
    "token", ["x", "a.b.c", "é.é.é", f"{unsigned({'alg': 'RS256', 'kid': 7})}.e30", "." * 8193, "[" * 9000]
)
async def test_what_is_no_token_asks_the_issuer_nothing(issuer: Issuer, token: str) -> None:
    assert await refused(reader(issuer), f"Bearer {token}")
    assert issuer.asked == 0


def test_only_public_keys_that_are_strong_enough_are_taken_from_a_set() -> None:
    usable = [RSA.published(use="sig", alg="RS256"), EC.published()]
    private = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(RSA.private))
    others = [
        rsa("weak", 1024).published(),
        elliptic("other curve", SECP384R1()).published(alg="ES256"),
        RSA.published(use="enc"),
        RSA.published(alg="RS512"),
        RSA.published(kid=7),
        private,
        {"kty": "oct", "k": "c2VjcmV0", "kid": "one"},
        {"kty": "RSA", "n": "x"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": ["RSA"]},
        {},
        None,
        "key",
    ]
    found = parse_keys(json.dumps({"keys": [*others, *usable]}).encode())
    assert [(key.kid, key.algorithm) for key in found] == [("one", "RS256"), ("two", "ES256")]


async def test_a_token_that_names_no_key_is_read_where_only_one_can_be_meant(issuer: Issuer) -> None:
    bare = "Bearer " + jwt.encode(CLAIMS, RSA.private, algorithm="RS256")
    assert await read(reader(issuer), bare) == ADA
    issuer.keys.append(rsa("three").published())
    assert await refused(reader(issuer), bare) == "The token is signed with a key that its issuer does not have."


# ── how often the issuer is asked ──


class Clock:
    """Be a clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def test_a_new_key_is_found_and_an_old_one_forgotten(issuer: Issuer) -> None:
    clock = Clock()
    keys = KeySet(issuer.url, 300, clock=clock)
    await keys.fetch("one", "RS256")
    new = rsa("new")
    issuer.keys = [new.published()]
    clock.now = 11
    await keys.fetch("one", "RS256")
    assert keys.find("new", "RS256") is None  # known keys ask nothing
    await keys.fetch("new", "RS256")
    assert keys.find("new", "RS256") is not None
    assert keys.find("one", "RS256") is None
    assert issuer.asked == 2


async def test_keys_are_read_again_when_their_time_is_over(issuer: Issuer) -> None:
    clock = Clock()
    keys = KeySet(issuer.url, 300, clock=clock)
    for clock.now, asked in ((0, 1), (300, 1), (300.1, 2), (600, 2)):
        await keys.fetch("one", "RS256")
        assert issuer.asked == asked


async def test_unknown_keys_do_not_wear_out_the_issuer(issuer: Issuer) -> None:
    clock = Clock()
    keys = KeySet(issuer.url, 300, clock=clock)
    await asyncio.gather(*(keys.fetch(f"unknown {number}", "RS256") for number in range(1000)))
    assert issuer.asked == 1
    clock.now = 10
    await asyncio.gather(*(keys.fetch(f"unknown {number}", "ES256") for number in range(1000)))
    assert issuer.asked == 2


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (500, b"{}"),
        (302, b""),
        (200, b""),
        (200, b"[]"),
        (200, b'{"keys": 7}'),
        (200, b"\xff"),
        (200, b"[" * 100_000),
        (200, b" " * (513 * 1024)),
    ],
)
async def test_keys_are_believed_for_a_day_while_the_issuer_says_nothing_of_use(
    issuer: Issuer, status: int, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    keys = KeySet(issuer.url, 300, clock=clock)
    await keys.fetch("one", "RS256")
    issuer.status, issuer.content = status, content
    clock.now = LONGEST_BELIEVED
    await keys.fetch("one", "RS256")
    assert keys.find("one", "RS256") is not None
    clock.now += 20
    with pytest.raises(KeysUnavailableError):
        await keys.fetch("one", "RS256")
    assert keys.find("one", "RS256") is None
    assert "GATEWAY_JWKS_URL" in caplog.text


async def test_an_issuer_that_is_slow_holds_up_nobody_whose_key_is_believed(issuer: Issuer) -> None:
    clock = Clock()
    keys = KeySet(issuer.url, 300, clock=clock)
    await keys.fetch("one", "RS256")
    clock.now = 301
    issuer.answers.clear()
    try:
        first = asyncio.create_task(keys.fetch("one", "RS256"))
        await asyncio.sleep(0)
        unknown = asyncio.create_task(keys.fetch("new", "RS256"))
        await keys.fetch("one", "RS256")
        assert not first.done()
        assert not unknown.done()
    finally:
        issuer.answers.set()
    await asyncio.gather(first, unknown)
    assert issuer.asked == 2


async def test_a_token_that_cannot_be_checked_is_answered_as_such(issuer: Issuer) -> None:
    """Through HTTP, of a gateway whose store is not there: not the client's fault, and not a token to throw away."""
    issuer.status = 500
    settings = Settings(
        profile="renos", postgres_url="postgresql://127.0.0.1:1/db", jwks_url=issuer.url, index_seconds=0
    )
    async with running(settings) as gateway:

        async def answer(authorization: str) -> tuple[int, dict[str, object]]:
            said = await gateway.http.post(
                f"{gateway.url}/graphql",
                json={"query": "{ viewer { subject } }"},
                headers={"Authorization": authorization},
            )
            if said.status_code == 503:
                assert said.headers["retry-after"] == "10"
            body: dict[str, object] = said.json()
            return said.status_code, body

        for _ in range(2):
            status, body = await answer(RSA.sign())
            assert status == 503
            assert "KEYS_UNAVAILABLE" in str(body)
        assert issuer.asked == 1
        assert (await answer("Bearer x"))[0] == 401
    issuer.status = 200
    async with running(settings) as gateway:
        status, body = await answer(RSA.sign())
        assert (status, body["data"]) == (200, {"viewer": {"subject": "ada"}})
        assert refusal(
            await gateway.http.post(f"{gateway.url}/graphql", headers={"Authorization": OTHER_RSA.sign()})
        ) == (401, ["UNAUTHENTICATED"])
