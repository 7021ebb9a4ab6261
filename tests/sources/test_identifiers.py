"""The identifier index: what is kept in it, and what finds it again."""

import random
from collections.abc import AsyncIterator, Sequence

import pytest

from domain.identifiers import (
    CUSTOMER_KINDS,
    IdentifierKind,
    Identifiers,
    IndexedKind,
    IndexedRef,
    identifiers_of,
)
from domain.records import CrmRecord
from domain.searching import holds, read_search
from sources.own.identifiers import Shared, put, put_all, records_with, shared
from sources.own.index_rows import clock, count_known, forget, known_keys, put_read
from sources.own.migrating import migrate
from sources.own.search import candidates
from sources.own.store import OwnStore
from tests.index_rows import kept_rows
from tests.loading import make_database, run_sql
from tests.servers import Servers

CRM, ACCOUNT, DELIVERY, LEAD = IndexedKind


@pytest.fixture(scope="module")
async def store(without_mongo: Servers) -> AsyncIterator[OwnStore]:
    url = await make_database(without_mongo, "identifiers")
    await migrate(url)
    own = OwnStore(url, 5)
    yield own
    await own.close()


@pytest.fixture
async def own(store: OwnStore) -> OwnStore:
    """Begin with an empty index."""
    await forget(store, "a", list(IndexedKind), None, before=(await clock(store)).replace(year=9999))
    await forget(store, None, list(IndexedKind), None, before=(await clock(store)).replace(year=9999))
    return store


def found_by(name: str = "", email: str | None = None, phone: str | None = None) -> Identifiers:
    return identifiers_of(CrmRecord(key="", name=name, email=email, phone=phone), "DK")


async def keep(own: OwnStore, rows: dict[IndexedRef, Identifiers], tenant: str | None = "a") -> None:
    async with own.transaction() as connection:
        await put_all(connection, tenant, rows)


async def search(own: OwnStore, text: str, tenant: str | None = "a", most: int = 100) -> set[str]:
    asked = read_search(text, "DK")
    assert asked is not None
    return {ref.key for ref in (await candidates(own, tenant, list(IndexedKind), asked, most=most)).refs}


async def test_records_are_found_by_what_was_put(own: OwnStore) -> None:
    await keep(
        own,
        {
            IndexedRef(CRM, "1"): found_by("Anna", "Anna@X.example", "12 34 56 78"),
            IndexedRef(ACCOUNT, "u"): found_by("Anna", "anna@x.example"),
            IndexedRef(LEAD, "l"): found_by("Anna", "anna@x.example"),
        },
    )

    email, phone = IdentifierKind.EMAIL, IdentifierKind.PHONE
    refs = [IndexedRef(ACCOUNT, "u"), IndexedRef(CRM, "1")]
    assert await records_with(own, "a", email, ["anna@x.example", "b@x.example"]) == {"anna@x.example": refs}
    leads = await records_with(own, "a", email, ["anna@x.example"], kinds=[LEAD])
    assert leads == {"anna@x.example": [IndexedRef(LEAD, "l")]}
    assert await records_with(own, "a", phone, ["+4512345678"]) == {"+4512345678": [IndexedRef(CRM, "1")]}
    assert await records_with(own, None, email, ["anna@x.example"]) == {}
    assert await records_with(own, "a", email, ["\x00"]) == {}
    assert await kept_rows(own, "a", CUSTOMER_KINDS) == {
        IndexedRef(CRM, "1"): found_by("Anna", "anna@x.example", "12345678"),
        IndexedRef(ACCOUNT, "u"): found_by("Anna", "anna@x.example"),
    }


async def test_what_is_put_again_takes_the_place_of_what_was(own: OwnStore) -> None:
    async with own.transaction() as connection:
        await put(connection, "a", CRM, "1", found_by("Anna", "old@x.example"))
        await put(connection, "a", CRM, "1", found_by("Berta", "new@x.example"))

    assert await search(own, "anna") == set()
    assert await search(own, "berta new@") == {"1"}


async def test_what_this_gateway_wrote_is_not_overwritten_by_what_somebody_has_read_before(own: OwnStore) -> None:
    ref, new, old = IndexedRef(CRM, "1"), found_by("New"), found_by("Old")
    await put_read(own, "a", {ref: old}, await clock(own))
    await keep(own, {ref: new})

    assert await put_read(own, "a", {ref: old}, await clock(own)) == 0
    assert await forget(own, "a", [CRM], ["1"], before=await clock(own)) == 0
    assert await search(own, "new") == {"1"}


async def test_a_transaction_that_fails_leaves_nothing(own: OwnStore) -> None:
    async def fail() -> None:
        async with own.transaction() as connection:
            await put(connection, "a", CRM, "1", found_by("Anna"))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    assert await known_keys(own, "a", CRM, after=None, size=10) == []


async def test_shared_identifiers_come_in_pages_each_once(own: OwnStore) -> None:
    rows = {}
    for number in range(7):
        rows[IndexedRef(CRM, f"c{number}")] = found_by(email=f"{number}@x.example")
        rows[IndexedRef(DELIVERY, f"d{number}")] = found_by(email=f"{number}@x.example")
    rows |= {IndexedRef(CRM, key): found_by(email="same-kind@x.example") for key in ("x", "y")}
    rows |= {IndexedRef(kind, "z"): found_by(email="with-lead@x.example") for kind in (CRM, LEAD)}
    rows |= {IndexedRef(ACCOUNT, f"m{number}"): found_by(email="many@x.example") for number in range(4)}
    rows |= {IndexedRef(CRM, "m"): found_by(email="many@x.example")}
    await keep(own, rows)

    pages: list[Sequence[Shared]] = []
    while not pages or len(pages[-1]) == 3:
        after = pages[-1][-1].value if pages else None
        pages.append(await shared(own, "a", IdentifierKind.EMAIL, after=after, size=3))

    assert [len(page) for page in pages] == [3, 3, 1]
    assert [one.value for page in pages for one in page] == [f"{number}@x.example" for number in range(7)]
    assert pages[0][0].records == (IndexedRef(CRM, "c0"), IndexedRef(DELIVERY, "d0"))
    for scan in (1, 2, 5, 100):
        few = await shared(own, "a", IdentifierKind.EMAIL, after="0@x.example", size=5, scan=scan)
        assert [one.value for one in few] == [f"{number}@x.example" for number in range(1, 6)]
        rest = await shared(own, "a", IdentifierKind.EMAIL, after="5@x.example", size=5, scan=scan)
        assert [one.value for one in rest] == ["6@x.example"]
    assert await shared(own, None, IdentifierKind.EMAIL, after=None, size=3) == []
    assert await shared(own, "a", IdentifierKind.PHONE, after=None, size=3) == []


async def test_a_search_finds_candidates_of_its_tenant_and_kinds(own: OwnStore) -> None:
    await keep(
        own,
        {
            IndexedRef(CRM, "1"): found_by("Иван Щукин"),
            IndexedRef(ACCOUNT, "2"): found_by("Shchukin Junior"),
            IndexedRef(LEAD, "3"): found_by("100% Weiß_", "a_b@x.example", "12345678"),
        },
    )
    await keep(own, {IndexedRef(CRM, "4"): found_by("Shchukin")}, tenant=None)

    assert await search(own, "shchukin") == {"1", "2"}
    assert await search(own, "Щукин") == {"1", "2"}
    assert await search(own, "щукин иван") == {"1"}
    assert await search(own, "weiss") == await search(own, "345678") == await search(own, "a_b@") == {"3"}
    assert await search(own, "axb@") == await search(own, "a%b@") == await search(own, "!%_") == set()
    assert await search(own, "shchukin", tenant=None) == {"4"}
    asked = read_search("shchukin", None)
    assert asked is not None
    only = await candidates(own, "a", CUSTOMER_KINDS, asked, most=1)
    assert (len(only.refs), only.complete) == (1, False)


async def test_the_index_and_the_rule_agree_on_whatever_is_searched_for(own: OwnStore) -> None:
    chance = random.Random(7)  # noqa: S311 - the same searches every time, and no secrets
    letters = "aabeinosxyzåäüßЩщиюйёαω王明\u0301'-%_\\.@+ ()0123456789"

    def some(longest: int) -> str:
        return "".join(chance.choices(letters, k=chance.randint(1, longest)))

    rows = {IndexedRef(CRM, str(number)): found_by(some(12), some(12), some(9)) for number in range(300)}
    await keep(own, rows)
    found = 0
    for _ in range(150):
        asked = read_search(some(4), "DK")
        if asked is not None:
            expected = {ref for ref, row in rows.items() if holds(asked, row.text)}
            assert (await candidates(own, "a", [CRM], asked)).refs == expected
            found += len(expected)
    assert found > 500


async def test_what_cannot_be_kept_is_left_out(own: OwnStore) -> None:
    odd = found_by("\x00 Anna \ud800", "a\x00@x.example", "\x00")

    await keep(own, {IndexedRef(ACCOUNT, "\x00"): odd, IndexedRef(ACCOUNT, "k" * 501): odd, IndexedRef(CRM, "1"): odd})

    assert await count_known(own, "a", ACCOUNT) == 0
    assert await search(own, "anna") == {"1"}
    assert await search(own, "\x00") == await search(own, "z\x00nna@") == set()


async def test_a_server_without_trigrams_searches_all_the_same(without_mongo: Servers) -> None:
    url = await make_database(without_mongo, "no_trigrams")
    await run_sql(url, "DROP ROLE IF EXISTS plain", "CREATE ROLE plain LOGIN", "CREATE SCHEMA gateway")
    await run_sql(url, "GRANT ALL ON SCHEMA gateway TO plain")

    migrated = await migrate(url.replace("postgres@", "plain@"))

    assert migrated.slow_search == 'permission denied to create extension "pg_trgm"'
    own = OwnStore(url, 5)
    await keep(own, {IndexedRef(CRM, "1"): found_by("Иван Щукин")})
    assert await search(own, "shchukin") == {"1"}
    await own.close()
    await run_sql(url, "CREATE SCHEMA theirs", "CREATE EXTENSION pg_trgm SCHEMA theirs")
    assert (await migrate(url)).slow_search is None
