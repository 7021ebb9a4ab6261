"""Hold the servers to one answer: nobody is measured who answers otherwise."""

from collections.abc import Sequence

import orjson

from bench.queries import Query
from bench.servers import Server
from bench.stores import Loaded

_IDS = 50


class DifferentAnswersError(Exception):
    """Say where two answers part."""


def check(query: Query, servers: Sequence[Server], stores: Loaded) -> None:
    """Ask *servers* the same; raise DifferentAnswersError where one answers otherwise than the first."""
    ids: Sequence[str | None] = stores.ids(min(_IDS, stores.customers)) if query.ids else [None]
    for id_ in ids:
        first, *others = servers
        expected = orjson.dumps(first.ask(query, id_))
        for server in others:
            found = orjson.dumps(server.ask(query, id_))
            if found != expected:
                raise DifferentAnswersError(_parted(query, first, expected, server, found))


def _parted(query: Query, first: Server, expected: bytes, server: Server, found: bytes) -> str:
    pairs = enumerate(zip(expected, found, strict=False))
    at = next((place for place, (one, other) in pairs if one != other), min(len(expected), len(found)))
    begin = max(0, at - 200)
    shown = [text[begin : at + 80].decode(errors="replace") for text in (expected, found)]
    return f"{query.name}: {first.name} and {server.name} part at byte {at}:\n  {shown[0]}\n  {shown[1]}"
