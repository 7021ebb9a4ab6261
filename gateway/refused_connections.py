"""What is said to connections before they are closed: they have asked nothing that could be answered."""

from http import HTTPStatus

import orjson

from domain.errors import GatewayError
from gateway.bad_requests import BadRequestError
from gateway.headers import SECURITY_HEADERS


class HeadTooLargeError(BadRequestError):
    code = "HEAD_TOO_LARGE"


class TooManyConnectionsError(GatewayError):
    code = "TOO_MANY_CONNECTIONS"


def refusal(error: GatewayError, status: HTTPStatus) -> bytes:
    body = orjson.dumps({"errors": [{"message": str(error), "extensions": error.extensions}]})
    headers = {
        **SECURITY_HEADERS,
        "Cache-Control": "no-store",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
    }
    if status == HTTPStatus.SERVICE_UNAVAILABLE:
        headers["Retry-After"] = "1"
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status.value} {status.phrase}\r\n{lines}\r\n".encode() + body
