"""Run what comes from npm; where it is not installed the tests that need it are skipped, except in CI."""

import asyncio
import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest

CLIENTS = Path(__file__).parent / "clients"


def need_clients() -> None:
    """Skip the test where the clients are not installed (`make clients`); fail it in CI."""
    if shutil.which("node") and (CLIENTS / "node_modules").is_dir():
        return
    if os.environ.get("CI"):
        pytest.fail("make clients has not been run")
    pytest.skip("needs Node and `make clients`")


async def run_node(*arguments: str, folder: Path = CLIENTS) -> str:
    """Run a script with Node and answer what it printed; fail with what it said went wrong."""
    process = await asyncio.create_subprocess_exec(
        "node", *arguments, cwd=folder, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    out, err = await asyncio.wait_for(process.communicate(), 600)
    assert process.returncode == 0, out.decode() + err.decode()
    return out.decode()


async def told(*arguments: str) -> Any:
    return json.loads(await run_node(*arguments))
