"""Tell where the gateway's time goes under load, by function: py-spy looks at the process, which goes on as it is."""

import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from bench.checking import check
from bench.machine import describe
from bench.measuring import load, write_bodies
from bench.queries import Query
from bench.servers import GATEWAY, Server, running
from bench.stores import Loaded, busiest

_RATE = 250
_CONNECTIONS = 16
_WARM_SECONDS = 2.0
_FUNCTIONS = 25
_AT_LEAST = 0.005
_MAIN = "MainThread"


@dataclass(slots=True)
class Profile:
    """Count samples: of functions *alone* and with what they called, and of whose code it was."""

    samples: int = 0
    alone: Counter[str] = field(default_factory=Counter)
    within: Counter[str] = field(default_factory=Counter)
    packages: Counter[str] = field(default_factory=Counter)

    @classmethod
    def read(cls, lines: Iterable[str]) -> "Profile":
        """Read stacks, outermost first, each with its count: `thread (0x1): "MainThread";one (file.py:1) 17`.

        Other threads than the main one are left out: they wait.
        """
        profile = cls()
        for line in lines:
            stack, _, count = line.rpartition(" ")
            (thread, *frames), number = stack.split(";"), int(count)
            if _MAIN not in thread or not frames:
                continue
            profile.samples += number
            profile.alone[frames[-1]] += number
            profile.packages[_package(frames[-1])] += number
            for frame in set(frames):
                profile.within[frame] += number
        return profile


def write_profile(stores: Loaded, queries: Sequence[Query], folder: Path, *, seconds: float) -> None:
    """Load the gateway with each of *queries* for *seconds*, and write into *folder* what it did."""
    machine = describe(None)
    text = [
        "# Where the gateway's time goes",
        "",
        f"Written by `make bench-profile`, {machine.day}, on {machine.cpu}: {stores.customers:,} customers,",
        f"{_CONNECTIONS} connections, {_RATE} looks a second. Native code counts as the function that called it.",
        "",
    ]
    for mongo in (False, True):
        asked = [query for query in queries if query.mongo is mongo]
        if not asked:
            continue
        with running([GATEWAY], stores, mongo=mongo) as [server]:
            for query in asked:
                check(query, [server], stores)
                text += _told(query, _profile(server, query, stores, seconds))
    (folder / "profile.md").write_text("\n".join(text))
    sys.stdout.write(f"Written: {folder / 'profile.md'}\n")


def _profile(server: Server, query: Query, stores: Loaded, seconds: float) -> Profile:
    bodies = write_bodies(query, stores)
    load(server, query, bodies, stores, seconds=_WARM_SECONDS, connections=_CONNECTIONS)
    with ThreadPoolExecutor(1) as other, tempfile.TemporaryDirectory() as place:
        path = Path(place) / "stacks"
        loaded = other.submit(
            load, server, query, bodies, stores, seconds=seconds + _WARM_SECONDS, connections=_CONNECTIONS
        )
        command = [
            str(Path(sys.executable).with_name("py-spy")),
            "record",
            "--function",
            "--threads",
            "--format",
            "raw",
        ]
        options = ["--rate", str(_RATE), "--duration", str(max(1, round(seconds)))]
        subprocess.run(  # noqa: S603 - our own command line
            [*command, *options, "--output", str(path), "--pid", str(busiest(server.pid))],
            check=True,
            capture_output=True,
        )
        loaded.result()
        return Profile.read(path.read_text().splitlines())


def _told(query: Query, profile: Profile) -> list[str]:
    def share(count: int) -> str:
        return f"{100 * count / profile.samples:.1f} %"

    packages = [f"{name} {share(count)}" for name, count in profile.packages.most_common(12)]
    lines = [
        f"## {query.name}: {query.what}",
        "",
        f"{profile.samples} looks. By whose code: {', '.join(packages)}.",
        "",
    ]
    for title, counted in (("alone", profile.alone), ("with what it called", profile.within)):
        lines += [f"| {title} | function |", "| --- | --- |"]
        lines += [
            f"| {share(count)} | `{name}` |"
            for name, count in counted.most_common(_FUNCTIONS)
            if count >= _AT_LEAST * profile.samples
        ]
        lines.append("")
    return lines


def _package(frame: str) -> str:
    """Say whose code *frame* is: the outermost folder of its file."""
    path = frame.rpartition(" (")[2].partition(":")[0]
    return path.partition("/")[0] if "/" in path else f"Python's {path.removesuffix('.py')}"
