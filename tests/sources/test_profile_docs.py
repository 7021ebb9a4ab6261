"""docs/profiles.md: its reference is current, and each of its examples is read by the grammar."""

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from gateway.__main__ import main
from sources.profile_grammar import GRAMMAR
from sources.profile_kinds import Faults, Section
from sources.profile_reading import read_profile
from sources.profile_values import Given, read_value

PAGE = (Path(__file__).parents[2] / "docs" / "profiles.md").read_text(encoding="utf-8")
EXAMPLES: list[tuple[str, str]] = re.findall(r"^```toml (\S+)\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
WHOLE = [text for what, text in EXAMPLES if what == "whole"]
OF_A_SECTION = [(what.strip("[]"), text) for what, text in EXAMPLES if what.startswith("[")]


def test_the_page_holds_the_reference_that_the_command_prints(capsys: pytest.CaptureFixture[str]) -> None:
    _, _, rest = PAGE.partition("<!-- keys -->")
    kept, end, _ = rest.partition("<!-- /keys -->")
    assert main(["profile", "docs"]) == 0
    assert end
    assert kept.strip() == capsys.readouterr().out.strip()


def test_no_row_of_the_reference_holds_what_would_break_it() -> None:
    rows = [line for line in PAGE.partition("<!-- keys -->")[2].splitlines() if line.startswith("|")]
    assert all(len(re.findall(r"(?<!\\)\|", line)) == 6 for line in rows)


def test_every_example_is_one_of_the_kinds_that_are_read_here() -> None:
    assert len(re.findall("^```toml", PAGE, re.MULTILINE)) == len(EXAMPLES) > 10
    assert {what for what, _ in EXAMPLES if not what.startswith("[")} == {"whole", "fragment"}
    for _, text in EXAMPLES:
        tomllib.loads(text)


@pytest.mark.parametrize("text", WHOLE)
def test_every_whole_example_is_a_profile(text: str, tmp_path: Path) -> None:
    file = tmp_path / "example.toml"
    file.write_text(text, encoding="utf-8")
    assert read_profile(str(file)).store.name == "flowers"


@pytest.mark.parametrize(("at", "text"), OF_A_SECTION, ids=[at for at, _ in OF_A_SECTION])
def test_every_example_of_a_section_has_keys_that_fit(at: str, text: str) -> None:
    section = GRAMMAR
    for name in at.split("."):
        section = section.sections[name]
    assert list(_faults(section, tomllib.loads(text))) == []


def _faults(section: Section, table: dict[str, Any]) -> Faults:
    faults = Faults()
    for name, value in table.items():
        if name in section.sections:
            faults += _faults(section.sections[name], value)
        else:
            read_value(Given(name, value, table, section.keys[name], faults))
    return faults


def test_the_example_profile_has_every_key_but_one_that_excludes_another() -> None:
    path = Path(__file__).parents[2] / "docs" / "profile-example.toml"
    read_profile(str(path))
    assert _missing(GRAMMAR, tomllib.loads(path.read_text(encoding="utf-8"))) == ["minutes"]


def _missing(section: Section, table: dict[str, Any]) -> list[str]:
    inner = [name for at, one in section.sections.items() for name in _missing(one, table[at])]
    return [name for name in section.keys if name not in table] + inner
