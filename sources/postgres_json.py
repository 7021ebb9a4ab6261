"""What records say, as JSON that PostgreSQL writes: the same, to the letter, as is made of them otherwise.

What it cannot tell for certain is seen in the answer: a text that may have space of another kind around it than blanks.
"""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Boolean, String

from sources.postgres_records import AS_IS, MEANING, MEANING_IF_ANY, NAME, TEXT, Meanings, Part

NULL = "'null'"
_LITERAL = re.compile("'[^']*'")
#: What Python takes for space beside the blank: as escapes, and in UTF-8 by the first byte.
_ESCAPED = tuple(json.dumps(chr(one))[1:-1].encode() for one in (9, 10, 11, 12, 13, 28, 29, 30, 31))
_SPACES = ("\x85", "\xa0", "\u1680", *map(chr, range(0x2000, 0x200B)), "\u2028", "\u2029", "\u202f", "\u205f", "\u3000")
_IN_UTF8 = {
    first: tuple(one.encode() for one in _SPACES if one.encode().startswith(first))
    for first in (b"\xc2", b"\xe1", b"\xe2", b"\xe3")
}


def quoted(text: str) -> str:
    """Write *text* as a literal of SQL. Raises ValueError for what settings of the server decide about."""
    if "\\" in text or "\x00" in text:
        raise ValueError(text)
    return "'" + text.replace("'", "''") + "'"


def instant(at: str) -> str:
    """Write the dates with a time that *at* is, in UTC: with six digits of microseconds, or none.

    The server leaves out the zeros at their end. So it does at that of the few whose last digit is one.
    """
    return (
        f"coalesce(CASE WHEN {at} = ({at})::timestamptz(5) AND {at} <> ({at})::timestamptz(0)"
        f" THEN rpad(left(to_json({at})::text, -7), 27, '0') || '+00:00\"' ELSE to_json({at})::text END, 'null')"
    )


def text(column: str) -> str:
    """Write the texts in *column* without the blanks around them; those that say nothing as null."""
    return f"coalesce(to_json(nullif(btrim({column}), ''))::text, 'null')"


def any_text(columns: Sequence[str], last: str) -> str:
    """Write the first of *columns* that says something, else *last*."""
    said = ", ".join(f"to_json(nullif(btrim({one}), ''))::text" for one in columns)
    return f"coalesce({said}, {last})" if columns else last


def attribute(part: Part, column: str, type_: Any, names: Sequence[tuple[Any, str]] | None) -> str | None:
    """Write what *part*, which is no date, reads from *column*, which is of *type_*; None where that is for us to read.

    *names* are what values of an enum are called.
    """
    if names is not None:
        if part.reads in (MEANING, MEANING_IF_ANY) and isinstance(part.help, Meanings):
            return _meaning(part.help, column, dict(names), if_any=part.reads == MEANING_IF_ANY)
        return None
    if part.reads == NAME:
        return f"to_json({column}::text)::text"
    if part.reads == TEXT and isinstance(type_, String):
        return text(column)
    if part.reads == AS_IS and isinstance(type_, String | Boolean):
        return f"coalesce(to_json({column})::text, 'null')"
    return None


def _meaning(meanings: Meanings, column: str, names: Mapping[Any, str], *, if_any: bool) -> str | None:
    try:
        cases = "".join(
            f" WHEN {quoted(word)} THEN {quoted(json.dumps(names[status]))}"
            for word, status in meanings.items()
            if word is not None
        )
        unknown = quoted(json.dumps(names[meanings[None]]))
    except (KeyError, ValueError):
        return None
    # Words are the same by their letters, whatever the column takes for the same.
    column = f'{column} COLLATE "C"'
    meant = f"CASE {column}{cases} ELSE {unknown} END" if cases else unknown
    return f"CASE WHEN {column} IS NULL OR {column} = '' THEN 'null' ELSE {meant} END" if if_any else meant


def written_as(fields: Sequence[tuple[str, str]]) -> str:
    """Write an object of *fields*: their names, and the SQL of what they say as JSON."""
    parts, begun = [], "{"
    for name, value in fields:
        begun += f"{json.dumps(name)}:"
        if _LITERAL.fullmatch(value):
            begun += f"{value[1:-1]},"
            continue
        parts += [quoted(begun), f"({value})"]
        begun = ","
    end = (begun.removesuffix(",") if begun != "," else "") + "}"
    return " || ".join([*parts, quoted(end)])


def is_doubtful(written: bytes) -> bool:
    """Say whether a text in what was *written* begins or ends with space that is not the blank."""
    if b"\\" in written and any(b'"' + one in written or one + b'"' in written for one in _ESCAPED):
        return True
    return not written.isascii() and any(
        _is_at_an_end(written, at, spaces) for first, spaces in _IN_UTF8.items() for at in _places(written, first)
    )


def _places(written: bytes, first: bytes) -> Iterator[int]:
    """Find where the byte *first* is, of which there are few if any."""
    at = written.find(first)
    while at >= 0:
        yield at
        at = written.find(first, at + 1)


def _is_at_an_end(written: bytes, at: int, spaces: tuple[bytes, ...]) -> bool:
    """Say whether one of *spaces* is *at* that place, beside a quotation mark."""
    found = next((one for one in spaces if written.startswith(one, at)), None)
    return found is not None and b'"' in (written[at - 1 : at], written[at + len(found) : at + len(found) + 1])
