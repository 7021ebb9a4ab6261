"""Relay as a frontend uses it: its compiler takes the schema as it is, its store pages, merges and is kept current."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import schema
from tests.npm import CLIENTS, need_clients, run_node
from tests.running import Gateway

COMPILER = CLIENTS / "node_modules" / "relay-compiler" / "cli.js"


@pytest.fixture(scope="module")
async def compiled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Let Relay's compiler write its files: connections, nodes and refetchable fragments are as it wants them."""
    need_clients()
    folder = tmp_path_factory.mktemp("relay")
    shutil.copytree(CLIENTS / "relay", folder, dirs_exist_ok=True)
    (folder / "schema.graphql").write_text(schema.sdl(), encoding="utf-8")
    (folder / "package.json").write_text("{}")
    (folder / "node_modules").symlink_to(CLIENTS / "node_modules")
    config = {
        "src": ".",
        "schema": "schema.graphql",
        "language": "javascript",
        "excludes": ["**/__generated__/**", "**/node_modules/**"],
    }
    (folder / "relay.config.json").write_text(json.dumps(config))
    await run_node(str(COMPILER), "relay.config.json", folder=folder)
    return folder


def test_the_compiler_takes_fragments_queries_and_mutations(compiled: Path) -> None:
    written = {file.name.partition(".")[0] for file in (compiled / "__generated__").iterdir()}
    pages = {f"customers{name}Query" for name in ("Page", "Leads", "Bookings", "Timeline", "Notes", "Node", "Screen")}
    changes = {f"customers{name}Mutation" for name in ("Link", "AddNote", "Rename")}
    assert pages | changes | {"customers_list", "customers_row"} <= written


OF_ONE = """query ($id: ID!) { customer(id: $id) {
    name
    leads(first: 100) { nodes { id } }
    bookings(first: 100) { nodes { id } }
    timeline(first: 100) { nodes { __typename } }
    notes { nodes { text } }
} }"""


async def test_its_store_pages_and_is_kept_up_to_date(writable: Gateway, compiled: Path) -> None:
    """All of a list a page at a time, from either end; then a note in the list that is there, and a new name."""
    page = await writable.data(
        "{ customers(first: 30) { nodes { id name leads { totalCount } bookings { totalCount } } } }"
    )
    customers = page["customers"]["nodes"]
    which = max(range(30), key=lambda one: min(customers[one][each]["totalCount"] for each in ("leads", "bookings")))
    before = await of_one(writable, customers[which]["id"])
    assert len(before["leads"]["nodes"]) > 1
    assert len(before["bookings"]["nodes"]) > 1

    said: dict[str, Any] = json.loads(await run_node("run.mjs", f"{writable.url}/graphql", str(which), folder=compiled))
    after = await of_one(writable, customers[which]["id"])
    assert said == {
        "names": [one["name"] for one in customers],
        "leads": [one["id"] for one in before["leads"]["nodes"]],
        "bookings": [one["id"] for one in before["bookings"]["nodes"]],
        "timeline": [one["__typename"] for one in before["timeline"]["nodes"]],
        "note": "Called back.",
        "kept": True,
        "renamed": "Renamed Somebody",
    }
    assert (after["name"], after["notes"]["nodes"][0]["text"]) == ("Renamed Somebody", "Called back.")


async def of_one(gateway: Gateway, id: str) -> dict[str, Any]:  # noqa: A002 - the contract's word
    data = await gateway.data(OF_ONE, {"id": id})
    customer: dict[str, Any] = data["customer"]
    return customer
