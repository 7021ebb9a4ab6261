"""The media type of an answer is what is asked for, by the rules of HTTP."""

import pytest

from tests.running import Gateway

GRAPHQL = "application/graphql-response+json"


@pytest.mark.parametrize(
    "accept",
    [
        GRAPHQL,
        "Application/GraphQL-Response+JSON",
        f"{GRAPHQL}; charset=utf-8",
        f"{GRAPHQL}, application/json",
        f"application/json, {GRAPHQL}",
        f"{GRAPHQL}, application/json; q=0.9",
        f"text/html, */*;q=0.5, {GRAPHQL};q=0.5",
        f"{GRAPHQL};q=0.5, application/json;q=0.4, */*",
        f"{GRAPHQL};q=much",
        f"{GRAPHQL}, application/graphql+json, application/json, text/event-stream, multipart/mixed",
    ],
)
async def test_who_asks_for_it_is_answered_in_the_type_of_graphql(demo: Gateway, accept: str) -> None:
    answer = await demo.post("{ nothing }", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (400, f"{GRAPHQL}; charset=utf-8")


@pytest.mark.parametrize(
    "accept",
    [
        "",
        "*/*",
        "application/*",
        "application/json",
        "text/plain",
        f"{GRAPHQL}x",
        f"x{GRAPHQL}",
        f"{GRAPHQL};q=0",
        f"{GRAPHQL};q=nan",
        f"application/json, {GRAPHQL};q=0.1",
        f"application/json, {GRAPHQL}; level=1; Q=0.1",
        f"*/*, {GRAPHQL};q=0.9",
        f"application/*;q=0.8, {GRAPHQL};q=0.7",
        ",;=,q=1;",
    ],
)
async def test_everybody_else_is_answered_in_json(demo: Gateway, accept: str) -> None:
    answer = await demo.post("{ nothing }", headers={"Accept": accept})
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
