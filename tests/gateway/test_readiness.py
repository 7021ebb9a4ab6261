"""Whoever asks whether the stores answer needs no token, and can take nothing from those who have one."""

import asyncio

import pytest

import gateway.readiness
from resolvers.stores import StoreStatus, store_statuses
from sources.stores import Stores
from tests.asgi import inside
from tests.loading import existing_store
from tests.servers import Servers


async def test_many_who_ask_at_once_are_one_question_to_the_stores(
    without_mongo: Servers, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Stores] = []

    async def noting(stores: Stores) -> list[StoreStatus]:
        asked.append(stores)
        return await store_statuses(stores)

    monkeypatch.setattr(gateway.readiness, "store_statuses", noting)
    async with inside(await existing_store(without_mongo, "renos", "readiness")) as store:
        answers = await asyncio.gather(*(store.ask(b"", [], method="GET", path="/readyz") for _ in range(100)))
        assert {(answer.status, answer.body) for answer in answers} == {(200, b'{"postgres":"up"}')}
        assert len(asked) == 1
        await store.ask(b"", [], method="GET", path="/readyz")
        assert len(asked) == 2
