"""Carry on what a crash or a store that was down has left unfinished."""

import asyncio
import json
import sys
from argparse import Namespace

from domain.errors import GatewayError, StartError
from domain.operations import Operation
from gateway.commands.tool import read_setup, say
from gateway.mailing import links_of, mailer_for
from gateway.opening import opened
from gateway.resuming import carry_on_all
from gateway.settings import Settings
from resolvers.accounts import accounts_of
from resolvers.later import Later
from resolvers.operations import operations_of
from resolvers.planned_work import planned_of
from sources.profile import Profile


def run(arguments: Namespace) -> int:
    """Answer 0 where nothing is left unfinished, 1 where a store still stands in the way."""
    settings, profile = read_setup()
    done = asyncio.run(_resume(settings, profile))
    if arguments.json:
        sys.stdout.write(json.dumps([{"id": str(one.id), "state": one.state.value} for one in done]) + "\n")
    else:
        for one in done:
            say(f"{one.id} {one.kind.value}: {one.state.value}")
        say(f"{len(done)} operations carried on." if done else "Nothing was left unfinished.")
    return 0 if all(one.state.is_over for one in done) else 1


async def _resume(settings: Settings, profile: Profile) -> list[Operation]:
    async with opened(profile, settings) as stores:
        later = Later()
        logins = accounts_of(stores, later, links_of(settings), mailer_for(settings))
        operations = operations_of(stores, None if logins is None else logins.post)
        planned = planned_of(stores, operations, logins)
        if operations is None or planned is None:
            raise StartError("Nothing can be carried on:", ["GATEWAY_POSTGRES_URL names no database for its tables"])
        try:
            # What a planned operation was about to do comes first.
            async with later.working():
                return [*await carry_on_all(operations), *await carry_on_all(planned)]
        except GatewayError as error:
            raise StartError("Nothing can be carried on:", [str(error)]) from error
