"""Which indexes hold all that totals of customers look at, so that none of the rows themselves has to be read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Select, func

from sources.index_needs import SETTLED
from sources.index_statements import Wanted, columns_in, condition_of, name_of, part_of, quoted_column
from sources.postgres_analytics import BookingFigures
from sources.postgres_mapping import MappedTable
from sources.postgres_rows import Owner
from sources.postgres_tables import Tables
from sources.profile import Profile


@dataclass(frozen=True, slots=True, eq=False)
class Cover:
    """Say that the rows of *mapped* are found by the column *by*, for the key *where* of the profile, of which then
    *columns* are looked at, by name, by *statement*. The rows for which *condition* holds are enough.
    """

    where: str
    section: str
    mapped: MappedTable
    statement: Select[Any]
    by: Column[Any]
    columns: tuple[str, ...]
    condition: tuple[ColumnElement[bool], ...]

    @property
    def tenant(self) -> Column[Any] | None:
        return self.mapped.column("tenant") if self.mapped.has_tenant else None

    def wanted(self) -> Wanted:
        found_by = [column for column in (self.tenant, self.by) if column is not None]
        return Wanted(
            name_of(self.mapped),
            tuple(map(part_of, found_by)),
            (*columns_in(*found_by), *self.columns),
            condition_of(self.condition),
            tuple(quoted_column(column) for column in self.mapped.table.columns if column.name in self.columns),
        )


def covers_of(profile: Profile, tables: Tables) -> Iterator[Cover]:
    """Go through what the totals of a page of customers ask of each table."""
    leads = None if tables.leads is None else tables.leads.mapped
    if tables.leads is not None and tables.leads.owner is not None:
        yield from _covers("lead", tables.leads.mapped, tables.leads.owner, leads, tables.leads.stats_by_owner([]))
    if tables.bookings is not None and tables.bookings.owner is not None and profile.booking is not None:
        figures = BookingFigures(tables.bookings, profile.booking.status)
        statement = tables.bookings.stats_by_owner([], [func.count(), figures.first.expression])
        yield from _covers("booking", figures.mapped, figures.owner, leads, statement)
    if tables.revenue is not None and tables.revenue.owner is not None:
        statement = tables.revenue.by_owner(None, frozenset({"total"}))
        yield from _covers("revenue", tables.revenue.mapped, tables.revenue.owner, leads, statement)


def _covers(
    section: str, mapped: MappedTable, owner: Owner, leads: MappedTable | None, statement: Select[Any]
) -> Iterator[Cover]:
    by = owner.key if owner.through is None else owner.through[0]
    condition = tuple(mapped.own_conditions) if mapped.conditions_are(SETTLED) else ()
    looked_at = [*statement.selected_columns, *(() if condition else mapped.own_conditions)]
    shared: dict[str, Any] = {"section": section, "statement": statement}
    # What is found by something made of a column is looked up by the column itself nowhere.
    if isinstance(by, Column):
        columns = _held(mapped, by, looked_at)
        where = f"{section}.customer"
        yield Cover(where=where, mapped=mapped, by=by, columns=columns, condition=condition, **shared)
    if owner.through is not None and leads is not None and isinstance(owner.key, Column):
        columns = _held(leads, owner.key, [owner.through[1], *leads.own_conditions])
        yield Cover(where="lead.customer", mapped=leads, by=owner.key, columns=columns, condition=(), **shared)


def _held(mapped: MappedTable, by: Column[Any], looked_at: Sequence[ColumnElement[Any]]) -> tuple[str, ...]:
    """List the columns of *mapped* that an index has to hold beside those that rows are found by."""
    found_by = {by.name, *([mapped.column("tenant").name] if mapped.has_tenant else [])}
    return tuple(name for name in columns_in(*looked_at, table=mapped.table.fullname) if name not in found_by)
