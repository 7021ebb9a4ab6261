"""Serve the stores that the settings name, in as many processes as they say."""

import asyncio
import socket
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from tempfile import TemporaryDirectory

from domain.errors import StartError
from gateway.commands.server import take_port
from gateway.log_lines import set_up_logging
from gateway.mapped import require_urls
from gateway.setting_kinds import host_and_port
from gateway.settings import Settings, read_settings
from gateway.supervising import Plan, Supervisor
from sources.profile_reading import read_profile


def run(arguments: Namespace) -> int:
    settings = _checked(arguments)
    set_up_logging()
    with ExitStack() as stack:
        listeners = {"--listener": stack.enter_context(take_port(settings.host, settings.port))}
        if settings.metrics_address is not None:
            host, port = host_and_port(settings.metrics_address)
            chosen_by = f"GATEWAY_METRICS_ADDRESS={host}:"
            listeners["--metrics"] = stack.enter_context(take_port(host, port, chosen_by=chosen_by))
        folder = stack.enter_context(TemporaryDirectory(prefix="gateway-"))
        options = [f"--folder={folder}", *(["--no-auth"] if arguments.no_auth else [])]
        return asyncio.run(_supervise(settings, listeners, arguments, options))


def _checked(arguments: Namespace) -> Settings:
    """Read the settings, and refuse here and once what every worker would refuse."""
    settings = replace(read_settings(), open=arguments.no_auth)
    settings.require_key()
    require_urls(read_profile(settings.profile), settings)
    return settings


async def _supervise(
    settings: Settings, listeners: Mapping[str, socket.socket], arguments: Namespace, options: Sequence[str]
) -> int:
    def plan() -> Plan:
        now = _checked(arguments)
        addresses = ("host", "port", "metrics_address")
        if changed := [name for name in addresses if getattr(now, name) != getattr(settings, name)]:
            faults = [f"GATEWAY_{name.upper()}: {getattr(settings, name)} is served" for name in changed]
            raise StartError("Where the gateway listens changes only with a stop and a start:", faults)
        return Plan(now.workers, now.stop_seconds)

    def announce(line: str) -> None:
        print(line, file=sys.stderr, flush=True)  # noqa: T201 - for who started it

    return await Supervisor(listeners, plan, announce, options).run()
