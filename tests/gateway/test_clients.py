"""The clients that frontends use, unchanged and from npm, and the audits of GraphQL over HTTP."""

import pytest

from tests.npm import need_clients, told
from tests.running import Gateway


@pytest.fixture(autouse=True)
def clients() -> None:
    need_clients()


#: Of what the specification allows and does not ask for: queries by GET are off (docs/decisions/0012-http.md).
BY_CHOICE = {"5A70", "D6D5", "6A70"}


async def test_every_audit_of_graphql_over_http_passes(demo: Gateway) -> None:
    results = await told("audit.mjs", f"{demo.url}/graphql")
    assert len(results) > 50
    assert {one["id"]: one["reason"] for one in results if one["status"] != "ok"}.keys() == BY_CHOICE
    assert {one["status"] for one in results} == {"ok", "notice"}


async def test_apollo_client_pages_through_customers(demo: Gateway) -> None:
    said = await told("apollo.mjs", f"{demo.url}/graphql")
    page = await demo.data("{ customers(first: 10) { nodes { name } } }")
    assert said == {"names": [one["name"] for one in page["customers"]["nodes"]], "error": "BAD_ID"}


async def test_urql_asks_and_understands_what_is_wrong(demo: Gateway) -> None:
    said = await told("urql.mjs", f"{demo.url}/graphql")
    page = await demo.data("{ customers(first: 3) { nodes { name } } }")
    assert said == {
        "names": [one["name"] for one in page["customers"]["nodes"]],
        "wrong": "GRAPHQL_VALIDATION_FAILED",
        "partly": {"subject": "demo", "error": "BAD_ID"},
    }
