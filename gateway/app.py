"""The application: its routes, and the stores it holds open while it runs."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from domain.errors import GatewayError
from gateway.auth import TokenReader
from gateway.connections import TOLD
from gateway.cross_origin import CrossOrigin, asking_first
from gateway.direct import PATH, Direct, GraphQL
from gateway.endpoint import Endpoint
from gateway.headers import SECURITY_HEADERS, SecureHeaders
from gateway.indexing import indexing
from gateway.mailing import links_of, mailer_for
from gateway.mapped import require_urls
from gateway.metrics import Metrics
from gateway.metrics_page import metrics_page, metrics_port
from gateway.metrics_told import ALONE, Place, Telling
from gateway.opening import opened
from gateway.operation_names import OperationNames
from gateway.pages import PageFacts, page_routes
from gateway.readiness import Readiness
from gateway.replies import confess, refuse
from gateway.request_ids import RequestIds
from gateway.resuming import resuming
from gateway.settings import Settings
from gateway.trusted import TrustedDocuments
from resolvers.accounts import accounts_of
from resolvers.context import Limits
from resolvers.later import Later
from resolvers.operations import operations_of
from resolvers.planned_work import planned_of
from schema import build_schema
from schema.document_shape import DocumentLimits
from sources.profile_reading import read_profile


def create_app(settings: Settings, place: Place = ALONE) -> Starlette:
    """Make the application that *settings* describe, in its *place* among the workers.

    Raises StartError for a wrong profile, a store that is not named, or a missing key; the lifespan raises it where the
    database contradicts the profile.
    """
    profile = read_profile(settings.profile)
    require_urls(profile, settings)
    schema = build_schema(document_limits(settings))
    limits = Limits(settings.max_page, settings.count_seconds, settings.count_records)
    tokens = TokenReader(settings)
    documents = TrustedDocuments(settings.documents, schema) if settings.documents else None
    endpoint = Endpoint(schema, tokens, limits, settings, documents)
    metrics = Metrics(OperationNames(None if documents is None else documents.names), schema.caches)
    telling = Telling(metrics, place)
    sdl = schema.as_str() + "\n"

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, Any]]:
        async with opened(profile, settings) as stores:
            later = Later()
            accounts = accounts_of(stores, later, links_of(settings), mailer_for(settings))
            operations = operations_of(stores, None if accounts is None else accounts.post)
            planned = planned_of(stores, operations, accounts)
            state: dict[str, Any] = {TOLD: metrics.told, "stores": stores}
            state |= {"operations": operations, "planned": planned, "accounts": accounts}
            metrics.pools = lambda: stores.pools
            async with (
                telling.open(stores.own),
                metrics_port(telling, place.listener),
                later.working(),
                resuming(operations, planned),
                indexing(stores, settings.index_seconds),
            ):
                yield state

    async def print_schema(request: Request) -> Response:
        if settings.introspection != "everyone":
            try:
                signed_in = await tokens.viewer_of(request.headers.get("authorization")) is not None
            except GatewayError:
                signed_in = False
            if settings.introspection == "nobody" or not signed_in:
                raise HTTPException(404)
        return PlainTextResponse(sdl, headers=SECURITY_HEADERS)

    crm = (profile.customer, profile.lead, profile.booking, profile.revenue)
    names = [*(["postgres"] if any(crm) else []), *(["mongo"] if profile.account or profile.delivery else [])]
    facts = PageFacts(open=settings.open, profile=profile.store.name, stores=tuple(names))
    # An open gateway answers to its own name alone, so that no page of another site can reach it by a name of its own.
    hosts = [settings.host, "127.0.0.1", "localhost"]
    guards = []
    if settings.cors_origins:
        guards.append(asking_first(settings.cors_origins))
    guards += [Middleware(TrustedHostMiddleware, allowed_hosts=hosts, www_redirect=False)] if settings.open else []
    tls = (settings.public_url or "").startswith("https:")
    answer = metrics.counting(endpoint.answer)
    return _Application(
        tls=tls,
        # An open gateway looks at the name it was asked by, which is left to Starlette.
        direct=None if settings.open else partial(Direct, answer=answer, others=CrossOrigin(settings.cors_origins)),
        middleware=guards,
        routes=[
            Route(PATH, GraphQL(answer), methods=["GET", "POST"]),
            *page_routes(facts=facts),
            Route("/metrics", metrics_page(tokens, telling)),
            Route("/schema.graphql", print_schema),
            Route("/healthz", is_alive),
            Route("/readyz", Readiness().answer),
        ],
        exception_handlers={HTTPException: refuse, Exception: confess},
        lifespan=lifespan,
    )


class _Application(Starlette):
    """Secure every answer and give it its id, also those of what surrounds the routes; some are answered *direct*."""

    def __init__(self, *, tls: bool, direct: Callable[..., Direct] | None, **given: Any) -> None:
        super().__init__(**given)
        # A redirect would name whatever host was asked for, and by http where a proxy does not tell of its TLS.
        self.router.redirect_slashes = False
        self._tls = tls
        self._direct = direct

    def build_middleware_stack(self) -> ASGIApp:
        around = RequestIds(SecureHeaders(super().build_middleware_stack(), tls=self._tls))
        return around if self._direct is None else self._direct(around, tls=self._tls)


def document_limits(settings: Settings) -> DocumentLimits:
    return DocumentLimits(
        tokens=settings.max_tokens,
        depth=settings.max_depth,
        aliases=settings.max_aliases,
        root_fields=settings.max_root_fields,
        directives=settings.max_directives,
        fragments=settings.max_fragments,
        introspection=settings.max_introspection,
        list_length=settings.max_list,
        cost=settings.max_cost,
    )


async def is_alive(_: Request) -> Response:
    """Say that the process runs."""
    return PlainTextResponse("ok\n", headers=SECURITY_HEADERS)
