"""The benchmark runs: all servers that can be there answer alike, and what was measured is written down."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from bench.commands import main
from bench.profiling import Profile

REPOSITORY = Path(__file__).parents[2]
QUERIES = ("Q1", "Q2", "Q3", "Q4", "Q5")
SECONDS = 600


@pytest.mark.skipif(
    not os.environ.get("CI") and (shutil.which("wrk") is None or shutil.which("npm") is None),
    reason="needs wrk and npm; CI has them",
)
def test_all_servers_answer_alike_and_what_was_measured_is_written_down(tmp_path: Path) -> None:
    sizes = ("--customers", "1000", "--documents", "100", "--queries", ",".join(QUERIES))
    rounds = ("--seconds", "1", "--rounds", "1", "--connections", "2")
    output = tmp_path / "results"
    done = subprocess.run(  # noqa: S603 - our own command line
        [sys.executable, "-m", "bench", *sizes, *rounds, "--folder", str(tmp_path / "stores"), "--output", str(output)],
        cwd=REPOSITORY,
        check=False,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    results = (output / "results.md").read_text()
    rows = [line for line in results.splitlines() if line.startswith("| Q")]
    for server in ("gateway", "limit", "mercurius", "strawberry"):
        assert {row.split(" | ")[0].removeprefix("| ") for row in rows if f"| {server} |" in row} == set(QUERIES)
    drawn = ET.fromstring((output / "results.svg").read_text())  # noqa: S314 - our own file
    assert len(drawn.findall("{http://www.w3.org/2000/svg}rect")) == 4 * len(QUERIES)


def test_a_wrong_query_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--queries", "Q1,Q9"])
    assert "Q9: expected some of Q1, Q2, Q3, Q4, Q5, Q1m" in capsys.readouterr().err


def test_samples_count_for_the_function_they_are_in_and_for_all_that_called_it() -> None:
    stacks = {"main (gateway/a.py:1);ask (asyncpg/b.py:2)": 3, "main (gateway/a.py:1)": 1, "run (runners.py:1)": 1}
    lines = [f'thread (0x1): "MainThread";{stack} {count}' for stack, count in stacks.items()]
    profile = Profile.read([*lines, 'thread (0x2): "Thread-1";wait (gateway/a.py:9) 7'])
    assert profile.samples == 5
    assert profile.alone["main (gateway/a.py:1)"] == 1
    assert profile.within["main (gateway/a.py:1)"] == 4
    assert profile.packages == {"asyncpg": 3, "gateway": 1, "Python's runners": 1}
