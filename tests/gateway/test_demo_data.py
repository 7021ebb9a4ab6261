"""The demo's data: always the same, every shape of links, every status, whole or not at all."""

import asyncio
import tempfile
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from bson import ObjectId
from pymongo import AsyncMongoClient

from domain.errors import StartError
from domain.identity import Identity, Names
from domain.records import RecordKind, RecordRef
from domain.status import BookingStatus, CustomerStatus, LeadStatus
from gateway.demo_data import Demo, load, load_demo, loaded_demo
from gateway.demo_data.links import MOST, SHAPES, Document, Group, make_documents, make_groups
from gateway.demo_data.rows import COLUMNS, LAST_DAY, Row, customer_person, make_chunks
from gateway.embedded import EmbeddedStores
from tests.servers import Servers

CUSTOMERS = 120
PROFILE = tomllib.loads((Path(__file__).parents[2] / "sources" / "profiles" / "demo.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def stores() -> Iterator[EmbeddedStores]:
    with tempfile.TemporaryDirectory(prefix="gateway-test-") as name:
        Path(name).chmod(0o711)
        with EmbeddedStores(Path(name) / "stores") as stores:
            asyncio.run(load_demo(stores.postgres.url, stores.mongo.url, customers=CUSTOMERS))
            yield stores


def rows(table: str, customers: int = 500, seed: int = 7, size: int = 2_000) -> list[Row]:
    return [row for chunk in make_chunks(customers, seed, size=size) for row in chunk.rows_of(table)]


def column(table: str, name: str) -> list[Any]:
    place = COLUMNS[table].index(name)
    return [row[place] for row in rows(table)]


async def fetch(stores: Servers, statement: str) -> Any:
    connection = await asyncpg.connect(stores.postgres.url)
    try:
        return await connection.fetchval(statement)
    finally:
        await connection.close()


# ── always the same ──


@pytest.mark.parametrize("table", COLUMNS)
def test_the_same_seed_makes_the_same_rows_in_chunks_of_any_size(table: str) -> None:
    assert rows(table) == rows(table, size=37)
    assert rows(table) != rows(table, seed=8)


def test_the_same_seed_makes_the_same_documents() -> None:
    assert make_documents(500, 7) == make_documents(500, 7)
    assert make_documents(500, 7) != make_documents(500, 8)


def test_a_customer_is_made_again_without_those_before() -> None:
    row = dict(zip(COLUMNS["customers"], rows("customers")[300], strict=True))
    person = customer_person(301, 7)
    assert (row["id"], row["name"], row["email"], row["phone"]) == (301, *person[:3])


# ── what there is of everything ──


@pytest.mark.parametrize(
    ("section", "table", "statuses"),
    [("customer", "customers", CustomerStatus), ("lead", "leads", LeadStatus), ("booking", "bookings", BookingStatus)],
)
def test_every_status_occurs_and_one_word_that_nobody_mapped(
    section: str, table: str, statuses: type[CustomerStatus | LeadStatus | BookingStatus]
) -> None:
    words = PROFILE[section]["status"]["words"]
    known = {word for each in words.values() for word in each}

    found = Counter(column(table, "status"))

    assert set(words) == {status.name for status in statuses} - {"UNKNOWN"}
    assert known <= set(found)
    (unmapped,) = set(found) - known
    assert found[unmapped] <= len(rows(table)) / 50


def test_about_as_many_rows_a_customer_as_a_busy_company_has() -> None:
    each = {table: len(rows(table)) / 500 for table in COLUMNS}
    assert each == {
        "customers": 1,
        "leads": pytest.approx(5, abs=0.7),
        "bookings": pytest.approx(3, abs=0.7),
        "quotes": pytest.approx(2.4, abs=0.7),
    }


def test_some_customers_lack_a_name_an_e_mail_a_phone() -> None:
    for name in ("name", "email", "phone"):
        missing = sum(value is None for value in column("customers", name))
        assert 0 < missing < 100


def test_names_come_in_many_scripts() -> None:
    names = "".join(name or "" for name in column("customers", "name"))
    for letter in "ØЩλم王김さ":
        assert letter in names


def test_nothing_was_entered_after_the_last_day_and_some_bookings_are_yet_to_come() -> None:
    for table in COLUMNS:
        assert max(column(table, "created_at")) <= LAST_DAY
    assert max(column("bookings", "start_at")) > LAST_DAY


def test_some_leads_are_nobodys_yet_and_some_of_these_could_find_their_customer() -> None:
    emails = {email.lower() for email in column("customers", "email") if email}
    strays = [row for row in rows("leads") if row[1] is None]
    assert strays
    assert any(row[COLUMNS["leads"].index("email")] in emails for row in strays)


# ── links ──


def groups_by_shape() -> dict[str, Group]:
    return {group.shape.name: group for group in make_groups(500, 7)}


def test_every_shape_of_links_is_there_and_most_are_right() -> None:
    shapes = Counter(group.shape.name for group in make_groups(500, 7))
    assert set(shapes) == {shape.name for shape in SHAPES}
    assert shapes["a whole triangle, each naming both others"] > sum(shapes.values()) / 3


def names_of(document: Document, partner: str) -> Names:
    """Read a document's links as a gateway does: canonical text or the integer itself."""
    row = document.get("crm_customer_id")
    is_key = isinstance(row, int) or (isinstance(row, str) and str(int(row)) == row)
    return Names(document.get(partner), str(row) if is_key else None)


def identity() -> Identity:
    users, deliveries = make_documents(500, 7)
    accounts = {user["id"]: names_of(user, "customer_v2_id") for user in users if user["role"] == "customer"}
    partners = {delivery["id"]: names_of(delivery, "user_id") for delivery in deliveries}
    return Identity(accounts, partners, {str(row) for row in range(1, 501)})


@pytest.mark.parametrize(
    ("shape", "members", "is_contradicted"),
    [
        ("a whole triangle, each naming both others", "CAD", False),
        ("an account and its row", "CA", False),
        ("a delivery record and its row", "CD", False),
        ("an account and a delivery record, no row", "AD", False),
        ("an account by itself", "A", False),
        ("one-way: only the account names the others", "CAD", False),
        ("one-way: only the delivery record names the account", "CAD", False),
        ("the same person, not linked: account and row", "A", False),
        ("a row named by two accounts", "A", True),
        ("linked, but naming different rows", "CA", True),
        ("two delivery records reach one customer", "CAE", True),
        ("a chain of three", "A", True),
        ("a delivery record named by two accounts, naming none", "A", True),
        ("dangling: a row that is not there", "A", False),
        ("dangling: records that are not there", "CA", False),
        ("null links", "CA", False),
        ("a key in another form", "A", False),
    ],
)
def test_the_rules_make_of_a_shape_what_its_name_says(shape: str, members: str, is_contradicted: bool) -> None:
    group, rules = groups_by_shape()[shape], identity()
    letters = {document["id"]: letter for letter, document in group.documents.items()}
    letters |= {str(row): letter for letter, row in group.rows.items()}
    first = "A" if "A" in group.documents else "D"
    kind = RecordKind.ACCOUNT if first == "A" else RecordKind.DELIVERY

    found = rules.members(RecordRef(kind, group.documents[first]["id"]))

    assert "".join(letters[key] for key in found if key is not None) == members
    assert rules.contradicts(found) is is_contradicted


@pytest.mark.parametrize("customers", [1, 20, 500, 1_000_000])
def test_a_collection_stays_small_however_many_customers_there_are(customers: int) -> None:
    users, deliveries = make_documents(customers, 7)
    assert len(users) <= MOST
    assert len(deliveries) <= MOST


def test_every_document_has_keys_of_its_own() -> None:
    for collection in make_documents(500, 7):
        assert len({document["id"] for document in collection}) == len(collection)
        assert len({document["_id"] for document in collection}) == len(collection)
        assert all(isinstance(document["_id"], ObjectId) for document in collection)


def test_a_link_that_is_not_there_is_absent_but_for_a_few_nulls() -> None:
    users, deliveries = make_documents(500, 7)
    links = [
        d[name] for d in users + deliveries for name in ("customer_v2_id", "user_id", "crm_customer_id") if name in d
    ]
    assert 0 < links.count(None) < len(links) / 20
    assert any(isinstance(link, int) for link in links)


def test_staff_are_not_customers() -> None:
    users, _ = make_documents(500, 7)
    assert {user["role"] for user in users} == {"customer", "admin", "driver"}


# ── in the stores ──


async def test_everything_is_loaded(stores: Servers) -> None:
    for table in COLUMNS:
        assert await fetch(stores, f"SELECT count(*) FROM {table}") == len(rows(table, CUSTOMERS))
    async with AsyncMongoClient[Document](stores.mongo.url, tz_aware=True) as client:
        database = client.get_default_database()
        users = await database["users"].find().sort("_id").to_list()
        assert users == make_documents(CUSTOMERS, 7)[0]
        indexes = await database["customers_v2"].index_information()
        assert [("crm_customer_id", 1)] in [index["key"] for index in indexes.values()]


async def test_a_new_row_gets_the_next_key(stores: Servers) -> None:
    key = await fetch(stores, "INSERT INTO customers (name) VALUES ('Next') RETURNING id")
    assert key == CUSTOMERS + 1
    await fetch(stores, f"DELETE FROM customers WHERE id = {key}")


async def test_the_sum_of_a_customer_is_answered_from_an_index_alone(stores: Servers) -> None:
    statement = "SELECT customer_id, sum(total) FROM quotes WHERE status = 'accepted' AND customer_id = 5 GROUP BY 1"
    connection = await asyncpg.connect(stores.postgres.url)
    await connection.execute("SET enable_seqscan = off; SET enable_bitmapscan = off")
    plan = "\n".join(row[0] for row in await connection.fetch(f"EXPLAIN {statement}"))
    await connection.close()
    assert "Index Only Scan using accepted_quotes_by_customer" in plan


async def test_the_stores_know_what_they_are_filled_with(stores: Servers) -> None:
    assert await loaded_demo(stores.postgres.url, stores.mongo.url) == Demo(customers=CUSTOMERS, seed=7)


async def test_an_interrupted_load_counts_as_empty_and_can_begin_again(stores: Servers) -> None:
    addresses = stores.postgres.url, stores.mongo.url

    def interrupt(step: str, done: int, total: int) -> None:
        if step == "indexes" and done > total / 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await load_demo(*addresses, customers=20, progress=interrupt)
    assert await loaded_demo(*addresses) is None
    assert await fetch(stores, "SELECT to_regclass('customers') IS NULL")

    await load_demo(*addresses, customers=CUSTOMERS)
    assert await loaded_demo(*addresses) == Demo(customers=CUSTOMERS)


async def test_the_stores_must_be_filled_with_the_same(stores: Servers) -> None:
    async with AsyncMongoClient[Document](stores.mongo.url) as client:
        marker = client.get_default_database()[load._MARKER]
        document = await marker.find_one({})
        await marker.delete_many({})
        assert await loaded_demo(stores.postgres.url, stores.mongo.url) is None
        await marker.insert_one(document or {})


async def test_tables_that_are_not_the_demos_are_left_alone(stores: Servers) -> None:
    await fetch(stores, "ALTER TABLE demo_data RENAME TO hidden")
    with pytest.raises(StartError, match=r"(?s)tables.*customers"):
        await load_demo(stores.postgres.url, stores.mongo.url)
    await fetch(stores, "ALTER TABLE hidden RENAME TO demo_data")
    assert await fetch(stores, "SELECT count(*) FROM customers") == CUSTOMERS
