"""What holds answers against the schema sees what is wrong in them."""

from typing import Any

import pytest
from graphql import build_schema, parse

from tests.conforming import misfits

SCHEMA = build_schema("""
scalar Date scalar DateTime scalar Decimal
enum Size { SMALL LARGE }
interface Node { id: ID! }
type Cake implements Node { id: ID! size: Size! price: Decimal baked: DateTime eaten: Date parts: [Cake!] }
type Baker implements Node { id: ID! age: Int fee: Float awake: Boolean }
union Thing = Cake | Baker
type Query { cake: Cake baker: Baker thing: Thing node: Node }
""")


@pytest.mark.parametrize(
    ("document", "data"),
    [
        ("{ cake { id size } }", {"cake": {"id": "1", "size": "SMALL"}}),
        ("{ cake { id } }", {"cake": None}),
        ("{ a: cake { b: id } }", {"a": {"b": "1"}}),
        (
            "{ cake { price baked eaten } }",
            {"cake": {"price": "1.50", "baked": "2026-01-31T09:00:00+00:00", "eaten": None}},
        ),
        ("{ cake { parts { id } } }", {"cake": {"parts": [{"id": "1"}, {"id": "2"}]}}),
        ("{ baker { age fee awake } }", {"baker": {"age": 1, "fee": 2, "awake": True}}),
        ("{ thing { __typename ... on Baker { age } } }", {"thing": {"__typename": "Baker", "age": 3}}),
        ("{ thing { ... on Baker { age } } }", {"thing": {}}),
        ("{ node { id ...C } } fragment C on Cake { size }", {"node": {"id": "1", "size": "LARGE"}}),
        ("{ cake { id @skip(if: true) size @include(if: true) } }", {"cake": {"size": "SMALL"}}),
        ("{ cake { id } cake { size } }", {"cake": {"id": "1", "size": "SMALL"}}),
    ],
)
def test_an_answer_fits(document: str, data: dict[str, Any]) -> None:
    assert misfits(SCHEMA, parse(document), {"data": data}) == []


@pytest.mark.parametrize(
    ("document", "data", "said"),
    [
        ("{ cake { id } }", {"cake": {"id": None}}, ".cake.id is null"),
        ("{ cake { id } }", {"cake": {"id": 1}}, ".cake.id is no ID: 1"),
        ("{ cake { id } }", {"cake": [{"id": "1"}]}, ".cake is no object"),
        ("{ cake { id } }", {}, " has [], not ['cake']"),
        (
            "{ cake { id size } }",
            {"cake": {"size": "SMALL", "id": "1"}},
            ".cake has ['size', 'id'], not ['id', 'size']",
        ),
        ("{ cake { size } }", {"cake": {"size": "HUGE"}}, ".cake.size is no Size: 'HUGE'"),
        ("{ cake { price } }", {"cake": {"price": "NaN"}}, ".cake.price is no Decimal: 'NaN'"),
        (
            "{ cake { baked } }",
            {"cake": {"baked": "2026-01-31T09:00:00"}},
            ".cake.baked is no DateTime: '2026-01-31T09:00:00'",
        ),
        ("{ cake { eaten } }", {"cake": {"eaten": "31.1.2026"}}, ".cake.eaten is no Date: '31.1.2026'"),
        ("{ cake { parts { id } } }", {"cake": {"parts": [None]}}, ".cake.parts[0] is null"),
        ("{ baker { age } }", {"baker": {"age": 2**31}}, f".baker.age is no Int: {2**31}"),
        ("{ baker { age } }", {"baker": {"age": True}}, ".baker.age is no Int: True"),
        ("{ baker { awake } }", {"baker": {"awake": 1}}, ".baker.awake is no Boolean: 1"),
        ("{ thing { __typename } }", {"thing": {"__typename": "Query"}}, ".thing.__typename is Query, not Cake"),
    ],
)
def test_what_is_no_answer_is_told(document: str, data: dict[str, Any], said: str) -> None:
    assert misfits(SCHEMA, parse(document), {"data": data}) == [said]


def test_an_error_stands_where_something_is_missing() -> None:
    asked = parse("{ cake { price } }")
    error = {"message": "gone", "path": ["cake", "price"]}
    assert misfits(SCHEMA, asked, {"data": {"cake": {"price": None}}, "errors": [error]}) == []
    assert misfits(SCHEMA, asked, {"data": {"cake": None}, "errors": [error]}) == []
    assert misfits(SCHEMA, asked, {"errors": [error]}) == []
    assert misfits(SCHEMA, asked, {}) == ["neither data nor errors"]
    (said,) = misfits(SCHEMA, asked, {"data": {"cake": {"price": "1"}}, "errors": [error]})
    assert said == "an error at ['cake', 'price'], which is there"
