"""Find in a profile that has been read which of its keys name a column."""

from collections.abc import Iterator, Mapping

from sources.profile import Catalogue, Join, Path, Ref, Rows
from sources.profile_grammar import GRAMMAR
from sources.profile_kinds import Kind, Section

#: Kinds of values that name columns of the rows that are read.
_NAMING = frozenset({Kind.COLUMN, Kind.FIELD, Kind.NAME, Kind.REF, Kind.CONDITION})


def section_at(at: str) -> Section:
    """Find the section of the grammar that is called *at*, such as `lead.status`."""
    section = GRAMMAR
    for name in at.split("."):
        section = section.sections[name]
    return section


def keys_naming(at: str, rows: Rows, column: str) -> list[str]:
    """List the full keys by which *rows*, read from the section *at* or one around it, names *column*, or a path.

    Of a section inside another only its own keys count, as far as it has any that do.
    """
    while not isinstance(rows, section_at(at).shape):
        at = at.rpartition(".")[0]
        if not at:
            return []
    return [f"{at}.{key}" for key in _keys(section_at(at), rows, column)]


def _keys(section: Section, read: object, column: str) -> Iterator[str]:
    for name, key in section.keys.items():
        if key.kind in _NAMING and column in _columns(getattr(read, section.attribute(name))):
            yield name
    for name, inner in section.sections.items():
        value = getattr(read, name)
        # What has a table of its own names columns of that.
        if isinstance(value, Catalogue):
            yield from [f"{name}.by"] if value.by == column else []
        elif value is not None and not isinstance(value, Rows) and getattr(value, "table", None) is None:
            yield from (f"{name}.{key}" for key in _keys(inner, value, column))


def _columns(value: object) -> Iterator[str]:
    match value:
        case str():
            yield value
        case Path(name):
            yield from (name, str(value))
        case Ref(name):
            yield name
        case Join(parts):
            yield from _columns(parts)
        case tuple():
            for one in value:
                yield from _columns(one)
        case Mapping():
            yield from value
