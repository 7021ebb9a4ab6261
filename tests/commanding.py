"""Run a command as somebody on a command line does."""

import asyncio
import io
import json
import os
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from gateway.__main__ import main
from gateway.settings import Settings


@dataclass(frozen=True, slots=True)
class Ran:
    """Be how a command ended, and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def environment(settings: Settings) -> dict[str, str]:
    """Say *settings* as the environment does."""
    named = {
        "GATEWAY_PROFILE": settings.profile,
        "GATEWAY_POSTGRES_URL": settings.postgres_url,
        "GATEWAY_MONGO_URL": settings.mongo_url,
        "GATEWAY_SMTP_URL": settings.smtp_url,
    }
    return {name: value for name, value in named.items() if value is not None}


async def run_command(settings: Settings, *arguments: str) -> Ran:
    """Run a command with just *settings*, beside whatever runs in this loop."""
    out, err = io.StringIO(), io.StringIO()
    others = {name: value for name, value in os.environ.items() if not name.startswith("GATEWAY_")}
    with (
        patch.dict(os.environ, others | environment(settings), clear=True),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        status = await asyncio.to_thread(_run, arguments)
    return Ran(status, out.getvalue(), err.getvalue())


def _run(arguments: tuple[str, ...]) -> int:
    try:
        return main(arguments)
    except SystemExit as ended:
        return int(ended.code or 0)
