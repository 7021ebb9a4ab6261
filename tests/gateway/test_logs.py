"""What the log says of persons: nothing, whatever is asked, and whatever breaks."""

import io
import logging
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

import asyncpg
import pytest
from sqlalchemy.exc import IntegrityError

from domain.access import Role
from domain.ids import encode_id
from domain.records import RecordKind
from gateway.logs import DiscreetFormatter, discreet, quieten
from sources.postgres import PostgresSource
from tests.asking import MUTATIONS, QUERIES, selection, value_of
from tests.loading import existing_store, indexed, run_sql
from tests.running import Gateway, running
from tests.servers import Servers
from tests.tokens import mint

EMAIL, PHONE, NAME = "quirin.zwoelf@private.example", "+49 30 7654321", "Quirin Zwölf"
PASSWORD, TOKEN = "Correct-horse 77", "tokenKzJ0cXl6YWJjZGVmZ2hpamtsbW5vcA"
MARKS = (EMAIL, "quirin", PHONE, "7654321", NAME, "Zwölf", PASSWORD, TOKEN)
#: What the store holds of its customers: names, addresses, words of their notes.
STORED = ("Uno", "Cuenta", "Ana ", "Ben ", "@grocer", ".example")
CUSTOMER = encode_id("Customer", "north", "1", RecordKind.CRM)
LEAD, BOOKING = encode_id("Lead", "north", "1"), encode_id("Booking", "north", "1")


@pytest.fixture
def said() -> Iterator[Callable[[], str]]:
    """Answer all that is logged, at every level, as a process of `serve` writes it."""
    quieten()
    root, stream = logging.getLogger(), io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(DiscreetFormatter("%(levelname)s %(name)s: %(message)s"))
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield stream.getvalue
    finally:
        root.removeHandler(handler)
        root.setLevel(level)


@pytest.fixture(scope="module")
async def store(servers: Servers) -> AsyncIterator[Gateway]:
    async with running(await indexed(await existing_store(servers, "grocer", "grocer_logs"))) as gateway:
        yield gateway


def everything(id_: str, text: str) -> Iterator[str]:
    """Ask for every root field, and write by every mutation, all that can be said being *text*."""
    for name, field in (*QUERIES.items(), *MUTATIONS.items()):
        given = [f"{argument}: {value_of(one.type, id_, text)}" for argument, one in field.args.items()]
        paging = {"first", "after", "last", "before"}
        given = [each for each in given if each.partition(":")[0] not in paging]
        arguments = f"({', '.join(given)})" if given else ""
        yield f"{'mutation' if name in MUTATIONS else 'query'} {{ {name}{arguments}{selection(field.type, 2)} }}"


def personal(text: str) -> list[str]:
    return [line for line in text.splitlines() if any(mark in line for mark in (*MARKS, *STORED))]


async def ask_everything(store: Gateway, texts: Sequence[str] = (EMAIL, PHONE, NAME, PASSWORD, TOKEN)) -> None:
    token = mint(store.settings, subject=NAME, roles=[Role.CLIENT_ADMIN], tenant="north")
    for number, text in enumerate(texts):
        for document in everything((CUSTOMER, LEAD, BOOKING)[number % 3], text):
            await store.http.post(
                f"{store.url}/graphql",
                json={"query": document, "variables": {"unused": text}},
                headers={"Authorization": f"Bearer {token}", "X-Tenant": "north"},
            )


async def test_nothing_of_persons_is_logged_of_what_is_asked(store: Gateway, said: Callable[[], str]) -> None:
    await ask_everything(store)
    await store.http.post(f"{store.url}/graphql", content=f'{{"query": "{EMAIL}', headers={"Authorization": TOKEN})
    await store.http.get(f"{store.url}/{EMAIL}?password={PASSWORD}")
    logging.getLogger("gateway").debug("something is")
    assert "something is" in said()
    assert personal(said()) == []


async def test_nothing_of_persons_is_logged_where_statements_fail(servers: Servers, said: Callable[[], str]) -> None:
    """The tables are there and refuse all that is written, and a part of what is read is not as it is mapped."""
    settings = await indexed(await existing_store(servers, "grocer", "grocer_refusing"))
    async with running(settings) as gateway:
        assert (await gateway.data("{ customers { totalCount } leads { totalCount } }", tenant="north"))["leads"]
        tables = await named_tables(str(settings.postgres_url))
        await run_sql(
            str(settings.postgres_url),
            "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS"
            " $$ BEGIN RAISE invalid_parameter_value USING message = 'no', detail = row_to_json(NEW)::text; END $$",
            *(
                f"CREATE TRIGGER refuse BEFORE INSERT OR UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION refuse()"
                for table in tables
            ),
        )
        await ask_everything(gateway, (NAME, EMAIL))
        await run_sql(
            str(settings.postgres_url),
            *(f"ALTER TABLE {table} RENAME TO gone_{number}" for number, table in enumerate(tables)),
        )
        await ask_everything(gateway, (NAME, EMAIL))
    assert "postgres" in said().lower()
    assert personal(said()) == []


async def named_tables(url: str) -> list[str]:
    connection = await asyncpg.connect(url.replace("+asyncpg", ""))
    try:
        found = await connection.fetch(
            "SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        return [row["name"] for row in found]
    finally:
        await connection.close()


async def test_nothing_of_persons_is_logged_of_errors_that_nobody_expected(
    store: Gateway, said: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> None:
        found: dict[str, str] = {}
        try:
            found[NAME]
        except KeyError as error:
            detail = f"duplicate\nDETAIL:  Key (email)=({EMAIL}) already exists."
            raise IntegrityError("INSERT INTO users VALUES (:name)", {"name": NAME}, Exception(detail)) from error

    monkeypatch.setattr(PostgresSource, "leads", fail)
    body = await store.ask("{ leads { nodes { id } } }", tenant="north")
    (error,) = body["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    text = said()
    assert f"Unexpected error {error['extensions']['id']}" in text
    assert [
        word
        for word in ("KeyError", "IntegrityError", "test_logs.py", "INSERT INTO users", "duplicate")
        if word not in text
    ] == []
    assert personal(text) == []


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"no mail to {EMAIL}: refused", "no mail to …: refused"),
        (f"call {PHONE} now", "call … now"),
        ("Authorization: Bearer abc.def", "Authorization: …"),
        ("token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhIn0.c2ln", "token …"),
        (
            "down: [Errno 111] Connect call failed ('127.0.0.1', 5432)",
            "down: [Errno 111] Connect call failed ('127.0.0.1', 5432)",
        ),
        (
            f"invalid input for query argument $1: '{NAME}' (a number is required)",
            "invalid input for query argument $1: …",
        ),
        (f'invalid input syntax for type uuid: "{NAME}"', "invalid input syntax for type uuid: …"),
        (f"no\nDETAIL:  Key (name)=({NAME}) exists.\nmore", "no\n…\nmore"),
        ("took 3000 ms at 2026-11-21 10:00:00", "took 3000 ms at 2026-11-21 10:00:00"),
    ],
)
def test_of_a_text_what_may_be_personal_is_left_out(text: str, left: str) -> None:
    assert discreet(text) == left


def test_groups_of_errors_are_told_in_full_and_nothing_that_they_quote() -> None:
    group = ExceptionGroup("two", [ValueError(f"no {NAME!r}"), KeyError(EMAIL)])
    told = DiscreetFormatter().formatException((type(group), group, None))
    assert "ValueError: no …" in told
    assert "KeyError: …" in told
    assert personal(told) == []
