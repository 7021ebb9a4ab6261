"""Serve each question at a path of its own."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bench.peers.limit.mongo import Documents, open_mongo, page_of_all
from bench.peers.limit.postgres import Crm, named, open_pool
from bench.peers.vocabulary import key_of

_PAGE, _LONG, _FEW, _MANY = 50, 1000, 5, 20


class _Handlers:
    """Answer from the stores that are open."""

    crm: Crm
    documents: Documents

    @asynccontextmanager
    async def lifespan(self, _: Starlette) -> AsyncIterator[None]:
        async with await open_pool(os.environ["POSTGRES_URL"]) as pool:
            self.crm = Crm(pool)
            if os.environ.get("MONGO_URL"):
                self.documents = Documents(open_mongo(os.environ["MONGO_URL"]))
            yield

    async def totals(self, _: Request) -> Response:
        rows = await self.crm.page(_PAGE)
        totals = await self.crm.totals([row[0] for row in rows])
        return _page([named(row) | counted for row, counted in zip(rows, totals, strict=True)])

    async def children(self, _: Request) -> Response:
        rows = await self.crm.page(_PAGE)
        keys = [row[0] for row in rows]
        totals = await self.crm.totals(keys)
        children = await self.crm.children(keys, _FEW)
        return _page([named(row) | counted | below for row, counted, below in zip(rows, totals, children, strict=True)])

    async def profile(self, request: Request) -> Response:
        key = key_of(orjson.loads(await request.body())["variables"]["id"])
        rows = await self.crm.one(key)
        if not rows:
            return _answer({"customer": None})
        totals = await self.crm.totals([key])
        children = await self.crm.children([key], _MANY)
        return _answer({"customer": named(rows[0]) | totals[0] | children[0]})

    async def scalars(self, _: Request) -> Response:
        return _page([named(row) for row in await self.crm.page(_LONG)])

    async def totals_of_all(self, _: Request) -> Response:
        return _page(await page_of_all(self.crm, self.documents, _PAGE, details=False))

    async def details_of_all(self, _: Request) -> Response:
        return _page(await page_of_all(self.crm, self.documents, _PAGE, details=True))


def _page(nodes: list[Any]) -> Response:
    return _answer({"customers": {"nodes": nodes}})


def _answer(data: Any) -> Response:
    return Response(orjson.dumps({"data": data}), media_type="application/json")


async def _healthy(_: Request) -> Response:
    return PlainTextResponse("ok\n")


def create_app() -> Starlette:
    handlers = _Handlers()
    paths = {
        "/q1": handlers.totals,
        "/q2": handlers.children,
        "/q3": handlers.profile,
        "/q4": handlers.details_of_all,
        "/q5": handlers.scalars,
        "/q1m": handlers.totals_of_all,
    }
    routes = [Route(path, handler, methods=["POST"]) for path, handler in paths.items()]
    return Starlette(routes=[*routes, Route("/healthz", _healthy)], lifespan=handlers.lifespan)
