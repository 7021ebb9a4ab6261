"""The log is a line for each thing, and tells by which request it came."""

import io
import logging
import re
from collections.abc import Iterator

import pytest

from gateway.log_lines import OneLine
from tests.running import running, secured

LINE = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z (WARNING|ERROR) [a-z.]+\[\d+\] \S+: .+"


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Be what the gateway's loggers write, as `serve` has them write it."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(OneLine("%(message)s"))
    logger = logging.getLogger("gateway")
    logger.addHandler(handler)
    yield written
    logger.removeHandler(handler)


def test_what_has_several_lines_is_one(log: io.StringIO) -> None:
    logging.getLogger("gateway").warning("The settings are wrong:\n  - one\r\n  - two\x1b[31m \u2028 three")
    (line,) = log.getvalue().splitlines()
    assert line.endswith(" -: The settings are wrong: | - one | - two[31m | three")


def test_an_error_is_one_line_with_what_led_to_it(log: io.StringIO) -> None:
    def look_up() -> None:
        raise KeyError("jens@example.dk")

    try:
        try:
            look_up()
        except KeyError as error:
            raise ValueError("this is no number") from error
    except ValueError:
        logging.getLogger("gateway").exception("It broke")

    (line,) = log.getvalue().splitlines()
    assert " -: It broke | Traceback" in line
    assert re.search(r"in look_up.*KeyError.*which led to:.*ValueError: this is no number", line)


async def test_a_request_is_called_by_what_it_was_given_or_anew(log: io.StringIO) -> None:
    async with running(secured(profile="renos", postgres_url="postgresql://127.0.0.1:1/db")) as gateway:
        ids = []
        for given in ({"X-Request-Id": "proxy.7-a_B"}, {}, {}, {"X-Request-Id": "jens@example.dk"}):
            answer = await gateway.post("{ leads { nodes { id } } }", headers=given)
            ids.append(answer.headers["x-request-id"])
    assert ids[0] == "proxy.7-a_B"
    assert len(set(ids)) == 4
    assert "jens@example.dk" not in ids
    lines = log.getvalue().splitlines()
    silent = [one for one in ids if not any(f" {one}: The store postgres cannot be asked" in line for line in lines)]
    assert silent == []
    assert [line for line in lines if not re.fullmatch(LINE, line)] == []
    assert "jens" not in log.getvalue()
