"""Start the embedded stores, fill them where they are empty, and serve them to everyone on this machine."""

import asyncio
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from domain.errors import StartError
from gateway.app import create_app
from gateway.commands.index import fill
from gateway.commands.server import ending_undisturbed, interrupt_on_sigterm, run_server, take_port
from gateway.commands.tool import SECONDS
from gateway.demo_data import Demo, load_demo, loaded_demo
from gateway.demo_data.load import Progress as Report
from gateway.embedded import EmbeddedStores
from gateway.lobby import connection_limits
from gateway.opening import opened
from gateway.settings import Settings, read_settings
from sources.own.index_passes import indexed_at
from sources.own.migrating import migrate
from sources.profile_reading import read_profile

_HOST = "127.0.0.1"
_INTERRUPTED = 130
_QUERY = "{ customers(first: 3) { nodes { name totalLeads totalBookings totalRevenue { amount currency } } } }"


def run(arguments: Namespace) -> int:
    """Serve the demo until Ctrl-C or SIGTERM."""
    console = Console(stderr=True, highlight=False)
    settings = read_settings()
    settings = replace(settings, profile="demo", host=_HOST, port=arguments.port or settings.port, open=True)
    chosen_by = "--port " if arguments.port else "GATEWAY_PORT="
    interrupt_on_sigterm()
    try:
        with (
            take_port(settings.host, settings.port, chosen_by=chosen_by) as listener,
            EmbeddedStores(arguments.folder, fresh=arguments.fresh) as stores,
            ending_undisturbed(),
        ):
            demo = asyncio.run(_fill(stores, arguments, console))
            settings = replace(
                settings,
                postgres_url=stores.postgres.url,
                mongo_url=stores.mongo.url,
                smtp_url=(stores.folder.absolute() / "mail").as_uri(),
            )
            asyncio.run(_make_own(settings, stores.postgres.url))
            run_server(
                create_app(settings),
                listener,
                connection_limits(settings),
                lambda: _welcome(console, settings, demo, stores.folder / "mail"),
            )
    except KeyboardInterrupt:
        console.print("Interrupted; the next start carries on, or begins to fill the stores again.")
        return _INTERRUPTED
    return 0


async def _fill(stores: EmbeddedStores, arguments: Namespace, console: Console) -> Demo:
    """Answer what the stores are filled with, after filling them where nothing is there yet."""
    addresses = stores.postgres.url, stores.mongo.url
    there = await loaded_demo(*addresses)
    default = there or Demo()
    wanted = Demo(arguments.customers or default.customers, default.seed if arguments.seed is None else arguments.seed)
    if there is None:
        with _progress_bar(console) as report:
            await load_demo(*addresses, customers=wanted.customers, seed=wanted.seed, progress=report)
    elif there != wanted:
        raise StartError(
            f"The folder {stores.folder} has other demo data than asked for:",
            [
                f"there are {_describe(there)}; asked for were {_describe(wanted)}",
                "begin anew with --fresh, which removes what is there, or give another --folder",
            ],
        )
    return wanted


async def _make_own(settings: Settings, url: str) -> None:
    """Make the gateway's own tables, and fill the index unless it is; from then on the gateway keeps it."""
    await migrate(url)
    async with opened(read_profile(settings.profile), replace(settings, store_timeout=SECONDS)) as stores:
        assert stores.own is not None
        if await indexed_at(stores.own, None) is None:
            await fill(stores, None)


def _describe(demo: Demo) -> str:
    return f"{demo.customers} customers (seed {demo.seed}, version {demo.version})"


@contextmanager
def _progress_bar(console: Console) -> Iterator[Report]:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=console) as bar:
        tasks = {}

        def report(step: str, done: int, total: int) -> None:
            if step not in tasks:
                tasks[step] = bar.add_task(step)
            bar.update(tasks[step], completed=done, total=total)

        yield report


def _welcome(console: Console, settings: Settings, demo: Demo, mail: Path) -> None:
    address = f"http://{settings.host}:{settings.port}"
    body = f'{{"query": "{_QUERY}"}}'
    for line in (
        f"[bold]Customer Gateway[/bold]: {demo.customers:,} made-up customers and more in Mongo, live in two stores",
        f"  what is here   {address}/",
        f"  GraphiQL       {address}/graphql",
        f"  a first query  curl -s {address}/graphql -H 'content-type: application/json' -d '{body}'",
        f"  its mail       {mail}, as .eml files: nobody is sent anything",
        "The demo asks nobody for a token: it is open to everyone on this machine, and to nobody beyond it.",
        "Ctrl-C ends it; the data stay, and --fresh makes them anew.",
    ):
        console.print(line, soft_wrap=True)
