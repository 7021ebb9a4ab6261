"""An error that nobody expected, outside of any operation: a client learns its number, the log the rest."""

import logging
from dataclasses import replace

import pytest

import gateway.endpoint
import gateway.readiness
from domain.access import Role
from gateway.headers import SECURITY_HEADERS
from tests.loading import existing_store
from tests.running import Gateway, running
from tests.servers import Servers

ORIGIN = "https://app.example"


async def test_an_unexpected_error_is_masked_and_logged(
    demo: Gateway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError("a secret of the inside")

    monkeypatch.setattr(gateway.readiness, "store_statuses", fail)
    with caplog.at_level(logging.ERROR):
        answer = await demo.http.get(f"{demo.url}/readyz")

    assert answer.status_code == 500
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "secret" not in answer.text
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["extensions"]["id"] in error["message"]
    assert f"Unexpected error {error['extensions']['id']}" in caplog.text
    assert "a secret of the inside" in caplog.text


async def test_browsers_find_the_icon_where_it_has_always_been(demo: Gateway) -> None:
    answer = await demo.http.get(f"{demo.url}/favicon.ico")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("image/svg+xml")
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("accept", ["*/*", "application/graphql-response+json"])
async def test_what_fails_on_the_short_way_is_masked_logged_and_counted(
    without_mongo: Servers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, accept: str
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("a secret of the inside")

    settings = replace(await existing_store(without_mongo, "renos", "unexpected"), cors_origins=(ORIGIN,))
    async with running(settings) as store:
        with monkeypatch.context() as patch, caplog.at_level(logging.ERROR):
            patch.setattr(gateway.endpoint, "read_request", fail)
            answer = await store.post("{ __typename }", headers={"Accept": accept, "Origin": ORIGIN})
        told = await store.http.get(f"{store.url}/metrics", headers=store.token(roles=[Role.PLATFORM_ADMIN]))

    assert 'gateway_errors_total{code="INTERNAL",worker="0"} 1.0' in told.text
    assert 'gateway_requests_running{worker="0"} 0.0' in told.text
    assert answer.status_code == 500
    assert answer.headers["connection"] == "close"
    assert answer.headers["access-control-allow-origin"] == ORIGIN
    assert {name: answer.headers.get(name) for name in SECURITY_HEADERS} == SECURITY_HEADERS
    assert "secret" not in answer.text
    (error,) = answer.json()["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert f"Unexpected error {error['extensions']['id']}" in caplog.text
