"""A real process on a real port, and clients that are slow, greedy, broken or gone: the others never notice."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from domain.access import Role
from gateway.settings import Settings
from sources.own.migrating import migrate
from tests.loading import existing_store
from tests.servers import Servers
from tests.serving import Served, refused, serving
from tests.sockets import Connection, Reply, dripping, written

HEAD = 4_096


@pytest.fixture(scope="module")
async def stored(without_mongo: Servers) -> Settings:
    settings = await existing_store(without_mongo, "renos", "connections")
    await migrate(str(settings.postgres_url))
    return settings


@pytest.fixture(scope="module")
async def served(stored: Settings, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """Serve with time enough for everything."""
    patient = replace(stored, max_head=HEAD, head_seconds=300, request_seconds=300, store_timeout=300, idle_seconds=300)
    async with serving(patient, tmp_path_factory.mktemp("served")) as found:
        yield found


@pytest.fixture(scope="module")
async def hasty(stored: Settings, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Served]:
    """Serve with little time for anything."""
    settings = replace(stored, head_seconds=2.5, request_seconds=2.5, idle_seconds=2.5)
    async with serving(settings, tmp_path_factory.mktemp("hasty")) as found:
        yield found


async def is_ended(connection: Connection, begun: bytes, piece: bytes) -> bool:
    """Begin what has no end, and say whether it is cut off before six megabytes of it were read."""
    try:
        await connection.send(begun)
        for _ in range(10_000):
            await connection.send(piece)
            if connection.reader.at_eof() or connection.writer.transport.is_closing():
                return True
            await asyncio.sleep(0)
    except ConnectionError:
        return True
    return False


# ── heads ──


def padded(size: int, path: str = "/healthz") -> bytes:
    """Be a request whose address and headers have *size* bytes."""
    bare = len(path) + len("Host") + len("here") + len("X-Pad")
    return f"GET {path} HTTP/1.1\r\nHost: here\r\nX-Pad: {'x' * (size - bare)}\r\n\r\n".encode()


async def test_a_head_may_have_so_many_bytes_and_not_one_more(served: Served) -> None:
    async with served.connected() as connection:
        for _ in range(2):
            await connection.send(padded(HEAD))
            assert (await connection.reply()).status == 200
        await connection.send(padded(HEAD + 1))
        assert refused(await connection.ended()) == (431, "HEAD_TOO_LARGE")


async def test_a_head_in_pieces_is_measured_alike(served: Served) -> None:
    for size, status in ((HEAD, 200), (HEAD + 1, 431)):
        async with served.connected() as connection:
            whole = padded(size)
            for at in range(0, len(whole), 500):
                await connection.send(whole[at : at + 500])
                await asyncio.sleep(0)
            assert (await connection.reply()).status == status


@pytest.mark.parametrize(
    "begun",
    [
        b"GET /",
        b"GET / HTTP/1.1\r\nHost: here\r\nX-Long: ",
        b"GET / HTTP/1.1\r\nHost: here\r\nX-Na",
        b"GET / HTTP/1.1\r\n",
    ],
    ids=["address", "value", "name", "many"],
)
async def test_a_head_without_an_end_is_read_no_further(served: Served, begun: bytes) -> None:
    piece = b"X: y\r\n" * 100 if begun.endswith(b"\n") else b"x" * 600
    async with served.connected() as connection:
        assert await is_ended(connection, begun, piece), "six megabytes were read as a head"
    await served.answers_others()


async def test_a_head_that_does_not_arrive_is_not_waited_for(hasty: Served) -> None:
    """A byte now and then does not keep it alive: what counts is when it began."""
    head = b"GET / HTTP/1.1\r\nHost: here\r\nX-Slow: " + b"x" * 10_000
    async with hasty.connected() as silent, hasty.connected() as slow, hasty.connected() as later, dripping(slow, head):
        await later.send(hasty.asking())
        assert (await later.reply()).status == 200
        await later.send(b"\r\n\r\nGET / HT")
        assert await silent.ended() == b""
        assert refused(await slow.ended()) == (408, "TIMEOUT")
        assert refused(await later.ended()) == (408, "TIMEOUT")
    await hasty.answers_others()


async def test_a_connection_that_asks_nothing_more_is_closed(hasty: Served) -> None:
    async with hasty.connected() as connection:
        assert (await hasty.post("{ viewer { subject } }", connection=connection)).status == 200
        assert await connection.ended() == b""


# ── bodies ──


async def test_a_body_that_comes_slowly_is_not_waited_for(hasty: Served) -> None:
    async with hasty.connected() as slow:
        await slow.send(written("POST", "/graphql", b"", **hasty.token(), Content_Length="5000"))
        async with dripping(slow, b" " * 5_000):
            assert refused(await slow.reply()) == (408, "TIMEOUT")
            assert await slow.ended() == b""
    await hasty.answers_others()


async def test_the_rest_of_a_body_that_nobody_reads_is_not_waited_for(hasty: Served) -> None:
    async def goes_on(path: str, status: int) -> None:
        async with hasty.connected() as slow:
            await slow.send(written("POST", path, Authorization="Bearer x", Content_Length="5000"))
            assert (await slow.reply()).status == status
            async with dripping(slow, b" " * 5_000):
                assert await slow.ended() == b""

    await asyncio.gather(goes_on("/graphql", 401), goes_on("/nowhere", 404), goes_on("/", 405))


async def test_whoever_goes_away_in_a_body_is_forgotten(served: Served) -> None:
    for _ in range(20):
        async with served.connected() as connection:
            await connection.send(served.asking()[:-9])
            connection.vanish()
    await served.answers_others()


async def test_a_body_in_chunks_is_read_and_broken_chunks_are_refused(served: Served) -> None:
    body = json.dumps({"query": "{ viewer { subject } }"}).encode()
    head = written("POST", "/graphql", b"", **served.token()).replace(
        b"Content-Length: 0", b"Transfer-Encoding: chunked"
    )
    async with served.connected() as connection:
        await connection.send(head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
        assert (await connection.reply()).json["data"] == {"viewer": {"subject": "ada"}}
        await connection.send(head + b"no number\r\n")
        assert refused(await connection.ended()) == (400, "BAD_REQUEST")
    await served.answers_others()


def chunked(served: Served) -> bytes:
    """Be the head of a request whose body comes in chunks, from whoever has a token."""
    return written("POST", "/graphql", b"", **served.token()).replace(
        b"Content-Length: 0", b"Transfer-Encoding: chunked"
    )


BEHIND = {"tenant": b"X-Tenant: another", "token": b"Authorization: Bearer x", "type": b"Content-Type: text/plain"}


@pytest.mark.parametrize("line", BEHIND.values(), ids=BEHIND)
async def test_what_stands_behind_a_body_is_no_header(served: Served, line: bytes) -> None:
    body = json.dumps({"query": "{ viewer { subject } }"}).encode()
    name = line.partition(b":")[0]
    without = b"".join(each for each in chunked(served).splitlines(keepends=True) if not each.startswith(name))
    async with served.connected() as connection:
        answers = []
        for behind in (b"", line + b"\r\n"):
            await connection.send(without + b"%x\r\n%b\r\n0\r\n%b\r\n" % (len(body), body, behind))
            answer = await connection.reply()
            answers.append((answer.status, answer.body))
        assert answers[0] == answers[1]


@pytest.mark.parametrize("token", ["", "Bearer x"], ids=["believed", "refused"])
@pytest.mark.parametrize("begun", [b"0\r\n", b"0\r\nX-Long: ", b"1;"], ids=["many", "value", "chunk"])
async def test_what_is_neither_head_nor_body_is_read_no_further(served: Served, begun: bytes, token: str) -> None:
    head = chunked(served)
    if token:
        head = head.replace(served.token()["Authorization"].encode(), token.encode())
    piece = b"X: y\r\n" * 100 if begun == b"0\r\n" else b"x" * 600
    async with served.connected() as connection:
        assert await is_ended(connection, head + begun, piece), "six megabytes were read behind a body"
    await served.answers_others()


@pytest.mark.parametrize(("token", "length", "status"), [("Bearer x", 100, 401), ("", 2_000_000, 413)])
async def test_whoever_is_not_asked_for_the_body_is_not_believed_to_send_it(
    served: Served, token: str, length: int, status: int
) -> None:
    """What would be a request to whoever is between must not be a body here, nor the other way round."""
    who = {"Authorization": token} if token else served.token()
    offered = {**who, "Expect": "100-continue", "Content-Length": str(length)}
    async with served.connected() as connection:
        await connection.send(written("POST", "/graphql", b"", **offered) + served.asking())
        reply = await connection.reply()
        assert (reply.status, reply.headers["connection"]) == (status, "close")
        assert await connection.ended() == b""


async def test_whoever_is_asked_for_the_body_sends_it_and_asks_on(served: Served) -> None:
    whole = served.asking()
    head, _, body = whole.partition(b"\r\n\r\n")
    async with served.connected() as connection:
        for _ in range(2):
            await connection.send(head + b"\r\nExpect: 100-continue\r\n\r\n")
            assert (await connection.reply()).status == 100
            await connection.send(body)
            assert (await connection.reply()).json["data"] == {"viewer": {"subject": "ada"}}
        await connection.send(head + b"\r\nExpect: 100-continue\r\n\r\n" + body)  # without waiting to be asked
        reply = await connection.reply()
        while reply.status == 100:
            reply = await connection.reply()
        assert (reply.status, reply.headers.get("connection")) == (200, None)


async def test_what_connections_are_told_is_counted(stored: Settings, tmp_path: Path) -> None:
    async with serving(replace(stored, max_head=HEAD), tmp_path) as served:
        for sent in (padded(HEAD + 1), b"no HTTP\r\n\r\n", b"no HTTP\r\n\r\n"):
            async with served.connected() as connection:
                await connection.send(sent)
                await connection.ended()
        async with served.connected() as connection:
            await connection.send(written("GET", "/metrics", b"", **served.token(roles=[Role.PLATFORM_ADMIN])))
            told = (await connection.reply()).body.decode().splitlines()
    counted = {line for line in told if line.startswith("gateway_errors_total{")}
    assert counted == {
        'gateway_errors_total{code="HEAD_TOO_LARGE",worker="0"} 1.0',
        'gateway_errors_total{code="BAD_REQUEST",worker="0"} 2.0',
    }


# ── several requests at once on a connection ──


async def test_requests_that_come_at_once_are_answered_in_their_order(served: Served) -> None:
    async with served.connected() as connection:
        await connection.send(b"".join(served.asking(f"{{ a{number}: viewer {{ subject }} }}") for number in range(20)))
        for number in range(20):
            assert (await connection.reply()).json["data"] == {f"a{number}": {"subject": "ada"}}


async def test_of_too_many_at_once_the_first_are_answered(served: Served) -> None:
    async with served.connected() as connection:
        await connection.send(written("GET", "/healthz") * 500)
        said = await connection.ended()
        assert said.count(b"HTTP/1.1 200 ") == 33
        assert said.endswith(b"ok\n")


async def test_what_is_broken_behind_a_request_does_not_spoil_its_answer(served: Served) -> None:
    async with served.connected() as connection:
        await connection.send(served.asking() + b"\0\1\2\r\n\r\n")
        assert (await connection.reply()).json["data"] == {"viewer": {"subject": "ada"}}
        assert await connection.ended() == b""


NO_HTTP = {
    "nothing known": b"\0\1\2\3\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 300,
    "another protocol": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "an unknown method": b"FETCH / HTTP/1.1\r\nHost: here\r\n\r\n",
    "a proxy's request": b"CONNECT other:443 HTTP/1.1\r\nHost: other:443\r\n\r\n",
    "two lengths": b"POST /graphql HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n{}{}{}",
    "a length and chunks": b"POST /graphql HTTP/1.1\r\nHost: here\r\nContent-Length: 5\r\n"
    b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a length below nothing": b"POST /graphql HTTP/1.1\r\nHost: here\r\nContent-Length: -5\r\n\r\n",
    "a header over two lines": b"GET / HTTP/1.1\r\nHost: here\r\nX-A: b\r\n c\r\n\r\n",
    "no host": b"GET /healthz HTTP/1.1\r\nAccept: */*\r\n\r\n",
    "two hosts": b"GET /healthz HTTP/1.1\r\nHost: here\r\nhost: there\r\n\r\n",
    "no line ends": b"GET / HTTP/1.1\rHost: here\r\r",
}


@pytest.mark.parametrize("sent", NO_HTTP.values(), ids=NO_HTTP)
async def test_what_is_no_http_is_refused_and_closed(served: Served, sent: bytes) -> None:
    async with served.connected() as connection:
        await connection.send(sent)
        assert refused(await connection.ended()) == (400, "BAD_REQUEST")
    await served.answers_others()


async def test_whoever_speaks_older_http_needs_no_host(served: Served) -> None:
    async with served.connected() as connection:
        await connection.send(b"GET /healthz HTTP/1.0\r\n\r\n")
        assert (await connection.ended()).endswith(b"ok\n")


@pytest.mark.parametrize("protocol", ["websocket", "h2c", "TLS/1.0"])
async def test_no_other_protocol_is_offered(served: Served, protocol: str) -> None:
    async with served.connected() as connection:
        await connection.send(written("GET", "/healthz", Connection="Upgrade", Upgrade=protocol) + b"\x81\x05hello")
        said = await connection.ended()
        assert said.startswith(b"HTTP/1.1 200 ")
        assert said.endswith(b"ok\n")


@pytest.mark.parametrize("pieces", [1, 7, 10_000], ids=["at once", "in pieces", "by bytes"])
@pytest.mark.parametrize("framing", ["length", "chunks"])
async def test_a_body_is_read_whatever_protocol_is_offered(served: Served, framing: str, pieces: int) -> None:
    """Java's own client offers HTTP/2 with the first request that it sends."""
    body = json.dumps({"query": "{ viewer { subject } }"}).encode()
    offered = {"Connection": "Upgrade, HTTP2-Settings", "Upgrade": "h2c", "HTTP2-Settings": "AAEAAEAAAAIAAAABAAMAAABk"}
    sent = written("POST", "/graphql", body, **served.token(), **offered)
    if framing == "chunks":
        head = sent.removesuffix(body).replace(b"Content-Length: %d" % len(body), b"Transfer-Encoding: chunked")
        sent = head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
    size = len(sent) // pieces + 1
    async with served.connected() as connection:
        await connection.send(served.asking("{ __typename }"))
        assert (await connection.reply()).status == 200
        for at in range(0, len(sent), size):
            await connection.send(sent[at : at + size])
            await asyncio.sleep(0)
        await connection.send(b"\x00\x00\x12\x04not HTTP")
        reply = await connection.reply()
        assert reply.json["data"] == {"viewer": {"subject": "ada"}}
        assert reply.headers["connection"] == "close"
        assert await connection.ended() == b""
    await served.answers_others()


async def test_a_body_behind_such_an_offer_is_held_to_its_limits(stored: Settings, tmp_path: Path) -> None:
    offered, most = {"Connection": "Upgrade", "Upgrade": "h2c"}, 1_024
    async with serving(replace(stored, max_body=most, request_seconds=2.5), tmp_path) as served:

        async def status_of(body: bytes, length: int) -> int:
            async with served.connected() as connection:
                head = written("POST", "/graphql", b"", **served.token(), **offered, Content_Length=str(length))
                await connection.send(head + body)
                reply: Reply = await connection.reply()
                return reply.status

        query = b'{"query": "{ __typename }"}'
        assert await status_of(query.ljust(most), most) == 200
        assert await status_of(query.ljust(most + 1), most + 1) == 413
        assert await status_of(query, most) == 408
        assert await status_of(b"", 0) == 400
        async with served.connected() as connection:
            await connection.send(
                served.asking() * 40 + written("POST", "/graphql", query, **served.token(), **offered)
            )
            assert (await connection.ended()).count(b"HTTP/1.1 200 ") == 33
