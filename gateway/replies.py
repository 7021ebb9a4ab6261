"""Answers of the endpoint: GraphQL's JSON, in the media type that was asked for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from domain.errors import GatewayError
from gateway.answers import masked
from gateway.bad_requests import BadRequestError
from gateway.posted import Posted

RawHeaders = Sequence[tuple[bytes, bytes]]

_JSON = b"application/json"
_GRAPHQL = b"application/graphql-response+json"
#: Of what is wanted at all.
_LEAST = 0.001
#: The code of what nobody expected.
INTERNAL = "INTERNAL"


@dataclass(slots=True)
class Reply:
    """Be an answer that is whole, with the *headers* that are its own."""

    status: int
    kind: bytes
    body: bytes
    headers: RawHeaders = ()

    def all_headers(self) -> list[tuple[bytes, bytes]]:
        length = (b"content-length", b"%d" % len(self.body))
        return [*self.headers, length, (b"content-type", self.kind)]


def reply(
    posted: Posted, body: Mapping[str, Any], status: int, headers: RawHeaders = (), *, keep_status: bool = False
) -> Reply:
    """Answer in the media type that was asked for; application/json has always meant 200 for what could be read."""
    posted.counted.told(body)
    return _made(posted.headers.get(b"accept", b""), body, status, headers, keep_status=keep_status)


def refusal(posted: Posted, error: GatewayError, headers: RawHeaders = (), status: int | None = None) -> Reply:
    body, given = _said_of(error, status)
    return reply(posted, body, given, headers, keep_status=True)


def confession(accept: bytes, error: Exception) -> Reply:
    """Answer an error that nobody expected, outside of any operation: masked, and logged under the id that it names.

    The server closes the connection behind it, so it says so.
    """
    message, number = masked(error)
    body = {"errors": [{"message": message, "extensions": {"code": INTERNAL, "id": number}}]}
    return _made(accept, body, 500, [(b"connection", b"close")], keep_status=True)


# ── for what Starlette routes ──


def refused(
    request: Request, error: GatewayError, headers: Mapping[str, str] | None = None, status: int | None = None
) -> Response:
    body, given = _said_of(error, status)
    return _response(_made(_accept(request), body, given, keep_status=True), headers)


async def refuse(request: Request, error: Exception) -> Response:
    """Answer what the router refuses, a wrong path or method, as every other refusal is answered."""
    assert isinstance(error, HTTPException)
    return refused(request, BadRequestError(f"{error.detail}.", error.status_code), error.headers)


async def confess(request: Request, error: Exception) -> Response:
    return _response(confession(_accept(request), error), {"Connection": "close"})


def _accept(request: Request) -> bytes:
    return request.headers.get("accept", "").encode("latin-1")


def _response(made: Reply, headers: Mapping[str, str] | None = None) -> Response:
    return Response(made.body, made.status, headers, media_type=made.kind.decode())


def _said_of(error: GatewayError, status: int | None) -> tuple[dict[str, Any], int]:
    body = {"errors": [{"message": str(error), "extensions": error.extensions}]}
    return body, status if status is not None else getattr(error, "status", 400)


def _made(
    accept: bytes, body: Mapping[str, Any], status: int, headers: RawHeaders = (), *, keep_status: bool = False
) -> Reply:
    modern = _prefers_graphql(accept)
    return Reply(
        status if modern or keep_status else 200,
        _GRAPHQL + b"; charset=utf-8" if modern else _JSON,
        orjson.dumps(body),
        headers,
    )


@lru_cache(maxsize=100)
def _prefers_graphql(accept: bytes) -> bool:
    """Say whether *accept* asks for GraphQL's own type, and for JSON no more (RFC 9110, section 12.5.1)."""
    weights: dict[bytes, float] = {}
    for each in accept.lower().split(b","):
        kind, _, said = each.partition(b";")
        weights[kind.strip()] = _weight(said)
    json = next((weights[kind] for kind in (_JSON, b"application/*", b"*/*") if kind in weights), 0.0)
    return weights.get(_GRAPHQL, 0.0) >= max(json, _LEAST)


def _weight(said: bytes) -> float:
    for parameter in said.split(b";"):
        name, _, value = parameter.partition(b"=")
        if name.strip() == b"q":
            try:
                return float(value)
            except ValueError:
                return 1.0
    return 1.0
