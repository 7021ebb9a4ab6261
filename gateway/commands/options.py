"""The options that commands have in common."""

from argparse import ArgumentParser


def add_tenant(parser: ArgumentParser, *, or_all: bool = False) -> None:
    """Add --tenant and, for what only reports, --all-tenants."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--tenant", metavar="KEY", help="the tenant to work in; required where the store has tenants")
    if or_all:
        group.add_argument("--all-tenants", action="store_true", help="go through every tenant")


def add_json(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="write JSON to the standard output, for machines")
