"""Link what is certain, repair what only one side says, and create accounts that are missing; dry unless --live."""

from argparse import Namespace

from domain.operations import OperationKind
from gateway.commands.planned_run import run as run_planned


def run(arguments: Namespace) -> int:
    """Answer 0 where all is done, or planned, 1 where something could not be done."""
    kinds = [] if arguments.no_create else sorted(set(arguments.create_for or ["DELIVERY"]))
    asked = {"create_accounts_for": kinds, "invite": arguments.invite, "limit": arguments.limit}
    nothing = "the profile maps no accounts and no delivery records that could be linked"
    return run_planned(arguments, OperationKind.BACKFILL, asked, nothing=nothing)
