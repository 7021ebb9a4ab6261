"""docs/errors.md holds every code there is, and none that is not."""

import importlib
import pkgutil
import re
from collections.abc import Iterator
from pathlib import Path

import graphql

from domain.errors import LIMITS, GatewayError
from tests.asking import BUILT

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
TOP, PAYLOADS = DOCUMENT.split("## In the `errors` of a mutation")
PACKAGES = ("domain", "sources", "loaders", "resolvers", "schema", "gateway")
#: Codes that stand in an answer as they are, without a class.
WRITTEN = re.compile(r'(?:"code": |code = )"([A-Z][A-Z_]+)"')


def listed(text: str) -> set[str]:
    return set(re.findall(r"^\| `([A-Z_]+)` \|", text, re.MULTILINE))


def kinds(kind: type[GatewayError] = GatewayError) -> Iterator[type[GatewayError]]:
    for each in kind.__subclasses__():
        yield each
        yield from kinds(each)


def every_module() -> Iterator[str]:
    for name in PACKAGES:
        for module in pkgutil.walk_packages(importlib.import_module(name).__path__, f"{name}."):
            if not re.search(r"__main__|\.migrations", module.name):
                yield module.name


def test_every_code_at_the_top_is_told() -> None:
    for name in every_module():
        importlib.import_module(name)
    own = [kind for kind in kinds() if kind.__module__.split(".")[0] in PACKAGES]
    codes = {kind.code for kind in own if hasattr(kind, "code")} | {code for code, _ in LIMITS.values()}
    for package in ("gateway", "resolvers", "schema", "sources", "loaders"):
        for path in (ROOT / package).rglob("*.py"):
            codes |= set(WRITTEN.findall(path.read_text(encoding="utf-8")))
    codes |= {"GRAPHQL_VALIDATION_FAILED"}
    assert listed(TOP) == codes


def test_every_code_of_a_payload_is_told_as_the_schema_tells_it() -> None:
    codes = BUILT.get_type("ErrorCode")
    assert isinstance(codes, graphql.GraphQLEnumType)
    assert listed(PAYLOADS) == set(codes.values)
    for name, value in codes.values.items():
        assert f"| `{name}` | {value.description} |" in PAYLOADS
