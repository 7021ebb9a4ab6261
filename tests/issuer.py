"""An issuer of tokens with public keys: a real server that answers its key set, and counts who asks."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurve, generate_private_key
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

CLAIMS: dict[str, object] = {"sub": "ada", "roles": ["READER"], "exp": 4102444800}


@dataclass(frozen=True, slots=True)
class Pair:
    """Be a private key, with what its issuer publishes of it."""

    kid: str
    algorithm: str
    private: Any

    def sign(self, *, algorithm: str | None = None, kid: str | None = None, **claims: object) -> str:
        headers = {"kid": self.kid if kid is None else kid}
        return "Bearer " + jwt.encode(
            CLAIMS | claims, self.private, algorithm=algorithm or self.algorithm, headers=headers
        )

    def published(self, **more: object) -> dict[str, object]:
        kind = RSAAlgorithm if self.algorithm.startswith("RS") else ECAlgorithm
        return {**kind.to_jwk(self.private.public_key(), as_dict=True), "kid": self.kid, **more}


def rsa(kid: str, bits: int = 2048) -> Pair:
    return Pair(kid, "RS256", generate_rsa_key(public_exponent=65537, key_size=bits))


def elliptic(kid: str, curve: EllipticCurve | None = None) -> Pair:
    return Pair(kid, "ES256", generate_private_key(curve or SECP256R1()))


@dataclass(slots=True)
class Issuer:
    """Publish *keys*, or answer *status* and *content* instead, once it *answers*; *asked* counts."""

    url: str = ""
    keys: list[dict[str, object]] = field(default_factory=list)
    status: int = 200
    content: bytes | None = None
    asked: int = 0
    answers: threading.Event = field(default_factory=threading.Event)

    def answer(self) -> bytes:
        self.asked += 1
        self.answers.wait(60)
        return json.dumps({"keys": self.keys}).encode() if self.content is None else self.content


@contextmanager
def issuing(*pairs: Pair) -> Iterator[Issuer]:
    """Run an issuer with the keys of *pairs*."""
    issuer = Issuer(keys=[pair.published() for pair in pairs])
    issuer.answers.set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            content = issuer.answer()
            self.send_response(issuer.status)
            self.send_header("Location", issuer.url)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        issuer.url = f"http://127.0.0.1:{server.server_port}/keys"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield issuer
        finally:
            server.shutdown()
            thread.join()
