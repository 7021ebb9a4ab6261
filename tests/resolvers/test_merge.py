"""The merged list against a plain merge in Python, over real stores: links of every shape, ties, odd dates, nulls."""

import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from motor.motor_asyncio import AsyncIOMotorClient

from domain.choosing import Choice
from domain.filters import CustomerFilter
from domain.identity import Identity, Names
from domain.paging import Direction, Order, Page, PageRequest, Position
from domain.records import Customer, RecordKind, RecordRef
from domain.time import Period
from gateway.opening import opened
from resolvers.choosing import choice_of
from resolvers.context import Limits
from resolvers.counting import count_customers
from resolvers.merge import Merge
from resolvers.searching import Chosen
from sources.profile_reading import read_profile
from sources.stores import Stores
from tests.loading import make_database, mongo_url, run_sql
from tests.running import secured
from tests.servers import Servers

PROFILE = str(Path(__file__).parent / "merged.toml")
TENANTS = (f"t{number}" for number in itertools.count())
BEGIN = datetime(2025, 1, 1, tzinfo=UTC)
KEYS = {RecordKind.CRM: "c{}", RecordKind.ACCOUNT: "a{}", RecordKind.DELIVERY: "d{}"}


@dataclass(frozen=True, slots=True)
class Row:
    """Be one record of an example: *half_millis* since the beginning, or no date; *odd* is a date of another form."""

    number: int
    half_millis: int | None
    odd: bool = False
    partner: int | None = None
    crm: int | None = None


@dataclass(frozen=True, slots=True)
class Example:
    crm: list[Row] = field(default_factory=list)
    accounts: list[Row] = field(default_factory=list)
    deliveries: list[Row] = field(default_factory=list)


def rows(most: int, *, linked: bool) -> st.SearchStrategy[list[Row]]:
    number = st.integers(0, 6)
    link = st.none() | number if linked else st.none()
    row = st.builds(
        Row,
        number=number,
        half_millis=st.none() | st.integers(0, 6),
        odd=st.booleans() if linked else st.just(False),
        partner=link,
        crm=link,
    )
    return st.lists(row, max_size=most, unique_by=lambda one: one.number)


examples = st.builds(Example, rows(7, linked=False), rows(7, linked=True), rows(7, linked=True))


@dataclass(frozen=True, slots=True)
class Database:
    """The stores of the examples, and direct ways into them."""

    stores: Stores
    postgres: asyncpg.Connection
    mongo: Any

    async def fill(self, tenant: str, example: Example) -> None:
        await self.postgres.executemany(
            "INSERT INTO customers VALUES ($1, $2, $3)",
            [(tenant, f"c{row.number}", at(RecordKind.CRM, row)) for row in example.crm],
        )
        accounts = [document(tenant, RecordKind.ACCOUNT, row) for row in example.accounts]
        deliveries = [document(tenant, RecordKind.DELIVERY, row) for row in example.deliveries]
        if accounts:
            await self.mongo.users.insert_many(accounts)
        if deliveries:
            await self.mongo.customers_v2.insert_many(deliveries)


@pytest.fixture(scope="module")
async def database(servers: Servers) -> AsyncIterator[Database]:
    postgres, mongo = await make_database(servers, "merged"), mongo_url(servers, "merged")
    await run_sql(postgres, "CREATE TABLE customers (org text, id text, created_at timestamptz, PRIMARY KEY (org, id))")
    client: AsyncIOMotorClient[Any] = AsyncIOMotorClient(mongo)
    for collection in ("users", "customers_v2"):
        for name in ("org", "id", "user_id", "customer_v2_id", "crm_customer_id"):
            await client.get_default_database()[collection].create_index(name)
    connection = await asyncpg.connect(postgres)
    profile = read_profile(PROFILE)
    async with opened(profile, secured(profile=PROFILE, postgres_url=postgres, mongo_url=mongo)) as stores:
        yield Database(stores, connection, client.get_default_database())
    await connection.close()
    client.close()


def at(kind: RecordKind, row: Row) -> datetime | None:
    """Say when *row* was created, as its store can say it: Mongo's own dates end at the millisecond."""
    if row.half_millis is None or (row.odd and kind is not RecordKind.CRM):
        return None
    steps = row.half_millis - row.half_millis % 2 if kind is RecordKind.ACCOUNT else row.half_millis
    return BEGIN + timedelta(microseconds=500 * steps)


def document(tenant: str, kind: RecordKind, row: Row) -> dict[str, Any]:
    created = at(kind, row)
    is_account = kind is RecordKind.ACCOUNT
    links = {
        "customer_v2_id" if is_account else "user_id": None
        if row.partner is None
        else f"{'d' if is_account else 'a'}{row.partner}",
        "crm_customer_id": None if row.crm is None else f"c{row.crm}",
    }
    stored: Any = created
    if created is None and row.odd:
        stored = "yesterday" if is_account else "2025-13-01T00:00:00"
    elif created is not None and not is_account:
        stored = created.replace(tzinfo=None).isoformat()
    return {
        "org": tenant,
        "id": KEYS[kind].format(row.number),
        **({} if stored is None and row.number % 2 else {"created_at": stored}),
        **{name: key for name, key in links.items() if key is not None},
    }


def plain_merge(example: Example, direction: Direction, period: Period | None = None) -> list[RecordRef]:
    """List the heads of all customers as the design orders them, with everything in memory."""
    sides = {RecordKind.CRM: example.crm, RecordKind.ACCOUNT: example.accounts, RecordKind.DELIVERY: example.deliveries}
    live = {f"c{row.number}" for row in example.crm}
    names = {
        kind: {
            KEYS[kind].format(row.number): Names(
                None if row.partner is None else f"{partner}{row.partner}", None if row.crm is None else f"c{row.crm}"
            )
            for row in sides[kind]
        }
        for kind, partner in ((RecordKind.ACCOUNT, "d"), (RecordKind.DELIVERY, "a"))
    }
    identity = Identity(names[RecordKind.ACCOUNT], names[RecordKind.DELIVERY], live)
    created = {
        RecordRef(kind, KEYS[kind].format(row.number)): at(kind, row)
        for kind, records in sides.items()
        for row in records
    }
    heads = {identity.members(ref).head for ref in created}
    dated = sorted((created[ref], ref.kind.rank, ref.key, ref) for ref in heads if created[ref] is not None)
    undated = sorted((ref.kind.rank, ref.key, ref) for ref in heads if created[ref] is None)
    ordered = [[ref for *_, ref in dated], [ref for *_, ref in undated]]
    if direction is Direction.DESC:
        ordered = [part[::-1] for part in ordered]
    if period is not None:
        return [ref for ref in ordered[0] if period.holds(created[ref] or BEGIN)]
    return [ref for part in ordered for ref in part]


async def walk(
    database: Database,
    tenant: str,
    direction: Direction,
    sizes: Sequence[int],
    *,
    backwards: bool = False,
    chosen: CustomerFilter | None = None,
    between: Any = None,
    chunk: int = 2,
) -> list[Customer]:
    """Read the whole list page by page, in its own order; *between* is awaited after the first page."""
    order = Order("customers", "CREATED_AT", direction)
    found: list[Customer] = []
    position: Position | None = None
    for number, size in enumerate(itertools.cycle(sizes)):
        assert number < 200, "the list does not come to its end"
        request = PageRequest(order, size, backwards, position)
        page: Page[Customer] = await Merge(
            database.stores,
            tenant,
            choice_of(database.stores, chosen or CustomerFilter()),
            request,
            smallest_chunk=chunk,
            most_rounds=2,
        ).page()
        assert len(page.items) <= size
        found = [*page.items, *found] if backwards else [*found, *page.items]
        if not page.more:
            return found
        position = page.start if backwards else page.end
        assert position is not None
        if number == 0 and between is not None:
            await between()
    raise AssertionError


def everybody(database: Database) -> Choice:
    return choice_of(database.stores, CustomerFilter())


def heads(customers: Sequence[Customer]) -> list[RecordRef]:
    return [customer.head for customer in customers]


relaxed = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
sizes = st.lists(st.integers(1, 4), min_size=1, max_size=3)


@relaxed
@given(example=examples, sizes=sizes, direction=st.sampled_from(Direction))
async def test_the_pages_are_a_plain_merge_in_both_directions_of_paging(
    database: Database, example: Example, sizes: list[int], direction: Direction
) -> None:
    tenant = next(TENANTS)
    await database.fill(tenant, example)
    expected = plain_merge(example, direction)
    assert heads(await walk(database, tenant, direction, sizes)) == expected
    assert heads(await walk(database, tenant, direction, sizes, backwards=True)) == expected
    assert await count_customers(database.stores, tenant, Chosen(everybody(database)), Limits()) == len(expected)


@relaxed
@given(example=examples, sizes=sizes, bounds=st.tuples(st.integers(-1, 7), st.integers(-1, 7)))
async def test_a_period_holds_the_customers_whose_head_was_created_in_it(
    database: Database, example: Example, sizes: list[int], bounds: tuple[int, int]
) -> None:
    tenant = next(TENANTS)
    await database.fill(tenant, example)
    start, end = (BEGIN + timedelta(microseconds=500 * bound) for bound in sorted(bounds))
    chosen = CustomerFilter(created_in=Period(start, end))
    expected = plain_merge(example, Direction.DESC, chosen.created_in)
    assert heads(await walk(database, tenant, Direction.DESC, sizes, chosen=chosen)) == expected
    assert heads(await walk(database, tenant, Direction.DESC, sizes, chosen=chosen, backwards=True)) == expected
    assert await count_customers(database.stores, tenant, Chosen(choice_of(database.stores, chosen)), Limits()) == len(
        expected
    )


@relaxed
@given(example=examples, added=rows(4, linked=False), sizes=sizes, direction=st.sampled_from(Direction))
async def test_who_stays_as_they_are_appears_once_whoever_comes_in_between(
    database: Database, example: Example, added: list[Row], sizes: list[int], direction: Direction
) -> None:
    tenant = next(TENANTS)
    await database.fill(tenant, example)
    newcomers = [Row(row.number + 100, row.half_millis) for row in added]

    async def insert() -> None:
        await database.fill(tenant, Example(newcomers, newcomers, newcomers))

    found = heads(await walk(database, tenant, direction, sizes, between=insert))
    fresh = {RecordRef(kind, KEYS[kind].format(row.number)) for kind in RecordKind for row in newcomers}
    assert [ref for ref in found if ref not in fresh] == plain_merge(example, direction)
    assert len(found) == len(set(found))


async def test_a_long_run_of_linked_records_ends_a_page_early_and_loses_nobody(database: Database) -> None:
    """Given 10,000 accounts that CRM rows head, between one customer that only logs in and another."""
    tenant, many = next(TENANTS), 10_000
    start = datetime(2024, 1, 1, tzinfo=UTC)
    await database.postgres.executemany(
        "INSERT INTO customers VALUES ($1, $2, $3)",
        [(tenant, f"c{number:05}", start - timedelta(days=400 + number)) for number in range(many)],
    )
    linked = [
        {
            "org": tenant,
            "id": f"a{number:05}",
            "created_at": start + timedelta(minutes=number),
            "crm_customer_id": f"c{number:05}",
        }
        for number in range(many)
    ]
    alone = [
        {"org": tenant, "id": "first", "created_at": start + timedelta(days=400)},
        {"org": tenant, "id": "last", "created_at": start - timedelta(days=1)},
    ]
    await database.mongo.users.insert_many([*linked, *alone])
    order = Order("customers", "CREATED_AT", Direction.DESC)
    page = await Merge(database.stores, tenant, everybody(database), PageRequest(order, 2)).page()
    seen = heads(page.items)
    assert seen[0].key == "first"
    pages = 1
    while len(seen) < 3 and page.more:
        assert page.end is not None
        page = await Merge(
            database.stores, tenant, everybody(database), PageRequest(order, 2, position=page.end), smallest_chunk=512
        ).page()
        seen += heads(page.items)
        pages += 1
    assert [ref.key for ref in seen[:3]] == ["first", "last", "c00000"]
    assert pages < 4


async def test_a_page_can_be_empty_and_still_go_on(database: Database) -> None:
    tenant = next(TENANTS)
    example = Example(
        crm=[Row(number, None) for number in range(7)],
        accounts=[Row(number, number, crm=number) for number in range(7)],
    )
    await database.fill(tenant, example)
    order = Order("customers", "CREATED_AT", Direction.DESC)
    request = PageRequest(order, 1)
    page = await Merge(database.stores, tenant, everybody(database), request, smallest_chunk=2, most_rounds=1).page()
    assert page.items == ()
    assert page.more
    assert page.end is not None
    found = await walk(database, tenant, Direction.DESC, [1])
    assert heads(found) == plain_merge(example, Direction.DESC)
