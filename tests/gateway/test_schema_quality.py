"""What linters and inspectors of GraphQL say of the schema, and of the operations that are shown as examples."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import schema
from tests.npm import CLIENTS, need_clients, run_node, told
from tests.running import Gateway

EXAMPLES = Path(__file__).parents[2] / "gateway" / "graphiql" / "examples"


@pytest.fixture
def linted(tmp_path: Path) -> Path:
    """Lay out what is linted as its configuration expects it: the schema, and operations."""
    need_clients()
    shutil.copy(CLIENTS / "eslint" / "eslint.config.js", tmp_path)
    shutil.copytree(EXAMPLES, tmp_path / "operations")
    shutil.copy(CLIENTS / "codegen" / "src" / "documents.graphql", tmp_path / "operations")
    (tmp_path / "schema.graphql").write_text(schema.sdl(), encoding="utf-8")
    (tmp_path / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    (tmp_path / "node_modules").symlink_to(CLIENTS / "node_modules")
    return tmp_path


async def findings(folder: Path) -> dict[str, list[tuple[str, str]]]:
    """Answer what is found in each file: the rule, and what it says."""
    # Exit status 1 is for findings: they are told all the same.
    script = "import { ESLint } from 'eslint';console.log(JSON.stringify(await new ESLint().lintFiles('**/*.graphql')))"
    results: list[dict[str, Any]] = json.loads(await run_node("--input-type=module", "-e", script, folder=folder))
    return {
        Path(one["filePath"]).name: [(said["ruleId"], said["message"]) for said in one["messages"]] for one in results
    }


async def test_the_linter_finds_nothing(linted: Path) -> None:
    """By its recommended rules and Relay's, save for exceptions whose reasons stand in its configuration."""
    files = ("schema", "dashboard", "developer", "frontend", "documents")
    assert await findings(linted) == {f"{name}.graphql": [] for name in files}


async def test_the_linter_would_find_something(linted: Path) -> None:
    sdl = (linted / "schema.graphql").read_text()
    sdl = sdl.replace('"""What people call it."""\n  code: String\n', "code: String\n", 1)
    (linted / "schema.graphql").write_text(sdl + '"""Odd."""\ntype Oddity {\n  """Its name."""\n  name: String\n}\n')
    found = {rule for rule, _ in (await findings(linted))["schema.graphql"]}
    rules = ("require-description", "no-unreachable-types", "strict-id-in-types")
    assert found == {f"@graphql-eslint/{rule}" for rule in rules}


async def test_inspector_finds_no_type_twice(linted: Path) -> None:
    """What is alike is so by design: pages, edges, orders of leads and of bookings."""
    assert await told("inspect.mjs", "similar", str(linted / "schema.graphql")) == {}


async def test_inspector_finds_no_example_that_is_wrong_or_asks_for_what_is_deprecated(linted: Path) -> None:
    operations = sorted(str(file) for file in (linted / "operations").iterdir())
    assert len(operations) == 4
    assert await told("inspect.mjs", "validate", str(linted / "schema.graphql"), *operations) == []
    (linted / "wrong.graphql").write_text("{ customers { nothing } }")
    paths = (str(linted / "schema.graphql"), str(linted / "wrong.graphql"))
    (found,) = await told("inspect.mjs", "validate", *paths)
    assert "nothing" in found["errors"][0]["message"]


async def test_introspection_tells_the_same_schema(demo: Gateway, linted: Path) -> None:
    assert await told("inspect.mjs", "introspect", str(linted / "schema.graphql"), f"{demo.url}/graphql") == []
