"""What schemathesis puts where the schema says too little, and what it holds each answer against.

It loads this by SCHEMATHESIS_HOOKS, in a process of its own: see gateway/test_schemathesis.py.
"""

import os
from typing import Any

import schemathesis
from graphql import DocumentNode, FieldNode, IntValueNode, Visitor, parse, specified_rules, validate, visit
from hypothesis import strategies as st
from schemathesis.graphql import nodes
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from tests.answers import INSIDE
from tests.asking import BUILT
from tests.conforming import misfits

#: Codes that only a fault of ours brings forth, both stores being there.
FAULTS = {"INTERNAL", "SOURCE_UNAVAILABLE", "SOURCE_MISMATCH", "TIMEOUT", "READ_ONLY", "INDEX_MISSING"}
IDS = tuple(os.environ["GATEWAY_TEST_IDS"].split())

# Ids that were handed out, most of the time: others lead nowhere.
schemathesis.graphql.scalar("ID", (st.sampled_from(IDS) | st.sampled_from(IDS) | st.text(max_size=9)).map(nodes.String))
schemathesis.graphql.scalar("Decimal", st.decimals(allow_nan=False, allow_infinity=False).map(str).map(nodes.String))
schemathesis.graphql.scalar("Date", st.dates().map(str).map(nodes.String))
schemathesis.graphql.scalar("DateTime", st.datetimes().map(lambda at: nodes.String(f"{at.isoformat()}Z")))


class _OnePage(Visitor):
    """Let most fields ask for a page that can be: any two of Relay's four arguments are most likely none."""

    def enter_field(self, node: FieldNode, *_: Any) -> Any:
        given = {one.name.value: one for one in node.arguments or ()}
        first = given["first"].value if "first" in given else None
        if not isinstance(first, IntValueNode) or int(first.value) % 4 == 0:
            return None
        few = _with(given["first"], value=nodes.Int(1 + int(first.value) % 5))
        others = [one for name, one in given.items() if name not in ("first", "after", "last", "before")]
        return _with(node, arguments=(few, *others))


def _with(node: Any, **changed: Any) -> Any:
    return type(node)(**{**{key: getattr(node, key) for key in node.keys}, **changed})


@schemathesis.hook
def map_body(_: schemathesis.HookContext, body: DocumentNode) -> DocumentNode:
    """Change what is generated before it is sent."""
    changed: DocumentNode = visit(body, _OnePage())
    return changed


@schemathesis.check
def answered_as_the_schema_says(_: Any, response: schemathesis.Response, case: schemathesis.Case[Any]) -> None:
    """Fail on what no request may bring forth, and on an answer that is none to what was asked."""
    assert response.status_code < 500, response.text
    assert [word for word in INSIDE if word in response.text] == []
    body = response.json()
    assert body.keys() <= {"data", "errors", "extensions"}
    assert all(error["message"] for error in body.get("errors", ()))
    codes = {error["extensions"]["code"] for error in body.get("errors", ())}
    assert not codes & FAULTS, codes
    document = parse(str(case.body))
    wrong = validate(BUILT, document, [*specified_rules, OneOfInputValidationRule])
    assert ("GRAPHQL_VALIDATION_FAILED" in codes) is bool(wrong), (codes, wrong)
    assert misfits(BUILT, document, body) == []
