"""What is posted to /graphql is answered alike by the short way and by the one through Starlette."""

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from domain.access import Role
from gateway.settings import Settings
from tests.asgi import Answered, Inside, inside
from tests.loading import existing_store
from tests.servers import Servers
from tests.serving import serving
from tests.sockets import written
from tests.tokens import mint

ORIGIN = "https://app.example"
JSON = (b"content-type", b"application/json")
ACCEPT = (b"accept", b"application/graphql-response+json")
EXPLAIN = (b"x-gateway-explain", b"1")


@pytest.fixture(scope="module")
async def stored(without_mongo: Servers) -> Settings:
    settings = await existing_store(without_mongo, "renos", "direct")
    return replace(settings, cors_origins=(ORIGIN,), max_body=2_000, rate=0)


@pytest.fixture(scope="module")
async def store(stored: Settings) -> AsyncIterator[Inside]:
    async with inside(stored) as found:
        yield found


@pytest.fixture(scope="module")
async def by_starlette(stored: Settings) -> AsyncIterator[Inside]:
    """Run a gateway that knows no short way."""
    async with inside(stored) as found:
        found.app._direct = None
        yield found


def asked(query: str, **variables: object) -> bytes:
    return json.dumps({"query": query, "variables": variables}).encode()


def bearer(settings: Settings, **said: object) -> tuple[bytes, bytes]:
    return b"authorization", f"Bearer {mint(settings, roles=[Role.READER], **said)}".encode()  # type: ignore[arg-type]  # claims


def like(answer: Answered) -> tuple[int, dict[bytes, bytes], bytes]:
    return answer.status, {name: said for name, said in answer.headers.items() if name != b"x-request-id"}, answer.body


@pytest.mark.parametrize("more", [[], [ACCEPT], [EXPLAIN]], ids=["json", "graphql", "explained"])
@pytest.mark.parametrize(
    "body",
    [
        asked("{ __typename }"),
        asked("{ viewer { subject } }"),
        asked("query ($n: Int!) { leads(first: $n) { nodes { id status } } }", n=2),
        asked("query ($n: Int!) { leads(first: $n) { nodes { id status } } }", n="two"),
        asked("{ __schema { queryType { name } } }"),
        asked("{ nothing }"),
        asked("{"),
        asked(""),
        asked("query A { __typename } query B { __typename }"),
        b"[]",
        b"{",
        b"",
        b" " * 2_001,
    ],
)
@pytest.mark.parametrize("origin", [None, ORIGIN, "https://elsewhere.example"])
async def test_both_ways_answer_alike(
    store: Inside,
    by_starlette: Inside,
    stored: Settings,
    *,
    body: bytes,
    more: list[tuple[bytes, bytes]],
    origin: str | None,
) -> None:
    of_page = [] if origin is None else [(b"origin", origin.encode())]
    for who in ([bearer(stored)], [], [(b"authorization", b"Bearer x")], [bearer(stored, seconds=-60)]):
        sent = [JSON, *who, *more, *of_page]
        short, long = await store.ask(body, sent), await by_starlette.ask(body, sent)
        if EXPLAIN in more and short.status == 200:
            assert json.loads(short.body).keys() == json.loads(long.body).keys()
        else:
            assert like(short) == like(long)
        assert short.headers.get(b"access-control-allow-origin") == (ORIGIN.encode() if origin == ORIGIN else None)


async def test_an_error_that_nobody_expected_is_told_alike(stored: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("gateway.endpoint.Endpoint.answer", fail)
    said = []
    for direct in (True, False):
        async with inside(stored) as store:
            if not direct:
                store.app._direct = None
            sent: list[Any] = []
            quiet = Inside(_noting(store.app, sent), store.state)
            answer = await quiet.ask(asked("{ __typename }"), [JSON, (b"origin", ORIGIN.encode())])
            assert [type(error) for error in sent] == [ZeroDivisionError]
            said.append((answer.status, {*answer.headers}))
    assert said[0] == said[1]
    assert said[0][0] == 500


def _noting(app: Any, raised: list[Any]) -> Any:
    """Take note of what is raised for the server to log."""

    async def answer(*given: object) -> None:
        try:
            await app(*given)
        except ZeroDivisionError as error:
            raised.append(error)

    return answer


@pytest.mark.parametrize("name", [b"content-type", b"authorization", b"x-tenant"])
async def test_of_a_header_that_comes_twice_the_first_counts(store: Inside, stored: Settings, name: bytes) -> None:
    given = dict([JSON, bearer(stored), (b"x-tenant", b"")])
    sent = [*given.items(), (name, b"\xff")]
    answer = await store.ask(asked("{ viewer { subject } }"), sent)
    assert json.loads(answer.body)["data"] == {"viewer": {"subject": "ada"}}


@pytest.mark.parametrize(("length", "status"), [(b"0" * 5_000 + b"5", 200), (b"0002001", 413), (b"9" * 5_000, 413)])
async def test_a_length_may_have_any_number_of_digits(
    store: Inside, stored: Settings, length: bytes, status: int
) -> None:
    answer = await store.ask(asked("{ __typename }"), [JSON, bearer(stored), (b"content-length", length)])
    assert answer.status == status


async def test_a_tenant_is_read_as_utf_8(store: Inside, stored: Settings) -> None:
    answer = await store.ask(asked("{ __typename }"), [JSON, bearer(stored), (b"x-tenant", b"\xff")])
    assert (answer.status, json.loads(answer.body)["errors"][0]["message"]) == (400, "X-Tenant is not UTF-8.")


async def test_answers_follow_each_other_on_a_connection_as_they_were_asked(
    stored: Settings, tmp_path_factory: pytest.TempPathFactory
) -> None:
    async with serving(stored, tmp_path_factory.mktemp("direct")) as served, served.connected() as connection:
        queries = ["{ viewer { subject } }", "{ leads(first: 1) { nodes { id } } }", "{ __typename }"]
        await connection.send(b"".join(served.asking(query) for query in queries) + written("GET", "/healthz"))
        answers = [await connection.reply() for _ in range(4)]
        assert [list(answer.json["data"]) for answer in answers[:3]] == [["viewer"], ["leads"], ["__typename"]]
        assert answers[3].body == b"ok\n"
        for answer in answers[:3]:
            assert {"date", "content-length", "content-type", "x-request-id"} <= answer.headers.keys()
