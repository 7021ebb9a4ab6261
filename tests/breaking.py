"""Hold the schema against the one that was released last: what breaks a client has to stand in the changelog.

    python -m tests.breaking [RELEASED] [SCHEMA] [CHANGELOG]

Each breaking change is to be named by its coordinate, in backticks, under `### Breaking` of what is unreleased.
"""

import re
import sys
from pathlib import Path

from graphql import (
    BreakingChange,
    DangerousChange,
    DangerousChangeType,
    GraphQLSchema,
    build_schema,
    find_breaking_changes,
    find_dangerous_changes,
)

RELEASED, SCHEMA, CHANGELOG = "docs/schema.released.graphql", "schema.graphql", "CHANGELOG.md"
#: Whoever leaves the value out is answered something else, or refused where it was taken away.
_DEFAULTS = (DangerousChangeType.ARG_DEFAULT_VALUE_CHANGE, DangerousChangeType.INPUT_FIELD_DEFAULT_VALUE_CHANGE)
#: Where the coordinate stands in what graphql-core says: the first of these that is found.
_COORDINATES = (r"union type (\w+)", r"(\w+\.\w+(?:\(\w+:\))?|@\w+(?:\(\w+:\))?)", r"^(?:Standard scalar )?(\w+)")


def breaking(released: GraphQLSchema, now: GraphQLSchema) -> dict[str, str]:
    """Answer what a client of *released* trips over *now*, by coordinate."""
    changes: list[BreakingChange | DangerousChange] = [
        *find_breaking_changes(released, now),
        *(one for one in find_dangerous_changes(released, now) if one.type in _DEFAULTS),
    ]
    return {_coordinate(one.description): one.description for one in changes}


def named(changelog: str) -> set[str]:
    """Find the coordinates that the unreleased part of *changelog* calls breaking."""
    unreleased = re.search(r"^## \[Unreleased\]\n(.*?)(?=^## |\Z)", changelog, re.MULTILINE | re.DOTALL)
    section = re.search(
        r"^### Breaking\n(.*?)(?=^### |\Z)", unreleased[1] if unreleased else "", re.MULTILINE | re.DOTALL
    )
    return set(re.findall(r"`([^`]+)`", section[1])) if section else set()


def unnamed(released: str, now: str, changelog: str) -> list[str]:
    """Say which breaking changes *changelog* does not name."""
    known = named(changelog)
    found = breaking(build_schema(released), build_schema(now))
    return [f"`{coordinate}`: {said}" for coordinate, said in found.items() if coordinate not in known]


def _coordinate(said: str) -> str:
    found = next(found for pattern in _COORDINATES if (found := re.search(pattern, said)))
    return found[1]


if __name__ == "__main__":
    paths = [*sys.argv[1:], *(RELEASED, SCHEMA, CHANGELOG)[len(sys.argv) - 1 :]]
    faults = unnamed(*(Path(path).read_text(encoding="utf-8") for path in paths))
    if faults:
        said = f"These break clients of {paths[0]}; {paths[2]} names them under ### Breaking, or they do not happen:"
        sys.exit("\n  ".join([said, *faults]))
