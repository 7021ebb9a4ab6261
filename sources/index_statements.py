"""Write the statements that make indexes: as few as serve everything that is wanted."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from sqlalchemy import Column, ColumnElement, and_
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import operators, visitors
from sqlalchemy.sql.elements import BinaryExpression

from sources.index_needs import Need
from sources.postgres_mapping import MappedTable, quoted

_DIALECT = postgresql.dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's dialects are made untyped
#: The server cuts longer names.
_LONGEST_NAME = 63


@dataclass(frozen=True, slots=True)
class Wanted:
    """Be an index to be made: of the quoted *table*, by *parts* of *columns*, of rows for which *condition* holds.

    What is *included* is only held in it.
    """

    table: str
    parts: tuple[str, ...]
    columns: tuple[str, ...]
    condition: str
    included: tuple[str, ...] = ()

    def is_served_by(self, other: "Wanted") -> bool:
        same = (self.table, self.condition) == (other.table, other.condition)
        held = {*other.parts, *other.included}
        return same and other.parts[: len(self.parts)] == self.parts and held >= set(self.included)


def name_of(mapped: MappedTable) -> str:
    """Write the name of *mapped*'s table as a quoted identifier, as everything about tables is found by."""
    return quoted(mapped.table.fullname)


def wanted_by(need: Need) -> Wanted:
    """Say which index serves *need*: within the tenant, where there is one."""
    tenant = [need.mapped["tenant"]] if need.mapped.has_tenant else []
    expressions = [*tenant, *need.parts, *need.more]
    return Wanted(
        name_of(need.mapped),
        tuple(dict.fromkeys(map(part_of, expressions))),
        tuple(columns_in(*expressions)),
        condition_of(need.condition),
    )


def condition_of(conditions: Sequence[ColumnElement[bool]]) -> str:
    return _written(and_(*conditions)) if conditions else ""


def columns_in(*expressions: ColumnElement[Any], table: str | None = None) -> list[str]:
    """List the columns that *expressions* look at, or those of one *table*."""
    every = (part for expression in expressions for part in visitors.iterate(expression))
    found = [part for part in every if isinstance(part, Column)]
    return list(dict.fromkeys(one.name for one in found if table is None or one.table.fullname == table))


def statements_for(
    wanted: Iterable[Wanted], taken: Mapping[str, Collection[str]], partitioned: Collection[str]
) -> Mapping[Wanted, str]:
    """Write for each of *wanted* the statement that serves it; one that another one serves as well has none of its own.

    *taken* are the names that are taken beside a table; *partitioned* tables take no index concurrently.
    """
    every = list(dict.fromkeys(wanted))
    made: dict[Wanted, str] = {}
    names: set[str] = set()
    for one in every:
        if any(one is not other and one.is_served_by(other) for other in every):
            continue
        name = next(name for name in _names(one) if name not in names and name not in taken[one.table])
        names.add(name)
        how = "" if one.table in partitioned else "CONCURRENTLY "
        where = f" WHERE {one.condition}" if one.condition else ""
        included = f" INCLUDE ({', '.join(one.included)})" if one.included else ""
        made[one] = f"CREATE INDEX {how}{quoted(name)} ON {one.table} ({', '.join(one.parts)}){included}{where};"
    return {one: next(made[other] for other in made if one.is_served_by(other)) for one in every}


def _names(wanted: Wanted) -> Iterator[str]:
    """Go through the names that an index may have, until one is free."""
    table = wanted.table.rpartition('."')[2].strip('"')
    name = "_".join((table, *wanted.columns))
    number = 1
    while True:
        end = "_idx" if number == 1 else f"_idx{number}"
        whole = f"{name}{end}"
        if len(whole.encode()) > _LONGEST_NAME:
            short = name.encode()[: _LONGEST_NAME - len(end) - 9].decode(errors="ignore")
            whole = f"{short}_{sha256(name.encode()).hexdigest()[:8]}{end}"
        yield whole.replace(".", "_")
        number += 1


def part_of(expression: ColumnElement[Any]) -> str:
    """Write *expression* as a part of an index: a column, by code points where it is, or anything in parentheses."""
    if isinstance(expression, Column):
        return quoted_column(expression)
    collated = isinstance(expression, BinaryExpression) and expression.operator is operators.collate
    if collated and isinstance(expression.left, Column):
        return f'{quoted_column(expression.left)} COLLATE "C"'
    return f"({_written(expression)})"


def quoted_column(column: Column[Any]) -> str:
    return '"' + column.name.replace('"', '""') + '"'


def _written(expression: ColumnElement[Any]) -> str:
    how = {"literal_binds": True, "include_table": False}
    return str(expression.compile(dialect=_DIALECT, compile_kwargs=how))
