"""What graphql-codegen makes of the schema: types that compile, documents that are answered, a manifest to trust."""

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import schema
from tests.npm import CLIENTS, need_clients, run_node
from tests.running import Gateway, running

EXAMPLES = Path(__file__).parents[2] / "gateway" / "graphiql" / "examples"
#: Written by the command itself, from this configuration, and nothing else.
CODEGEN = CLIENTS / "node_modules" / "@graphql-codegen" / "cli" / "cjs" / "bin.js"
TSC = CLIENTS / "node_modules" / "typescript" / "bin" / "tsc"


@pytest.fixture(scope="module")
async def frontend(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generate and compile a frontend, with GraphiQL's examples among its documents."""
    need_clients()
    folder = tmp_path_factory.mktemp("frontend")
    shutil.copytree(CLIENTS / "codegen", folder, dirs_exist_ok=True)
    shutil.copytree(EXAMPLES, folder / "examples")
    (folder / "schema.graphql").write_text(schema.sdl(), encoding="utf-8")
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (folder / "node_modules").symlink_to(CLIENTS / "node_modules")
    await run_node(str(CODEGEN), folder=folder)
    await run_node(str(TSC), folder=folder)
    return folder


def manifest(frontend: Path) -> Path:
    return frontend / "src" / "gql" / "persisted-documents.json"


async def said(frontend: Path, *arguments: str) -> Any:
    return json.loads(await run_node("out/main.js", *arguments, folder=frontend))


async def names(writable: Gateway) -> list[str]:
    page = await writable.data("{ customers(first: 15) { nodes { name } } }")
    return [one["name"] for one in page["customers"]["nodes"]]


SAID = ["NEW to CONTACTED, allowed: true", "won to lost: INVALID_TRANSITION"]


async def test_what_is_generated_compiles_strictly_and_is_answered(writable: Gateway, frontend: Path) -> None:
    assert await said(frontend, f"{writable.url}/graphql") == {"names": await names(writable), "said": SAID}


async def test_the_manifest_that_is_written_is_trusted(writable: Gateway, frontend: Path) -> None:
    async with running(replace(writable.settings, documents=str(manifest(frontend)))) as trusting:
        answered = await said(frontend, f"{trusting.url}/graphql", "trusted")
    assert answered == {"names": await names(writable), "said": SAID}


def test_every_document_is_in_the_manifest(frontend: Path) -> None:
    written = " ".join(json.loads(manifest(frontend).read_text()).values())
    asked = ("Customers(", "LeadOfStatus(", "ChangeLeadStatus(", "CustomersPage(", "Dashboard(", "LookAround(")
    assert [name for name in asked if name not in written] == []
