"""The headers of the OWASP Secure Headers Project, on every answer of every path, whoever makes it."""

import json
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.routing import Mount, Route

from domain.access import Role
from gateway.headers import STRICT_TRANSPORT
from gateway.pages import STATIC
from gateway.settings import Settings
from tests.asgi import Answered, Inside, inside
from tests.loading import existing_store
from tests.running import Gateway
from tests.servers import Servers
from tests.serving import serving
from tests.sockets import written
from tests.tokens import mint

#: What the project recommends. `Clear-Site-Data` is for who logs out: here nobody is logged in, and nothing is kept.
RECOMMENDED = {
    b"cross-origin-embedder-policy": b"require-corp",
    b"cross-origin-opener-policy": b"same-origin",
    b"cross-origin-resource-policy": b"same-origin",
    b"referrer-policy": b"no-referrer",
    b"x-content-type-options": b"nosniff",
    b"x-dns-prefetch-control": b"off",
    b"x-frame-options": b"DENY",
    b"x-permitted-cross-domain-policies": b"none",
}
#: Nothing of what it says to leave out: who made the server, and of what.
NOBODYS = ("camera", "microphone", "geolocation", "usb", "payment", "serial", "display-capture", "clipboard-read")
TELLTALE = (b"server", b"x-powered-by", b"via", b"x-aspnet-version", b"x-generator", b"server-timing", b"sourcemap")
POLICY = ("default-src 'none'", "object-src 'none'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "NONSENSE")
ORIGIN = "https://app.example"
JSON = (b"content-type", b"application/json")
VIEWER = json.dumps({"query": "{ viewer { subject } }"}).encode()


@pytest.fixture(scope="module")
async def stored(without_mongo: Servers) -> Settings:
    settings = await existing_store(without_mongo, "renos", "headers")
    return replace(settings, cors_origins=(ORIGIN,), max_body=2_000)


@pytest.fixture(scope="module")
async def store(stored: Settings) -> AsyncIterator[Inside]:
    async with inside(stored) as found:
        yield found


def assert_secured(answer: Answered) -> None:
    """Hold the recommended headers; what is kept by browsers are files of this project, and the pages made of them."""
    found = answer.headers
    assert {name: found.get(name) for name in RECOMMENDED} == RECOMMENDED, answer
    policy = found[b"content-security-policy"].decode()
    assert [part for part in POLICY if part not in policy.split("; ")] == []
    assert [word for word in ("unsafe", "http:", "https:", "*", "nonce") if word in policy] == []
    permissions = found[b"permissions-policy"].decode()
    assert [name for name in NOBODYS if f"{name}=()" not in permissions.split(", ")] == []
    kept = found[b"cache-control"]
    assert kept in (b"no-store", b"no-cache", b"public, max-age=31536000, immutable"), answer
    if kept != b"no-store":
        assert not found[b"content-type"].startswith((b"application/json", b"application/graphql")), answer
    assert [name for name in TELLTALE if name in found] == []


def paths(app: Starlette) -> Iterator[str]:
    for route in app.routes:
        assert isinstance(route, Route | Mount), "a route of another kind has headers of its own to prove"
        if isinstance(route, Route):
            yield route.path
    yield from (f"/static/{path.name}" for path in STATIC.iterdir() if path.is_file())
    yield from ("/static/", "/static/missing.js", "/nowhere", "/graphql/", "//", "/static/%00", "/\u00e9")


@pytest.mark.parametrize("accept", [b"text/html", b"application/graphql-response+json", b"*/*"])
async def test_every_path_answers_every_method_with_them(store: Inside, accept: bytes) -> None:
    statuses = set()
    for path in paths(store.app):
        for method in METHODS:
            answer = await store.ask(VIEWER, [JSON, (b"accept", accept)], method=method, path=path)
            assert_secured(answer)
            statuses.add(answer.status)
    assert statuses >= {200, 404, 405}


def bearer(settings: Settings) -> tuple[bytes, bytes]:
    return b"authorization", f"Bearer {mint(settings, roles=[Role.READER])}".encode()


@pytest.mark.parametrize("path", ["/graphql/", "/graphiql/", "/metrics/", "/healthz/", "/static"])
async def test_nobody_is_sent_elsewhere(store: Inside, path: str) -> None:
    """A redirect would say a host and a scheme that the gateway does not know."""
    for method in ("GET", "POST"):
        answer = await store.ask(VIEWER, [JSON], method=method, path=path)
        assert (answer.status, answer.headers.get(b"location")) == (404, None)


async def test_every_kind_of_refusal_carries_them(stored: Settings) -> None:
    async with inside(replace(stored, rate=4)) as store:
        own = [JSON, bearer(stored)]
        sent = {
            200: (VIEWER, own),
            400: (b"{", own),
            401: (VIEWER, [JSON, (b"authorization", b"Bearer x")]),
            413: (b" " * 2_001, own),
            415: (VIEWER, [bearer(stored)]),
            429: (VIEWER, own),
        }
        for status, (body, headers) in sent.items():
            answer = await store.ask(body, headers)
            assert answer.status == status
            assert_secured(answer)
            assert answer.headers[b"cache-control"] == b"no-store"


async def test_what_takes_too_long_carries_them(stored: Settings) -> None:
    leads = json.dumps({"query": "{ leads { nodes { id } } }"}).encode()
    async with inside(replace(stored, request_seconds=1e-9)) as store:
        answer = await store.ask(leads, [JSON, bearer(stored)])
        assert answer.status == 504
        assert_secured(answer)


@pytest.mark.parametrize("path", ["/readyz", "/graphql", "/", "/account", "/static/home.css", "/favicon.ico"])
async def test_an_error_that_nobody_expected_carries_them_wherever_it_happens(
    stored: Settings, monkeypatch: pytest.MonkeyPatch, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(*_: object) -> None:
        raise ZeroDivisionError("a secret of the inside")

    async with AsyncExitStack() as stack:
        monkeypatch.setattr("starlette.routing.Router.app", fail)
        monkeypatch.setattr("gateway.endpoint.Endpoint.answer", fail)
        store = await stack.enter_async_context(inside(stored))
        store = Inside(quiet(store.app), store.state)
        answer = await store.ask(VIEWER, [JSON], path=path, method="POST" if path == "/graphql" else "GET")
    assert answer.status == 500
    assert_secured(answer)
    (error,) = json.loads(answer.body)["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert f"Unexpected error {error['extensions']['id']}" in caplog.text
    assert b"secret" not in answer.body


def quiet(app: object) -> object:
    """Pass over what is raised again for the server to log, after it was answered."""

    async def answer(*given: object) -> None:
        with suppress(ZeroDivisionError):
            await app(*given)  # type: ignore[operator]  # an application is called

    return answer


async def test_pages_of_other_origins_are_told_no_more_than_that(store: Inside) -> None:
    def asking(origin: str) -> list[tuple[bytes, bytes]]:
        return [(b"origin", origin.encode()), (b"access-control-request-method", b"POST")]

    for origin, status in ((ORIGIN, 200), ("https://elsewhere.example", 400)):
        answer = await store.ask(b"", asking(origin), method="OPTIONS")
        assert answer.status == status
        assert_secured(answer)


async def test_a_name_that_is_not_its_own_is_refused_with_them(demo: Gateway) -> None:
    refused = await demo.http.get(demo.url, headers={"Host": "elsewhere.example"})
    assert refused.status_code == 400
    assert_secured(Answered(400, {name.lower(): value for name, value in refused.headers.raw}, refused.content))


@pytest.mark.parametrize(
    ("public", "strict"), [(None, False), ("http://here.example/", False), ("https://here.example/", True)]
)
async def test_browsers_are_told_to_stay_with_tls_where_there_is_tls(
    stored: Settings, public: str | None, *, strict: bool
) -> None:
    async with inside(replace(stored, public_url=public)) as store:
        for path in ("/", "/healthz", "/nowhere"):
            answer = await store.ask(b"", [], method="GET", path=path)
            assert (STRICT_TRANSPORT[0] in answer.headers) is strict
            assert_secured(answer)


async def test_a_proxy_that_came_over_tls_is_believed(stored: Settings, tmp_path: Path) -> None:
    async with serving(stored, tmp_path) as served, served.connected() as connection:
        for scheme, strict in (("https", True), ("http", False)):
            await connection.send(written("GET", "/", X_Forwarded_Proto=scheme))
            answer = await connection.reply()
            assert ("strict-transport-security" in answer.headers) is strict
            assert "server" not in answer.headers
