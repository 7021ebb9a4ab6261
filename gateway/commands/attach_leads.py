"""Attach orphaned leads to their customers, creating customers where there is none; dry unless --live."""

from argparse import Namespace

from domain.operations import OperationKind
from gateway.commands.planned_run import run as run_planned


def run(arguments: Namespace) -> int:
    """Answer 0 where all is done, or planned, 1 where something could not be done."""
    asked = {"create_customers": not arguments.no_create, "limit": arguments.limit}
    nothing = "the profile maps no leads that name their customer"
    return run_planned(arguments, OperationKind.ATTACH_LEADS, asked, nothing=nothing)
