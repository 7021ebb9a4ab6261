"""Serve the stores that the settings name."""

import sys
from argparse import Namespace
from dataclasses import replace

from gateway.app import create_app
from gateway.commands.server import interrupt_on_sigterm, run_server, take_port
from gateway.opening import mapped_stores
from gateway.settings import Settings, read_settings
from sources.profile_reading import read_profile


def run(arguments: Namespace) -> int:
    settings = replace(read_settings(), open=arguments.no_auth)
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
    access = ", open to everyone on this machine" if settings.open else ""
    address = f"http://{host}:{settings.port}/"
    return f"Customer Gateway: {address} serves {stores} with the profile {profile.store.name}{access}"
