"""docs/statuses.md is what the command draws, and the drawings are Mermaid's."""

import re
from pathlib import Path

import pytest

from gateway.__main__ import main

PAGE = (Path(__file__).parents[2] / "docs" / "statuses.md").read_text(encoding="utf-8")


def test_the_page_is_what_the_command_draws(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["statuses"]) == 0
    assert capsys.readouterr().out == PAGE


def test_every_drawing_names_its_states_before_it_draws_arrows() -> None:
    drawings = re.findall(r"^```mermaid\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    assert len(drawings) > 10
    for drawing in drawings:
        first, *lines = drawing.splitlines()
        assert first == "stateDiagram-v2"
        named = {match[1] for line in lines if (match := re.fullmatch(r'    state "[^"]+" as (s\d+)', line))}
        arrows = [match for line in lines if (match := re.fullmatch(r"    (\S+) --> (\S+)", line))]
        assert len(named) + len(arrows) == len(lines)
        assert {end for match in arrows for end in (match[1], match[2])} - {"[*]"} <= named
