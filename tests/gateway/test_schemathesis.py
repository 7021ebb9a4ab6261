"""Every query and every mutation, as schemathesis makes them of the schema, against a running gateway."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from domain.access import Role
from tests.asking import MUTATIONS, QUERIES
from tests.loading import existing_store, indexed
from tests.running import Gateway, running
from tests.servers import GIVEN, Servers

ROOT = Path(__file__).parents[2]
#: How many of each query and mutation; `make fuzz` sends more of them, and others every time. On another Mongo server
#: each once: what is generated comes from the schema, which is the same there.
EXAMPLES = int(os.environ.get("GATEWAY_TEST_SCHEMATHESIS", "1" if os.environ.get(GIVEN) else "6"))
COMMAND = Path(sys.executable).parent / "schemathesis"
#: What leads to something: its ids stand in what is sent.
HANDED_OUT = """{
    customers(first: 20) { nodes { id } }
    leads(first: 10) { nodes { id } }
    bookings(first: 10) { nodes { id } }
    linkSuggestions(first: 5) { nodes { id } }
    linkHistory(first: 5) { nodes { id } }
}"""


@pytest.fixture(scope="module")
async def store(servers: Servers) -> AsyncIterator[Gateway]:
    async with running(await indexed(await existing_store(servers, "grocer", "grocer_schemathesis"))) as gateway:
        yield gateway


async def test_schemathesis_finds_no_answer_that_the_schema_does_not_allow(store: Gateway, tmp_path: Path) -> None:
    found = await store.data(HANDED_OUT, tenant="north")
    ids = [node["id"] for page in found.values() for node in page["nodes"]]
    told = await run(store, "--max-examples", str(EXAMPLES), ids=ids, folder=tmp_path)
    assert f"Tested: {len(QUERIES) + len(MUTATIONS)}" in told


async def run(gateway: Gateway, *arguments: str, ids: list[str], folder: Path) -> str:
    """Let schemathesis ask *gateway* for everything, and answer what it tells; fail with what it finds wrong."""
    token = gateway.token(roles=[Role.CLIENT_ADMIN], tenant="north")["Authorization"]
    process = await asyncio.create_subprocess_exec(
        *(str(COMMAND), "run", f"{gateway.url}/graphql", "--header", f"Authorization: {token}"),
        *("--checks", "answered_as_the_schema_says", "--phases", "fuzzing", "--no-color"),
        *(("--seed", "1") if os.environ.get("CI") else ()),
        *arguments,
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "SCHEMATHESIS_HOOKS": "tests.schemathesis_checks",
            "GATEWAY_TEST_IDS": " ".join(ids),
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    return out.decode()
