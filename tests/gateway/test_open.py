"""An open gateway: everyone on this machine may ask, and nobody from elsewhere through a browser on it."""

import pytest

from tests.running import Gateway


@pytest.mark.parametrize("path", ["/", "/graphql", "/healthz", "/schema.graphql"])
async def test_it_answers_to_no_name_but_its_own(demo: Gateway, path: str) -> None:
    assert (await demo.http.get(f"{demo.url}{path}", headers={"Host": "elsewhere.example"})).status_code == 400
    own = await demo.http.get(f"{demo.url}{path}", headers={"Host": "localhost:8000", "Accept": "text/html"})
    assert own.status_code == 200


async def test_it_asks_for_no_token(demo: Gateway) -> None:
    assert (await demo.data("{ viewer { subject } }"))["viewer"] == {"subject": "demo"}


async def test_no_form_of_another_site_can_post_to_it(demo: Gateway) -> None:
    """Browsers post forms across sites unasked; what is JSON they ask for first, and are not allowed."""
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"):
        answer = await demo.http.post(
            f"{demo.url}/graphql", content=b'{"query": "{ __typename }"}', headers={"content-type": content_type}
        )
        assert answer.status_code == 415
        assert answer.json()["errors"][0]["extensions"] == {"code": "BAD_REQUEST"}
    asked = await demo.http.options(f"{demo.url}/graphql", headers={"Origin": "http://elsewhere.example"})
    assert "access-control-allow-origin" not in asked.headers
