"""What is posted to /graphql, answered without going through what serves all other paths."""

from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from gateway.bad_requests import BadRequestError
from gateway.cross_origin import CrossOrigin
from gateway.headers import ADDED, STRICT_TRANSPORT
from gateway.pages import graphiql_page
from gateway.posted import Posted
from gateway.replies import Reply, confession, refused
from gateway.request_ids import HEADER, RequestIds
from gateway.whole_answers import is_written, lines_of, send_in_parts

PATH = "/graphql"
_POST = "POST"
_ADDED = lines_of(ADDED)
_ADDED_OVER_TLS = lines_of((*ADDED, STRICT_TRANSPORT))

Answer = Callable[[Posted], Awaitable[Reply]]


class GraphQL:
    """Be the application at the path: *answer* says what is answered to a POST, a browser's GET gets GraphiQL."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] == _POST:
            made, unexpected = await _made(self._answer, Posted(scope, receive))
            await send({"type": "http.response.start", "status": made.status, "headers": made.all_headers()})
            await send({"type": "http.response.body", "body": made.body})
            if unexpected is not None:
                raise unexpected
            return
        request = Request(scope, receive)
        if "text/html" in request.headers.get("accept", ""):
            response: Response = await graphiql_page(request)
        else:
            error = BadRequestError("Queries are posted: POST with a JSON body.", 405)
            response = refused(request, error, {"Allow": _POST})
        await response(scope, receive, send)


async def _made(answer: Answer, posted: Posted) -> tuple[Reply, Exception | None]:
    """Make the answer to *posted*, with what was raised instead, for the server to log.

    It is made before what tells pages of other origins that they may read it, which is told of every answer.
    """
    try:
        return await answer(posted), None
    except Exception as error:  # noqa: BLE001 - whoever asked for the answer raises it
        return confession(posted.headers.get(b"accept", b""), error), error


class Direct:
    """Hand what is posted to the path straight to *answer*, and everything else to *app*."""

    def __init__(self, app: RequestIds, answer: Answer, others: CrossOrigin, *, tls: bool) -> None:
        self._app = app
        self._answer = answer
        self._others = others
        self._tls = tls

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] != PATH or scope["method"] != _POST:
            await self._app(scope, receive, send)
            return
        posted = Posted(scope, receive)
        called = self._app.name(posted.headers.get(HEADER, b""))
        made, unexpected = await _made(self._answer, posted)
        told = self._others.lines(posted.headers.get(b"origin"))
        added = _ADDED_OVER_TLS if self._tls or scope["scheme"] == "https" else _ADDED
        lines = b"%b%b%b%b: %b\r\n" % (lines_of(made.all_headers()), told, added, HEADER, called)
        if not is_written(posted.connection, made.status, lines, made.body):
            await send_in_parts(send, made.status, lines, made.body)
        if unexpected is not None:
            raise unexpected
