"""Write a first draft of a store profile: what is sure as keys, what is not as comments that say why."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum

from sources.profile_keys import section_at
from sources.profile_kinds import Section
from sources.toml_values import written

_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
#: What stands first in every section, and last; between them the grammar's own order.
_FIRST, _LAST = ("table", "collection", "tenant", "key"), ("where", "insert")


class State(Enum):
    SURE = "sure"
    UNSURE = "unsure"
    NEEDED = "needed"


@dataclass(frozen=True, slots=True)
class Line:
    """Be one key: *value* where there is one to give, *reason* where there is something to say about it."""

    state: State
    value: object = None
    reason: str = ""

    def text(self, key: str) -> str:
        said = f"{self.state.value}: {self.reason}" if self.state is not State.SURE else self.reason
        comment = f"  # {_UNPRINTABLE.sub('�', said)}" if said else ""
        value = "…" if self.value is None else written(self.value)
        return f"{'' if self.state is State.SURE else '# '}{key} = {value}{comment}"


@dataclass(slots=True)
class Part:
    """Be one section of the draft, called *at*; *doubt* where it is not sure that it belongs there at all."""

    at: str
    lines: dict[str, Line] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    doubt: str = ""

    def sure(self, key: str, value: object, reason: str = "") -> None:
        self.lines[key] = Line(State.SURE, value, reason)

    def unsure(self, key: str, value: object, reason: str) -> None:
        self.lines.setdefault(key, Line(State.UNSURE, value, reason))

    def needed(self, key: str, what: str = "") -> None:
        self.lines.setdefault(key, Line(State.NEEDED, None, what or self.section.keys[key].expected))

    def note(self, text: str) -> None:
        self.notes.append(text)

    def value(self, key: str) -> object:
        """Give the value of *key* if it is sure."""
        line = self.lines.get(key)
        return line.value if line and line.state is State.SURE else None

    @property
    def section(self) -> Section:
        return section_at(self.at)

    def need_what_is_required(self) -> None:
        for key in self.section.keys:
            if self.section.requires(key) and key not in self.lines:
                self.needed(key)

    def text(self) -> Iterator[str]:
        names = [*_FIRST, *(key for key in self.section.names if key not in (*_FIRST, *_LAST)), *_LAST]
        written_lines = [self.lines[key].text(key) for key in names if key in self.lines]
        if self.doubt:
            yield f"# unsure: {_UNPRINTABLE.sub('�', self.doubt)}"
        yield from (line if not self.doubt else f"# {line}" for line in (f"[{self.at}]", *written_lines))
        yield from (f"# {_UNPRINTABLE.sub('�', note)}" for note in self.notes)


@dataclass(slots=True)
class Draft:
    """Be the whole file: *heading* above, one part a section, *notes* below, and what sections it should have."""

    heading: Sequence[str] = ()
    parts: list[Part] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    sections_needed: Sequence[str] = ()

    def text(self) -> str:
        blocks = [
            [f"# {line}" for line in self.heading],
            *(list(part.text()) for part in self.parts),
            [f"# {_UNPRINTABLE.sub('�', note)}" for note in self.notes],
        ]
        return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"

    @property
    def needed(self) -> list[str]:
        """List what is needed and was not found: full keys, and one of the sections of which one is needed."""
        one_of = [f"one of {', '.join(f'[{name}]' for name in self.sections_needed)}"] if self.sections_needed else []
        return one_of + [f"{part.at}.{key}" for part, key, line in self._lines() if line.state is State.NEEDED]

    @property
    def unsure(self) -> int:
        """Count what somebody has to decide."""
        return sum("unsure: " in line for part in self.parts for line in part.text())

    def _lines(self) -> Iterator[tuple[Part, str, Line]]:
        for part in self.parts:
            if not part.doubt:
                yield from ((part, key, line) for key, line in part.lines.items())
