"""What browsers and standards expect: origins by list, trusted documents, who is told about the schema."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from domain.access import Role
from domain.errors import StartError
from gateway.app import create_app
from gateway.settings import Settings
from tests.answers import refusal
from tests.running import Gateway, running, secured

SHOP, ELSEWHERE = "https://shop.example", "https://elsewhere.example"
VIEWER = "query Who { viewer { subject } }"
LEADS = "query Leads($first: Int) { leads(first: $first) { nodes { __typename } } }"
#: As graphql-codegen writes it: SHA-1 of the document.
MANIFEST = {"9d3f4a": VIEWER, "0b1c2d": LEADS}


def stores(settings: Settings) -> dict[str, Any]:
    return {"profile": "demo", "postgres_url": settings.postgres_url, "mongo_url": settings.mongo_url}


# ── other origins ──


@pytest.fixture(scope="module")
async def shop(demo_settings: Settings) -> AsyncIterator[Gateway]:
    async with running(secured(cors_origins=(SHOP,), **stores(demo_settings))) as gateway:
        yield gateway


async def preflight(gateway: Gateway, origin: str, method: str = "POST") -> httpx.Response:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": "content-type,authorization,x-tenant",
    }
    return await gateway.http.options(f"{gateway.url}/graphql", headers=headers)


async def test_pages_of_a_named_origin_may_ask(shop: Gateway) -> None:
    allowed = await preflight(shop, SHOP)
    assert allowed.status_code == 200
    assert allowed.headers["access-control-allow-origin"] == SHOP
    assert "access-control-allow-credentials" not in allowed.headers
    answer = await shop.post(VIEWER, headers={"Origin": SHOP})
    assert answer.headers["access-control-allow-origin"] == SHOP
    assert "Retry-After" in answer.headers["access-control-expose-headers"]


@pytest.mark.parametrize("origin", [ELSEWHERE, "null", f"{SHOP}.evil.example", "http://shop.example", f"{SHOP}:8443"])
async def test_pages_of_any_other_origin_may_not(shop: Gateway, origin: str) -> None:
    refused = await preflight(shop, origin)
    assert refused.status_code == 400
    assert "access-control-allow-origin" not in refused.headers
    assert "access-control-allow-origin" not in (await shop.post(VIEWER, headers={"Origin": origin})).headers


async def test_nobody_is_allowed_where_no_origin_is_named(demo: Gateway) -> None:
    assert "access-control-allow-origin" not in (await preflight(demo, SHOP)).headers
    assert "access-control-allow-origin" not in (await demo.post(VIEWER, headers={"Origin": SHOP})).headers


async def test_only_posts_are_allowed_across_origins(shop: Gateway) -> None:
    for method in ("GET", "DELETE"):
        assert (await preflight(shop, SHOP, method)).status_code == 400


# ── trusted documents ──


@pytest.fixture(scope="module")
async def trusting(demo_settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Gateway]:
    path = tmp_path_factory.mktemp("manifest") / "persisted-documents.json"
    path.write_text(json.dumps(MANIFEST))
    async with running(replace(demo_settings, documents=str(path))) as gateway:
        yield gateway


async def by(gateway: Gateway, **body: object) -> httpx.Response:
    return await gateway.http.post(f"{gateway.url}/graphql", json=body)


async def test_a_trusted_document_is_answered_by_its_id(trusting: Gateway) -> None:
    assert (await by(trusting, documentId="9d3f4a")).json()["data"] == {"viewer": {"subject": "demo"}}
    answer = (await by(trusting, documentId="0b1c2d", variables={"first": 2}, operationName="Leads")).json()
    assert answer["data"]["leads"]["nodes"] == [{"__typename": "Lead"}] * 2


@pytest.mark.parametrize(
    "body",
    [
        {"query": VIEWER},
        {"query": VIEWER, "documentId": "9d3f4a"},
        {"query": "", "documentId": "9d3f4a"},
        {"documentId": "9D3F4A"},
        {"documentId": "sha256:9d3f4a"},
        {"documentId": ""},
        {"documentId": 7},
        {"documentId": ["9d3f4a"]},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": "9d3f4a"}}},
        {},
    ],
)
async def test_nothing_else_is(trusting: Gateway, body: dict[str, object]) -> None:
    assert refusal(await by(trusting, **body)) == (400, ["DOCUMENT_NOT_TRUSTED"])


async def test_an_id_means_nothing_where_no_manifest_is_given(demo: Gateway) -> None:
    assert refusal(await by(demo, documentId="9d3f4a")) == (400, ["BAD_REQUEST"])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "FileNotFoundError"),
        (b"{", "JSONDecodeError"),
        (b"[]", "expected an object"),
        (b"{}", "expected an object"),
        (b'{"a": 1}', "expected an object"),
        (b'{"a": "{ nothing }"}', "a: Cannot query field 'nothing'"),
        (b'{"a": "{", "b": "{ viewer { subject } }"}', "a: Syntax Error"),
    ],
)
def test_a_manifest_that_does_not_fit_prevents_a_start(tmp_path: Path, content: bytes | None, said: str) -> None:
    path = tmp_path / "documents.json"
    if content is not None:
        path.write_bytes(content)
    settings = Settings(
        profile="renos", postgres_url="postgresql://127.0.0.1:1/db", open=True, documents=str(path), index_seconds=0
    )
    with pytest.raises(StartError, match="GATEWAY_DOCUMENTS") as caught:
        create_app(settings)
    assert said in str(caught.value)


# ── who is told about the schema ──

ASKS = ("{ __schema { types { name } } }", '{ viewer { subject } __type(name: "Lead") { name } }')
NEARLY = (
    "{ viewers { subject } }",
    "{ leads(filter: {status: [NEWS]}) { totalCount } }",
    "{ leads(frist: 1) { edges } }",
)


@pytest.mark.parametrize(("who", "signed_in"), [("signed-in", True), ("signed-in", False), ("nobody", True)])
async def test_the_schema_is_told_to_whom_the_settings_say(demo_settings: Settings, who: str, signed_in: bool) -> None:
    told = who == "signed-in" and signed_in
    async with running(secured(introspection=who, **stores(demo_settings))) as gateway:
        token = gateway.token(roles=[Role.READER]) if signed_in else {}
        for query in ASKS:
            answer = await gateway.http.post(f"{gateway.url}/graphql", json={"query": query}, headers=token)
            assert ("INTROSPECTION_OFF" in answer.text) is not told
        for query in NEARLY:
            answer = await gateway.http.post(f"{gateway.url}/graphql", json={"query": query}, headers=token)
            assert ("Did you mean" in answer.text) is told
            assert answer.json()["errors"][0]["message"]
        sdl = await gateway.http.get(f"{gateway.url}/schema.graphql", headers=token)
        assert sdl.status_code == (200 if told else 404)


async def test_the_schema_is_told_to_everyone_unless_set_otherwise(demo: Gateway) -> None:
    for query in ASKS:
        assert (await demo.ask(query))["data"]
    assert "Did you mean" in (await demo.post(NEARLY[0])).text


async def test_extensions_of_a_request_are_an_object(demo: Gateway) -> None:
    wrong: tuple[object, ...] = ("x", 7, [], True)
    for extensions in wrong:
        assert refusal(await by(demo, query=VIEWER, extensions=extensions)) == (400, ["BAD_REQUEST"])
    assert (await by(demo, query=VIEWER, extensions={"any": 1})).json()["data"]
