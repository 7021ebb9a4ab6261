"""Write customers, leads or bookings into a file, narrowed as the API narrows them.

The rows are read through the same lists as a client's, page by page, so memory does not grow with them. The file is
there once it is whole, readable for its owner alone, and not at all where something came in between.
"""

import asyncio
import json
from argparse import Namespace
from collections.abc import Mapping
from contextlib import aclosing
from pathlib import Path
from typing import Any

from domain.errors import GatewayError, StartError
from gateway.commands.ending import Ending
from gateway.commands.tool import chosen_tenants, progress, read_setup, say
from gateway.export_files import Writer, written
from gateway.export_rows import EXPORTS, ExportError, pages_of
from gateway.opening import opened
from gateway.settings import Settings
from sources.profile import Profile

_HEADING = "Nothing can be exported:"


def run(arguments: Namespace) -> int:
    """Answer 0 once the file is there."""
    chosen = _filter(arguments.filter)
    output: Path = arguments.output
    if output.is_dir() or not output.parent.is_dir():
        raise StartError(_HEADING, [f"{output} is no place for a file"])
    if output.exists() and not arguments.force:
        raise StartError(_HEADING, [f"{output} is there already: --force writes over it"])
    settings, profile = read_setup()
    export = EXPORTS[arguments.list]
    try:
        # The file is put in its place here, where whoever interrupts is heard at once.
        with Ending() as ending, written(output, arguments.format, export.list, export.columns) as file:
            count = ending.run(_export(arguments, settings, profile, chosen, file))
    except KeyboardInterrupt:
        say("Interrupted: nothing was written.")
        raise
    except (ExportError, GatewayError) as error:
        raise StartError(_HEADING, [str(error)]) from error
    except OSError as error:
        raise StartError(_HEADING, [f"{output}: {error.strerror or error}"]) from error
    say(f"{count:,} {arguments.list} in {output}.")
    return 0


async def _export(
    arguments: Namespace, settings: Settings, profile: Profile, chosen: Mapping[str, Any] | None, file: Writer
) -> int:
    """Write all rows into *file*, and answer how many they are."""
    export, count = EXPORTS[arguments.list], 0
    async with opened(profile, settings) as stores:
        (tenant,) = await chosen_tenants(arguments, stores)
        with progress() as bar:
            task = bar.add_task(export.list, total=None)
            pages = pages_of(stores, tenant, export, chosen, counted=not bar.disable)
            async with aclosing(pages):
                async for page in pages:
                    await asyncio.to_thread(file.write, page.rows)
                    count += len(page.rows)
                    bar.update(task, completed=count, total=page.total or bar.tasks[0].total)
    return count


def _filter(given: str | None) -> Mapping[str, Any] | None:
    """Read a filter: JSON, or the name of a file that holds it."""
    if given is None:
        return None
    text = given
    if not given.lstrip().startswith("{"):
        try:
            text = Path(given).read_text(encoding="utf-8")
        except (OSError, ValueError) as error:
            raise StartError(_HEADING, [f"the filter {given[:60]!r} is neither JSON nor a file: {error}"]) from error
    try:
        chosen = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise StartError(_HEADING, [f"the filter is no JSON: {error}"]) from error
    if not isinstance(chosen, dict):
        raise StartError(_HEADING, ['a filter is an object, such as {"status": ["NEW"]}'])
    return chosen
