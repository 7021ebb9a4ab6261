"""Whether the stores answer, told to whoever asks: to any number of them by one question at a time."""

import asyncio

import orjson
from starlette.requests import Request
from starlette.responses import Response

from gateway.headers import SECURITY_HEADERS
from resolvers.stores import StoreStatus, store_statuses
from sources.stores import Stores


class Readiness:
    """Say of each store whether it answers: 200 if all do, else 503.

    Nobody needs a token for it, so whoever asks while the stores are being asked waits for that answer: else they
    could take all connections to the stores.
    """

    def __init__(self) -> None:
        self._asking: asyncio.Task[list[StoreStatus]] | None = None

    async def answer(self, request: Request) -> Response:
        stores: Stores = request.state.stores
        if self._asking is None or self._asking.done():
            self._asking = asyncio.create_task(store_statuses(stores))
        statuses = await asyncio.shield(self._asking)
        body = {status.store: "up" if status.up else "down" for status in statuses}
        ready = all(status.up for status in statuses)
        return Response(
            orjson.dumps(body),
            status_code=200 if ready else 503,
            media_type="application/json",
            headers=SECURITY_HEADERS,
        )
