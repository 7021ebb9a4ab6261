"""Writing stored totals while others are at work, and where the database refuses."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from sources.postgres_totals_writing import WritingStoppedError
from tests.servers import Servers
from tests.totals import OWN, Store, make_store

_OWN_TABLE = "CREATE TABLE totals (customer_id int{unique}, leads int NOT NULL, revenue numeric NOT NULL)"


async def fill(store: Store, customers: int = 40) -> None:
    """Give the customers 1, 2, 3, … as many leads each."""
    await store.run(
        f"INSERT INTO customer (id) SELECT generate_series(1, {customers})",
        "INSERT INTO lead (id, customer_id) SELECT row_number() OVER (), id FROM customer, generate_series(1, id)",
    )


@asynccontextmanager
async def transaction(store: Store, *statements: str) -> AsyncIterator[asyncpg.Connection]:
    """Hold a transaction open in which *statements* ran, and roll it back."""
    connection = await asyncpg.connect(store.url)
    try:
        await connection.execute("BEGIN")
        for statement in statements:
            await connection.execute(statement)
        yield connection
    finally:
        await connection.close()


async def test_a_row_that_somebody_holds_is_passed_over_and_told(without_mongo: Servers, tmp_path: Path) -> None:
    store = await make_store(without_mongo, tmp_path)
    await fill(store)
    async with transaction(store, "UPDATE customer SET leads = 99 WHERE id = 7"):
        async with asyncio.timeout(60):
            writing = await store.refresh(size=10)
        assert [(one.key, one.reason) for one in writing.unwritten] == [("7", "another transaction holds the row")]
    assert await store.differing() == {"7"}
    assert (await store.refresh()).unwritten == []
    assert await store.differing() == set()


async def test_a_row_that_is_free_again_is_written(without_mongo: Servers, tmp_path: Path) -> None:
    store = await make_store(without_mongo, tmp_path)
    await fill(store)
    async with transaction(store, "UPDATE customer SET bookings = 5 WHERE id = 7") as other:
        refreshing = asyncio.create_task(store.refresh(size=10))
        await asyncio.sleep(0.3)
        await other.execute("COMMIT")
        assert (await refreshing).unwritten == []
    assert await store.read("SELECT leads, bookings FROM customer WHERE id = 7") == [(7, 0)]


async def test_a_table_that_somebody_holds_ends_the_run_soon(without_mongo: Servers, tmp_path: Path) -> None:
    store = await make_store(without_mongo, tmp_path)
    await fill(store, 3)
    async with transaction(store, "LOCK TABLE customer IN SHARE ROW EXCLUSIVE MODE"):
        async with asyncio.timeout(60):
            with pytest.raises(WritingStoppedError, match="somebody holds the whole table"):
                await store.refresh()
    assert await store.differing() == {"1", "2", "3"}


@pytest.mark.parametrize("unique", ["", " PRIMARY KEY"], ids=["without a unique index", "with one"])
async def test_two_runs_at_once_write_every_row_once(without_mongo: Servers, tmp_path: Path, unique: str) -> None:
    store = await make_store(without_mongo, tmp_path, totals=OWN, columns="")
    await store.run(_OWN_TABLE.format(unique=unique))
    await fill(store, 120)
    await store.run("INSERT INTO totals SELECT id, 1, 1 FROM customer WHERE id % 3 = 0")
    runs = await asyncio.gather(*(store.refresh(size=7) for _ in range(3)))
    assert [run.unwritten for run in runs] == [[], [], []]
    assert await store.read("SELECT * FROM totals ORDER BY 1") == [(number, number, 0) for number in range(1, 121)]


async def test_leads_that_come_meanwhile_are_right_after_the_next_run(without_mongo: Servers, tmp_path: Path) -> None:
    """Whoever counts by themselves while they insert is not overwritten with what was counted before."""
    store = await make_store(without_mongo, tmp_path)
    await fill(store, 60)
    await store.refresh()
    await store.run("UPDATE customer SET bookings = 1")

    async def work() -> None:
        connection = await asyncpg.connect(store.url)
        try:
            for number in range(200):
                async with connection.transaction():
                    key = number % 60 + 1
                    await connection.execute("INSERT INTO lead (id, customer_id) VALUES ($1, $2)", 10_000 + number, key)
                    await connection.execute("UPDATE customer SET leads = leads + 1 WHERE id = $1", key)
        finally:
            await connection.close()

    _, writing = await asyncio.gather(work(), store.refresh(size=5))
    assert writing.unwritten == []
    assert await store.differing() == set()


async def test_what_was_written_before_an_end_stays_and_the_next_run_carries_on(
    without_mongo: Servers, tmp_path: Path
) -> None:
    store = await make_store(without_mongo, tmp_path)
    await fill(store, 40)
    await store.refresh(size=5, keys=map(str, range(1, 21)))
    async with transaction(store, "LOCK TABLE customer IN ACCESS EXCLUSIVE MODE"):
        refreshing = asyncio.create_task(store.refresh(size=5))
        await asyncio.sleep(0.3)
        refreshing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await refreshing
    assert await store.differing() == {str(number) for number in range(21, 41)}
    await store.refresh()
    assert await store.differing() == set()


async def test_a_row_that_the_database_refuses_is_told_and_the_others_are_written(
    without_mongo: Servers, tmp_path: Path
) -> None:
    columns = ", leads smallint NOT NULL DEFAULT 0 CHECK (leads <> 7), bookings int DEFAULT 0, revenue float8 DEFAULT 0"
    store = await make_store(without_mongo, tmp_path, columns=columns)
    await fill(store)
    await store.run("INSERT INTO payment (customer_id, amount) VALUES (9, 1e400)")
    writing = await store.refresh(size=16)
    told = {one.key: one.reason for one in writing.unwritten}
    assert sorted(told) == ["7", "9"]
    assert "violates check constraint" in told["7"]
    assert "Failing row" not in told["7"], "what the row holds is nobody's business"
    assert await store.differing() == {"7", "9"}


async def test_a_table_that_refuses_everything_ends_the_run(without_mongo: Servers, tmp_path: Path) -> None:
    store = await make_store(without_mongo, tmp_path)
    await fill(store, 150)
    await store.run(
        "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'hands off'; END $$",
        "CREATE TRIGGER refuse BEFORE UPDATE ON customer FOR EACH ROW EXECUTE FUNCTION refuse()",
    )
    with pytest.raises(WritingStoppedError, match="100 rows could not be written, the last one: hands off"):
        await store.refresh(size=50)


async def test_a_server_that_only_reads_ends_the_run_at_once(without_mongo: Servers, tmp_path: Path) -> None:
    store = await make_store(without_mongo, tmp_path)
    await fill(store, 3)
    (database,) = (await store.read("SELECT current_database()::text"))[0]
    await store.run(f"ALTER DATABASE {database} SET default_transaction_read_only = on")
    try:
        with pytest.raises(WritingStoppedError, match="read-only transaction"):
            await store.refresh()
    finally:
        await store.run("SET default_transaction_read_only = off", f"ALTER DATABASE {database} RESET ALL")


async def test_a_second_row_of_a_customer_is_brought_in_line_as_well(without_mongo: Servers, tmp_path: Path) -> None:
    store = await make_store(without_mongo, tmp_path, totals=OWN, columns="")
    await store.run(_OWN_TABLE.format(unique=""))
    await fill(store, 2)
    await store.run("INSERT INTO totals VALUES (1, 0, 0), (1, 1, 0), (2, 0, 0), (99, 5, 5)")
    await store.refresh()
    assert await store.read("SELECT * FROM totals ORDER BY 1") == [(1, 1, 0), (1, 1, 0), (2, 2, 0), (99, 5, 5)]
    totals = store.totals()
    try:
        strays = await totals.without_customer(None, examples=5)
        assert (strays.count, strays.keys) == (1, ["99"])
    finally:
        await totals.close()
