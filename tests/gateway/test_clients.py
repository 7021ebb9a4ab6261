"""The clients that frontends use, unchanged and from npm, and the audits of GraphQL over HTTP."""

import json
import shutil
from pathlib import Path

import pytest

import schema
from tests.npm import CLIENTS, need_clients, run_node, told
from tests.running import Gateway


@pytest.fixture(autouse=True)
def clients() -> None:
    need_clients()


#: Of what the specification allows and does not ask for: queries by GET are off (docs/decisions/0012-http.md).
BY_CHOICE = {"5A70", "D6D5", "6A70"}


async def test_every_audit_of_graphql_over_http_passes(demo: Gateway) -> None:
    results = await told("audit.mjs", f"{demo.url}/graphql")
    assert len(results) > 50
    assert {one["id"]: one["reason"] for one in results if one["status"] != "ok"}.keys() == BY_CHOICE
    assert {one["status"] for one in results} == {"ok", "notice"}


async def test_apollo_client_pages_through_customers(demo: Gateway) -> None:
    said = await told("apollo.mjs", f"{demo.url}/graphql")
    page = await demo.data("{ customers(first: 10) { nodes { name } } }")
    assert said == {"names": [one["name"] for one in page["customers"]["nodes"]], "error": "BAD_ID"}


async def test_urql_asks_and_understands_what_is_wrong(demo: Gateway) -> None:
    said = await told("urql.mjs", f"{demo.url}/graphql")
    page = await demo.data("{ customers(first: 3) { nodes { name } } }")
    assert said == {
        "names": [one["name"] for one in page["customers"]["nodes"]],
        "wrong": "GRAPHQL_VALIDATION_FAILED",
        "partly": {"subject": "demo", "error": "BAD_ID"},
    }


async def test_relays_compiler_takes_the_schema_as_it_is(tmp_path: Path) -> None:
    """Connections, node and refetchable fragments are as Relay wants them: it compiles, and writes its files."""
    for file in (CLIENTS / "relay").iterdir():
        shutil.copy(file, tmp_path)
    (tmp_path / "schema.graphql").write_text(schema.sdl(), encoding="utf-8")
    (tmp_path / "package.json").write_text("{}")
    compiler = CLIENTS / "node_modules" / "relay-compiler" / "cli.js"
    config = {"src": ".", "schema": "schema.graphql", "language": "javascript", "excludes": ["**/__generated__/**"]}
    (tmp_path / "relay.config.json").write_text(json.dumps(config))
    await run_node(str(compiler), "relay.config.json", folder=tmp_path)
    written = {file.name.partition(".")[0] for file in (tmp_path / "__generated__").iterdir()}
    assert {"customers_list", "customersPageQuery", "customersNodeQuery", "customersLinkMutation"} <= written
