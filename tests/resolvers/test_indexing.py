"""The walks that fill the identifier index: complete on every store, in small lots, taken up where they were ended."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from domain.identifiers import IndexedKind, IndexedRef, identifiers_of
from domain.records import CrmRecord, Key
from domain.searching import matches, read_search
from domain.time import Period
from gateway.opening import Sources, opened
from gateway.settings import Settings
from resolvers.indexing import Walk, whole_pass
from sources.own import leases
from sources.own.index_passes import Walker, indexed_at
from sources.own.index_rows import count_known, known_keys
from sources.own.migrating import migrate
from sources.own.search import candidates
from sources.own.store import OwnStore
from sources.postgres import PostgresSource
from sources.postgres_reading import Tenant
from sources.profile_reading import read_profile, shipped_profiles
from sources.stores import Stores
from sources.walking import indexed_kinds, records_after
from tests.index_rows import kept_rows
from tests.loading import EXPECTED, add_to_mongo, existing_store, indexed, make_database, run_sql
from tests.servers import Servers

AS_THEY_ARE = Sources()


@asynccontextmanager
async def stores_of(settings: Settings, sources: Sources = AS_THEY_ARE) -> AsyncIterator[tuple[Stores, OwnStore]]:
    async with opened(read_profile(settings.profile), settings, sources) as stores:
        assert stores.own is not None
        yield stores, stores.own


async def loaded(servers: Servers, name: str, database: str) -> Settings:
    """Load the store *name*, beside the gateway's own tables also where it has no CRM."""
    settings = await existing_store(servers, name, database)
    if settings.postgres_url is None:
        settings = replace(settings, postgres_url=await make_database(servers, database))
    return settings


@pytest.mark.parametrize("name", [name for name in shipped_profiles() if name != "demo"])
async def test_every_record_of_every_store_is_found_by_what_it_has(servers: Servers, name: str) -> None:
    settings = await indexed(await loaded(servers, name, f"walked_{name}"))
    async with stores_of(settings) as (stores, own):
        region = stores.profile.store.phone_region
        for tenant in sorted(EXPECTED[name].get("tenants", {})) or [None]:
            for kind in indexed_kinds(stores):
                lot = await records_after(stores, tenant, kind, None, size=1000)
                assert lot.ended
                refs = [IndexedRef(kind, one.key) for one in lot.records]
                wanted = {ref: identifiers_of(one, region) for ref, one in zip(refs, lot.records, strict=True)}
                assert await kept_rows(own, tenant, [kind]) == wanted
                for ref, one in zip(refs, lot.records, strict=True):
                    for text in (one.name, one.email, one.phone):
                        asked = None if text is None else read_search(text, region)
                        if asked is not None:
                            assert ref in (await candidates(own, tenant, [kind], asked)).refs
                            assert matches(asked, one.name, one.email, one.phone, region)


async def test_a_search_finds_what_is_expected_of_it(servers: Servers) -> None:
    settings = await indexed(await existing_store(servers, "bikes", "searched_bikes"))
    async with stores_of(settings) as (stores, own):
        for text, names in EXPECTED["bikes"]["search"].items():
            asked = read_search(text, None)
            assert asked is not None
            found = await candidates(own, None, [IndexedKind.CRM], asked)
            rows = await stores.crm.customers_by_key(None, [ref.key for ref in found.refs])
            assert found.complete
            assert sorted(row.name or "" for row in rows.values()) == sorted(names)


class Watched(PostgresSource):
    """Keep in mind how much was read at a time."""

    lots: ClassVar[list[int]] = []

    async def customers_after(
        self, tenant: Tenant, after: Key | None, size: int, created_in: Period | None
    ) -> Sequence[CrmRecord]:
        found = await super().customers_after(tenant, after, size, created_in)
        self.lots.append(len(found))
        return found


async def test_a_walk_holds_no_more_than_a_lot_however_much_there_is(servers: Servers) -> None:
    settings = await indexed(await existing_store(servers, "grocer", "walked_far"))
    assert settings.postgres_url is not None
    await run_sql(
        settings.postgres_url,
        "INSERT INTO customers SELECT 'north', n, 'Name ' || n, n || '@x.example', NULL, 'web', now()"
        " FROM generate_series(1000, 2999) AS n",
    )
    async with stores_of(settings, Sources(postgres=Watched)) as (stores, own):
        Watched.lots.clear()
        await whole_pass(stores, "north", lot=128)
        assert sum(Watched.lots) == await count_known(own, "north", IndexedKind.CRM) == 2008
        assert set(Watched.lots[:-1]) == {128}

        # What is gone is looked for a lot at a time as well.
        await run_sql(settings.postgres_url, "DELETE FROM customers WHERE org = 'north' AND id >= 1500")
        await whole_pass(stores, "north", lot=128)
        assert await count_known(own, "north", IndexedKind.CRM) == 508


async def test_a_walk_that_was_interrupted_is_taken_up_where_it_was(servers: Servers) -> None:
    settings = await existing_store(servers, "grocer", "walked_half")
    settings = await indexed(settings)
    async with stores_of(settings) as (stores, own):
        walk = await Walk.begin(stores, own, "north", Walker.COMMAND, lot=3)
        for _ in range(4):
            assert await walk.step()
        assert (walk.state.kind, walk.state.walked) == (IndexedKind.ACCOUNT, 3)

        again = await Walk.begin(stores, own, "north", Walker.COMMAND, lot=3)
        assert again.state == walk.state
        before = await indexed_at(own, "north")
        assert before is not None
        assert before < again.state.began_at
        while await again.step():
            pass
        assert await indexed_at(own, "north") == again.state.began_at
        anew = await Walk.begin(stores, own, "north", Walker.COMMAND, lot=3)
        assert (anew.state.kind, anew.state.walked) == (IndexedKind.CRM, 0)


async def test_one_whole_pass_waits_for_another_and_uses_it_where_it_began_later(servers: Servers) -> None:
    settings = await indexed(await existing_store(servers, "grocer", "walked_twice"))
    async with stores_of(settings) as (stores, own):
        other = uuid.uuid4()
        assert await leases.take(own, "index north", other)
        told = [asyncio.Event() for _ in range(3)]
        waiting = [asyncio.create_task(whole_pass(stores, "north", on_wait=each.set)) for each in told]
        await asyncio.gather(*(each.wait() for each in told))
        assert not any(task.done() for task in waiting)

        await leases.release(own, "index north", other)

        began = await asyncio.gather(*waiting)
        assert len(set(began)) == 1


async def test_keys_of_other_kinds_are_passed_over(servers: Servers) -> None:
    settings = await existing_store(servers, "grocer", "walked_odd")
    odd = [{"org": "north", "id": key, "role": "customer", "name": "Odd"} for key in (7, 3.5, None, ["A"], {"a": 1})]
    listed = [{"org": ["north", "south"], "id": "L1", "role": "customer", "name": "Listed"}]
    last = [
        {"org": "north", "id": "zz", "role": "customer", "name": "Last"},
        {"org": "north", "id": "k" * 600, "role": "customer"},
    ]
    add_to_mongo(str(settings.mongo_url), {"users": [*odd, *listed, *last]})
    settings = await indexed(settings)
    async with stores_of(settings) as (stores, own):
        await whole_pass(stores, "north", lot=2)
        assert await count_known(own, "north", IndexedKind.ACCOUNT) == 12
        found = read_search("last", None)
        assert found is not None
        refs = (await candidates(own, "north", [IndexedKind.ACCOUNT], found)).refs
        assert refs == {IndexedRef(IndexedKind.ACCOUNT, "zz")}


async def test_what_the_profile_maps_no_more_is_forgotten(servers: Servers) -> None:
    settings = await indexed(await existing_store(servers, "grocer", "walked_less"))
    async with stores_of(settings) as (stores, own):
        without = replace(stores, profile=replace(stores.profile, account=None, delivery=None))
        await whole_pass(without, "north")
        assert await count_known(own, "north", IndexedKind.ACCOUNT) == 0
        assert await count_known(own, "north", IndexedKind.CRM) == 8
        assert await count_known(own, "south", IndexedKind.ACCOUNT) == 1


KEYS = {
    "smallint": ["-5", "0", "7", "300"],
    "bigint": ["-9223372036854775808", "10", "9", "9223372036854775807"],
    "uuid": [str(uuid.UUID(int=number)) for number in (0, 1, 1 << 127)],
    "text": ["", " ", "a", "B", "ä", "%", "\\", "日本"],
    "char(3)": ["a", "ab", "B"],
    "name": ["a", "ab", "B"],
}


@pytest.mark.parametrize("kind", KEYS)
async def test_keys_of_every_type_are_walked_through_one_at_a_time(
    without_mongo: Servers, tmp_path: Path, kind: str
) -> None:
    url = await make_database(without_mongo, "walked_keys")
    keys = ", ".join(f"('{key}', 'Anna')" for key in KEYS[kind])
    await run_sql(
        url, f"CREATE TABLE people (id {kind}, name text, at timestamptz)", f"INSERT INTO people VALUES {keys}"
    )
    await run_sql(url, "INSERT INTO people VALUES (NULL, 'Nobody')")
    profile = tmp_path / "people.toml"
    profile.write_text(
        '[store]\nname = "people"\ncurrency = "EUR"\n'
        '[customer]\ntable = "people"\nkey = "id"\nname = "name"\ncreated_at = "at"\n'
    )
    await migrate(url)
    async with stores_of(Settings(profile=str(profile), postgres_url=url, open=True)) as (stores, own):
        await whole_pass(stores, None, lot=1)
        found = await known_keys(own, None, IndexedKind.CRM, after=None, size=100)
        assert sorted(found) == sorted(KEYS[kind])
        await run_sql(url, "DELETE FROM people")
        await whole_pass(stores, None, lot=1)
        assert await count_known(own, None, IndexedKind.CRM) == 0
