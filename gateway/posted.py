"""A request that is posted to the endpoint: its headers, its body, where it is from."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any, NamedTuple

import orjson
from starlette.types import Receive, Scope
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT

from gateway.bad_requests import BadRequestError, BodyTooLargeError
from gateway.connections import CONNECTION, Connection
from gateway.deadlines import Deadline
from gateway.trusted import TrustedDocuments
from resolvers.context import Context

_JSON = "application/json"
_OBJECT = (dict, type(None))
#: The word that every document has which writes.
_WRITES = "mutation"
#: Of the largest length that the server itself takes; Python reads no number of any length.
_MOST_DIGITS = 20


@dataclass(slots=True)
class Counted:
    """Be what is learnt of a request while it is answered."""

    context: Context | None = None
    was_run: bool = False
    codes: list[str] = field(default_factory=list)

    def told(self, body: Mapping[str, Any]) -> None:
        """Take down what *body* tells the client."""
        self.was_run = "data" in body
        if errors := body.get("errors"):
            self.codes += [error.get("extensions", {}).get("code", "") for error in errors]


class Posted:
    """Be a request as it came: *headers* by their names, the first of each."""

    __slots__ = ("_receive", "client", "connection", "counted", "headers", "state")

    def __init__(self, scope: Scope, receive: Receive) -> None:
        self.headers: Mapping[bytes, bytes] = dict(reversed(scope["headers"]))
        self.state: Mapping[str, Any] = scope["state"]
        self.client = client_of(scope.get("client"))
        self.connection: Connection | None = self.state.get(CONNECTION)
        self.counted = Counted()
        self._receive = receive

    def ends_when_gone(self, deadline: Deadline, document: str) -> None:
        """Let *deadline* be over once the client has gone, unless *document* may write: that is written whole."""
        if self.connection is None or _WRITES in document:
            return
        self.connection.on_gone = deadline.end
        if self.connection.is_gone:
            asyncio.get_running_loop().call_soon(deadline.end)

    def text(self, name: bytes) -> str | None:
        """Read a header as HTTP has it; None where there is none."""
        value = self.headers.get(name)
        return None if value is None else value.decode("latin-1")

    @property
    def tenant(self) -> str | None:
        """The header X-Tenant, which is UTF-8."""
        try:
            value = self.headers.get(b"x-tenant")
            return None if value is None else value.decode()
        except UnicodeDecodeError:
            raise BadRequestError("X-Tenant is not UTF-8.") from None

    def body_at_hand(self, most: int) -> bytes | None:
        """Take the body where all of it has come, as it mostly has; None where it has to be waited for, or is large."""
        connection = self.connection
        cycle = None if connection is None else connection.current
        if (
            connection is None
            or cycle is None
            or cycle.more_body
            or cycle.disconnected
            or len(cycle.body) > min(most, HIGH_WATER_LIMIT)
        ):
            return None
        body = bytes(cycle.body)
        cycle.body.clear()
        connection.flow.resume_reading()  # so that it is seen when the client goes away
        return body

    async def body(self, most: int) -> bytes:
        """Read the body, and no more of it than *most* bytes: nothing of one that says it is larger."""
        said = self.headers.get(b"content-length", b"").lstrip(b"0")
        if said.isdigit() and (len(said) > _MOST_DIGITS or int(said) > most):
            raise _too_large(most)
        body = bytearray()
        message = await self._receive()
        while message["type"] == "http.request":
            body += message.get("body", b"")
            if len(body) > most:
                raise _too_large(most)
            if not message.get("more_body"):
                return bytes(body)
            message = await self._receive()
        raise BadRequestError("The body broke off.")


class Asked(NamedTuple):
    """Be a GraphQL request: the document, its variables, which of its operations."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None


def read_request(content_type: str, body: bytes, documents: TrustedDocuments | None = None) -> Asked:
    """Read a GraphQL request, of *documents* only where there are any; raise BadRequestError with what is wrong."""
    if content_type != _JSON and content_type.partition(";")[0].strip().lower() != _JSON:
        raise BadRequestError(f"The body must be {_JSON}.", 415)
    try:
        given = orjson.loads(body)
    except (orjson.JSONDecodeError, RecursionError):
        raise BadRequestError("The body is not JSON.") from None
    if not isinstance(given, dict):
        raise BadRequestError("The body must be a JSON object with a query; one at a time.")
    query, variables, name = given.get("query"), given.get("variables"), given.get("operationName")
    if documents is not None:
        query = documents.find(given)
    if not isinstance(query, str) or not query:
        raise BadRequestError("query must be a text that is not empty.")
    if not isinstance(variables, _OBJECT):
        raise BadRequestError("variables must be an object.")
    if not (name is None or isinstance(name, str)):
        raise BadRequestError("operationName must be a text.")
    if not isinstance(given.get("extensions"), _OBJECT):
        raise BadRequestError("extensions must be an object.")
    return Asked(query, variables, name or None)


def client_of(address: tuple[str, int] | None) -> str:
    """Say where a request from *address* comes from; of IPv6, the network that one household or machine has."""
    return _network_of(address[0] if address is not None else "")


@lru_cache(maxsize=10_000)
def _network_of(host: str) -> str:
    try:
        address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv4Address):
        return str(address)
    # Where both are listened for, IPv4 comes in this form, all of it from one network of IPv6.
    return str(address.ipv4_mapped or ip_network(f"{address}/64", strict=False))


def _too_large(most: int) -> BodyTooLargeError:
    return BodyTooLargeError(f"The body is too large: it may have {most} bytes.", 413)
