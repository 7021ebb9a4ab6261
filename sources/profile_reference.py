"""Print every section and key of the grammar of store profiles as the Markdown that stands in docs/profiles.md."""

import pathlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import MISSING
from typing import Any

from sources.profile_grammar import GRAMMAR
from sources.profile_kinds import Key, Section
from sources.toml_values import written

#: A profile that has every key; what cannot stand beside another is in one of the shipped ones.
EXAMPLE = pathlib.Path(__file__).parents[1] / "docs" / "profile-example.toml"
_SHIPPED = EXAMPLE.parents[1] / "sources" / "profiles"

Table = Mapping[str, Any]


def reference() -> str:
    """Print one table a section, in the order of the grammar, each key with what it says and an example."""
    examples = [_parsed(path) for path in (EXAMPLE, *sorted(_SHIPPED.glob("*.toml")))]
    return "\n\n".join(_described(at, section, examples) for at, section in _sections(GRAMMAR) if section.keys)


def _sections(section: Section, at: str = "") -> Iterator[tuple[str, Section]]:
    yield at, section
    for name, inner in section.sections.items():
        yield from _sections(inner, f"{at}.{name}".lstrip("."))


def _parsed(path: pathlib.Path) -> Table:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def _described(at: str, section: Section, examples: list[Table]) -> str:
    lines = [
        f"### `[{at}]`",
        "",
        f"{section.description}.",
        "",
        "| key | what it says | a value of it | left out | for example |",
        "| --- | --- | --- | --- | --- |",
    ]
    for name, key in section.keys.items():
        cells = (
            f"`{name}`",
            _meaning(key),
            _cell(key.expected),
            _left_out(section, name, key),
            f"`{_cell(_example(f'{at}.{name}', examples))}`",
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _meaning(key: Key) -> str:
    notes = (
        f"; names a row of `[{key.to}]`" if key.to else "",
        f"; only beside `{key.needs}`" if key.needs else "",
        f"; not beside `{key.excludes}`" if key.excludes else "",
    )
    return _cell(key.description + "".join(notes))


def _left_out(section: Section, name: str, key: Key) -> str:
    """Say what holds where *name* is left out: `required`, its default, or nothing."""
    default = section.default(name)
    if default is MISSING:
        return "required"
    if key.default_from:
        return f"as `{key.default_from}`"
    return f"`{written(default)}`" if isinstance(default, str | bool | int) else ""


def _example(at: str, examples: list[Table]) -> str:
    """Write the line that gives the key *at* in the first of *examples* that has it."""
    for example in examples:
        value: Any = example
        for name in at.split("."):
            value = value.get(name) if isinstance(value, Mapping) else None
        if value is not None:
            return f"{at.rpartition('.')[2]} = {written(value)}"
    raise LookupError(at)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
