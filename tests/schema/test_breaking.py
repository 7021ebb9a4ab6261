"""What breaks clients of the schema that was released last fails the checks, unless the changelog names it."""

import subprocess
import sys
from pathlib import Path

import pytest
from graphql import build_schema

from tests.breaking import CHANGELOG, RELEASED, SCHEMA, breaking, named, unnamed
from tests.npm import need_clients, told

ROOT = Path(__file__).parents[2]
OLD = """
directive @weight(of: Int! = 1) on FIELD_DEFINITION | OBJECT
type Query {
  shop(id: ID!, size: Size = SMALL): Shop
  shops(first: Int): [Shop!]!
  found: Found
}
type Shop implements Node { id: ID! name: String! count: Int }
type Baker { name: String }
interface Node { id: ID! }
union Found = Shop | Baker
enum Size { SMALL LARGE }
input Order { what: String! by: Size! = SMALL note: String }
type Mutation { order(input: Order!): Shop }
"""
#: What stands in the place of what, and the coordinates that break; all of it by Inspector's word as well.
CHANGES: dict[str, tuple[str, str, set[str]]] = {
    "a field is gone": (" count: Int", "", {"Shop.count"}),
    "a field may be null": (" name: String! count", " name: String count", {"Shop.name"}),
    "a field is of another type": ("count: Int", "count: Float", {"Shop.count"}),
    "a value is gone": (" LARGE", "", {"Size.LARGE"}),
    "a member is gone": ("Shop | Baker", "Shop", {"Found"}),
    "an interface is gone": ("type Shop implements Node", "type Shop", {"Shop"}),
    "a type has another name": ("Baker", "Bakers", {"Baker", "Found"}),
    "an argument is asked for": ("found:", "found(near: ID!):", {"Query.found(near:)"}),
    "an argument is gone": ("(first: Int)", "", {"Query.shops(first:)"}),
    "an argument is of another type": ("first: Int", "first: ID", {"Query.shops(first:)"}),
    "an argument must be given": ("first: Int", "first: Int!", {"Query.shops(first:)"}),
    "an argument is something else if left out": ("= SMALL):", "= LARGE):", {"Query.shop(size:)"}),
    "an input field is asked for": (" note:", " when: Int! note:", {"Order.when"}),
    "an input field is gone": (" note: String", "", {"Order.note"}),
    "an input field may not be left out any more": ("by: Size! = SMALL", "by: Size!", {"Order.by"}),
    "an input field must be given": ("note: String", "note: String!", {"Order.note"}),
    "a root type is gone": ("type Mutation { order(input: Order!): Shop }", "", {"Mutation"}),
    "a directive is gone": ("directive @weight(of: Int! = 1) on FIELD_DEFINITION | OBJECT", "", {"@weight"}),
    "a field is new": ("found:", "more: Int found:", set()),
    "a field is never null any more": ("count: Int", "count: Int!", set()),
    "a value is new": ("SMALL LARGE", "SMALL LARGE HUGE", set()),
    "an argument is new": ("(first: Int)", "(first: Int, last: Int)", set()),
    "an input field is new": (" note:", " when: Int note:", set()),
    "an argument need not be given any more": ("id: ID!, size", "id: ID, size", set()),
    "words are others": ("type Query {", '"""What can be read."""\ntype Query {', set()),
}


@pytest.mark.parametrize(("before", "after", "broken"), CHANGES.values(), ids=CHANGES.keys())
def test_what_breaks_clients_is_told_by_its_coordinate(before: str, after: str, broken: set[str]) -> None:
    assert before in OLD
    assert breaking(build_schema(OLD), build_schema(OLD.replace(before, after))).keys() == broken


async def inspected(old: Path, *new: Path) -> list[set[str]]:
    """Ask Inspector what of *old* each *new* breaks, by the paths that it calls coordinates by."""
    need_clients()
    changes = await told("inspect.mjs", "diff", str(old), *map(str, new))
    return [set(paths) for paths in changes]


def as_path(coordinate: str) -> str:
    return coordinate.replace("(", ".").rstrip(":)")


async def test_inspector_calls_the_same_breaking(tmp_path: Path) -> None:
    (tmp_path / "old").write_text(OLD)
    for name, (before, after, _) in CHANGES.items():
        (tmp_path / name).write_text(OLD.replace(before, after))
    theirs = await inspected(tmp_path / "old", *(tmp_path / name for name in CHANGES))
    ours = [{as_path(coordinate) for coordinate in broken} for *_, broken in CHANGES.values()]
    assert dict(zip(CHANGES, theirs, strict=True)) == dict(zip(CHANGES, ours, strict=True))


async def test_inspector_finds_nothing_that_breaks_and_is_not_named() -> None:
    (theirs,) = await inspected(ROOT / RELEASED, ROOT / SCHEMA)
    assert theirs - {as_path(name) for name in named((ROOT / CHANGELOG).read_text(encoding="utf-8"))} == set()


def test_what_the_changelog_names_may_break() -> None:
    new = OLD.replace(" count: Int", "").replace(" LARGE", "")
    log = "## [Unreleased]\n\n### Breaking\n\n- `Size.LARGE`: nobody\n  asked for it.\n\n### Added\n\n- `Shop.count`.\n"
    assert unnamed(OLD, new, log) == ["`Shop.count`: Field Shop.count was removed."]
    assert unnamed(OLD, new, log.replace("`Size", "`Shop.count`, `Size")) == []


def test_what_an_earlier_version_broke_names_nothing_now() -> None:
    log = "## [Unreleased]\n\n### Added\n\n- Much.\n\n## [1.0.0]\n\n### Breaking\n\n- `Shop.count`\n"
    assert named(log) == set()
    assert named(log.replace("## [1.0.0]\n\n", "")) == {"Shop.count"}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.breaking", *arguments]
    return subprocess.run(command, cwd=ROOT, check=False, capture_output=True, text=True)  # noqa: S603 - our own module


def test_the_schema_breaks_nothing_that_the_changelog_does_not_name() -> None:
    assert run().stderr == ""


def test_the_check_fails_with_everything_that_is_broken(tmp_path: Path) -> None:
    for name, text in (("old", OLD), ("new", OLD.replace(" count: Int", "").replace(" LARGE", "")), ("log", "")):
        (tmp_path / name).write_text(text)
    failed = run(*(str(tmp_path / name) for name in ("old", "new", "log")))
    assert failed.returncode == 1
    assert [line.split(":")[0].strip() for line in failed.stderr.splitlines()[1:]] == ["`Shop.count`", "`Size.LARGE`"]
