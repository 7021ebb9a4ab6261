"""Write a first draft of a profile from what the live stores look like; they are only read."""

import asyncio
import os
import re
import sys
from argparse import Namespace
from contextlib import AsyncExitStack
from pathlib import Path

from rich.console import Console

from domain.errors import SourceUnavailableError, StartError
from gateway.opening import named_setting
from gateway.settings import Settings, read_settings
from sources.draft import Draft
from sources.draft_places import worth_a_look
from sources.draft_profile import draft_profile
from sources.inspection import Place
from sources.inspection_mongo import mongo_places
from sources.inspection_postgres import PostgresInspection
from sources.mongo_connection import MongoConnection
from sources.postgres_connection import PostgresConnection
from sources.profile_schema import SCHEMA

_SETTINGS = {"postgres": "GATEWAY_POSTGRES_URL", "mongo": "GATEWAY_MONGO_URL"}


def init(arguments: Namespace) -> int:
    settings = read_settings()
    output: Path | None = arguments.output
    if output is not None and output.exists() and not arguments.force:
        raise StartError(f"There is a file {output} already:", ["give another --output, or write over it with --force"])
    if settings.postgres_url is None and settings.mongo_url is None:
        faults = ["expected GATEWAY_POSTGRES_URL or GATEWAY_MONGO_URL, or both"]
        raise StartError("No store is named whose profile could be drafted:", faults)
    try:
        places = asyncio.run(_places(settings))
    except SourceUnavailableError as error:
        faults = [f"{_SETTINGS[error.store]}: {error.detail}"]
        raise StartError(f"The store {error.store} does not answer:", faults) from error
    draft = draft_profile(places, name=arguments.name or _name(settings))
    _write(draft, output, force=arguments.force)
    _tell(draft, output)
    return 0


async def _places(settings: Settings) -> list[Place]:
    """Look at the stores that are named."""
    found: list[Place] = []
    async with AsyncExitStack() as stack:
        if settings.postgres_url is not None:
            with named_setting("GATEWAY_POSTGRES_URL"):
                connection = PostgresConnection(settings.postgres_url, settings.store_timeout)
            stack.push_async_callback(connection.close)
            inspection = PostgresInspection(connection)
            found += await inspection.sampled(worth_a_look(await inspection.places()))
        if settings.mongo_url is not None:
            with named_setting("GATEWAY_MONGO_URL"):
                mongo = MongoConnection(settings.mongo_url, settings.store_timeout)
            stack.callback(mongo.close)
            found += await mongo_places(mongo)
    return found


def _name(settings: Settings) -> str:
    """Call the store as its database is called."""
    url = settings.postgres_url or settings.mongo_url or ""
    database = re.split("[?]", url)[0].rpartition("/")[2]
    return re.sub(r"[^\w-]+", "-", database).strip("-") or "store"


def _write(draft: Draft, output: Path | None, *, force: bool) -> None:
    if output is None:
        sys.stdout.write(draft.text())
        return
    try:
        with output.open("w" if force else "x", encoding="utf-8") as file:
            file.write(f"#:schema {_schema_from(output)}\n{draft.text()}")
    except OSError as error:
        raise StartError(f"The draft cannot be written to {output}:", [str(error.strerror)]) from error


def _schema_from(output: Path) -> str:
    """Write where editors find the schema, as seen from the folder of *output*."""
    path = Path(os.path.relpath(SCHEMA, output.parent)).as_posix()
    return path if path.startswith(".") else f"./{path}"


def _tell(draft: Draft, output: Path | None) -> None:
    """Say on the terminal what is left to do."""
    console = Console(stderr=True, highlight=False, markup=False)
    if output is not None:
        console.print(f"Wrote {output}.", soft_wrap=True)
    if draft.needed:
        console.print(f"Needed, and not found: {', '.join(draft.needed)}.", soft_wrap=True)
    if draft.unsure:
        console.print(f"To be decided: {draft.unsure} that are marked unsure.", soft_wrap=True)
    console.print("docs/profiles.md explains every key. The stores were only read.", soft_wrap=True)
