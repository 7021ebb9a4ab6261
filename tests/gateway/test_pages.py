"""What a browser is handed: nothing inline, nothing of another host, nothing unescaped."""

import re
from collections.abc import AsyncIterator
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from starlette.applications import Starlette
from starlette.routing import Route

from gateway.headers import SECURITY_HEADERS
from gateway.pages import STATIC, PageFacts, graphiql_page, page_routes

GRAPHIQL = STATIC.parent / "graphiql"
PAGES = ("/", "/graphql")
#: Hosts that the bundle names without ever asking them: XML namespaces, and pages that its links and messages lead to.
NAMED_HOSTS = {"codemirror.net", "commonmark.org", "en.wikipedia.org", "github.com", "react.dev", "www.w3.org"}


def make_app(
    *, is_open: bool = True, profile: str = "demo", stores: tuple[str, ...] = ("postgres", "mongo")
) -> Starlette:
    facts = PageFacts(open=is_open, profile=profile, stores=stores)
    return Starlette(routes=[*page_routes(facts=facts), Route("/graphql", graphiql_page)])


def client_of(app: Starlette) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://gateway.test")


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with client_of(make_app()) as client:
        yield client


class Markup(HTMLParser):
    """Collect what a page loads and whatever is written into it that the policy forbids."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.loaded: list[str] = []
        self.linked: list[str] = []
        self.inline: list[str] = []
        self._open: str | None = None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open = tag
        for name, value in attrs:
            if name == "style" or name.startswith("on") or (value or "").startswith("javascript:"):
                self.inline.append(f"{tag} {name}")
            if name in ("src", "href"):
                (self.linked if tag == "a" else self.loaded).append(value or "")

    def handle_endtag(self, tag: str) -> None:  # noqa: ARG002 - the parser's own signature
        self._open = None

    def handle_data(self, data: str) -> None:
        if self._open in ("script", "style") and data.strip():
            self.inline.append(f"{self._open} {data}")


@pytest.mark.parametrize("path", [*PAGES, "/static/graphiql.js", "/static/graphiql.css", "/static/favicon.svg"])
async def test_pages_and_files_carry_the_security_headers(client: httpx.AsyncClient, path: str) -> None:
    answer = await client.get(path)

    assert answer.status_code == 200
    assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS


def test_the_policy_allows_this_gateway_and_nothing_inline() -> None:
    policy = SECURITY_HEADERS["Content-Security-Policy"]

    assert "unsafe" not in policy
    assert "http" not in policy
    assert "*" not in policy
    for part in ("default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'"):
        assert part in policy.split("; ")


@pytest.mark.parametrize("path", PAGES)
async def test_pages_have_nothing_inline_and_load_only_files_that_are_here(
    client: httpx.AsyncClient, path: str
) -> None:
    page = Markup((await client.get(path)).text)

    assert page.inline == []
    assert page.loaded
    for address in page.loaded:
        assert re.fullmatch(r"static/[a-z]+\.(js|css|svg)\?v=[0-9a-f]{16}", address)
        assert (await client.get(f"/{address}")).status_code == 200


async def test_the_first_page_links_to_everything_that_is_here(client: httpx.AsyncClient) -> None:
    page = Markup((await client.get("/")).text)

    assert page.linked == ["graphql", "schema.graphql", "healthz", "readyz"]


async def test_the_first_page_says_whether_a_token_is_needed() -> None:
    async with client_of(make_app(is_open=True)) as client:
        opened = (await client.get("/")).text
    async with client_of(make_app(is_open=False)) as client:
        guarded = (await client.get("/")).text

    assert "no token is asked for" in opened
    assert "Authorization" not in opened
    assert "A token is needed" in guarded
    assert "Authorization: Bearer" in guarded


async def test_what_is_not_ours_is_escaped() -> None:
    hostile = "<script>alert(1)</script>"
    async with client_of(make_app(profile=hostile, stores=(hostile,))) as client:
        page = await client.get("/", headers={"Host": 'x"><img src=y>'})

    assert hostile not in page.text
    assert "<img src=y>" not in page.text
    assert page.text.count("&lt;script&gt;") == 2


@pytest.mark.parametrize("path", sorted(STATIC.glob("*.css")), ids=lambda path: path.name)
def test_style_sheets_fetch_nothing(path: Path) -> None:
    sheet = path.read_text()

    assert "@import" not in sheet
    assert "@font-face" not in sheet
    assert [url for url in re.findall(r"url\(\s*['\"]?([^)]{0,40})", sheet) if not url.startswith("data:")] == []


def test_the_bundle_evaluates_nothing_and_names_no_unknown_host() -> None:
    bundle = (STATIC / "graphiql.js").read_text()

    assert re.findall(r"\beval\(|\bnew Function\(|\bimportScripts\(|[^.\w]import\(", bundle) == []
    assert set(re.findall(r"(?:https?:)?//((?:[a-z0-9-]+\.)+[a-z]{2,})\b", bundle)) <= NAMED_HOSTS


def test_the_bundle_was_built_from_the_source_beside_it() -> None:
    """Compute what build.mjs writes into the first line; where it differs, run `make graphiql`."""
    names = ["build.mjs", "package.json", "package-lock.json"]
    for folder in ("examples", "src"):
        names += [f"{folder}/{path.name}" for path in (GRAPHIQL / folder).iterdir()]
    digest = sha256()
    for name in sorted(names):
        digest.update(f"{name}\0".encode() + (GRAPHIQL / name).read_bytes() + b"\0")

    assert digest.hexdigest() in (STATIC / "graphiql.js").read_text()[:200]


async def test_a_file_is_kept_for_a_year_only_under_the_version_of_its_content(client: httpx.AsyncClient) -> None:
    version = sha256((STATIC / "home.css").read_bytes()).hexdigest()[:16]

    fixed = await client.get(f"/static/home.css?v={version}")
    other = await client.get("/static/home.css?v=0123456789abcdef")
    plain = await client.get("/static/home.css")

    assert fixed.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert other.headers["Cache-Control"] == plain.headers["Cache-Control"] == "no-cache"


async def test_a_file_that_the_browser_has_is_not_sent_again(client: httpx.AsyncClient) -> None:
    first = await client.get("/static/home.css")
    again = await client.get("/static/home.css", headers={"If-None-Match": first.headers["ETag"]})

    assert again.status_code == 304
    assert again.content == b""


async def test_large_files_travel_compressed(client: httpx.AsyncClient) -> None:
    answer = await client.get("/static/graphiql.js", headers={"Accept-Encoding": "gzip"})

    assert answer.headers["Content-Encoding"] == "gzip"
    assert answer.content == (STATIC / "graphiql.js").read_bytes()


@pytest.mark.parametrize("path", ["/static/", "/static/missing.js", "/static/../pages.py", "/static/%2e%2e/pages.py"])
async def test_only_the_files_of_the_pages_are_served(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 404
