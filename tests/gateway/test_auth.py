"""Which tokens are believed, and what is said of those that are not."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping

import jwt
import pytest

from domain.access import Role, Viewer
from domain.errors import StartError, UnauthenticatedError
from gateway.auth import TokenReader
from gateway.settings import Settings
from tests.tokens import SECRET, mint

PLAIN = Settings(jwt_secret=SECRET)
STRICT = Settings(jwt_secret=SECRET, jwt_issuer="https://issuer.test/", jwt_audience="gateway")
CLAIMS = {"sub": "ada", "roles": ["READER"], "exp": 4102444800}


def refusal(authorization: str, settings: Settings = PLAIN) -> str:
    with pytest.raises(UnauthenticatedError) as caught:
        TokenReader(settings).read(authorization)
    assert SECRET not in str(caught.value)
    return str(caught.value)


def segment(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def signed(header: bytes, payload: bytes, key: str = SECRET) -> str:
    """Sign by hand what no library would, with HMAC and SHA-256 whatever *header* says."""
    text = f"{segment(header)}.{segment(payload)}"
    return f"{text}.{segment(hmac.digest(key.encode(), text.encode(), hashlib.sha256))}"


def of(header: Mapping[str, object], claims: Mapping[str, object]) -> str:
    return signed(json.dumps(header).encode(), json.dumps(claims).encode())


# ── who asks ──


def test_nobody_asks_without_a_header() -> None:
    assert TokenReader(PLAIN).read(None) is None


def test_a_token_says_who_asks() -> None:
    token = mint(PLAIN, subject="ada", roles=[Role.CLIENT_ADMIN, Role.READER], tenant="acme")

    viewer = TokenReader(PLAIN).read(f"Bearer {token}")

    assert viewer == Viewer("ada", frozenset({Role.CLIENT_ADMIN, Role.READER}), "acme")


@pytest.mark.parametrize("before", ["bearer ", "BEARER ", "Bearer   ", " Bearer "])
def test_the_scheme_is_read_in_any_case(before: str) -> None:
    assert TokenReader(PLAIN).read(f"{before}{mint(PLAIN)} ") == Viewer("ada", frozenset({Role.CLIENT_ADMIN}))


def test_issuer_and_audience_are_accepted_where_they_are_as_configured() -> None:
    reader = TokenReader(STRICT)

    assert reader.read(f"Bearer {mint(STRICT)}")
    assert reader.read(f"Bearer {mint(STRICT, aud=['other', 'gateway'])}")


def test_an_issuer_is_not_looked_at_where_none_is_configured() -> None:
    assert TokenReader(PLAIN).read(f"Bearer {mint(PLAIN, iss='https://any.test/')}")


def test_unknown_roles_give_nothing_and_do_no_harm() -> None:
    roles = ["OWNER", "READER", "reader", 7, None, {"a": 1}, ["SUPPORT"]]
    token = of({"alg": "HS256"}, {**CLAIMS, "roles": roles})

    assert TokenReader(PLAIN).read(f"Bearer {token}") == Viewer("ada", frozenset({Role.READER}))


def test_a_token_may_have_no_role_and_a_null_tenant() -> None:
    token = of({"alg": "HS256"}, {**CLAIMS, "roles": [], "tenant": None})

    assert TokenReader(PLAIN).read(f"Bearer {token}") == Viewer("ada", frozenset())


# ── how the header may not be ──


@pytest.mark.parametrize(
    "authorization", ["", " ", "Bearer", "Bearer ", "Basic YWRhOmFkYQ==", "Token abc", "Bearerabc"]
)
def test_only_a_bearer_token_will_do(authorization: str) -> None:
    assert refusal(authorization) == "This needs a token: Authorization: Bearer …"


def test_a_bare_token_without_its_scheme_is_refused() -> None:
    assert refusal(mint(PLAIN)) == "This needs a token: Authorization: Bearer …"


def test_a_token_of_absurd_length_is_not_looked_at() -> None:
    token = mint(PLAIN, ballast="x" * 8192)

    assert refusal(f"Bearer {token}") == "The token is longer than 8192 characters."


@pytest.mark.parametrize(
    "token",
    [
        "x",
        "..",
        "a.b",
        "a.b.c",
        "a.b.c.d.e",
        "é.é.é",
        "\udcff",
        "!!!.???.###",
        f"{segment(b'[]')}.{segment(b'[]')}.",
        f"{segment(b'null')}.x.x",
        f"{segment(b'[' * 5000)}.e30.e30",
        signed(b'{"alg":"HS256"}', b"not json"),
        signed(b'{"alg":"HS256"}', b'"ada"'),
        signed(b'{"alg":"HS256"}', b"[" * 5000),
        signed(b'{"alg":"HS256"}', b"\xff\xfe"),
        of({"alg": "HS256"}, {**CLAIMS, "exp": "tomorrow"}),
        of({"alg": "HS256"}, {**CLAIMS, "exp": float("inf")}),
        of({"alg": "HS256"}, {**CLAIMS, "exp": {}}),
        of({"alg": "HS256"}, {**CLAIMS, "nbf": "x"}),
        of({"alg": "HS256"}, {**CLAIMS, "iat": []}),
        of({"alg": "HS256", "kid": 7}, CLAIMS),
        of({"alg": "HS256", "crit": ["unheard-of"]}, CLAIMS),
        f"{mint(PLAIN)} {mint(PLAIN)}",
        f"{mint(PLAIN)}, Bearer {mint(PLAIN)}",
    ],
)
def test_what_is_no_token_is_refused_in_one_sentence(token: str) -> None:
    assert refusal(f"Bearer {token}") == "The token is not a well-formed JWT."


# ── signatures ──


def test_a_token_signed_with_another_secret_is_refused() -> None:
    token = mint(Settings(jwt_secret=SECRET[::-1]))

    assert refusal(f"Bearer {token}") == "The token's signature is not right."


def test_a_payload_changed_after_signing_is_refused() -> None:
    header, payload, signature = mint(PLAIN, roles=[Role.READER]).split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    claims["roles"] = ["PLATFORM_ADMIN"]

    forged = ".".join((header, segment(json.dumps(claims).encode()), signature))

    assert refusal(f"Bearer {forged}") == "The token's signature is not right."


def test_a_header_changed_after_signing_is_refused() -> None:
    _, payload, signature = mint(PLAIN).split(".")
    header = segment(b'{"alg":"HS256"}')

    assert refusal(f"Bearer {header}.{payload}.{signature}") == "The token's signature is not right."


def test_a_missing_signature_is_refused() -> None:
    header, payload, _ = mint(PLAIN).split(".")

    assert refusal(f"Bearer {header}.{payload}.") == "The token's signature is not right."


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "NONE", "", "HS384", "HS512", "RS256", "ES256", "EdDSA", "hs256", 7, ["HS256"]]
)
def test_the_token_does_not_choose_the_algorithm(algorithm: object) -> None:
    """The signature is right for HMAC with SHA-256: only the name of the algorithm speaks against the token."""
    assert refusal(f"Bearer {of({'alg': algorithm}, CLAIMS)}") == "The token must be signed with HS256."


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_a_stronger_algorithm_with_the_right_secret_is_another_algorithm(algorithm: str) -> None:
    token = jwt.encode(CLAIMS, SECRET * 2, algorithm=algorithm)

    assert refusal(f"Bearer {token}", Settings(jwt_secret=SECRET * 2)) == "The token must be signed with HS256."


def test_an_unsigned_token_is_refused() -> None:
    token = jwt.encode(CLAIMS, "", algorithm="none")

    assert refusal(f"Bearer {token}") == "The token must be signed with HS256."


def test_a_token_that_names_no_algorithm_is_refused() -> None:
    assert refusal(f"Bearer {of({'typ': 'JWT'}, CLAIMS)}") == "The token must be signed with HS256."


def test_keys_that_a_token_brings_along_are_not_used() -> None:
    theirs = "0" * 32
    header = {
        "alg": "HS256",
        "jwk": {"kty": "oct", "k": segment(theirs.encode())},
        "jku": "https://evil.test/",
        "kid": "../0",
    }

    token = signed(json.dumps(header).encode(), json.dumps(CLAIMS).encode(), theirs)

    assert refusal(f"Bearer {token}") == "The token's signature is not right."


def test_a_public_key_is_no_secret_so_that_nobody_can_sign_with_it() -> None:
    public = f"-----BEGIN PUBLIC KEY-----\n{segment(b'k' * 60)}\n-----END PUBLIC KEY-----\n"

    with pytest.raises(StartError):
        TokenReader(Settings(jwt_secret=public))


# ── claims ──


@pytest.mark.parametrize("claim", ["exp", "sub", "roles"])
def test_a_claim_that_every_token_needs_is_missed_by_name(claim: str) -> None:
    without = {name: value for name, value in CLAIMS.items() if name != claim}

    assert refusal(f"Bearer {of({'alg': 'HS256'}, without)}") == f"The token has no claim {claim}."
    assert refusal(f"Bearer {of({'alg': 'HS256'}, {**CLAIMS, claim: None})}") == f"The token has no claim {claim}."


def test_an_expired_token_is_refused() -> None:
    assert refusal(f"Bearer {mint(PLAIN, seconds=-10)}") == "The token has expired."


def test_clocks_may_be_a_little_apart() -> None:
    assert TokenReader(PLAIN).read(f"Bearer {mint(PLAIN, seconds=-2)}")
    assert TokenReader(PLAIN).read(f"Bearer {mint(PLAIN, nbf=int(time.time()) + 2)}")


@pytest.mark.parametrize("claim", ["nbf", "iat"])
def test_a_token_of_the_future_is_refused(claim: str) -> None:
    token = of({"alg": "HS256"}, {**CLAIMS, claim: int(time.time()) + 60})

    assert refusal(f"Bearer {token}") == "The token is not valid yet."


@pytest.mark.parametrize("issuer", ["https://issuer.test", "https://evil.test/", "", ["https://issuer.test/"], 7])
def test_a_token_of_another_issuer_is_refused(issuer: object) -> None:
    token = of({"alg": "HS256"}, {**CLAIMS, "aud": "gateway", "iss": issuer})

    assert refusal(f"Bearer {token}", STRICT) == "The token is from another issuer (iss)."


@pytest.mark.parametrize("audience", ["other", "gate", ["other"], [7], {"gateway": 1}])
def test_a_token_for_another_audience_is_refused(audience: object) -> None:
    token = of({"alg": "HS256"}, {**CLAIMS, "iss": STRICT.jwt_issuer, "aud": audience})

    assert refusal(f"Bearer {token}", STRICT) == "The token is for another audience (aud)."


@pytest.mark.parametrize("claim", ["iss", "aud"])
def test_a_token_that_does_not_name_what_is_configured_is_refused(claim: str) -> None:
    both = {"iss": STRICT.jwt_issuer, "aud": STRICT.jwt_audience}
    token = of({"alg": "HS256"}, CLAIMS | {name: value for name, value in both.items() if name != claim})

    assert refusal(f"Bearer {token}", STRICT) == f"The token has no claim {claim}."


@pytest.mark.parametrize("audience", ["gateway", ["gateway"]])
def test_a_token_for_an_audience_is_refused_where_none_is_configured(audience: object) -> None:
    assert refusal(f"Bearer {mint(PLAIN, aud=audience)}") == "The token is for another audience (aud)."


@pytest.mark.parametrize("claim", ["sub", "tenant"])
@pytest.mark.parametrize("value", ["", "  ", "\ud800", 7, True, ["ada"], {"a": 1}])
def test_subject_and_tenant_are_texts_that_are_not_empty(claim: str, value: object) -> None:
    token = of({"alg": "HS256"}, {**CLAIMS, claim: value})

    assert refusal(f"Bearer {token}") == f"The token's claim {claim} must be a text that is not empty."


@pytest.mark.parametrize("roles", ["PLATFORM_ADMIN", {"PLATFORM_ADMIN": True}, 7, True])
def test_roles_that_are_no_list_are_refused(roles: object) -> None:
    assert (
        refusal(f"Bearer {of({'alg': 'HS256'}, {**CLAIMS, 'roles': roles})}")
        == "The token's claim roles must be a list."
    )


# ── with and without a key ──


@pytest.mark.parametrize("secret", [None, "", "short"])
def test_no_reader_is_made_without_a_good_secret(secret: str | None) -> None:
    with pytest.raises(StartError):
        TokenReader(Settings(jwt_secret=secret))


@pytest.mark.parametrize(
    "authorization", [None, "", "Basic x", "Bearer x", f"Bearer {mint(PLAIN, roles=[Role.SUPPORT])}"]
)
def test_an_open_gateway_asks_for_no_token_and_looks_at_none(authorization: str | None) -> None:
    reader = TokenReader(Settings(open=True, jwt_secret=SECRET))

    assert reader.read(authorization) == Viewer("demo", frozenset({Role.PLATFORM_ADMIN}))
