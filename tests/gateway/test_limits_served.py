"""Limits that a load meets, at a real process: requests at once, keys that change meanwhile, a store that hangs."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

from gateway.jwks import COOLDOWN
from tests.issuer import Pair, elliptic, issuing, rsa
from tests.loading import existing_store
from tests.servers import Servers
from tests.serving import VIEWER, refused, serving, until
from tests.sockets import written

OLD, NEW, NOBODYS = rsa("old"), elliptic("new"), rsa("new")
ACCOUNTS = "{ customers(first: 1) { nodes { id } missingStores } }"


async def test_so_many_requests_of_a_subject_run_at_once_and_not_one_more(
    without_mongo: Servers, tmp_path: Path
) -> None:
    """A body that has not come yet is a request under way."""
    stored = await existing_store(without_mongo, "renos", "at_once")
    settings = replace(stored, max_at_once=3, request_seconds=300)
    async with serving(settings, tmp_path) as served, AsyncExitStack() as stack:
        whole = served.asking()
        waiting = [await stack.enter_async_context(served.connected()) for _ in range(3)]
        for connection in waiting:
            await connection.send(whole[:-1])

        async def one_more() -> int:
            return (await served.post(VIEWER)).status

        async def is_refused() -> bool:
            return await one_more() == 429

        await until(is_refused)
        reply = await served.post(VIEWER)
        assert refused(reply) == (429, "TOO_MANY_AT_ONCE")
        assert reply.headers["retry-after"] == "1"
        async with served.connected() as another:
            await another.send(written("POST", "/graphql", json.dumps({"query": VIEWER}).encode()))
            assert (await another.reply()).status == 200
        await waiting[0].send(whole[-1:])
        assert (await waiting[0].reply()).status == 200
        assert await one_more() == 200
        for connection in waiting[1:]:
            await connection.send(whole[-1:])
            assert (await connection.reply()).status == 200


async def test_keys_change_under_load_and_nobody_is_refused_meanwhile(without_mongo: Servers, tmp_path: Path) -> None:
    """First both keys are published, as issuers do; whoever has the new one is believed, once it can be known."""
    stored = await existing_store(without_mongo, "renos", "rotation")
    with issuing(OLD) as issuer:
        settings = replace(stored, jwt_secret=None, jwks_url=issuer.url, jwks_seconds=1.0)
        async with serving(settings, tmp_path) as served:
            statuses: dict[str, set[int]] = {}

            async def ask(pair: Pair, times: int) -> None:
                async with served.connected() as connection:
                    for _ in range(times):
                        body = json.dumps({"query": VIEWER}).encode()
                        await connection.send(written("POST", "/graphql", body, Authorization=pair.sign()))
                        statuses.setdefault(pair.algorithm, set()).add((await connection.reply()).status)

            await ask(OLD, 1)
            issuer.keys.append(NEW.published())

            async def new_is_known() -> bool:
                statuses.clear()
                await asyncio.gather(*(ask(OLD, 5) for _ in range(6)), ask(NEW, 1))
                assert statuses["RS256"] == {200}
                return statuses["ES256"] == {200}

            await until(new_is_known)
            issuer.keys = [NEW.published()]

            async def old_is_gone() -> bool:
                statuses.clear()
                await asyncio.gather(*(ask(NEW, 5) for _ in range(6)), ask(OLD, 1))
                assert statuses["ES256"] == {200}
                return statuses["RS256"] == {401}

            await until(old_is_gone)
            before = issuer.asked
            forged = (NOBODYS, OLD)
            began = asyncio.get_running_loop().time()
            await asyncio.gather(*(ask(pair, 20) for pair in forged for _ in range(5)))
            spent = asyncio.get_running_loop().time() - began
            assert statuses["RS256"] == {401}
            # However many tokens name keys that are not there, the issuer is asked once in a while.
            assert issuer.asked - before <= 1 + spent / COOLDOWN


@dataclass(slots=True)
class Between:
    """Be what stands between the gateway and a store: it passes on, or keeps to itself what the store would answer."""

    url: str
    holding: bool = False
    #: Connections of which something was kept, and those of these that the gateway has closed since.
    held: set[int] = field(default_factory=set)
    closed: set[int] = field(default_factory=set)


@asynccontextmanager
async def between(store: str) -> AsyncIterator[Between]:
    address = urlsplit(store)
    found = Between(store)

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int) -> None:
        while content := await reader.read(65_536):
            if found.holding:
                found.held.add(number)
            else:
                writer.write(content)

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_store, to_store = await asyncio.open_connection(address.hostname, address.port)
        answering = asyncio.create_task(pass_on(from_store, writer, id(writer)))
        while content := await reader.read(65_536):
            to_store.write(content)
        found.closed.add(id(writer))
        to_store.close()
        await answering
        writer.close()

    async with await asyncio.start_server(meet, "127.0.0.1") as server:
        found.url = address._replace(netloc=f"127.0.0.1:{server.sockets[0].getsockname()[1]}").geturl()
        yield found


async def test_a_statement_that_mongo_does_not_answer_is_hung_up_on(servers: Servers, tmp_path: Path) -> None:
    """MongoDB ends what it is doing for a connection that is closed; its drivers have no other word for it."""
    stored = await existing_store(servers, "grocer", "hung_up")
    async with between(str(stored.mongo_url)) as proxy:
        settings = replace(stored, mongo_url=proxy.url, store_timeout=2.0)
        async with serving(settings, tmp_path) as served:

            async def missing() -> list[str]:
                answer = (await served.post(ACCOUNTS, tenant="north")).json
                found: list[str] = answer["data"]["customers"]["missingStores"]
                return found

            async def all_is_there() -> bool:
                return await missing() == []

            async def all_are_closed() -> bool:
                return bool(proxy.held) and proxy.held <= proxy.closed

            await until(all_is_there)
            proxy.holding = True
            assert await missing() == ["mongo"]
            await until(all_are_closed)
            proxy.holding = False
            await until(all_is_there)
