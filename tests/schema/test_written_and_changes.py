"""What PostgreSQL writes while its tables change, are locked, or hold little."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from domain.ids import encode_id
from domain.records import RecordKind
from sources.postgres_connection import PostgresConnection
from tests.both_paths import BothPaths, both_paths
from tests.loading import make_database, run_sql
from tests.running import Gateway, running, secured
from tests.sent import Sent, recorded
from tests.servers import Servers

FOLDER = Path(__file__).parent / "written"
ID = encode_id("Customer", None, "9", RecordKind.CRM)
FIELDS = """id name createdAt source totalLeads analytics { firstBookingAt }
  leads(first: 3) { nodes { id status storeStatus createdAt } }
  bookings(first: 3) { nodes { id key startAt endAt paid } }"""
PAGE = f"{{ customers(first: 20) {{ nodes {{ {FIELDS} }} }} }}"
SINGLE = f"query ($id: ID!) {{ customer(id: $id) {{ {FIELDS} }} }}"
CHANGES = {
    "customers.created_at is of no zone": "ALTER TABLE customers ALTER created_at TYPE timestamp",
    "customers.created_at is a day": "ALTER TABLE customers ALTER created_at TYPE date",
    "customers.source is a number": "ALTER TABLE customers ALTER source TYPE int USING 7",
    "customers.id is text": "ALTER TABLE customers ALTER id TYPE text",
    "leads.id is text": "ALTER TABLE leads ALTER id TYPE text USING repeat('x', 99) || id",
    "leads.status is a number": "ALTER TABLE leads ALTER status TYPE int USING 7",
    "leads.created_at is of no zone": "ALTER TABLE leads ALTER created_at TYPE timestamp",
    "bookings.start_at is of no zone": "ALTER TABLE bookings ALTER start_at TYPE timestamp",
    "bookings.minutes have fractions": "ALTER TABLE bookings ALTER minutes TYPE numeric USING minutes + 0.5",
    "bookings.paid is text": "ALTER TABLE bookings ALTER paid TYPE text",
    "bookings.customer_id is text": "ALTER TABLE bookings ALTER customer_id TYPE text",
    "bookings are gone": "DROP TABLE bookings",
}


async def loaded(servers: Servers, name: str) -> str:
    url = await make_database(servers, name)
    await run_sql(url, (FOLDER / "postgres.sql").read_text(), "DELETE FROM customers WHERE id > 30")
    return url


@pytest.fixture
async def changing(without_mongo: Servers, request: pytest.FixtureRequest) -> AsyncIterator[tuple[BothPaths, str]]:
    url = await loaded(without_mongo, f"changing_{list(CHANGES).index(request.node.callspec.params['change'])}")
    async with both_paths(secured(profile=str(FOLDER / "profile.toml"), postgres_url=url), None) as both:
        yield both, url


#: Of what the gateway reads itself.
READ = """{ customers(first: 20) { totalCount nodes { name source status lastContactAt totalBookings
  leads(first: 3) { totalCount nodes { key source status contactAttempts } }
  bookings(last: 2) { nodes { code paid } } } } }"""
READ_CHANGES = {
    "customers.source is a list": "ALTER TABLE customers ALTER source TYPE text[] USING ARRAY[source]",
    "customers.source is a tree": "ALTER TABLE customers ALTER source TYPE jsonb USING '{}'",
    "customers.status is a tree": "ALTER TABLE customers ALTER status TYPE jsonb USING '{}'",
    "customers.source is a truth": "ALTER TABLE customers ALTER source TYPE bool USING true",
    "leads.id is a UUID": "ALTER TABLE leads ALTER id TYPE uuid USING lpad(to_hex(id), 32, '0')::uuid",
    "leads.contact_attempts is text": "ALTER TABLE leads ALTER contact_attempts TYPE text",
    "leads.status is a tree": "ALTER TABLE leads ALTER status TYPE jsonb USING '{}'",
    "bookings.paid is a number": "ALTER TABLE bookings ALTER paid TYPE int USING 1",
    "bookings.code is a number": "ALTER TABLE bookings ALTER code TYPE int USING 7",
}


@pytest.mark.parametrize("change", READ_CHANGES)
async def test_what_is_read_is_right_or_an_error_whatever_changes(without_mongo: Servers, change: str) -> None:
    url = await loaded(without_mongo, f"reading_{list(READ_CHANGES).index(change)}")
    async with both_paths(secured(profile=str(FOLDER / "profile.toml"), postgres_url=url), None) as both:
        for _ in range(3):
            read, plain = await both.ask(READ)
            assert (read.data, read.errors) == (plain.data, plain.errors)
        await run_sql(url, READ_CHANGES[change])
        for _ in range(3):
            await both.ask(READ)
        read, plain = await both.ask(READ)
        assert (read.data, read.errors) == (plain.data, plain.errors)
        # What is of no use takes its own section along, and nothing else.
        assert b'"name":"Customer 20"' in read.data or "customers" in change


@pytest.mark.parametrize("change", CHANGES)
async def test_what_is_written_is_right_or_an_error_whatever_changes(
    changing: tuple[BothPaths, str], change: str
) -> None:
    both, url = changing
    asked = [(PAGE, None), (SINGLE, {"id": ID})]
    for query, variables in asked:
        for _ in range(7):
            written, plain = await both.ask(query, variables)
            assert written.data == plain.data
    await run_sql(url, CHANGES[change])
    for attempt in range(4):
        for query, variables in asked:
            written, plain = await both.ask(query, variables)
            # Whoever is the first to find the change is told that the store is not as it was.
            if attempt > 1 or not (written.errors or b'{"nodes":[]}}' in written.data):
                assert (written.data, written.errors) == (plain.data, plain.errors)


async def test_a_table_that_is_locked_takes_only_its_own_fields(without_mongo: Servers) -> None:
    url = await loaded(without_mongo, "written_locked")
    settings = secured(profile=str(FOLDER / "profile.toml"), postgres_url=url, store_timeout=2)
    fields = "name totalLeads bookings(first: 3) { nodes { id } }"
    async with running(settings) as gateway:
        page, single = f"{{ customers {{ nodes {{ {fields} }} }} }}", f'{{ customer(id: "{ID}") {{ {fields} }} }}'
        for query in (page, single):
            await gateway.data(query)
            connection = await asyncpg.connect(url.replace("+asyncpg", ""))
            try:
                async with connection.transaction():
                    await connection.execute("LOCK TABLE bookings IN ACCESS EXCLUSIVE MODE")
                    body = await gateway.ask(query)
            finally:
                await connection.close()
            (root,) = body["data"].values()
            of_each = root.get("nodes", [root])
            assert all(one["name"] and one["totalLeads"] is not None and one["bookings"] is None for one in of_each)
            assert {error["extensions"]["code"] for error in body["errors"]} == {"SOURCE_UNAVAILABLE"}


@pytest.fixture
async def small(without_mongo: Servers) -> AsyncIterator[Gateway]:
    url = await loaded(without_mongo, "written_small")
    async with running(secured(profile=str(FOLDER / "profile.toml"), postgres_url=url)) as gateway:
        yield gateway


async def test_a_page_is_one_statement_however_few_there_are(small: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    sent: Sent = []
    monkeypatch.setattr(PostgresConnection, "_rows", recorded(sent))
    fields = "id createdAt totalLeads bookings(first: 1) { nodes { id } }"
    plain = f"customers(first: SIZE, orderBy: {{direction: ASC}}) {{ nodes {{ {fields} }} }}"
    for size in (5, 26):
        query = f"{{ {plain.replace('SIZE', str(size))} }}"
        await small.data(query)
        sent.clear()
        assert len((await small.data(query))["customers"]["nodes"]) == size
        assert len(sent) == 1
    # The last of them have dates beyond the calendar, which another statement finds.
    everybody = (await small.data(f"{{ {plain.replace('SIZE', '40')} }}"))["customers"]["nodes"]
    assert [one["createdAt"] is None for one in everybody] == [False] * 27 + [True] * 3


@pytest.mark.parametrize("root", ["customers(first: 5)", f'customer(id: "{ID}")'])
async def test_what_is_found_along_is_not_asked_for_again(
    small: Gateway, monkeypatch: pytest.MonkeyPatch, root: str
) -> None:
    """Counts and pages of one list, and what needs more than its own column, so that nothing is written."""
    sent: Sent = []
    monkeypatch.setattr(PostgresConnection, "_rows", recorded(sent))
    fields = "totalLeads lastContactAt leads(first: 2) { totalCount nodes { id } } bookings { totalCount }"
    query = f"{{ {root} {{ {fields if 'id' in root else f'nodes {{ {fields} }}'} }} }}"
    await small.data(query)
    sent.clear()
    explained = (await small.explained(query))["postgres"]
    assert len(sent) == 1
    assert all(times == 1 for times in explained["batches"].values())


async def test_what_is_given_up_goes_on_for_nobody(small: Gateway) -> None:
    """Many at once, of whom some leave: the others are answered."""
    asking = [asyncio.ensure_future(small.data(PAGE)) for _ in range(30)]
    await asyncio.sleep(0.01)
    for one in asking[::3]:
        one.cancel()
    found = await asyncio.gather(*asking, return_exceptions=True)
    answers = [one for one in found if not isinstance(one, BaseException)]
    assert len(answers) >= 20
    assert all(one == answers[0] for one in answers)
