"""Leaves of an answer, a column at a time: what is as it should be is written at once, the rest is left to completion.

What is written here is what graphql-core would write; a date that orjson writes in the same way stays a date.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import Decimal
from math import isfinite
from typing import Any

from graphql import GraphQLEnumType, GraphQLLeafType, specified_scalar_types
from strawberry.schema.schema_converter import GraphQLCoreConverter

from schema.compiled.plan import Column, WriteColumn
from schema.scalars import SCALARS

_NONE = type(None)
_INTS = range(-(1 << 31), 1 << 31)


def column_writer(type_: GraphQLLeafType, *, required: bool) -> WriteColumn:
    """Answer what writes a column of *type_*, with nulls in it unless these are *required*."""
    if isinstance(type_, GraphQLEnumType):
        return _of_enum(type_, required=required)
    known = _BUILT_IN.get(type_.name) if type_ in specified_scalar_types.values() else _own(type_)
    if known is None:
        return _exactly(type_, required=required)
    class_, write = known
    return _of_class(class_, write, required=required)


def _own(type_: GraphQLLeafType) -> "Known | None":
    """Find what is known of a scalar of this schema, by what writes it."""
    declared = (type_.extensions or {}).get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return _OWN.get(getattr(declared, "serialize", None))


def _of_class(class_: type, write: Callable[[Column], Column | None] | None, *, required: bool) -> WriteColumn:
    alone, mixed = {class_}, {class_, _NONE}

    def written(column: Column) -> Column | None:
        classes = set(map(type, column))
        if classes <= alone:
            return column if write is None else write(column)
        if required or not classes <= mixed:
            return None
        if write is None:
            return column
        there = write([value for value in column if value is not None])
        if there is None:
            return None
        left = iter(there)
        return [None if value is None else next(left) for value in column]

    return written


def _of_enum(type_: GraphQLEnumType, *, required: bool) -> WriteColumn:
    names: dict[Any, str | None] = {value.value: name for name, value in type_.values.items()}
    class_ = getattr(type_, "wrapped_cls", None)
    if class_ is not None:
        names = {member: type_.serialize(member) for member in class_ if member.value in names or member in names}
    if not required:
        names[None] = None
    # Members of an enum are the same objects wherever they are, and their hashes are made in Python.
    known = {id(member): name for member, name in names.items()} if class_ is not None else {}

    def written(column: Column) -> Column | None:
        with suppress(KeyError):
            return [known[id(value)] for value in column]
        try:
            return [names[value] for value in column]
        except (KeyError, TypeError):
            return None

    return written


def _exactly(type_: GraphQLLeafType, *, required: bool) -> WriteColumn:
    """Write what nothing is known of as graphql-core does, one by one."""

    def written(column: Column) -> Column | None:
        found: Column = []
        for value in column:
            if value is None and not required:
                found.append(None)
                continue
            if value is None or isinstance(value, Exception):
                return None
            try:
                one = type_.coerce_output_value(value)
            except Exception:  # noqa: BLE001 - completion finds it again, with its place
                return None
            if one is None:
                return None
            found.append(one)
        return found

    return written


def _ints(column: Column) -> Column | None:
    return column if not column or (min(column) in _INTS and max(column) in _INTS) else None


def _floats(column: Column) -> Column | None:
    return column if all(map(isfinite, column)) else None


def _instants(column: Column) -> Column:
    """Leave what is in UTC to orjson, which writes it as `isoformat` does."""
    return [at if at.tzinfo is UTC else at.astimezone(UTC) for at in column]


def _decimals(column: Column) -> Column:
    return [f"{number:f}" for number in column]


Known = tuple[type, Callable[[Column], Column | None] | None]
_BUILT_IN: dict[str, Known] = {
    "String": (str, None),
    "ID": (str, None),
    "Boolean": (bool, None),
    "Int": (int, _ints),
    "Float": (float, _floats),
}
_OWN: dict[Any, Known] = {
    SCALARS[datetime].serialize: (datetime, _instants),
    SCALARS[date].serialize: (date, None),
    SCALARS[Decimal].serialize: (Decimal, _decimals),
}
