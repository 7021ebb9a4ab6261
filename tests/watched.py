"""Answer requests in this one process, as a worker of `serve` does, and tell what it holds: python -m tests.watched."""

import asyncio
import gc
import json
import sys
import threading

from gateway.app import create_app
from gateway.commands.server import interrupt_on_sigterm, run_server, take_port
from gateway.commands.worker import said_of
from gateway.lobby import connection_limits
from gateway.settings import read_settings


def tell() -> None:
    """Answer each line on standard input with a line of JSON."""
    for _ in sys.stdin:
        gc.collect()
        held = gc.get_objects()
        tasks = sum(isinstance(each, asyncio.Task) and not each.done() for each in held)
        print(json.dumps({"tasks": tasks, "objects": len(held)}), flush=True)  # noqa: T201 - to whoever asked
        del held


def main() -> None:
    settings = read_settings()
    threading.Thread(target=tell, daemon=True).start()
    interrupt_on_sigterm()
    with take_port(settings.host, settings.port) as listener:
        said = said_of(settings).decode()
        limits = connection_limits(settings)
        run_server(create_app(settings), listener, limits, lambda: print(said, end="", file=sys.stderr, flush=True))  # noqa: T201


if __name__ == "__main__":
    main()
