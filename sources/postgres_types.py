"""How PostgreSQL's column types carry keys, dates, money and text: parsed in Python before they reach a statement."""

import re
import uuid
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Double,
    Integer,
    Numeric,
    SmallInteger,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSON, JSONB
from sqlalchemy.types import NullType, TypeEngine

from sources.storable import is_storable

_TYPES: dict[str, TypeEngine[Any]] = {
    "text": Text(),
    "varchar": Text(),
    "bpchar": Text(),
    "citext": Text(),
    "name": Text(),
    "uuid": Uuid(),
    "int2": SmallInteger(),
    "int4": Integer(),
    "int8": BigInteger(),
    "numeric": Numeric(),
    "float4": Double(),
    "float8": Double(),
    "bool": Boolean(),
    "timestamptz": DateTime(timezone=True),
    "timestamp": DateTime(timezone=False),
    "date": Date(),
    "json": JSON(),
    "jsonb": JSONB(),
}
#: To be joined to pg_type as `type`: `base` is the type below a domain, however many domains lie between.
BELOW_DOMAINS = """LEFT JOIN LATERAL (
        WITH RECURSIVE below AS (
            SELECT type.oid, type.typtype, type.typbasetype, type.typname
            UNION ALL
            SELECT next.oid, next.typtype, next.typbasetype, next.typname
            FROM below JOIN pg_type AS next ON next.oid = below.typbasetype WHERE below.typtype = 'd'
        )
        SELECT oid, typname FROM below WHERE typtype <> 'd'
    ) AS base ON TRUE"""
#: What compares as text without a cast.
TEXTS = frozenset({"text", "varchar"})
#: Texts that compare without case or without trailing spaces.
OTHER_TEXTS = frozenset({"citext", "bpchar", "name"})
NUMBERS = frozenset({"int2", "int4", "int8", "numeric", "float4", "float8"})
DATES = frozenset({"timestamptz", "timestamp", "date"})
ParseAll = Callable[[Collection[str]], Sequence[Any]]
_INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}")
_UUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")


def column_type(name: str) -> TypeEngine[Any]:
    """Find SQLAlchemy's type for PostgreSQL's *name* (as pg_type has it); NullType for what is only cast to text."""
    return _TYPES.get(name, NullType())


def _text(text: str) -> str | None:
    return text if is_storable(text) else None


def _uuid(text: str) -> uuid.UUID | None:
    return uuid.UUID(text) if _UUID.fullmatch(text) else None


def _integer(bits: int) -> Callable[[str], int | None]:
    least, most = -(1 << (bits - 1)), (1 << (bits - 1)) - 1

    def parse(text: str) -> int | None:
        if not _INTEGER.fullmatch(text):
            return None
        value = int(text)
        return value if least <= value <= most else None

    return parse


def _each(parse: Callable[[str], Any]) -> ParseAll:
    return lambda texts: list(map(parse, texts))


def _integers(bits: int) -> ParseAll:
    """Parse many at a glance where all are written as they should be; else one by one."""
    parse, longest = _integer(bits), len(str(1 << (bits - 1))) - 1

    def parse_all(texts: Collection[str]) -> Sequence[int | None]:
        if max(map(len, texts), default=0) <= longest:
            with suppress(ValueError):
                values = list(map(int, texts))
                if list(map(str, values)) == list(texts):
                    return values
        return list(map(parse, texts))

    return parse_all


@dataclass(frozen=True, slots=True)
class KeyType:
    """Turn the text of a key, or of many, into what a column of this type holds; None where it holds no such thing."""

    name: str
    type: TypeEngine[Any]
    parse: Callable[[str], Any]
    parse_all: ParseAll


_PARSERS: dict[str, Callable[[str], Any]] = {
    "uuid": _uuid,
    "int2": _integer(16),
    "int4": _integer(32),
    "int8": _integer(64),
    **dict.fromkeys(("text", "varchar", "citext", "bpchar", "name"), _text),
}
#: How many bits whole numbers have.
WHOLE = {"int2": 16, "int4": 32, "int8": 64}
KEY_TYPES = {
    name: KeyType(name, _TYPES[name], parse, _integers(WHOLE[name]) if name in WHOLE else _each(parse))
    for name, parse in _PARSERS.items()
}


def can_name(owner: KeyType, key: KeyType) -> bool:
    """Say whether a column of *owner*'s type names every *key* just as a key is written."""
    if owner.name == key.name:
        return True
    if owner.name in WHOLE and key.name in WHOLE:
        return WHOLE[owner.name] >= WHOLE[key.name]
    return owner.name in TEXTS and (key.name in WHOLE or key.name == "uuid")
