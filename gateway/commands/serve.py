"""Serve the stores that the settings name."""

import sys
from argparse import Namespace

from gateway.app import create_app
from gateway.commands.server import interrupt_on_sigterm, run_server, take_port
from gateway.opening import mapped_stores
from gateway.settings import Settings, read_settings
from sources.profile_reading import read_profile


def run(_: Namespace) -> int:
    settings = read_settings()
    interrupt_on_sigterm()
    app = create_app(settings)
    welcome = _welcome(settings)
    with take_port(settings.host, settings.port) as listener:
        run_server(app, listener, lambda: print(welcome, file=sys.stderr))  # noqa: T201 - for who started it
    return 0


def _welcome(settings: Settings) -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    profile = read_profile(settings.profile)
    stores = " and ".join(mapped_stores(profile))
    return f"Customer Gateway: http://{host}:{settings.port}/ serves {stores} with the profile {profile.store.name}"
