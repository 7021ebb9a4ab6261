"""The GraphQL endpoint: what is posted as JSON is answered with data and errors."""

from typing import Any

from strawberry.exceptions import StrawberryGraphQLError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError
from strawberry.types.execution import ExecutionResult, PreExecutionError

from domain.access import Access, Viewer
from domain.errors import KeysUnavailableError, TooSlowError, UnauthenticatedError
from gateway.admission import Admission, TooManyRequestsError
from gateway.answers import error_body, log_stores, request_error_body
from gateway.auth import TokenReader
from gateway.bad_requests import BadRequestError
from gateway.deadlines import Deadlines
from gateway.jwks import COOLDOWN
from gateway.posted import Asked, Posted, read_request
from gateway.replies import Reply, refusal, reply
from gateway.settings import Settings
from gateway.trusted import TrustedDocuments
from resolvers.context import Context, Limits
from schema import Schema
from sources.meter import Meter, metered


class Endpoint:
    """Answer what is posted, within the limits of *settings*."""

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
        self._deadlines = Deadlines(settings.request_seconds)
        self._introspection = settings.introspection
        self._documents = documents
        # An open gateway has one subject, everyone on this machine.
        self._admission = Admission(*((0, 0) if settings.open else (settings.max_at_once, settings.rate)))

    async def answer(self, posted: Posted) -> Reply:
        try:
            authorization = posted.text(b"authorization")
            viewer = self._tokens.known(authorization) or await self._tokens.viewer_of(authorization)
            tenant = posted.tenant
            with self._admission.admitted(subject_of(viewer, posted.client)):
                return await self._admitted(posted, viewer, tenant)
        except UnauthenticatedError as error:
            return refusal(posted, error, [(b"www-authenticate", b"Bearer")], status=401)
        except KeysUnavailableError as error:
            return refusal(posted, error, [_retry_after(int(COOLDOWN))], status=503)
        except TooManyRequestsError as error:
            return refusal(posted, error, [_retry_after(error.retry_after)])
        except BadRequestError as error:
            return refusal(posted, error)
        except (CannotGetOperationTypeError, InvalidOperationTypeError, StrawberryGraphQLError):
            return refusal(posted, BadRequestError("The document has no operation of this name."))

    async def _admitted(self, posted: Posted, viewer: Viewer | None, tenant: str | None) -> Reply:
        asked: Asked | None = None
        with metered(Meter()) as meter:
            try:
                with self._deadlines.begin() as deadline:
                    body = posted.body_at_hand(self._max_body)
                    if body is None:
                        body = await posted.body(self._max_body)
                    asked = read_request(posted.text(b"content-type") or "", body, self._documents)
                    context = self._context(posted, viewer, tenant, meter)
                    posted.ends_when_gone(deadline, asked.query)
                    result = await self._schema.answer(asked.query, asked.variables, context, asked.operation_name)
            except TimeoutError:
                error = TooSlowError(self._deadlines.seconds)
                if asked is None:
                    return refusal(posted, error, [(b"connection", b"close")], status=408)
                meter.cancel()
                return refusal(posted, error, status=504)
        answer, status = _body(result, suggesting=context.may_introspect)
        extensions = dict(result.extensions or {})
        if posted.headers.get(b"x-gateway-explain") == b"1":
            extensions["explain"] = {**meter.explain(), **_path(context)}
        if extensions:
            answer["extensions"] = extensions
        return reply(posted, answer, status)

    def _context(self, posted: Posted, viewer: Viewer | None, tenant: str | None, meter: Meter) -> Context:
        state = posted.state
        stores = state["stores"]
        context = posted.counted.context = Context(
            Access(viewer, tenant, store_has_tenants=stores.profile.has_tenants),
            stores,
            self._limits,
            meter,
            operations=state["operations"],
            planned=state["planned"],
            accounts=state["accounts"],
            client=posted.client,
            may_introspect=self._introspection == "everyone"
            or (self._introspection == "signed-in" and viewer is not None),
        )
        return context


def subject_of(viewer: Viewer | None, client: str) -> str:
    """Name whose requests are counted together: the token's subject in its tenant; without one, where it is from."""
    if viewer is None:
        return f"from {client}"
    return f"{viewer.tenant or ''}\0{viewer.subject}"


def _retry_after(seconds: int) -> tuple[bytes, bytes]:
    return b"retry-after", b"%d" % seconds


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
