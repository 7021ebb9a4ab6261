"""What the commands that work on the stores have in common: their tenants, their stores."""

import sys
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import replace

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from domain.errors import StartError
from gateway.settings import Settings, read_settings
from resolvers.tenants import tenants_of
from sources.profile import Profile
from sources.profile_reading import read_profile
from sources.stores import Stores

#: A statement of a command may take longer than one that somebody waits for.
SECONDS = 600.0


def read_setup(*, seconds: float = SECONDS) -> tuple[Settings, Profile]:
    """Read the settings, with *seconds* for a statement, and the profile that they name."""
    settings = replace(read_settings(), store_timeout=seconds)
    return settings, read_profile(settings.profile)


async def chosen_tenants(arguments: Namespace, stores: Stores) -> Sequence[str | None]:
    """List the tenants to work in: just None where the store has none.

    Raises StartError where none is named and the store has some, and the other way round.
    """
    everyone = getattr(arguments, "all_tenants", False)
    if not stores.profile.has_tenants:
        if arguments.tenant is not None or everyone:
            raise StartError("The tenants are wrong:", [f"the store {stores.profile.store.name} has no tenants"])
        return [None]
    if everyone:
        return [tenant.key for tenant in await tenants_of(stores)]
    if arguments.tenant is None:
        other = " or --all-tenants" if hasattr(arguments, "all_tenants") else ""
        fault = f"the store {stores.profile.store.name} has tenants: name one with --tenant KEY{other}"
        raise StartError("The tenants are wrong:", [fault])
    known = await tenants_of(stores)
    if arguments.tenant not in {tenant.key for tenant in known}:
        raise StartError("The tenants are wrong:", [f"the store has no tenant {arguments.tenant!r}"])
    return [arguments.tenant]


def progress(console: Console | None = None) -> Progress:
    """Make a progress bar on the standard error, which shows nothing where that is no terminal."""
    console = console or Console(stderr=True)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    return Progress(*columns, console=console, disable=not console.is_terminal, transient=True)


def say(text: str) -> None:
    """Tell whoever runs the command something that is no part of its result."""
    sys.stderr.write(f"{text}\n")
