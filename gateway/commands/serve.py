"""Serve the stores that the settings name."""

from argparse import Namespace

from gateway.app import create_app
from gateway.commands.server import interrupt_on_sigterm, run_server, take_port
from gateway.settings import read_settings


def run(_: Namespace) -> int:
    settings = read_settings()
    interrupt_on_sigterm()
    app = create_app(settings)
    with take_port(settings.host, settings.port) as listener:
        run_server(app, listener)
    return 0
