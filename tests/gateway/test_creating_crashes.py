"""A gateway that is killed at any point of what it writes of a customer: all of it is there in the end, or nothing.

In CI every point of creating a customer and some of the others; `make crash` (GATEWAY_TEST_CRASHES=all) all of them.
"""

import asyncio
import json
import os
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from domain.ids import encode_id
from domain.records import RecordKind
from gateway.embedded import EmbeddedStores
from gateway.opening import opened
from gateway.resuming import carry_on_all
from gateway.settings import Settings
from resolvers.operations import operations_of
from sources.own.migrating import migrate
from sources.profile_reading import read_profile
from tests.gateway.test_linking_together import halted
from tests.gateway.test_planned_crashes import continued
from tests.gateway.test_statuses import rows
from tests.loading import existing_store, make_database, run_sql
from tests.running import Gateway, running

ROOT = Path(__file__).parents[2]
NEW = {"name": "Anna Lind", "email": "anna@new.example", "phone": "+4520304050", "delivery": {"address": "Lane 1"}}
EIGHT = encode_id("Customer", "north", "8", RecordKind.CRM)
ASHA = encode_id("Customer", None, "cust-1", RecordKind.DELIVERY)
ONE = encode_id("Customer", "north", "1", RecordKind.CRM)
#: What is sent, how many documents it writes, and how all of it reads: nothing of it, or everything.
SENT: dict[str, tuple[str, dict[str, Any], int]] = {
    "createCustomer": ("CreateCustomerInput", NEW, 2),
    "createAccount": ("CreateAccountInput", {"customerId": EIGHT, "email": "eight@login.example"}, 1),
    "updateCustomer": ("UpdateCustomerInput", {"id": ONE, "name": "Uno", "phone": "+4520304051"}, 2),
    "assignCourier": ("AssignCourierInput", {"customerId": ASHA, "courierKey": "user-2"}, 1),
}
#: In which store, and of which tenant, where that is not `grocer` and `north`.
ELSEWHERE: dict[str, tuple[str, str | None]] = {"assignCourier": ("delivery", None)}
READ = """{ customers(first: 50) { nodes {
  name linkage records { store name email phone } account { email } delivery { courier { key } } } } }"""
POINTS = ("before-intent", "after-intent", "write-0", "write-1", "before-applied", "after-applied")
CASES = [
    (mutation, point)
    for mutation, (_, _, writes) in SENT.items()
    for point in POINTS
    if point not in [f"write-{number}" for number in range(writes, 9)]
    and (os.environ.get("GATEWAY_TEST_CRASHES") == "all" or mutation == "createCustomer" or point == "write-0")
]


def told(customers: list[dict[str, Any]], mutation: str) -> list[Any]:
    """List, for what *mutation* writes, how far it is done: all the same where it is done whole."""
    if mutation == "createCustomer":
        found = [one for one in customers if any(record["name"] == "Anna Lind" for record in one["records"])]
        return [(one["linkage"], len(one["records"])) for one in found]
    if mutation == "createAccount":
        return [one["linkage"] for one in customers if (one["account"] or {}).get("email") == "eight@login.example"]
    if mutation == "updateCustomer":
        (one,) = [one for one in customers if one["name"] in ("One", "Uno")]
        return [record["name"] == "Uno" for record in one["records"] if record["name"]]
    return [one["delivery"]["courier"] for one in customers if one["name"] == "Asha Rao" and one["delivery"]]


async def read(gateway: Gateway, mutation: str, tenant: str | None) -> list[Any]:
    return told((await gateway.data(READ, tenant=tenant))["customers"]["nodes"], mutation)


async def stored_states(settings: Settings) -> list[Any]:
    """Count the operations by their state."""
    connection = await asyncpg.connect(str(settings.postgres_url).replace("+asyncpg", ""))
    try:
        found = await connection.fetch("SELECT state, count(*) FROM gateway.operation GROUP BY 1")
        return [tuple(row) for row in found]
    finally:
        await connection.close()


async def send(
    settings: Settings, tenant: str | None, document: str, given: dict[str, Any], *, crash_at: str, smtp_url: str = ""
) -> int:
    """Send a mutation through a gateway of its own, and answer how that ended."""
    mail = {"GATEWAY_SMTP_URL": smtp_url} if smtp_url else {}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.writer", settings.profile, str(settings.postgres_url), document),
        *(json.dumps(given), str(settings.mongo_url), *([] if tenant is None else [tenant])),
        cwd=ROOT,
        env=os.environ | {"GATEWAY_TEST_CRASH_AT": crash_at} | mail,
    )
    return await process.wait()


@pytest.mark.parametrize(("mutation", "point"), CASES)
async def test_what_is_written_of_a_customer_is_written_whole(
    servers: EmbeddedStores, mutation: str, point: str
) -> None:
    store, tenant = ELSEWHERE.get(mutation, ("grocer", "north"))
    settings = await existing_store(servers, store, "made_crashing")
    if settings.postgres_url is None:
        # A store without a CRM needs PostgreSQL all the same, for what the gateway keeps.
        settings = replace(settings, postgres_url=await make_database(servers, "made_crashing"))
    await migrate(str(settings.postgres_url))
    type_, given, _ = SENT[mutation]
    given = {**given, "idempotencyKey": "k"}
    document = f"mutation ($input: {type_}!) {{ {mutation}(input: $input) {{ errors {{ code message }} }} }}"
    async with running(settings) as gateway:
        before = await read(gateway, mutation, tenant)
        assert await send(settings, tenant, document, given, crash_at=point) == -9
        await run_sql(str(settings.postgres_url), "UPDATE gateway.operation SET lease_until = now()")
        async with opened(read_profile(store), settings) as stores:
            operations = operations_of(stores)
            assert operations is not None
            await carry_on_all(operations)
        carried = await read(gateway, mutation, tenant)
        for _ in range(2):
            answer = await gateway.data(document, {"input": given}, tenant=tenant)
            assert answer[mutation]["errors"] == []
            whole = await read(gateway, mutation, tenant)
        assert carried == (before if point == "before-intent" else whole)
        assert await rows(gateway, "SELECT count(*) FROM gateway.claim") == [(0,)]
        assert await stored_states(settings) == [("APPLIED", 1)]
    if mutation == "createCustomer":
        assert whole == [("COMPLETE", 3)]
    if mutation == "updateCustomer":
        assert set(whole) == {True}


@pytest.fixture(scope="module")
def own_servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedStores]:
    """Run servers that these tests may stop."""
    with EmbeddedStores(tmp_path_factory.mktemp("cut_making")) as stores:
        yield stores
        stores.remove()


@pytest.mark.parametrize(
    "mutation", SENT if os.environ.get("GATEWAY_TEST_CRASHES") == "all" else ("createCustomer", "updateCustomer")
)
async def test_a_store_that_goes_down_on_the_way_is_waited_for(own_servers: EmbeddedStores, mutation: str) -> None:
    store, tenant = ELSEWHERE.get(mutation, ("grocer", "north"))
    settings = await existing_store(own_servers, store, "made_halted")
    if settings.postgres_url is None:
        settings = replace(settings, postgres_url=await make_database(own_servers, "made_halted"))
    await migrate(str(settings.postgres_url))
    type_, given, writes = SENT[mutation]
    document = (
        f"mutation ($input: {type_}!) {{ {mutation}(input: $input) {{ operation {{ state }} errors {{ code }} }} }}"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.writer", settings.profile, str(settings.postgres_url), document),
        *(json.dumps(given), str(settings.mongo_url), *([] if tenant is None else [tenant])),
        cwd=ROOT,
        env=os.environ | {"GATEWAY_TEST_HALT_AT": f"write-{writes - 1}"},
        stdout=asyncio.subprocess.PIPE,
    )
    await halted(process.pid)
    await asyncio.to_thread(own_servers.mongo.stop)
    out = await continued(process)
    assert b"'PENDING'" in out
    assert b"'errors': []" in out
    await asyncio.to_thread(own_servers.mongo.start)
    async with opened(read_profile(store), settings) as stores:
        operations = operations_of(stores)
        assert operations is not None
        await carry_on_all(operations)
    assert await stored_states(settings) == [("APPLIED", 1)]
    async with running(settings) as gateway:
        answer = await read(gateway, mutation, tenant)
    assert answer
    if mutation == "createCustomer":
        assert answer == [("COMPLETE", 3)]
    if mutation == "updateCustomer":
        assert set(answer) == {True}
