"""What a request asks PostgreSQL at once goes in one statement, and fails, if it does, for each alone."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import Integer, Select, Text, bindparam, column, func, literal_column, select, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DBAPIError

from domain.errors import SourceMismatchError, SourceUnavailableError
from sources.meter import Meter, metered
from sources.postgres_connection import PostgresConnection
from sources.postgres_packing import Columns
from sources.postgres_together import together
from tests.loading import make_database
from tests.sent import Sent, recorded
from tests.servers import Servers


@pytest.fixture(scope="module")
async def url(without_mongo: Servers) -> str:
    return await make_database(without_mongo, "together")


@pytest.fixture
async def connection(url: str) -> AsyncIterator[PostgresConnection]:
    made = PostgresConnection(url, 5)
    yield made
    await made.close()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Sent:
    found: Sent = []
    monkeypatch.setattr(PostgresConnection, "_rows", recorded(found))
    return found


def numbers(name: str, *, quoted: str = "plain") -> Any:
    """Ask for given numbers, and for a text that looks like parameters."""
    given = bindparam(name, type_=ARRAY(Integer))
    return select(func.unnest(given, type_=Integer).label("it"), literal_column(f"'{quoted}'", Text).label("said"))


async def known(connection: PostgresConnection, *queries: Any) -> None:
    """Let what is asked again and again be known as that."""
    for query in queries:
        await asyncio.gather(connection.columns(query, {"given": [0]}), return_exceptions=True)


async def test_what_is_asked_at_once_is_one_statement(connection: PostgresConnection, sent: Sent) -> None:
    queries = [numbers("given", quoted=quoted) for quoted in ("$1 it''s $2", 'a "b" $1', "\\", "plain")]
    await known(connection, *queries)
    sent.clear()
    with metered(Meter()) as meter:
        found = await asyncio.gather(
            *(connection.columns(query, {"given": [place, 10]}) for place, query in enumerate(queries))
        )
    assert [columns.lists for columns in found] == [
        [[0, 10], ["$1 it's $2"] * 2],
        [[1, 10], ['a "b" $1'] * 2],
        [[2, 10], ["\\"] * 2],
        [[3, 10], ["plain"] * 2],
    ]
    assert len(sent) == 1
    assert meter.stores["postgres"].statements == len(queries)


async def test_what_several_requests_ask_is_apart(connection: PostgresConnection, sent: Sent) -> None:
    query = numbers("given")
    await known(connection, query)
    sent.clear()

    async def ask(number: int) -> list[Any]:
        with metered(Meter()):
            return (await connection.columns(query, {"given": [number]})).lists[0]

    assert await asyncio.gather(*map(ask, range(3))) == [[0], [1], [2]]
    assert len(sent) == 3


async def test_what_fails_fails_alone(connection: PostgresConnection) -> None:
    fine = numbers("given")
    wrong = select((literal_column("1") / bindparam("zero", type_=Integer)).label("it"))
    absent: Select[Any] = select(column("it", Integer)).select_from(text("nowhere"))
    await known(connection, fine)
    await asyncio.gather(connection.columns(wrong, {"zero": 1}), connection.columns(absent), return_exceptions=True)
    with metered(Meter()) as meter:
        found = await asyncio.gather(
            connection.columns(wrong, {"zero": 0}),
            connection.columns(fine, {"given": [7]}),
            connection.columns(absent),
            return_exceptions=True,
        )
    assert isinstance(found[0], DBAPIError)
    assert not isinstance(found[1], BaseException)
    assert found[1].lists[0] == [7]
    assert isinstance(found[2], SourceMismatchError)
    # Together in vain, then each alone.
    assert meter.stores["postgres"].statements == 1 + 3


async def test_what_takes_long_again_and_again_goes_apart(connection: PostgresConnection, sent: Sent) -> None:
    slow: Any = select(
        func.pg_sleep(0.06).cast(Text).label("it"), bindparam("given", type_=ARRAY(Integer)).is_(None).label("none")
    )
    fine = numbers("given")
    await known(connection, slow, fine)
    for expected in (1, 1, 1, 2):
        sent.clear()
        with metered(Meter()):
            await asyncio.gather(connection.columns(slow, {"given": []}), connection.columns(fine, {"given": [1]}))
        assert len(sent) == expected


async def test_what_is_too_slow_is_so_alone(url: str) -> None:
    connection = PostgresConnection(url, 2)
    slow: Any = select(func.pg_sleep(bindparam("given", type_=Integer)).cast(Text).label("it"))
    fine = numbers("given")
    await asyncio.gather(connection.columns(slow, {"given": 0}), connection.columns(fine, {"given": [0]}))
    with metered(Meter()):
        slept, found = await asyncio.gather(
            connection.columns(slow, {"given": 60}), connection.columns(fine, {"given": [1]}), return_exceptions=True
        )
    await connection.close()
    assert isinstance(slept, SourceUnavailableError)
    assert isinstance(found, Columns)
    assert found.lists[0] == [1]


async def test_whoever_gives_up_takes_nobody_along(connection: PostgresConnection) -> None:
    query = numbers("given")
    await known(connection, query)
    with metered(Meter()):
        asked = [asyncio.ensure_future(connection.columns(query, {"given": [number]})) for number in range(3)]
        await asyncio.sleep(0)
        asked[0].cancel()
        found = await asyncio.gather(*asked, return_exceptions=True)
    assert isinstance(found[0], asyncio.CancelledError)
    assert [one.lists[0] for one in found[1:] if not isinstance(one, BaseException)] == [[1], [2]]


def test_parameters_are_counted_on_and_quoted_ones_left() -> None:
    texts = ["SELECT $1, $2, '$1'", "SELECT \"$1\", $2 || $1, E'\\'$1'", "SELECT $1"]
    assert together(texts).startswith(
        "SELECT *, extract(epoch FROM clock_timestamp() - statement_timestamp())::float8 FROM"
        " (SELECT $1, $2, '$1') AS part0,"
        " (SELECT \"$1\", $4 || $3, E'\\'$1') AS part1,"
        " (SELECT $5) AS part2"
    )
