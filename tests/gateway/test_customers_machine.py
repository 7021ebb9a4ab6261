"""Links that are made, cut and undone, customers that are created and changed, in any order: nobody is half linked.

In CI some runs, the same each time; GATEWAY_TEST_MACHINES=200 makes many more.
"""

import os
from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from pymongo import MongoClient

from domain.ids import encode_id
from domain.records import RecordKind
from sources.own.migrating import migrate
from tests.gateway.test_linking import LINK, UNDO, UNLINK
from tests.loading import add_to_mongo, existing_store, run_sql
from tests.running import Gateway, running
from tests.servers import Servers
from tests.threaded import waiting

EAST: dict[str, Any] = {"tenant": "east"}
COUNT = 3
RECORDS = [
    *(("CRM", str(number)) for number in range(1, COUNT + 1)),
    *(("ACCOUNT", f"EA{number}") for number in range(1, COUNT + 1)),
    *(("DELIVERY", f"ED{number}") for number in range(1, COUNT + 1)),
]
CREATE = """mutation ($input: CreateCustomerInput!) { createCustomer(input: $input) {
  customer { id records { store key } } errors { code } } }"""
UPDATE = """mutation ($input: UpdateCustomerInput!) { updateCustomer(input: $input) {
  customer { records { name } } errors { code } } }"""
READ = "{ customers(first: 100) { totalCount nodes { id linkage records { store key } } } }"
Record = tuple[str, str]


@contextmanager
def served(servers: Servers) -> Iterator["Driver"]:
    """Serve the store in a thread of its own, since machines are no coroutines."""
    with waiting() as wait:
        driver = Driver(servers, wait)
        try:
            wait(driver.start())
            yield driver
        finally:
            wait(driver.stop())


class Driver:
    """Ask a gateway, and make its tenant `east` anew."""

    def __init__(self, servers: Servers, wait: Callable[[Coroutine[Any, Any, Any]], Any]) -> None:
        self._servers, self.wait = servers, wait
        self._gateway: Gateway | None = None
        self._running: Any = None

    async def start(self) -> None:
        self._settings = await existing_store(self._servers, "grocer", "machines")
        await migrate(str(self._settings.postgres_url))
        self._running = running(self._settings)
        self._gateway = await self._running.__aenter__()

    async def stop(self) -> None:
        if self._gateway is not None:
            await self._running.__aexit__(None, None, None)

    def ask(self, query: str, **given: Any) -> dict[str, Any]:
        assert self._gateway is not None
        found: dict[str, Any] = self.wait(self._gateway.data(query, {"input": given} if given else None, **EAST))
        return found

    def anew(self) -> None:
        tables = ("operation", "claim", "link_event", "rejection", "identifiers")
        own = [f"DELETE FROM gateway.{table} WHERE tenant = 'east'" for table in reversed(tables)]
        rows = ", ".join(f"('east', {number}, 'C{number}', '2025-01-01Z')" for number in range(1, COUNT + 1))
        clear = ["DELETE FROM customers WHERE org = 'east'", "TRUNCATE gateway.link_event, gateway.rejection CASCADE"]
        insert = f"INSERT INTO customers (org, id, name, created_at) VALUES {rows}"
        self.wait(run_sql(str(self._settings.postgres_url), *clear, *own, insert))
        client: MongoClient[dict[str, Any]]
        with MongoClient(str(self._settings.mongo_url)) as client:
            for name in ("users", "customers_v2"):
                client.get_default_database()[name].delete_many({"org": "east"})
        people = [("ACCOUNT", "users", {"role": "customer", "is_active": True}), ("DELIVERY", "customers_v2", {})]
        for kind, collection, more in people:
            documents = [{"org": "east", "id": key, "name": key, **more} for one, key in RECORDS if one == kind]
            add_to_mongo(str(self._settings.mongo_url), {collection: documents})

    def documents(self) -> dict[Record, dict[str, Any]]:
        client: MongoClient[dict[str, Any]]
        found: dict[Record, dict[str, Any]] = {}
        with MongoClient(str(self._settings.mongo_url)) as client:
            for kind, name in (("ACCOUNT", "users"), ("DELIVERY", "customers_v2")):
                documents: list[dict[str, Any]] = list(client.get_default_database()[name].find({"org": "east"}))
                found |= {(kind, document["id"]): document for document in documents}
        return found


class Customers(RuleBasedStateMachine):
    """Hold what the gateway tells against a partition of records that every step is known to make."""

    driver: Driver

    @initialize()
    def begin(self) -> None:
        self.driver.anew()
        self.groups: list[frozenset[Record]] = [frozenset({record}) for record in RECORDS]
        self.events: list[tuple[str, list[frozenset[Record]]]] = []
        self.created = 0

    def _group(self, record: Record) -> frozenset[Record]:
        return next(group for group in self.groups if record in group)

    def _any(self, number: int) -> Record:
        every = sorted(record for group in self.groups for record in group)
        return every[number % len(every)]

    def _regroup(self, before: set[frozenset[Record]], after: list[frozenset[Record]], event: str | None) -> None:
        if event is not None:
            self.events.append((event, list(before)))
        self.groups = [group for group in self.groups if group not in before] + [one for one in after if one]

    @rule(one=st.integers(0, 50), other=st.integers(0, 50))
    def link(self, one: int, other: int) -> None:
        refs = [self._any(one), self._any(other)]
        if refs[0][0] == refs[1][0]:
            return
        records = [{"store": store, "key": key} for store, key in refs]
        payload = self.driver.ask(LINK, records=records)["linkRecords"]
        before = {self._group(ref) for ref in refs}
        united = frozenset[Record]().union(*before)
        if len({kind for kind, _ in united}) < len(united):
            assert [error["code"] for error in payload["errors"]] == ["ALREADY_LINKED"]
            return
        assert payload["errors"] == []
        self._regroup(before, [united], (payload["event"] or {}).get("id"))

    @rule(number=st.integers(0, 50))
    def unlink(self, number: int) -> None:
        record = self._any(number)
        payload = self.driver.ask(UNLINK, record={"store": record[0], "key": record[1]})["unlinkRecord"]
        assert payload["errors"] == []
        group = self._group(record)
        if len(group) > 1:
            self._regroup({group}, [frozenset({record}), group - {record}], payload["event"]["id"])

    @rule(number=st.integers(0, 50))
    def undo(self, number: int) -> None:
        if not self.events:
            return
        event, before = self.events[number % len(self.events)]
        payload = self.driver.ask(UNDO, eventId=event)["undoLink"]
        if payload["errors"]:
            assert [error["code"] for error in payload["errors"]] == ["ALREADY_CHANGED"]
            return
        concerned = frozenset[Record]().union(*before)
        now = {group for group in self.groups if group & concerned}
        assert frozenset[Record]().union(*now) == concerned
        self._regroup(now, before, None)

    @rule()
    def create(self) -> None:
        self.created += 1
        given = {"name": "New", "email": f"new{self.created}@east.example", "delivery": {"address": "Lane 1"}}
        payload = self.driver.ask(CREATE, **given)["createCustomer"]
        assert payload["errors"] == []
        self.groups.append(frozenset((one["store"], one["key"]) for one in payload["customer"]["records"]))
        again = self.driver.ask(CREATE, **given)["createCustomer"]
        assert [error["code"] for error in again["errors"]] == ["DUPLICATE"]

    @rule(number=st.integers(0, 50), name=st.sampled_from(["Ann", "Bo", "Ørsted"]))
    def rename(self, number: int, name: str) -> None:
        store, key = self._any(number)
        id_ = encode_id("Customer", "east", key, RecordKind(store))
        payload = self.driver.ask(UPDATE, id=id_, name=name)["updateCustomer"]
        assert payload["errors"] == []
        assert {record["name"] for record in payload["customer"]["records"]} == {name}

    @invariant()
    def everybody_is_one_customer_and_no_link_is_half(self) -> None:
        if not hasattr(self, "groups"):
            return
        found = self.driver.ask(READ)["customers"]
        told = {frozenset((one["store"], one["key"]) for one in node["records"]) for node in found["nodes"]}
        assert told == set(self.groups)
        assert found["totalCount"] == len(self.groups)
        assert all(node["linkage"] != "CONFLICT" for node in found["nodes"])
        documents = self.driver.documents()
        for group in self.groups:
            by_kind = dict(group)
            names = {"ACCOUNT": ("customer_v2_id", "DELIVERY"), "DELIVERY": ("user_id", "ACCOUNT")}
            for kind, key in group:
                if kind == "CRM":
                    continue
                partner, other = names[kind]
                crm = by_kind.get("CRM")
                assert documents[kind, key].get(partner) == by_kind.get(other)
                assert str(documents[kind, key].get("crm_customer_id") or "") == (crm or "")


def test_in_whatever_order_links_are_made_and_cut(servers: Servers) -> None:
    many = int(os.environ.get("GATEWAY_TEST_MACHINES", "4"))
    with served(servers) as driver:
        machine = type("OfThisRun", (Customers,), {"driver": driver})
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=many,
                stateful_step_count=15,
                deadline=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            ),
        )
