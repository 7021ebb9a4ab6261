"""`python -m gateway COMMAND`: reads the command line and hands it to the command's module."""

import re
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Sequence
from datetime import timedelta
from importlib import import_module
from pathlib import Path

from domain.access import Role
from domain.errors import StartError
from gateway.commands.options import add_json, add_tenant

_START_ERROR = 2
_INTERRUPTED = 130
_MOST_CUSTOMERS = 1_000_000
_MOST_ROWS = 100_000
_MOST_STEPS = 1_000_000_000
_MOST_EXAMPLES = 10_000


def main(argv: Sequence[str] | None = None) -> int:
    arguments = make_parser().parse_args(argv)
    try:
        # Only what runs is imported: to serve, nobody needs what the demo needs.
        status: int = import_module(f"gateway.commands.{arguments.command.replace('-', '_')}").run(arguments)
    except ModuleNotFoundError as error:
        if arguments.command != "demo" or error.name != "psutil":
            raise
        print("The demo needs the embedded stores: pip install -e '.[embedded]'", file=sys.stderr)
        return _START_ERROR
    except StartError as error:
        print(error, file=sys.stderr)
        return _START_ERROR
    except KeyboardInterrupt:
        return _INTERRUPTED
    return status


def make_parser() -> ArgumentParser:
    parser = ArgumentParser(
        prog="python -m gateway", description="One GraphQL endpoint over the customer stores that already exist."
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, summary, add_arguments in COMMANDS:
        add_arguments(commands.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}."))
    return parser


def _demo(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--customers", type=_number_of_customers, metavar="N", help="how many customers the CRM has (500)"
    )
    parser.add_argument("--seed", type=int, metavar="N", help="other data for another seed, the same for the same (7)")
    parser.add_argument("--fresh", action="store_true", help="remove the data that are there and begin anew")
    parser.add_argument(
        "--folder", type=Path, default=Path(".gateway"), help="where the stores keep their data (.gateway)"
    )
    parser.add_argument("--port", type=_port, metavar="N", help="the port to listen on (GATEWAY_PORT, else 8000)")


def _serve(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--no-auth",
        action="store_true",
        help="ask nobody for a token: everyone on this machine is an administrator, and nobody else can reach it",
    )


def _token(parser: ArgumentParser) -> None:
    parser.add_argument("--subject", type=_some_text, default="developer", metavar="NAME", help="who asks (developer)")
    parser.add_argument(
        "--role",
        action="append",
        required=True,
        type=_role,
        metavar="ROLE",
        help=f"what the token allows: {', '.join(role.value for role in Role)}; may be given several times",
    )
    parser.add_argument("--tenant", type=_some_text, metavar="KEY", help="the tenant that the token belongs to")
    parser.add_argument(
        "--expires",
        type=_lifetime,
        default=timedelta(hours=12),
        metavar="TIME",
        help="how long it is good for: 30m, 12h or 7d (12h)",
    )


def _doctor(parser: ArgumentParser) -> None:
    add_tenant(parser, or_all=True)
    add_json(parser)
    parser.add_argument(
        "--examples",
        type=_number_of_examples,
        default=10,
        metavar="N",
        help="how many rows of each finding to name (10)",
    )


def _profile(parser: ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, summary in (
        ("init", "write a first draft of a profile from the live stores"),
        ("schema", "print a JSON Schema of profiles, for editors"),
        ("docs", "print every section and key of a profile, as docs/profiles.md has them"),
    ):
        action = actions.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
        if name == "init":
            action.add_argument("--output", type=Path, metavar="FILE", help="where to write it (printed, if not given)")
            action.add_argument(
                "--name", type=_some_text, metavar="NAME", help="what to call the store (as its database)"
            )
            action.add_argument("--force", action="store_true", help="write over FILE if it is there")


def _refresh_totals(parser: ArgumentParser) -> None:
    add_tenant(parser)
    add_json(parser)
    parser.add_argument(
        "--recent",
        type=_days,
        metavar="TIME",
        help="only customers with something dated in this time or later: days or weeks, such as 90d or 12w (all)",
    )
    parser.add_argument("--live", action="store_true", help="write; without it nothing is written")
    parser.add_argument(
        "--batch", type=_number_of_rows, default=2000, metavar="N", help="how many rows to write at a time (2000)"
    )


def _index(parser: ArgumentParser) -> None:
    add_tenant(parser, or_all=True)
    add_json(parser)


def _export(parser: ArgumentParser) -> None:
    parser.add_argument("list", choices=("customers", "leads", "bookings"), help="what to export")
    parser.add_argument(
        "--format", choices=("csv", "xlsx", "jsonl"), default="csv", help="the format of the file (csv)"
    )
    parser.add_argument("--output", type=Path, required=True, metavar="FILE", help="where to write it")
    parser.add_argument(
        "--filter", metavar="JSON", help="what to narrow it by: the API's filter as JSON, or a file that holds one"
    )
    parser.add_argument("--force", action="store_true", help="write over FILE if it is there")
    add_tenant(parser)


def _backfill(parser: ArgumentParser) -> None:
    _planned(parser, "make no accounts")
    parser.add_argument(
        "--create-for",
        action="append",
        choices=["CRM", "DELIVERY"],
        metavar="STORE",
        help="make accounts for customers that have a record there, CRM or DELIVERY; can be given twice (DELIVERY)",
    )
    parser.add_argument("--invite", action="store_true", help="mail everybody a new account is made for")


def _attach_leads(parser: ArgumentParser) -> None:
    _planned(parser, "create no customers")


def _planned(parser: ArgumentParser, without: str) -> None:
    add_tenant(parser)
    add_json(parser)
    parser.add_argument("--live", action="store_true", help="write; without it a plan is made and shown")
    parser.add_argument("--limit", type=_number_of_steps, metavar="N", help="how many steps to plan at most (all)")
    parser.add_argument("--no-create", action="store_true", help=without)


def _none(_: ArgumentParser) -> None:
    """Add nothing: the command takes its settings from the environment."""


def _number_of_customers(text: str) -> int:
    return _whole(text, 1, _MOST_CUSTOMERS)


def _some_text(text: str) -> str:
    if not text.strip():
        raise ArgumentTypeError("a name is not empty")
    return text


def _number_of_rows(text: str) -> int:
    return _whole(text, 1, _MOST_ROWS)


def _number_of_steps(text: str) -> int:
    return _whole(text, 1, _MOST_STEPS)


def _days(text: str) -> timedelta:
    found = re.fullmatch(r"([1-9][0-9]{0,3})([dw])", text)
    if found is None:
        raise ArgumentTypeError(f"{text} is no number of days or weeks, such as 90d or 12w")
    return timedelta(days=int(found[1]) * {"d": 1, "w": 7}[found[2]])


def _role(text: str) -> Role:
    try:
        return Role(text)
    except ValueError:
        raise ArgumentTypeError(f"{text} is none of {', '.join(role.value for role in Role)}") from None


def _lifetime(text: str) -> timedelta:
    found = re.fullmatch(r"([1-9][0-9]{0,3})([mhd])", text)
    if found is None:
        raise ArgumentTypeError(f"{text} is no number of minutes, hours or days, such as 30m, 12h or 7d")
    return int(found[1]) * {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1)}[found[2]]


def _number_of_examples(text: str) -> int:
    return _whole(text, 0, _MOST_EXAMPLES)


def _port(text: str) -> int:
    return _whole(text, 1, 65535)


def _whole(text: str, low: int, high: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = low - 1
    if not low <= number <= high:
        raise ArgumentTypeError(f"{text} is not a whole number from {low} to {high}")
    return number


COMMANDS: tuple[tuple[str, str, Callable[[ArgumentParser], None]], ...] = (
    ("demo", "start embedded stores with demo data and serve them on this machine", _demo),
    ("serve", "serve the stores that the settings (GATEWAY_… or .env) name", _serve),
    ("token", "mint a token for development, with the secret of the settings", _token),
    ("doctor", "hold the profile against the live stores and tell what is wrong; never writes", _doctor),
    ("profile", "help with writing a store profile", _profile),
    ("refresh-totals", "write the totals that a store keeps as they are live; dry unless --live", _refresh_totals),
    ("export", "write customers, leads or bookings into a file", _export),
    ("schema", "print the GraphQL schema", _none),
    ("statuses", "draw how leads and bookings change, as docs/statuses.md has it", _none),
    ("migrate", "make or upgrade the gateway's own tables, in the schema `gateway` of PostgreSQL", _none),
    ("index", "walk through all records, so that they are found by e-mail, phone and name", _index),
    ("backfill", "link what is certain, repair links, create missing accounts; dry unless --live", _backfill),
    ("attach-leads", "attach orphaned leads to their customers; dry unless --live", _attach_leads),
    ("resume", "carry on what a crash or a store that was down has left unfinished", add_json),
)


if __name__ == "__main__":
    sys.exit(main())
