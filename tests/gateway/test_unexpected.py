"""An error that nobody expected, outside of any operation: a client learns its number, the log the rest."""

import logging

import pytest

import gateway.app
from tests.running import Gateway


async def test_an_unexpected_error_is_masked_and_logged(
    demo: Gateway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: object) -> None:
        raise ZeroDivisionError("a secret of the inside")

    monkeypatch.setattr(gateway.app, "store_statuses", fail)
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
