"""Answer requests in a process that `serve` has started.

It inherits sockets, and is told their file descriptors: where requests come, where metrics are read, and who is told
that it serves.
"""

import os
import signal
import socket
import sys
import threading
from argparse import ArgumentParser
from dataclasses import replace
from pathlib import Path

from domain.errors import StartError
from gateway.app import create_app
from gateway.commands.server import interrupt_on_sigterm, run_server
from gateway.lobby import connection_limits
from gateway.mapped import mapped_stores
from gateway.metrics_told import Place
from gateway.settings import Settings, read_settings
from sources.profile_reading import read_profile

_START_ERROR = 2


def main() -> int:
    arguments = _parser().parse_args()
    signal.signal(signal.SIGHUP, signal.SIG_IGN)  # it is meant for the supervisor
    interrupt_on_sigterm()
    supervisor = socket.socket(fileno=arguments.supervisor)
    try:
        settings = replace(read_settings(), open=arguments.no_auth)
        metrics = None if arguments.metrics is None else socket.socket(fileno=arguments.metrics)
        app = create_app(settings, Place(arguments.number, arguments.folder, metrics))
        end_with(supervisor)
        with socket.socket(fileno=arguments.listener) as listener:
            limits = connection_limits(settings)
            run_server(
                app, listener, limits, lambda: supervisor.sendall(said_of(settings)), grace=settings.stop_seconds
            )
    except StartError as error:
        print(error, file=sys.stderr)  # noqa: T201 - to whoever started it
        return _START_ERROR
    except KeyboardInterrupt:
        return 0
    return 0


def end_with(supervisor: socket.socket) -> None:
    """End in order once *supervisor* is gone, however it went."""

    def wait() -> None:
        supervisor.recv(1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


def said_of(settings: Settings) -> bytes:
    """Say in a line where and what is served: to whoever started it, and that it is."""
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    profile = read_profile(settings.profile)
    stores = " and ".join(mapped_stores(profile))
    processes = f", in {settings.workers} processes" if settings.workers > 1 else ""
    access = ", open to everyone on this machine" if settings.open else ""
    address = f"http://{host}:{settings.port}/"
    said = f"Customer Gateway: {address} serves {stores} with the profile {profile.store.name}{processes}{access}"
    return f"{said}\n".encode()


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="python -m gateway.commands.worker")
    parser.add_argument("number", type=int, help="its place among the workers")
    parser.add_argument("--listener", type=int, required=True)
    parser.add_argument("--supervisor", type=int, required=True)
    parser.add_argument("--metrics", type=int)
    parser.add_argument("--folder", type=Path, required=True, help="where the workers find each other")
    parser.add_argument("--no-auth", action="store_true")
    return parser


if __name__ == "__main__":
    sys.exit(main())
