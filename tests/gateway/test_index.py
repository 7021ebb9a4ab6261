"""The identifier index as users meet it: filled by a command, it finds customers by e-mail and phone."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from domain.access import Role
from domain.identifiers import IdentifierKind, IndexedKind
from gateway.settings import Settings
from sources.own.identifiers import shared
from sources.own.index_rows import known_keys
from sources.own.store import OwnStore
from tests.answers import codes
from tests.commanding import run_command
from tests.loading import EXPECTED, add_to_mongo, existing_store, expected_tenants, indexed, make_database, run_sql
from tests.running import Gateway, running
from tests.servers import Servers

NORTH: dict[str, Any] = {"tenant": "north"}
BY = "query ($key: CustomerKey!) { customerBy(key: $key) { name records { store key } } }"


@pytest.fixture(scope="module")
async def grocer(servers: Servers) -> AsyncIterator[Gateway]:
    """A store of its own, which the tests change, in the index."""
    async with running(await indexed(await existing_store(servers, "grocer", "indexed"))) as gateway:
        yield gateway


@pytest.fixture(scope="module")
async def bare(servers: Servers) -> AsyncIterator[Gateway]:
    """A store whose index was never filled."""
    async with running(await existing_store(servers, "grocer", "bare")) as gateway:
        yield gateway


async def found(gateway: Gateway, how: dict[str, Any] | None = None, **key: str) -> list[str] | None:
    customer = (await gateway.data(BY, {"key": key}, **(how or NORTH)))["customerBy"]
    return None if customer is None else [record["key"] for record in customer["records"]]


def address(settings: Settings) -> str:
    assert settings.postgres_url is not None
    return settings.postgres_url


async def known(settings: Settings, tenant: str | None, kind: IndexedKind) -> list[str]:
    own = OwnStore(address(settings), 5)
    try:
        return list(await known_keys(own, tenant, kind, after=None, size=1000))
    finally:
        await own.close()


async def test_a_customer_is_found_by_the_email_of_any_record_in_either_case(grocer: Gateway) -> None:
    assert await found(grocer, email="one@grocer.example") == ["1", "A1", "D1"]
    assert await found(grocer, email=" A1@North.Example ") == ["1", "A1", "D1"]
    assert await found(grocer, email="a9@north.example") == ["A9", "D9"]
    assert await found(grocer, email="nobody@north.example") is None


async def test_a_customer_is_found_by_a_phone_in_any_notation(grocer: Gateway) -> None:
    for written in ("+4520000001", "20 00 00 01", "0045 20-00-00-01", "+45 (20) 000001"):
        assert await found(grocer, phone=written) == ["1", "A1", "D1"]
    assert await found(grocer, phone="20000009") is None


async def test_each_tenant_finds_its_own(grocer: Gateway) -> None:
    assert await found(grocer, {"tenant": "south"}, email="one@grocer.example") == ["1", "A1"]
    assert await found(grocer, {"tenant": "south"}, email="two@grocer.example") is None


async def test_staff_are_no_customers(grocer: Gateway) -> None:
    assert await found(grocer, email="s1@north.example") is None


async def test_what_the_index_says_is_not_believed(grocer: Gateway) -> None:
    url = address(grocer.settings)
    await run_sql(url, "UPDATE customers SET email = 'zwei@grocer.example' WHERE org = 'north' AND id = 2")

    assert await found(grocer, email="two@grocer.example") is None
    assert await found(grocer, email="zwei@grocer.example") is None
    await indexed(grocer.settings)
    assert await found(grocer, email="zwei@grocer.example") == ["2", "A2"]


async def test_an_email_of_several_customers_is_ambiguous(grocer: Gateway) -> None:
    url = address(grocer.settings)
    await run_sql(url, "INSERT INTO customers VALUES ('north', 20, 'Twin', 'Eight@Grocer.example', NULL, 'web', now())")
    await indexed(grocer.settings)

    answer = await grocer.ask(BY, {"key": {"email": "eight@grocer.example"}}, **NORTH)

    assert answer["data"] == {"customerBy": None}
    assert codes(answer) == ["AMBIGUOUS"]
    await run_sql(url, "DELETE FROM customers WHERE org = 'north' AND id = 20")
    assert await found(grocer, email="eight@grocer.example") == ["8"]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ({"phone": "call me"}, "This is no phone number."),
        ({"phone": "\x00"}, "This is no phone number."),
        ({"phone": "1" * 5000}, "This is no phone number."),
        ({"email": "  "}, "This is no e-mail address."),
        ({"email": "a" * 5000}, "This is no e-mail address."),
        ({"email": "a\x00@x.example"}, "This is no e-mail address."),
    ],
)
async def test_what_is_no_email_or_phone_is_refused(grocer: Gateway, key: dict[str, str], message: str) -> None:
    answer = await grocer.ask(BY, {"key": key}, **NORTH)

    assert codes(answer) == ["BAD_INPUT"]
    assert answer["errors"][0]["message"] == message


@pytest.fixture(scope="module")
async def bikes(without_mongo: Servers) -> AsyncIterator[Gateway]:
    """A store without a country, and with names in several scripts."""
    settings = await existing_store(without_mongo, "bikes", "indexed_bikes")
    await run_sql(address(settings), "UPDATE customers SET phone = '+49 30 1234567' WHERE full_name = 'Marta Weiß'")
    async with running(await indexed(settings)) as gateway:
        yield gateway


async def test_a_store_without_a_country_says_what_a_number_needs(bikes: Gateway) -> None:
    answer = await bikes.ask(BY, {"key": {"phone": "030 1234567"}})
    assert codes(answer) == ["BAD_INPUT"]
    assert answer["errors"][0]["message"].endswith("so that a number begins with + and its country.")
    assert await found(bikes, {"tenant": None}, phone="+49 (30) 123-4567") is not None


SEARCH = "query ($text: String!) { customers(filter: {search: $text}) { totalCount nodes { name } } }"


@pytest.mark.parametrize(("text", "names"), [*EXPECTED["bikes"]["search"].items(), ("030 12345", ["Marta Weiß"])])
async def test_a_search_finds_names_in_any_script_and_numbers(bikes: Gateway, text: str, names: list[str]) -> None:
    customers = (await bikes.data(SEARCH, {"text": text}))["customers"]

    assert sorted(one["name"] for one in customers["nodes"]) == sorted(names)
    assert customers["totalCount"] == len(names)


async def test_without_a_whole_pass_nothing_can_be_looked_up(bare: Gateway) -> None:
    asked = {"key": {"email": "one@grocer.example"}}
    answer = await bare.ask(BY, asked, **NORTH)

    assert answer["data"] == {"customerBy": None}
    assert codes(answer) == ["INDEX_MISSING"]
    assert "python -m gateway migrate" in answer["errors"][0]["message"]

    assert (await run_command(bare.settings, "migrate")).status == 0
    answer = await bare.ask(BY, asked, **NORTH)
    assert codes(answer) == ["INDEX_MISSING"]
    assert "python -m gateway index --all-tenants fills it" in answer["errors"][0]["message"]
    for query in (SEARCH, SEARCH.replace("customers", "leads").replace("nodes { name }", "nodes { id }")):
        answer = await bare.ask(query, {"text": "one"}, **NORTH)
        assert set(codes(answer)) == {"INDEX_MISSING"}
    assert (await bare.data("{ stores { indexedAt } }", **NORTH))["stores"] == [{"indexedAt": None}] * 2


async def test_the_command_fills_the_index_and_says_so(servers: Servers) -> None:
    settings = await existing_store(servers, "grocer", "by_command")
    assert (await run_command(settings, "migrate")).status == 0
    assert "--all-tenants" in (await run_command(settings, "index")).err

    ran = await run_command(settings, "index", "--tenant", "north")
    assert (ran.status, ran.out) == (0, "")
    assert ran.err == "In the index of north: 8 CRM, 11 ACCOUNT, 8 DELIVERY.\n"
    told = (await run_command(settings, "index", "--all-tenants", "--json")).json

    assert [one["tenant"] for one in told] == ["north", "south"]
    assert told[1]["records"] == {"CRM": 1, "ACCOUNT": 1, "DELIVERY": 0}
    async with running(settings) as gateway:
        stores = (await gateway.data("{ stores { indexedAt } }", tenant="south"))["stores"]
        assert {store["indexedAt"] for store in stores} == {told[1]["indexedAt"]}
        everyone = (await gateway.data("{ stores { indexedAt } }", roles=[Role.PLATFORM_ADMIN]))["stores"]
        assert {store["indexedAt"] for store in everyone} == {told[0]["indexedAt"]}


async def test_the_command_says_what_it_lacks(servers: Servers) -> None:
    settings = await existing_store(servers, "grocer", "unmigrated")

    ran = await run_command(settings, "index", "--tenant", "north")

    assert ran.status == 2
    assert "its own tables are missing. python -m gateway migrate makes them." in ran.err


async def test_what_is_gone_from_a_store_is_forgotten_and_what_is_new_is_known(servers: Servers) -> None:
    settings = await indexed(await existing_store(servers, "grocer", "changing"))
    assert "A12" in await known(settings, "north", IndexedKind.ACCOUNT)

    await run_sql(address(settings), "DELETE FROM customers WHERE org = 'north' AND id IN (2, 3)")
    await run_sql(address(settings), "INSERT INTO customers VALUES ('north', 9, 'New', NULL, NULL, 'web', now())")
    add_to_mongo(str(settings.mongo_url), {"users": [{"org": "north", "id": "A99", "role": "customer"}]})
    await indexed(settings)

    assert await known(settings, "north", IndexedKind.CRM) == ["1", "4", "5", "6", "7", "8", "9"]
    assert "A99" in await known(settings, "north", IndexedKind.ACCOUNT)
    assert await known(settings, "south", IndexedKind.CRM) == ["1"]


async def test_what_the_index_has_of_a_tenant_that_is_gone_is_forgotten(servers: Servers) -> None:
    settings = await indexed(await existing_store(servers, "platform", "tenant_gone"))
    (first, second), kind = expected_tenants("platform")[:2], IndexedKind.CRM
    assert await known(settings, first, kind)
    await run_sql(address(settings), f"DELETE FROM tenants WHERE id = '{first}'")

    assert (await run_command(settings, "index", "--all-tenants")).status == 0

    assert await known(settings, first, kind) == []
    assert await known(settings, second, kind)
    async with running(settings) as gateway:
        answer = await gateway.ask(BY, {"key": {"email": "one@x.example"}}, tenant=first)
        assert codes(answer) == ["INDEX_MISSING"]


async def test_records_of_both_stores_come_together_without_a_crm(servers: Servers) -> None:
    settings = await existing_store(servers, "delivery")
    settings = await indexed(with_own_tables(settings, await make_database(servers, "delivery_own")))

    own = OwnStore(address(settings), 5)
    phones = [
        sorted(ref.key for ref in one.records)
        for kind in IdentifierKind
        for one in await shared(own, None, kind, after=None, size=100)
    ]
    await own.close()

    suggested = EXPECTED["delivery"]["suggestions"]
    for records in (*suggested["CERTAIN"], *suggested["AMBIGUOUS"]):
        assert any(set(records) <= set(group) for group in phones)


def with_own_tables(settings: Settings, url: str) -> Settings:
    return Settings(profile=settings.profile, mongo_url=settings.mongo_url, postgres_url=url, open=True)
