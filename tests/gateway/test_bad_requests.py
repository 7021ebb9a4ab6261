"""Requests that cannot be run, through HTTP: each refused as JSON with a stable code, and nothing of the inside."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from tests.answers import codes, refusal
from tests.running import Gateway

GRAPHQL = "application/graphql-response+json"
VIEWER = "{ viewer { subject } }"


def encoded(query: str, **more: object) -> bytes:
    return json.dumps({"query": query, **more}).encode()


async def posted(gateway: Gateway, body: bytes, **headers: str) -> httpx.Response:
    return await gateway.http.post(
        f"{gateway.url}/graphql", content=body, headers={"Content-Type": "application/json", **headers}
    )


# ── documents ──

NO_DOCUMENTS = {
    "blank": (" ", "GRAPHQL_PARSE_FAILED"),
    "cut off": ("{ viewer {", "GRAPHQL_PARSE_FAILED"),
    "a lone surrogate": (r'{ customerBy(key: {crm: "\ud800"}) { id } }', "GRAPHQL_PARSE_FAILED"),
    "an unknown field": ("{ nothing }", "GRAPHQL_VALIDATION_FAILED"),
    "an unknown argument": ("{ leads(offset: 1) { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
    "an unknown enum value": ("{ leads(filter: {status: [GONE]}) { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
    "an unknown type": ("query ($a: Secret) { viewer { subject } }", "GRAPHQL_VALIDATION_FAILED"),
    "an unknown directive": ("{ viewer @secret { subject } }", "GRAPHQL_VALIDATION_FAILED"),
    "a number beyond Int": ("{ leads(first: 2147483648) { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
    "no date": ('{ leads(filter: {createdIn: {from: "x"}}) { totalCount } }', "GRAPHQL_VALIDATION_FAILED"),
    "no subfields": ("{ viewer }", "GRAPHQL_VALIDATION_FAILED"),
    "no argument": ("{ lead { id } }", "GRAPHQL_VALIDATION_FAILED"),
    "null for an order": ("{ leads(orderBy: {by: null}) { totalCount } }", "GRAPHQL_VALIDATION_FAILED"),
    "fragments in a circle": (
        "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "a mutation": ("mutation { deleteEverything }", "GRAPHQL_VALIDATION_FAILED"),
    "a subscription": ("subscription { everything }", "GRAPHQL_VALIDATION_FAILED"),
    "several operations": (
        "query A { viewer { subject } } query B { viewer { subject } }",
        "GRAPHQL_VALIDATION_FAILED",
    ),
    "no operation": ("fragment A on Query { viewer { subject } }", "BAD_REQUEST"),
    "a schema": ("type Secret { word: String }", "BAD_REQUEST"),
    "20,000 braces": ("{" * 20_000, "GRAPHQL_PARSE_FAILED"),
    "20,000 levels": ("{a" * 20_000, "GRAPHQL_PARSE_FAILED"),
    "20,000 brackets": ("[" * 20_000, "GRAPHQL_PARSE_FAILED"),
    "a value of 20,000 levels": (f"{{ nodes(ids: {'[' * 20_000}", "GRAPHQL_PARSE_FAILED"),
    "an object of 20,000 levels": (f"{{ nodes(ids: {'{a:' * 20_000}", "GRAPHQL_PARSE_FAILED"),
    "a type of 20,000 levels": (f"query ($a: {'[' * 20_000}", "GRAPHQL_PARSE_FAILED"),
}


@pytest.mark.parametrize(("document", "code"), NO_DOCUMENTS.values(), ids=NO_DOCUMENTS)
async def test_a_document_that_cannot_be_run_is_refused(demo: Gateway, document: str, code: str) -> None:
    _, found = refusal(await posted(demo, encoded(document)))
    assert set(found) == {code}
    answer = await posted(demo, encoded(document), Accept=GRAPHQL)
    assert refusal(answer) == (400, found)
    assert answer.headers["content-type"].startswith(GRAPHQL)


async def test_which_operation_is_meant_is_never_guessed(demo: Gateway) -> None:
    document = "query A { viewer { subject } } query B { viewer { tenant } }"
    answer = await posted(demo, encoded(document, operationName="B"))
    assert answer.json()["data"] == {"viewer": {"tenant": None}}
    assert refusal(await posted(demo, encoded(document, operationName="C"))) == (400, ["BAD_REQUEST"])
    assert refusal(await posted(demo, encoded(document)))[1] == ["GRAPHQL_VALIDATION_FAILED"]
    assert refusal(await posted(demo, encoded(document, operationName="")))[1] == ["GRAPHQL_VALIDATION_FAILED"]


@pytest.mark.parametrize(
    "variables", [{}, {"id": None}, {"id": ["x"]}, {"id": {"a": 1}}, {"id": 1.5}, {"id": True}, {"ID": "x"}]
)
async def test_wrong_variables_are_refused(demo: Gateway, variables: dict[str, Any]) -> None:
    document = encoded("query ($id: ID!) { lead(id: $id) { id } }", variables=variables)
    assert refusal(await posted(demo, document, Accept=GRAPHQL)) == (400, ["GRAPHQL_VALIDATION_FAILED"])
    assert refusal(await posted(demo, document))[1] == ["GRAPHQL_VALIDATION_FAILED"]


# ── HTTP ──

NO_BODIES = {
    "nothing": b"",
    "half an object": b'{"query": "{ viewer',
    "not UTF-8": b'{"query": "\xff"}',
    "a lone surrogate": rb'{"query": "{ viewer { subject } }", "variables": {"a": "\ud800"}}',
    "NaN": b'{"query": NaN}',
    "20,000 brackets": b"[" * 20_000,
    "20,000 braces": b'{"a":' * 20_000,
    "null": b"null",
    "a text": b'"{ viewer { subject } }"',
    "a batch": b'[{"query": "{ viewer { subject } }"}]',
    "no query": b"{}",
    "an empty query": b'{"query": ""}',
    "a number as query": b'{"query": 5}',
    "a list of variables": encoded(VIEWER, variables=[]),
    "a text of variables": encoded(VIEWER, variables="{}"),
    "a number as operation": encoded(VIEWER, operationName=1),
    "an unknown operation": encoded(VIEWER, operationName="Unknown"),
}


@pytest.mark.parametrize("body", NO_BODIES.values(), ids=NO_BODIES)
async def test_a_body_that_is_no_request_is_refused(demo: Gateway, body: bytes) -> None:
    assert refusal(await posted(demo, body)) == (400, ["BAD_REQUEST"])
    assert refusal(await posted(demo, body, Accept=GRAPHQL)) == (400, ["BAD_REQUEST"])


@pytest.mark.parametrize(
    "media_type",
    [
        "",
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/graphql",
        "application/jsonp",
    ],
)
async def test_another_media_type_is_refused(demo: Gateway, media_type: str) -> None:
    answer = await posted(demo, encoded(VIEWER), **{"Content-Type": media_type})
    assert refusal(answer) == (415, ["BAD_REQUEST"])


@pytest.mark.parametrize("media_type", ["application/json", "Application/JSON; charset=utf-8"])
async def test_json_is_read_however_its_type_is_spelt(demo: Gateway, media_type: str) -> None:
    answer = await posted(demo, encoded(VIEWER), **{"Content-Type": media_type})
    assert answer.json()["data"] == {"viewer": {"subject": "demo"}}


async def test_a_body_that_is_too_large_is_refused(demo: Gateway) -> None:
    most = demo.settings.max_body
    fits = encoded(VIEWER).ljust(most)
    assert (await posted(demo, fits)).json()["data"] == {"viewer": {"subject": "demo"}}
    assert refusal(await posted(demo, fits + b" ")) == (413, ["BODY_TOO_LARGE"])


async def test_a_body_of_no_said_length_is_refused_where_it_grows_too_large(demo: Gateway) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b" " * (demo.settings.max_body // 20)

    answer = await demo.http.post(
        f"{demo.url}/graphql", content=endless(), headers={"Content-Type": "application/json"}
    )
    assert refusal(answer) == (413, ["BODY_TOO_LARGE"])


async def test_a_body_that_says_it_is_too_large_is_not_waited_for(demo: Gateway) -> None:
    reader, writer = await connected(demo, length=1 << 40)
    assert (await asyncio.wait_for(reader.readline(), 60)).startswith(b"HTTP/1.1 413 ")
    writer.close()


async def test_whoever_hangs_up_is_no_error_of_ours(demo: Gateway, caplog: pytest.LogCaptureFixture) -> None:
    _, writer = await connected(demo, length=1_000)
    writer.close()
    await writer.wait_closed()
    assert (await posted(demo, encoded(VIEWER))).is_success
    await asyncio.sleep(0.2)
    assert [record for record in caplog.records if record.levelname == "ERROR"] == []


async def connected(gateway: Gateway, *, length: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Begin a request that says its body has *length* bytes, and send a few of them."""
    url = httpx.URL(gateway.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    head = f"POST /graphql HTTP/1.1\r\nHost: {url.host}\r\nContent-Type: application/json\r\nContent-Length: {length}"
    writer.write(f'{head}\r\n\r\n{{"query"'.encode())
    await writer.drain()
    return reader, writer


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
async def test_only_posts_are_answered(demo: Gateway, method: str) -> None:
    answer = await demo.http.request(method, f"{demo.url}/graphql", params={"query": VIEWER})
    assert refusal(answer) == (405, ["BAD_REQUEST"])
    assert "POST" in answer.headers["allow"]


async def test_a_path_that_is_not_there_is_refused(demo: Gateway) -> None:
    assert refusal(await demo.http.get(f"{demo.url}/graphqll")) == (404, ["BAD_REQUEST"])


async def test_the_media_type_of_graphql_is_answered_where_it_is_asked_for(demo: Gateway) -> None:
    answer = await posted(demo, encoded(VIEWER), Accept=f"{GRAPHQL}, application/json;q=0.9")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{GRAPHQL}; charset=utf-8"
    assert (await posted(demo, encoded(VIEWER))).headers["content-type"] == "application/json"


async def test_what_fails_in_part_is_no_refusal(demo: Gateway) -> None:
    answer = await posted(demo, encoded('{ viewer { subject } lead(id: "nonsense") { id } }'), Accept=GRAPHQL)
    assert answer.status_code == 200
    assert answer.json()["data"] == {"viewer": {"subject": "demo"}, "lead": None}
    assert codes(answer.json()) == ["BAD_ID"]
