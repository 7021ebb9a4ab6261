"""Measure the index, a backfill and attaching leads at a real size: how long each takes, and its memory at the most.

    python -m tests.large_backfill FOLDER [--customers 100000] [--mongo mongodb://…/name] [--ferretdb PROGRAM]

FOLDER holds the servers' data, and is emptied again. Half of the customers are to be linked, a tenth is linked by one
side alone, the others have no account. There are as many orphaned leads, of customers but for a tenth. Commands run in
processes of their own, one after the other; what was written is counted in the stores at the end.
"""

import argparse
import asyncio
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psutil
from pymongo import MongoClient
from pymongo.database import Database

from gateway.embedded import EmbeddedPostgres, EmbeddedStores
from gateway.settings import Settings
from sources.own.migrating import migrate
from tests.commanding import environment
from tests.loading import existing_store, make_database, run_sql
from tests.on_ferretdb import ferretdb
from tests.servers import GivenMongo, Servers, WithGivenMongo

_LOT = 5_000
#: Some servers go through a whole collection for each statement.
_PATIENCE = "600"
_LOOK = 0.1
#: Nine leads of ten belong to a customer by their e-mail, the tenth belongs to nobody.
LEADS = """
DELETE FROM "Lead" WHERE "customerId" IS NULL;
INSERT INTO "Customer" ("id", "name", "email", "phone", "createdAt")
    SELECT 'c' || n, 'Customer ' || n, n || '@large.example', '+4530' || lpad(n::text, 6, '0'), now()
    FROM generate_series(1, {n}) AS n;
INSERT INTO "Lead" ("id", "name", "email", "source", "status", "createdAt", "updatedAt")
    SELECT 'l' || n, 'Lead ' || n, CASE n % 10 WHEN 0 THEN 'new' ELSE '' END || n || '@large.example', 'web', 'new',
        now() + n * interval '1 second', now()
    FROM generate_series(1, {n}) AS n;
"""


@dataclass(frozen=True, slots=True)
class Measured:
    """Be what a command took, and what it said as JSON."""

    seconds: float
    cpu: float
    memory: int
    said: Any


def documents(numbers: range) -> dict[str, list[dict[str, Any]]]:
    """Make a delivery record for each of *numbers*, and an account for six of ten."""
    begin = datetime(2024, 1, 1, tzinfo=UTC)
    users: list[dict[str, Any]] = []
    deliveries: list[dict[str, Any]] = []
    for number in numbers:
        phone, email, at = f"{9_000_000_000 + number}", f"{number}@large.example", begin + timedelta(minutes=number)
        delivery = {
            "id": f"LD{number}",
            "name": f"Delivery {number}",
            "phone": phone,
            "address": f"{number} Long Street",
        }
        deliveries.append(
            delivery | {"email": email, "status": "active", "created_at": at.replace(tzinfo=None).isoformat()}
        )
        place = number % 10
        if place < 6:
            user = {"id": f"LA{number}", "name": f"Account {number}", "email": email, "role": "customer"}
            users.append(user | {"is_active": True, "password_hash": "x", "created_at": at})
        if place == 0:  # found by its phone number alone
            users[-1] |= {"phone": f"+91 {phone[:5]} {phone[5:]}", "email": f"other{number}@large.example"}
            del deliveries[-1]["email"]
        elif place == 5:  # linked by one side alone
            deliveries[-1]["user_id"] = f"LA{number}"
    return {"users": users, "customers_v2": deliveries}


async def to_backfill(stores: Servers, customers: int) -> Settings:
    settings = await existing_store(stores, "delivery", "backfill")
    assert settings.mongo_url is not None
    client: MongoClient[dict[str, Any]]
    with MongoClient(settings.mongo_url) as client:
        database: Database[dict[str, Any]] = client.get_default_database()
        for collection, field in (("users", "customer_v2_id"), ("customers_v2", "user_id")):
            database.drop_collection(collection)
            database[collection].create_index([("id", 1)])
            database[collection].create_index([(field, 1)])
        for first in range(0, customers, _LOT):
            for name, made in documents(range(first, min(first + _LOT, customers))).items():
                database[name].insert_many(made)
    settings = replace(settings, postgres_url=await make_database(stores, "backfill"))
    await migrate(str(settings.postgres_url))
    return settings


async def to_attach(stores: Servers, customers: int) -> Settings:
    settings = await existing_store(stores, "renos", "attach")
    await run_sql(str(settings.postgres_url), LEADS.replace("{n}", str(customers)), "ANALYZE")
    await migrate(str(settings.postgres_url))
    return settings


def measured(settings: Settings, *module: str) -> Measured:
    """Run a module in a process of its own, and look at it from outside."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    command = [sys.executable, "-m", *module]
    began, memory, cpu = time.monotonic(), 0, 0.0
    with tempfile.TemporaryFile() as out:
        process = subprocess.Popen(  # noqa: S603 - our own command line
            command, env=others | environment(settings) | {"GATEWAY_STORE_SECONDS": _PATIENCE}, stdout=out
        )
        seen = psutil.Process(process.pid)
        while process.poll() is None:
            try:
                memory, times = max(memory, seen.memory_info().rss), seen.cpu_times()
                cpu = times.user + times.system
            except psutil.Error:
                break
            time.sleep(_LOOK)
        seconds = time.monotonic() - began
        out.seek(0)
        text = out.read()
    if process.wait():
        raise RuntimeError(f"{module} ended with {process.returncode}: {text.decode()}")
    return Measured(seconds, cpu, memory, json.loads(text) if text else None)


def tell(name: str, done: Measured, number: int) -> None:
    """Write a row of the table: the *number* of what was done."""
    rate = number / done.seconds
    print(
        f"| {name} | {number:,} | {done.seconds:,.1f} | {rate:,.0f} | {done.cpu:,.1f} | {done.memory / 2**20:,.0f} |",
        flush=True,
    )


def planned(settings: Settings, command: str) -> None:
    """Plan *command*, do what was planned, and do it all again."""
    shown = measured(settings, "gateway", command, "--json")
    total = shown.said["total"]
    tell(f"{command}: plan", shown, total)
    done = measured(settings, "tests.applier", shown.said["id"])
    assert done.said["state"] == "APPLIED", done.said
    tell(f"{command}: apply", done, total)
    again = measured(settings, "gateway", command, "--live", "--json")
    tell(f"{command}: a second time", again, again.said["total"])
    assert (done.said["counts"]["failed"], done.said["counts"]["left_for_review"], again.said["total"]) == (0, 0, 0)


def assert_all_linked(settings: Settings, customers: int) -> None:
    """Read every document: each delivery record has an account, and each of the two names the other."""
    client: MongoClient[dict[str, Any]]
    with MongoClient(settings.mongo_url) as client:
        database: Database[dict[str, Any]] = client.get_default_database()
        of_user = {one["id"]: one.get("customer_v2_id") for one in database.users.find({})}
        of_delivery = {one["id"]: one.get("user_id") for one in database.customers_v2.find({})}
    assert len(of_user) == len(of_delivery) == customers
    assert all(of_delivery[delivery] == user for user, delivery in of_user.items())
    assert len(set(of_user.values())) == customers


def run(stores: Servers, customers: int) -> None:
    print("| what | number | seconds | a second | CPU seconds | MiB at most |", "| --- |" + " --- |" * 5, sep="\n")
    settings = asyncio.run(to_backfill(stores, customers))
    tell(
        "index of accounts and delivery records",
        measured(settings, "gateway", "index", "--json"),
        customers + customers * 6 // 10,
    )
    planned(settings, "backfill")
    assert_all_linked(settings, customers)
    settings = asyncio.run(to_attach(stores, customers))
    tell("index of customers and leads", measured(settings, "gateway", "index", "--json"), 2 * customers)
    planned(settings, "attach-leads")


@contextmanager
def servers(folder: Path, program: str | None, address: str | None) -> Iterator[Servers]:
    """Run the embedded servers, or another Mongo server beside PostgreSQL."""
    if program is None and address is None:
        with EmbeddedStores(folder) as stores:
            yield stores
        return
    with ExitStack() as stack:
        found = GivenMongo.at(address or stack.enter_context(ferretdb(program or "")))
        stack.callback(found.remove)
        postgres = EmbeddedPostgres(folder / "postgres")
        stack.callback(postgres.stop)
        postgres.start()
        yield WithGivenMongo(postgres, found)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.large_backfill")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--customers", type=int, default=100_000)
    parser.add_argument("--mongo", help="a Mongo server that runs already")
    parser.add_argument("--ferretdb", help="the program of FerretDB")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    print(f"{given.customers} customers, {os.cpu_count()} cores")
    try:
        with servers(given.folder, given.ferretdb, given.mongo) as stores:
            run(stores, given.customers)
    finally:
        shutil.rmtree(given.folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
