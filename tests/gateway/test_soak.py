"""What `make soak` does for minutes, for some seconds: nothing is answered wrongly, nothing is left behind."""

from pathlib import Path

import pytest

from tests.servers import Servers
from tests.soak import faults, growth, soak, table


async def test_a_gateway_under_load_answers_rightly_and_leaves_nothing_behind(servers: Servers, tmp_path: Path) -> None:
    soaked = await soak(servers, tmp_path, seconds=8, clients=8, customers=120)
    assert faults(soaked) == [], table(soaked)
    load = soaked.load
    assert load.answered[200] > 20
    assert {400, 401} & load.answered.keys()
    assert load.codes["answered"] > 20
    assert "requests" in table(soaked)


@pytest.mark.parametrize(
    ("memory", "grows"),
    [
        ([100 + step for step in range(60)], True),
        ([100 + step * 0.2 for step in range(60)], True),
        ([200 - 100 / (1 + step) for step in range(60)], False),
        ([100 + step % 7 for step in range(60)], False),
        ([100 + step * 0.01 for step in range(60)], False),
        ([150 - step for step in range(60)], False),
        ([100.0, 200.0], False),
        ([], False),
    ],
    ids=["a megabyte a sample", "a fifth of one", "warms up", "up and down", "a hair", "shrinks", "too short", "none"],
)
def test_memory_grows_where_it_goes_on_after_its_warm_up(memory: list[float], *, grows: bool) -> None:
    assert bool(growth(memory)) is grows
