"""Read plans as EXPLAIN answers them: what a statement does to a table."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Plan = Mapping[str, Any]
_QUOTED = re.compile(r"'(?:[^']|'')*'")


@dataclass(frozen=True, slots=True)
class Access:
    """Be how a plan reaches a *table*: by an *index*, or by none, row after row."""

    table: str
    index: str | None


def mentions(condition: str, columns: Collection[str]) -> bool:
    """Say whether *condition*, as the server writes it, is about one of *columns*."""
    said = _QUOTED.sub("", condition)
    return any(re.search(rf'(?<![\w"])"?{re.escape(column)}"?(?![\w"])', said) for column in columns)


def accesses(plan: Plan) -> Iterator[Access]:
    """Go through the ways in which *plan* reaches tables."""
    yield from _accesses(plan, "")


def _accesses(node: Plan, table: str) -> Iterator[Access]:
    table = node.get("Relation Name", table)
    kind: str = node["Node Type"]
    if kind in ("Seq Scan", "Sample Scan", "Tid Scan", "Foreign Scan"):
        yield Access(table, None)
    elif kind in ("Index Scan", "Index Only Scan", "Bitmap Index Scan"):
        yield Access(table, node["Index Name"])
    for inner in node.get("Plans", ()):
        yield from _accesses(inner, table)


def sorts(plan: Plan) -> bool:
    """Say whether all rows are sorted; sorting those that an index has together already is none of that."""
    return plan["Node Type"] == "Sort" or any(sorts(inner) for inner in plan.get("Plans", ()))
