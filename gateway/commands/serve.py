"""Serve the stores that the settings name, in as many processes as they say."""

import asyncio
import socket
import sys
from argparse import Namespace
from dataclasses import replace

from domain.errors import StartError
from gateway.commands.server import set_up_logging, take_port
from gateway.mapped import require_urls
from gateway.settings import Settings, read_settings
from gateway.supervising import Plan, Supervisor
from sources.profile_reading import read_profile


def run(arguments: Namespace) -> int:
    settings = _checked(arguments)
    set_up_logging()
    with take_port(settings.host, settings.port) as listener:
        return asyncio.run(_supervise(settings, listener, arguments))


def _checked(arguments: Namespace) -> Settings:
    """Read the settings, and refuse here and once what every worker would refuse."""
    settings = replace(read_settings(), open=arguments.no_auth)
    settings.require_key()
    require_urls(read_profile(settings.profile), settings)
    return settings


async def _supervise(settings: Settings, listener: socket.socket, arguments: Namespace) -> int:
    def plan() -> Plan:
        now = _checked(arguments)
        if (now.host, now.port) != (settings.host, settings.port):
            fault = f"GATEWAY_HOST, GATEWAY_PORT: now {now.host}:{now.port}, served is {settings.host}:{settings.port}"
            raise StartError("Where the gateway listens changes only with a stop and a start:", [fault])
        return Plan(now.workers, now.stop_seconds)

    def announce(line: str) -> None:
        print(line, file=sys.stderr, flush=True)  # noqa: T201 - for who started it

    return await Supervisor(listener, plan, announce, ["--no-auth"] if arguments.no_auth else []).run()
