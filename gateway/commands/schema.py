"""Print the schema that frontends write their queries against."""

import sys
from argparse import Namespace

from schema import sdl


def run(_: Namespace) -> int:
    sys.stdout.write(f"{sdl().rstrip()}\n")
    return 0
