"""Change the status of a lead or a booking in one transaction: compare and set, and both histories."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.mutation_errors import ErrorCode, RefusedError, UserError
from domain.records import Booking, Key, Lead
from sources.inserted_values import filled_with, is_counted, pattern_of
from sources.own.status_events import Change, add
from sources.postgres import PostgresSource
from sources.postgres_columns import Columns, columns_of
from sources.postgres_mapping import quoted
from sources.postgres_numbering import counted_values
from sources.postgres_refusals import refusing
from sources.postgres_rows import RowStatements
from sources.postgres_tables import Tables
from sources.postgres_values import date_text, value_text
from sources.postgres_writing import cast_of, name_of, row_of
from sources.profile import BookingSection, History, LeadSection, Profile

Tenant = str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusWrite:
    """Be a change of the status of what has *key*: from the word *word*, as it was read, *to* another."""

    key: Key
    word: str | None
    to: str
    by: str
    note: str | None


@dataclass(frozen=True, slots=True)
class Parent:
    """Be leads or bookings (*name*) as they are written: their *section*, and how they are read."""

    name: str
    section: LeadSection | BookingSection
    statements: RowStatements[Any]
    tables: Tables

    async def now(self, connection: AsyncConnection) -> datetime:
        """Ask the database what time it is."""
        at: datetime = (await connection.execute(text("SELECT clock_timestamp()"))).scalar_one()
        return at

    async def find(
        self, connection: AsyncConnection, tenant: Tenant, key: Key, *, locked: bool = False
    ) -> Lead | Booking | None:
        """Read one of them in the transaction of *connection*; *locked* so that nobody else writes it meanwhile."""
        mapped = self.statements.mapped
        values: dict[str, Any] = {"keys": [mapped.key_type().parse(key)]}
        if mapped.has_tenant:
            values["tenant"] = None if tenant is None else mapped.tenant_type.parse(tenant)
        if None in (*values["keys"], values.get("tenant", "")):
            return None
        query = self.statements.by_key()
        if locked:
            query = query.with_for_update(of=mapped.table)
        rows = (await connection.execute(query, values)).all()
        found: Lead | Booking | None = self.statements.make(rows[0]) if rows else None
        return found

    async def change(self, connection: AsyncConnection, tenant: Tenant, asked: StatusWrite) -> bool:
        """Let the status be another where it still is what it was; False where it is not, by now.

        The store's own history and the gateway's events tell of it, or nothing of it happens. Raises RefusedError.
        """
        at = await self._compare_and_set(connection, tenant, asked)
        if at is None:
            return False
        written_at = None
        if self.section.history is not None:
            written_at = await self._tell_store(connection, tenant, self.section.history, asked, at)
        change = Change(
            kind=self.name,
            key=asked.key,
            at=at,
            from_=asked.word,
            to=asked.to,
            by=asked.by,
            note=asked.note,
            written_at=written_at,
        )
        await add(connection, tenant, change)
        return True

    async def _compare_and_set(
        self, connection: AsyncConnection, tenant: Tenant, asked: StatusWrite
    ) -> datetime | None:
        """Write the word; answer when that was, None where the row has another word by now."""
        columns = await columns_of(connection, self.section.name_of)
        row, bound = row_of(self.section, columns, tenant, asked.key)
        column = self.section.status.column
        holds = [f"{name_of(column)} = {cast_of(columns[column], 'to')}"]
        values = {**bound, "to": asked.to, "word": asked.word}
        updated_at = getattr(self.section, "updated_at", None)
        if updated_at is not None:
            holds.append(f"{name_of(updated_at)} = {cast_of(columns[updated_at], 'now')}")
            zone = self.statements.mapped.zone
            values["now"] = date_text(columns[updated_at], self.section.dates, zone, datetime.now(UTC))
        statement = text(
            f"UPDATE {quoted(self.section.name_of)} SET {', '.join(holds)} WHERE {row}"
            f" AND {name_of(column)}::text IS NOT DISTINCT FROM CAST(:word AS text) RETURNING clock_timestamp()"
        )
        async with refusing(connection, self.section):
            changed = (await connection.execute(statement, values)).first()
        return None if changed is None else changed[0]

    async def _tell_store(
        self, connection: AsyncConnection, tenant: Tenant, section: History, asked: StatusWrite, at: datetime
    ) -> datetime | None:
        """Write a row of the store's own history; answer the moment that it has, as it can be read again."""
        columns, zone = await columns_of(connection, section.name_of), self.statements.mapped.zone
        written = date_text(columns[section.at], section.dates, zone, at)
        said = {
            section.owner: asked.key,
            section.to: asked.to,
            section.at: written,
            section.from_: asked.word,
            section.by: asked.by,
            section.note: asked.note,
            section.tenant: tenant,
        }
        given: dict[str, str | None] = {column: value for column, value in said.items() if column is not None}
        for column, word in section.insert.items():
            if given.get(column) is None and not is_counted(word):
                given[column] = value_text(filled_with(word, date_text(columns[column], section.dates, zone, at)))
        counted = {
            column: str(word)
            for column, word in section.insert.items()
            if is_counted(word) and given.get(column) is None
        }
        numbers = await counted_values(connection, section, columns, tenant, counted)
        given |= {column: pattern_of(word).format(numbers[column]) for column, word in counted.items()}
        _check(section, columns, given)
        names = ", ".join(map(name_of, given))
        holds = ", ".join(cast_of(columns[name], f"v{place}") for place, name in enumerate(given))
        statement = text(
            f"INSERT INTO {quoted(section.name_of)} ({names}) VALUES ({holds}) RETURNING {name_of(section.at)}"
        )
        values = {f"v{place}": value for place, value in enumerate(given.values())}
        async with refusing(connection, section):
            row = (await connection.execute(statement, values)).one()
        return self.tables.histories[self.name].orders["AT"].stored.read(row[0])


def _check(section: History, columns: Columns, given: Mapping[str, str | None]) -> None:
    """Refuse a note that the store cannot keep, and a row that lacks what it requires."""
    length = columns[section.note].length if section.note is not None else None
    note = given.get(section.note) if section.note is not None else None
    if length is not None and note is not None and len(note) > length:
        raise RefusedError(UserError(ErrorCode.TOO_LONG, f"note may have {length} characters here.", ("note",)))
    for column in columns.values():
        if column.required and not column.filled and not column.fixed and given.get(column.name) is None:
            message = (
                f"The store's history requires {column.name}, and the profile's insert does not say what to write."
            )
            raise RefusedError(UserError(ErrorCode.NOT_MAPPED, message))


async def parent_of(source: PostgresSource, profile: Profile, name: str) -> Parent | None:
    """Be leads or bookings (*name*), and their history; None where the profile maps none.

    Raises SourceUnavailableError and SourceMismatchError.
    """
    section = profile.lead if name == "lead" else profile.booking
    if section is None:
        return None
    tables = await source.tables(name)
    if section.history is not None:
        tables = await source.tables(f"{name}.history")
    statements: RowStatements[Any] | None = tables.leads if name == "lead" else tables.bookings
    assert statements is not None
    return Parent(name, section, statements, tables)
