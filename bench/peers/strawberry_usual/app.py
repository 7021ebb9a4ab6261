"""Serve the schema as Strawberry's documentation shows it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient
from sqlalchemy import make_url
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.websockets import WebSocket
from strawberry.asgi import GraphQL

from bench.peers.strawberry_usual.loaders import Loaders
from bench.peers.strawberry_usual.schema import Context, schema


class _Endpoint(GraphQL[Context, None]):
    """Answer with loaders of each request's own."""

    sessions: async_sessionmaker[AsyncSession]
    database: Any = None

    async def get_context(self, request: Request | WebSocket, response: Response | WebSocket) -> Context:  # noqa: ARG002
        return Context(self.sessions, self.database, Loaders(self.sessions, self.database))


async def _healthy(_: Request) -> Response:
    return PlainTextResponse("ok\n")


def create_app() -> Starlette:
    endpoint = _Endpoint(schema, graphql_ide=None)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        engine = create_async_engine(
            make_url(os.environ["POSTGRES_URL"]).set(drivername="postgresql+asyncpg"), pool_size=10, max_overflow=0
        )
        endpoint.sessions = async_sessionmaker(engine, expire_on_commit=False)
        if os.environ.get("MONGO_URL"):
            client: AsyncIOMotorClient[Any] = AsyncIOMotorClient(os.environ["MONGO_URL"], tz_aware=True, tzinfo=UTC)
            endpoint.database = client.get_default_database()
        yield
        await engine.dispose()

    return Starlette(routes=[Route("/graphql", endpoint), Route("/healthz", _healthy)], lifespan=lifespan)
