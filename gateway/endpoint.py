"""The GraphQL endpoint over HTTP: a JSON body in, data and errors out."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, ip_address, ip_network
from typing import Any

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from strawberry.exceptions import StrawberryGraphQLError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult, PreExecutionError

from domain.access import Access, Viewer
from domain.errors import GatewayError, KeysUnavailableError, TooSlowError, UnauthenticatedError
from gateway.admission import Admission, TooManyRequestsError
from gateway.answers import error_body, log_stores, masked, request_error_body
from gateway.auth import TokenReader
from gateway.bad_requests import BadRequestError, BodyTooLargeError
from gateway.connections import ended_when_gone
from gateway.jwks import COOLDOWN
from gateway.pages import graphiql_page
from gateway.settings import Settings
from gateway.trusted import TrustedDocuments
from resolvers.context import Context, Limits
from schema import Schema
from sources.meter import Meter, metered
from sources.stores import Stores

_JSON = "application/json"
_GRAPHQL = "application/graphql-response+json"


@dataclass(frozen=True, slots=True)
class Asked:
    """Be a GraphQL request: the document, its variables, which of its operations."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None


class Endpoint:
    """Answer /graphql: POST with JSON, within the limits of *settings*; a browser's GET gets GraphiQL."""

    def __init__(
        self,
        schema: Schema,
        tokens: TokenReader,
        limits: Limits,
        settings: Settings,
        documents: TrustedDocuments | None = None,
    ) -> None:
        self._schema = schema
        self._tokens = tokens
        self._limits = limits
        self._max_body = settings.max_body
        self._seconds = settings.request_seconds
        self._introspection = settings.introspection
        self._documents = documents
        # An open gateway has one subject, everyone on this machine.
        self._admission = Admission(*((0, 0) if settings.open else (settings.max_at_once, settings.rate)))

    async def answer(self, request: Request) -> Response:
        if request.method == "POST":
            return await self._post(request)
        if "text/html" in request.headers.get("accept", ""):
            return await graphiql_page(request)
        return _refused(request, BadRequestError("Queries are posted: POST with a JSON body.", 405), {"Allow": "POST"})

    async def _post(self, request: Request) -> Response:
        try:
            viewer = await self._tokens.viewer_of(request.headers.get("authorization"))
            tenant = read_tenant(request.headers.get("x-tenant"))
            with self._admission.admitted(subject_of(viewer, request)):
                return await self._admitted(request, viewer, tenant)
        except UnauthenticatedError as error:
            return _refused(request, error, {"WWW-Authenticate": "Bearer"}, status=401)
        except KeysUnavailableError as error:
            return _refused(request, error, {"Retry-After": str(int(COOLDOWN))}, status=503)
        except TooManyRequestsError as error:
            return _refused(request, error, {"Retry-After": str(error.retry_after)})
        except BadRequestError as error:
            return _refused(request, error)

    async def _admitted(self, request: Request, viewer: Viewer | None, tenant: str | None) -> Response:
        until = asyncio.get_running_loop().time() + self._seconds
        try:
            async with asyncio.timeout_at(until):
                body = await self._body_of(request)
        except TimeoutError:
            return _refused(request, TooSlowError(self._seconds), {"Connection": "close"}, status=408)
        asked = read_request(request.headers.get("content-type", ""), body, self._documents)
        may_introspect = self._introspection == "everyone" or (
            self._introspection == "signed-in" and viewer is not None
        )
        stores: Stores = request.state.stores
        access = Access(viewer, tenant, store_has_tenants=stores.profile.has_tenants)
        with metered(Meter()) as meter:
            context = Context(
                access,
                stores,
                self._limits,
                meter,
                operations=request.state.operations,
                planned=request.state.planned,
                accounts=request.state.accounts,
                client=client_of(request),
                may_introspect=may_introspect,
            )
            request.state.counted.context = context
            try:
                async with asyncio.timeout_at(until) as limit:
                    with ended_when_gone(request, limit, asked.query):
                        result = await self._execute(asked, context)
            except TimeoutError:
                meter.cancel()
                return _refused(request, TooSlowError(self._seconds), status=504)
        answer, status = _body(result, suggesting=may_introspect)
        extensions = dict(result.extensions or {})
        if request.headers.get("x-gateway-explain") == "1":
            extensions["explain"] = {**meter.explain(), **_path(context)}
        if extensions:
            answer["extensions"] = extensions
        return _answer(request, answer, status)

    async def _body_of(self, request: Request) -> bytes:
        """Read the body of *request*, and no more of it than is allowed: nothing of one that says it is too large."""
        body = bytearray()
        said = request.headers.get("content-length", "")
        too_large = BodyTooLargeError(f"The body is too large: it may have {self._max_body} bytes.", 413)
        if said.isdecimal() and int(said) > self._max_body:
            raise too_large
        try:
            async for part in request.stream():
                body += part
                if len(body) > self._max_body:
                    raise too_large
        except ClientDisconnect:
            raise BadRequestError("The body broke off.") from None
        return bytes(body)

    async def _execute(self, asked: Asked, context: Context) -> ExecutionResult:
        try:
            return await self._schema.answer(asked.query, asked.variables, context, asked.operation_name)
        except (CannotGetOperationTypeError, InvalidOperationTypeError, StrawberryGraphQLError) as error:
            raise BadRequestError("The document has no operation of this name.") from error


def subject_of(viewer: Viewer | None, request: Request) -> str:
    """Name whose requests are counted together: the token's subject in its tenant; without one, where it is from."""
    if viewer is None:
        return f"from {client_of(request)}"
    return f"{viewer.tenant or ''}\0{viewer.subject}"


def client_of(request: Request) -> str:
    """Say where *request* comes from; of IPv6, the network that one household or machine has to itself."""
    return _network_of(request.client.host if request.client is not None else "")


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


def read_tenant(header: str | None) -> str | None:
    """Read the header X-Tenant as the UTF-8 it is; Starlette has read its bytes as latin-1."""
    try:
        return None if header is None else header.encode("latin-1").decode()
    except UnicodeDecodeError:
        raise BadRequestError("X-Tenant is not UTF-8.") from None


def read_request(content_type: str, body: bytes, documents: TrustedDocuments | None = None) -> Asked:
    """Read a GraphQL request, of *documents* only where there are any; raise BadRequestError with what is wrong."""
    if content_type.partition(";")[0].strip().lower() != _JSON:
        raise BadRequestError(f"The body must be {_JSON}.", 415)
    try:
        given = orjson.loads(body)
    except (orjson.JSONDecodeError, RecursionError):
        raise BadRequestError("The body is not JSON.") from None
    if not isinstance(given, Mapping):
        raise BadRequestError("The body must be a JSON object with a query; one at a time.")
    query, variables, name = given.get("query"), given.get("variables"), given.get("operationName")
    if documents is not None:
        query = documents.find(given)
    if not isinstance(query, str) or not query:
        raise BadRequestError("query must be a text that is not empty.")
    if not (variables is None or isinstance(variables, dict)):
        raise BadRequestError("variables must be an object.")
    if not (name is None or isinstance(name, str)):
        raise BadRequestError("operationName must be a text.")
    if not isinstance(given.get("extensions"), dict | None):
        raise BadRequestError("extensions must be an object.")
    return Asked(query, variables, name or None)


def _path(context: Context) -> dict[str, str]:
    """Say which path answered, and why not the compiled one."""
    if context.not_compiled is None:
        return {"path": "compiled"}
    return {"path": "graphql-core", "because": context.not_compiled}


def _body(result: ExecutionResult, *, suggesting: bool) -> tuple[dict[str, Any], int]:
    """Write what came of an operation, and the status for those who understand GraphQL over HTTP."""
    if isinstance(result, PreExecutionError) or _never_ran(result):
        return {"errors": [request_error_body(error, suggesting=suggesting) for error in result.errors or ()]}, 400
    body: dict[str, Any] = {"data": result.data}
    if result.errors:
        body["errors"] = [error_body(error) for error in result.errors]
        log_stores(result.errors)
    return body, 200


def _never_ran(result: ExecutionResult) -> bool:
    """Say whether the variables were refused, so that nothing was run: only such errors have no path."""
    return result.data is None and bool(result.errors) and all(error.path is None for error in result.errors or ())


async def refuse(request: Request, error: Exception) -> Response:
    """Answer what the router refuses, a wrong path or method, as every other refusal is answered."""
    assert isinstance(error, HTTPException)
    return _refused(request, BadRequestError(f"{error.detail}.", error.status_code), error.headers)


async def confess(request: Request, error: Exception) -> Response:
    """Answer an error that nobody expected, outside of any operation: masked, and logged under the id that it names."""
    message, number = masked(error)
    body = {"errors": [{"message": message, "extensions": {"code": "INTERNAL", "id": number}}]}
    return _answer(request, body, 500, keep_status=True)


def _refused(
    request: Request, error: GatewayError, headers: Mapping[str, str] | None = None, status: int | None = None
) -> Response:
    body = {"errors": [{"message": str(error), "extensions": error.extensions}]}
    given = status if status is not None else getattr(error, "status", 400)
    return _answer(request, body, given, headers, keep_status=True)


def _answer(
    request: Request,
    body: Mapping[str, Any],
    status: int,
    headers: Mapping[str, str] | None = None,
    *,
    keep_status: bool = False,
) -> Response:
    """Answer in the media type that was asked for; application/json has always meant 200 for what could be read."""
    if (counted := getattr(request.state, "counted", None)) is not None:
        counted.told(body)
    modern = _GRAPHQL in request.headers.get("accept", "")
    return Response(
        orjson.dumps(body),
        status_code=status if modern or keep_status else 200,
        media_type=f"{_GRAPHQL}; charset=utf-8" if modern else _JSON,
        headers=headers,
    )
