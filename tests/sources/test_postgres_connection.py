"""How statements are sent: what they are compiled to is kept, and what is asked is what is answered."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import asyncpg
import pytest
from sqlalchemy import Integer, Select, Text, bindparam, column, func, literal, make_url, select, text, values
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DBAPIError

from domain.errors import SourceMismatchError, SourceUnavailableError
from sources.postgres_connection import PostgresConnection
from tests.loading import make_database
from tests.servers import Servers

OTHERS = "pid <> pg_backend_pid() AND datname = current_database() AND application_name = 'customer-gateway'"


@pytest.fixture(scope="module")
async def url(without_mongo: Servers) -> str:
    return await make_database(without_mongo, "connection")


@pytest.fixture
async def connection(url: str) -> AsyncIterator[PostgresConnection]:
    made = PostgresConnection(url, 5)
    yield made
    await made.close()


def among(*numbers: int) -> Select[tuple[int]]:
    """Compose a statement that has its values in it, in a list and beside it."""
    rows = values(column("it is", Integer), name="row").data([(number,) for number in range(10)])
    of = rows.c["it is"]
    return select(of.label("it")).where(of.in_(numbers), of != literal(numbers[0])).order_by(of)


async def until(ask: Callable[[], Awaitable[int]], expected: int) -> None:
    while await ask() != expected:  # noqa: ASYNC110 - only the server knows
        await asyncio.sleep(0.01)


async def test_statements_of_one_shape_keep_their_own_values(connection: PostgresConnection) -> None:
    for numbers, expected in (((1, 2, 3), [2, 3]), ((4, 5, 6), [5, 6]), ((7, 8), [8]), ((9,), []), ((3, 2), [2])):
        for query in (among(*numbers), among(*numbers)):
            assert [row.it for row in await connection.rows(query)] == expected


async def test_a_kept_statement_is_answered_for_what_is_given(connection: PostgresConnection) -> None:
    named = bindparam("words", type_=ARRAY(Text))
    query = select(func.unnest(named).label("word"), bindparam("size", type_=Integer).label("size"))
    for words in (["a", "b"], [], ["c"]):
        rows = await connection.rows(query, {"words": words, "size": len(words)})
        assert [(row.word, row["size"], row[0]) for row in rows] == [(word, len(words), word) for word in words]


async def test_what_a_part_of_a_statement_was_given_stays_with_it(connection: PostgresConnection) -> None:
    named = select(bindparam("number", type_=Integer).label("it"))
    for number in (1, 2):
        within = named.params(number=number).subquery("within")
        assert [row.it for row in await connection.rows(select(within))] == [number]
    assert [row.it for row in await connection.rows(named, {"number": 3})] == [3]


async def test_columns_are_attributes_whatever_they_are_called(connection: PostgresConnection) -> None:
    (row,) = await connection.rows(text("SELECT 1 AS count, 2 AS index, '{\"a\": [1]}'::jsonb AS json"))
    assert (row.count, row.index, row.json) == (1, 2, {"a": [1]})
    assert getattr(row, "other", None) is None


async def test_a_connection_that_was_cut_while_it_lay_there_is_made_again(
    connection: PostgresConnection, url: str
) -> None:
    await asyncio.gather(*(connection.rows(text("SELECT pg_sleep(0.1)")) for _ in range(3)))
    other = await asyncpg.connect(url)
    assert await other.fetchval(f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE {OTHERS}") == 3
    await other.close()
    (row,) = await connection.rows(text("SELECT 1 AS one"))
    assert row.one == 1
    assert connection.losses == 1


async def test_a_connection_whose_server_has_said_goodbye_is_made_again(url: str) -> None:
    of = make_url(url)
    goodbyes: list[asyncio.StreamWriter] = []

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # What it says comes from here, and the connection stays open: its end is on its way for as long as one likes.
        goodbyes.append(writer)
        beyond = await asyncio.open_unix_connection(f"{of.query['host']}/.s.PGSQL.{of.query.get('port', 5432)}")
        await asyncio.gather(pipe(reader, beyond[1]), pipe(beyond[0], writer))

    async with await asyncio.start_server(relay, "127.0.0.1") as between:
        host, port = between.sockets[0].getsockname()
        connection = PostgresConnection(of.set(host=host, port=port, query={}).render_as_string(hide_password=False), 5)
        assert len(await connection.rows(text("SELECT 1"))) == 1
        fields = b"SFATAL\0VFATAL\0C57P01\0Mterminating connection due to administrator command\0\0"
        goodbyes[0].write(b"E" + (len(fields) + 4).to_bytes(4, "big") + fields)
        await asyncio.sleep(0.1)

        assert len(await connection.rows(text("SELECT 2"))) == 1
        assert (len(goodbyes), connection.losses) == (2, 1)
        await connection.close()


async def pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while said := await reader.read(65536):
        writer.write(said)
    writer.close()


async def test_what_is_given_up_ends_in_the_server(connection: PostgresConnection, url: str) -> None:
    asked = asyncio.create_task(connection.rows(text("SELECT pg_sleep(600)")))
    other = await asyncpg.connect(url)
    asleep = f"SELECT count(*) FROM pg_stat_activity WHERE {OTHERS} AND wait_event = 'PgSleep'"
    await until(lambda: other.fetchval(asleep), 1)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    await until(lambda: other.fetchval(asleep), 0)
    await other.close()
    assert len(await connection.rows(text("SELECT 1"))) == 1


async def test_errors_are_told_as_ours_and_leave_the_connection_usable(connection: PostgresConnection) -> None:
    with pytest.raises(SourceMismatchError):
        await connection.rows(text("SELECT nothing FROM nowhere"))
    with pytest.raises(DBAPIError, match="division by zero"):
        await connection.rows(text("SELECT 1 / :zero"), {"zero": 0})
    await connection.rows(text("SET statement_timeout = 50"))
    with pytest.raises(SourceUnavailableError):
        await connection.rows(text("SELECT pg_sleep(600)"))
    (row,) = await connection.rows(text("SELECT current_setting('statement_timeout') AS it"))
    assert row.it == "50ms"


async def test_a_statement_that_was_prepared_for_another_type_is_prepared_anew(connection: PostgresConnection) -> None:
    for statement in ("DROP TABLE IF EXISTS turning", "CREATE TABLE turning AS SELECT 1 AS it"):
        await connection.rows(text(statement))
    query: Select[Any] = select(column("it")).select_from(text("turning"))
    assert [row.it for row in await connection.rows(query)] == [1]
    await connection.rows(text("ALTER TABLE turning ALTER it TYPE text"))
    with pytest.raises(SourceMismatchError):
        await connection.rows(query)
    assert [row.it for row in await connection.rows(query)] == ["1"]


async def test_a_pooler_is_given_nothing_to_keep(url: str) -> None:
    shared = PostgresConnection(f"{url}&prepared_statement_cache_size=0", 5)
    for number in range(3):
        (row,) = await shared.rows(text("SELECT CAST(:number AS integer) AS it"), {"number": number})
        assert row.it == number
        (row,) = await shared.rows(text("SELECT count(*) AS kept FROM pg_prepared_statements"))
        assert row.kept <= 1
    await shared.close()


async def test_going_through_much_takes_one_transaction(connection: PostgresConnection) -> None:
    query = select(func.generate_series(1, 25_000).label("it"), func.txid_current().label("transaction"))
    lots = [rows async for rows in connection.stream(query)]
    assert [len(rows) for rows in lots] == [10_000, 10_000, 5_000]
    assert [row.it for rows in lots for row in rows] == list(range(1, 25_001))


async def test_what_is_composed_for_a_request_is_planned_for_its_values(connection: PostgresConnection) -> None:
    """The server would find one plan for all cheaper, taking for granted that a condition leaves few rows."""
    kept = select(func.unnest(bindparam("words", type_=ARRAY(Text))).label("kept"))
    for number in range(20):
        await connection.rows(select(func.generate_series(literal(number), literal(number)).label("composed")))
        await connection.rows(kept, {"words": [str(number)]})
    plans = "sum(generic_plans), sum(custom_plans) FROM pg_prepared_statements WHERE statement LIKE"
    ((generic, custom),) = await connection.rows(text(f"SELECT {plans} '%AS composed'"))
    assert generic == 0
    assert custom > 0
    ((generic, _),) = await connection.rows(text(f"SELECT {plans} '%AS kept'"))
    assert generic > 0


async def test_it_is_planned_for_its_values_however_much_else_is_asked_in_between(
    connection: PostgresConnection,
) -> None:
    for number in range(250):
        await connection.rows(select(literal(number).label(f"other_{number}")))
        if number in range(100, 104) or number in range(220, 224):
            await connection.rows(select(literal(number).label("often")))
    plans = "SELECT sum(generic_plans), sum(custom_plans) FROM pg_prepared_statements WHERE statement LIKE '%AS often'"
    ((generic, custom),) = await connection.rows(text(plans))
    assert generic == 0
    assert custom > 0


async def test_a_statement_that_could_not_be_prepared_anew_is_prepared_later(connection: PostgresConnection) -> None:
    for statement in ("DROP TABLE IF EXISTS going", "CREATE TABLE going AS SELECT 1 AS it"):
        await connection.rows(text(statement))
    # Not one that is kept: it is planned for what it is given, and prepared anew now and then.
    for _ in range(5):
        assert len(await connection.rows(text("SELECT it FROM going"))) == 1
    await connection.rows(text("ALTER TABLE going RENAME TO gone"))
    for _ in range(3):
        with pytest.raises(SourceMismatchError):
            await connection.rows(text("SELECT it FROM going"))
    await connection.rows(text("ALTER TABLE gone RENAME TO going"))
    assert len(await connection.rows(text("SELECT it FROM going"))) == 1
