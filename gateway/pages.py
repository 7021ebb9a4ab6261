"""The pages for people: what is here, GraphiQL, passwords. Everything on them comes from this gateway."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, partial
from hashlib import sha256
from html import escape
from pathlib import Path

from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from gateway.headers import SECURITY_HEADERS

STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True, slots=True, kw_only=True)
class PageFacts:
    """What the first page says of this gateway; *open* where it asks for no token."""

    open: bool
    profile: str
    stores: tuple[str, ...]


def page_routes(*, facts: PageFacts) -> list[BaseRoute]:
    """Make the routes of the first page and of the files that the pages are made of."""
    files = GZipMiddleware(VersionedFiles(directory=STATIC))
    return [
        Route("/", partial(home_page, facts=facts), methods=["GET"]),
        Route("/account", partial(account_page, store=facts.profile), methods=["GET"]),
        Route("/favicon.ico", icon, methods=["GET"]),
        Mount("/static", app=files, name="static"),
    ]


async def graphiql_page(request: Request) -> HTMLResponse:  # noqa: ARG001 - an endpoint is handed its request
    """Answer a browser's GET of the GraphQL path with GraphiQL, which posts to the very path it was read from."""
    body = GRAPHIQL_BODY.format(script=_url("graphiql.js"))
    page = _page(_document("GraphiQL · Customer Gateway", "graphiql.css", body))
    page.headers["Vary"] = "Accept"  # who does not ask for HTML gets another answer at the same address
    return page


async def home_page(request: Request, *, facts: PageFacts) -> HTMLResponse:
    access, kind = (
        ("Open: no token is asked for", "open") if facts.open else ("A token is needed for every query", "guarded")
    )
    stores = ", ".join(facts.stores) or "none"
    body = HOME_BODY.format(
        mark=_url("favicon.svg"),
        kind=kind,
        access=access,
        profile=escape(facts.profile),
        stores=escape(stores),
        links="".join(
            f'<li><a href="{path}"><strong>/{path}</strong><span>{about}</span></a></li>' for path, about in LINKS
        ),
        command=escape(_command(str(request.base_url), needs_token=not facts.open)),
    )
    return _page(_document("Customer Gateway", "home.css", body))


async def account_page(request: Request, *, store: str) -> HTMLResponse:  # noqa: ARG001 - an endpoint is handed its request
    """Let whoever followed the link of a letter set a password or confirm an address; the link says which."""
    body = ACCOUNT_BODY.format(store=escape(store), script=_url("account.js"))
    return _page(_document(f"Your account · {store}", "account.css", body))


async def icon(request: Request) -> FileResponse:  # noqa: ARG001 - an endpoint is handed its request
    """Answer browsers that look for the icon where it has always been, beside an answer that is no page."""
    headers = {**SECURITY_HEADERS, "Cache-Control": "no-cache"}
    return FileResponse(STATIC / "favicon.svg", media_type="image/svg+xml", headers=headers)


class VersionedFiles(StaticFiles):
    """Serve files for a year where the address names the version of their content, else only after asking again."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        version = Request(scope).query_params.get("v")
        fixed = version is not None and version == _versions().get(path)
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable" if fixed else "no-cache"
        response.headers.update(SECURITY_HEADERS)
        return response


@cache
def _versions() -> Mapping[str, str]:
    files = (path for path in STATIC.iterdir() if path.is_file())
    return {path.name: sha256(path.read_bytes()).hexdigest()[:16] for path in files}


def _url(name: str) -> str:
    """Name a file by its content; relative, so that the pages also stand below a proxy's prefix."""
    return f"static/{name}?v={_versions()[name]}"


def _page(document: str) -> HTMLResponse:
    return HTMLResponse(document, headers={**SECURITY_HEADERS, "Cache-Control": "no-cache"})


def _document(title: str, style: str, body: str) -> str:
    return DOCUMENT.format(title=escape(title), style=_url(style), icon=_url("favicon.svg"), body=body)


def _command(address: str, *, needs_token: bool) -> str:
    token = ["  -H 'Authorization: Bearer …' \\"] if needs_token else []
    query = """'{"query": "{ viewer { subject roles } stores { store up } }"}'"""
    return "\n".join([f"curl {address}graphql \\", *token, "  -H 'Content-Type: application/json' \\", f"  -d {query}"])


LINKS = (
    ("graphql", "GraphiQL: write queries, read the documentation, see the answers"),
    ("schema.graphql", "The contract, as text for code generators"),
    ("healthz", "Whether the gateway itself runs"),
    ("readyz", "Whether its stores answer"),
)

DOCUMENT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<link rel="icon" type="image/svg+xml" href="{icon}">
<link rel="stylesheet" href="{style}">
</head>
<body>
{body}
</body>
</html>
"""

GRAPHIQL_BODY = """<div id="graphiql"></div>
<noscript>GraphiQL needs JavaScript. The contract is at <a href="schema.graphql">/schema.graphql</a>.</noscript>
<script src="{script}" defer></script>"""

ACCOUNT_BODY = """<main>
<h1>Your account at {store}</h1>
<form id="password-form" hidden>
<p>Choose a password of eight characters or more.</p>
<label>New password
<input type="password" name="password" autocomplete="new-password" minlength="8" maxlength="1024" required autofocus>
</label>
<label>The same again
<input type="password" name="again" autocomplete="new-password" minlength="8" maxlength="1024" required>
</label>
<button>Set the password</button>
</form>
<form id="login-form" hidden>
<p>This address is to be the one that you log in with.</p>
<button>Confirm the address</button>
</form>
<p id="told" role="status" aria-live="polite"></p>
<noscript>This page needs JavaScript.</noscript>
</main>
<script src="{script}" defer></script>"""

HOME_BODY = """<main>
<header><img src="{mark}" alt=""><h1>Customer Gateway</h1></header>
<p class="lead">One GraphQL endpoint over the customer stores that already exist: each customer once, with
leads, bookings and revenue read live from wherever they are kept.</p>
<ul class="facts">
<li class="{kind}">{access}</li>
<li>Profile: {profile}</li>
<li>Stores: {stores}</li>
</ul>
<ul class="links">{links}</ul>
<h2>Ask from a shell</h2>
<pre>{command}</pre>
</main>"""
