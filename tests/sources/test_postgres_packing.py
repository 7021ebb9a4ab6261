"""Columns that PostgreSQL writes hold what the driver would have read, of every type that they are written of."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Double,
    Integer,
    Numeric,
    Select,
    Text,
    Uuid,
    column,
    select,
    text,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

from domain.errors import SourceMismatchError
from sources.postgres_connection import PostgresConnection
from sources.postgres_packing import Columns, ColumnsRow, Picked
from tests.loading import make_database, run_sql
from tests.servers import Servers

TYPES: dict[str, Any] = {
    "small": Integer(),
    "large": BigInteger(),
    "exact": Numeric(),
    "said": Text(),
    "truth": Boolean(),
    "at": DateTime(timezone=True),
    "local": DateTime(),
    "day": Date(),
    "key": Uuid(),
}
TABLE = r"""
CREATE TABLE of_all (small int2, large int8, exact numeric, said text, truth boolean, at timestamptz, local timestamp,
    day date, key uuid, half float8, tree jsonb);
INSERT INTO of_all VALUES
    (1, 9223372036854775807, 1.10, 'plain', true, '2025-01-01T00:00:00Z', '2025-01-01', '2025-01-01',
        gen_random_uuid(), 0.1, '{}'),
    (-32768, -9223372036854775808, 123456789012345678901234567890.123456789,
        E'tab\t"quoted" \\ \u00e5 \U0001f600', false,
        '2025-01-01T00:00:00.000001+05:30', '0002-02-02 02:02:02.2', '9998-12-31', NULL, 'NaN', '[1]'),
    (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
    (0, 0, 'NaN', '', NULL, '1900-01-01T00:00:00.5Z', NULL, NULL, NULL, 1e300, NULL);
"""


@pytest.fixture(scope="module")
async def url(without_mongo: Servers) -> str:
    made = await make_database(without_mongo, "packing")
    await run_sql(made, TABLE)
    return made


@pytest.fixture
async def connection(url: str) -> AsyncIterator[PostgresConnection]:
    made = PostgresConnection(url, 5)
    yield made
    await made.close()


def of_all(*names: str) -> Select[Any]:
    return select(*(column(name, TYPES.get(name)) for name in names)).select_from(text("of_all"))


def told(values: list[Any]) -> list[str]:
    """Tell what values are, and of what class; a UUID is a text."""
    return [
        f"{type(value).__name__ if not hasattr(value, 'hex') or isinstance(value, float) else 'str'} {value}"
        for value in values
    ]


@pytest.mark.parametrize("name", TYPES)
async def test_what_is_written_is_what_is_read(connection: PostgresConnection, name: str) -> None:
    rows = await connection.rows(of_all(name))
    found = await connection.columns(of_all(name))
    assert told(found.lists[0]) == told([row[0] for row in rows])


async def test_what_json_does_not_say_exactly_is_read_by_the_driver(connection: PostgresConnection) -> None:
    query: Any = select(column("half", Double()), column("tree", JSONB())).select_from(text("of_all"))
    found = await connection.columns(query)
    assert found.lists[1] == [{}, [1], None, None]
    assert found.lists[0][0] == 0.1
    assert found.names == ("half", "tree")


async def test_nothing_found_is_no_row(connection: PostgresConnection) -> None:
    for query in (of_all("small", "said"), of_all("small", "half")):
        found = await connection.columns(query.where(~true()))
        assert (len(found), [list(one) for one in found.lists], list(found)) == (0, [[], []], [])


async def test_rows_are_there_by_place_and_by_name(connection: PostgresConnection) -> None:
    found = await connection.columns(of_all("small", "said").order_by(column("small")))
    row = found[1]
    assert isinstance(row, ColumnsRow)
    assert (row[0], row["said"], row.small) == (0, "", 0)
    with pytest.raises(AttributeError):
        assert row.nothing
    with pytest.raises(IndexError):
        found[4]
    assert list(found[:2]) == [(-32768, found[0].said), (0, "")]
    assert [one.small for one in Picked(found, range(2, -1, -1))] == [1, 0, -32768]
    assert [one.small for one in Picked(found, range(4))[1:3]] == [0, 1]
    assert Columns.joined([found, found]).lists[0] == found.lists[0] * 2
    assert found.at([2, 0]).lists[0] == [1, -32768]


async def test_a_column_that_holds_other_numbers_by_now_is_none_any_more(url: str) -> None:
    await run_sql(url, "CREATE TABLE turned AS SELECT 1 AS it")
    connection = PostgresConnection(url, 5)
    query: Select[Any] = select(column("it", Integer)).select_from(text("turned"))
    assert (await connection.columns(query)).lists == [[1]]
    await run_sql(url, "ALTER TABLE turned ALTER it TYPE numeric USING it + 0.5")
    with pytest.raises(SourceMismatchError):
        await connection.columns(query)
    await connection.close()
