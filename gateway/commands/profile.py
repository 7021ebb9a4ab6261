"""Help with writing a store profile: a first draft from live stores, a schema for editors, a list of all keys."""

import json
import sys
from argparse import Namespace
from collections.abc import Callable, Mapping

from gateway.commands.profile_init import init
from sources.profile_reference import reference
from sources.profile_schema import json_schema


def run(arguments: Namespace) -> int:
    return _ACTIONS[arguments.action](arguments)


def _schema(_: Namespace) -> int:
    sys.stdout.write(f"{json.dumps(json_schema(), indent=2, ensure_ascii=False)}\n")
    return 0


def _docs(_: Namespace) -> int:
    sys.stdout.write(f"{reference()}\n")
    return 0


_ACTIONS: Mapping[str, Callable[[Namespace], int]] = {"init": init, "schema": _schema, "docs": _docs}
