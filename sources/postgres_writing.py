"""Write rows of the CRM through what the profile maps, within a transaction of somebody else's.

Everything is handed over as text and cast to what its column is, so that columns of any type can be written, also
enums and domains. What the database refuses is told in words of the gateway; nothing of the driver gets through.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.mutation_errors import ErrorCode, RefusedError, UserError
from domain.operations import RowWrite
from domain.records import Key
from sources.inserted_values import filled_with, is_counted, pattern_of
from sources.postgres_columns import Columns, WritableColumn, columns_of
from sources.postgres_mapping import quoted
from sources.postgres_numbering import counted_values
from sources.postgres_places import Place, Places, camel, where_of
from sources.postgres_refusals import refusing
from sources.postgres_values import array_text, date_text, nested_text, value_text
from sources.profile import Keyed, Profile

Tenant = str | None
#: Rows that count something are tried again this often where somebody else has taken the number.
_ATTEMPTS = 5


class PostgresWriting:
    """Write to the sections `customer`, `lead` and `booking` of *profile*; values are named as records name them.

    Raises RefusedError for what a user can do about; everything is done within a savepoint, so that what was refused
    leaves the transaction as it was.
    """

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self._zone = ZoneInfo(profile.store.timezone)

    def maps(self, section: str, name: str) -> bool:
        """Say whether *section* has somewhere to write *name* to."""
        return bool(Places(self.section(section)).of(name))

    async def insert(
        self,
        connection: AsyncConnection,
        tenant: Tenant,
        section: str,
        values: Mapping[str, Any],
        *,
        unless_filled: Mapping[str, Any] | None = None,
    ) -> RowWrite:
        """Make a row of *values*, of the profile's `insert`, and of *unless_filled* where the database has no default.

        Refuses what the row requires and nobody says, and what it cannot hold.
        """
        rows = self.section(section)
        columns, now = await columns_of(connection, rows.name_of), datetime.now(UTC)
        given = self._given(rows, columns, values)
        for name, value in {"created_at": now, "updated_at": now, **(unless_filled or {})}.items():
            for place in Places(rows).of(name)[:1]:
                column = columns.get(place.column)
                if column is not None and not column.filled and place.column not in (*given, *rows.insert):
                    given[place.column] = self._text(rows, column, value, name)
        if rows.tenant is not None:
            given[rows.tenant] = tenant
        for name, value in {**{one: allowed[0] for one, allowed in rows.where.items()}, **rows.insert}.items():
            if name not in given and name in columns and not is_counted(value):
                filled = filled_with(value, date_text(columns[name], rows.dates, self._zone, now))
                given[name] = value_text(filled)
        counted = {name: str(value) for name, value in rows.insert.items() if is_counted(value) and name not in given}
        self._refuse_missing(rows, columns, {*given, *counted})
        for attempt in range(_ATTEMPTS):
            next_ = await counted_values(connection, rows, columns, tenant, counted)
            numbers = {name: pattern_of(word).format(next_[name] + attempt) for name, word in counted.items()}
            again = bool(counted) and attempt < _ATTEMPTS - 1
            async with refusing(connection, rows, again=again) as trying:
                return await self._insert(connection, section, rows, columns, {**given, **numbers})
            assert trying.taken
        raise AssertionError

    async def _insert(
        self, connection: AsyncConnection, section: str, rows: Keyed, columns: Columns, given: Mapping[str, str | None]
    ) -> RowWrite:
        names = list(given)
        listed = ", ".join(map(name_of, names))
        holds = ", ".join(cast_of(columns[name], f"v{place}") for place, name in enumerate(names))
        told = ", ".join(f"{name_of(name)}::text" for name in (rows.key, *names))
        statement = text(f"INSERT INTO {quoted(rows.name_of)} ({listed}) VALUES ({holds}) RETURNING {told}")
        values = {f"v{place}": given[name] for place, name in enumerate(names)}
        key, *after = (await connection.execute(statement, values)).one()
        return RowWrite(section, key, None, dict(zip(names, after, strict=True)))

    async def update(
        self, connection: AsyncConnection, tenant: Tenant, section: str, key: Key, values: Mapping[str, Any]
    ) -> RowWrite | None:
        """Let the row *key* hold *values*; None where it does already. Refuses where the row is not there."""
        rows = self.section(section)
        columns = await columns_of(connection, rows.name_of)
        wanted = list(dict.fromkeys(place.column for name in values for place in Places(rows).of(name)))
        self._refuse_unmapped(rows, columns, values)
        if not wanted:
            return None
        table, (row, bound) = quoted(rows.name_of), row_of(rows, columns, tenant, key)
        told = ", ".join(f"{name_of(name)}::text" for name in wanted)
        query = text(f"SELECT {told} FROM {table} WHERE {row} FOR UPDATE")
        async with refusing(connection, rows):
            found = (await connection.execute(query, bound)).first()
        if found is None:
            raise RefusedError(UserError(ErrorCode.NOT_FOUND, f"There is no {section} {key!r}.", ("id",)))
        before = dict(zip(wanted, found, strict=True))
        given = self._given(rows, columns, values, before)
        changed = {name: value for name, value in given.items() if value != before[name]}
        if not changed:
            return None
        names = list(changed)
        holds = ", ".join(
            f"{name_of(name)} = {cast_of(columns[name], f'v{place}')}" for place, name in enumerate(names)
        )
        told = ", ".join(f"{name_of(name)}::text" for name in names)
        change = text(f"UPDATE {table} SET {holds} WHERE {row} RETURNING {told}")
        async with refusing(connection, rows):
            after = (
                await connection.execute(
                    change, bound | {f"v{place}": changed[name] for place, name in enumerate(names)}
                )
            ).one()
        return RowWrite(section, key, {name: before[name] for name in names}, dict(zip(names, after, strict=True)))

    # ── what is written where ──

    def section(self, name: str) -> Keyed:
        section = {"customer": self.profile.customer, "lead": self.profile.lead, "booking": self.profile.booking}[name]
        if section is None:
            raise RefusedError(UserError(ErrorCode.NOT_MAPPED, f"The store has no {name}s."))
        return section

    def _given(
        self,
        rows: Keyed,
        columns: Columns,
        values: Mapping[str, Any],
        before: Mapping[str, str | None] | None = None,
    ) -> dict[str, str | None]:
        """Say what each column is to hold; *before* is what it holds, where the row is there."""
        self._refuse_unmapped(rows, columns, values)
        given: dict[str, str | None] = {}
        for name, value in values.items():
            if value is None and before is None:
                continue
            for place, part in Places(rows).parts(name, value):
                column = columns[place.column]
                if place.keys:
                    held = given.get(place.column, (before or {}).get(place.column))
                    given[place.column] = nested_text(held, place.keys, part)
                else:
                    given[place.column] = self._text(rows, column, part, name)
                if given[place.column] is None and column.required:
                    raise RefusedError(_required(place, name))
        return given

    def _text(self, rows: Keyed, column: WritableColumn, value: Any, name: str) -> str | None:
        if isinstance(value, datetime):
            return value_text(date_text(column, rows.dates, self._zone, value))
        written = array_text(value) if column.type.startswith("_") and isinstance(value, list) else value_text(value)
        if written is not None and column.length is not None and len(written) > column.length:
            message = f"{camel(name)} may have {column.length} characters here."
            raise RefusedError(UserError(ErrorCode.TOO_LONG, message, where_of(name)))
        return written

    @staticmethod
    def _refuse_unmapped(rows: Keyed, columns: Columns, values: Mapping[str, Any]) -> None:
        faults = []
        for name, value in values.items():
            places = Places(rows).of(name)
            if value is not None and not places:
                faults.append(UserError(ErrorCode.NOT_MAPPED, f"The store has no {camel(name)} here.", where_of(name)))
            for place in places:
                if place.column not in columns or columns[place.column].fixed:
                    message = f"The store's column {place.column} cannot be written."
                    faults.append(UserError(ErrorCode.NOT_MAPPED, message, where_of(name)))
        if faults:
            raise RefusedError(*faults)

    @staticmethod
    def _refuse_missing(rows: Keyed, columns: Columns, given: set[str]) -> None:
        """Refuse a row that lacks what it requires: by the input that would say it, or else by the column's name."""
        named = Places(rows).names
        faults = []
        for column in columns.values():
            if not column.required or column.filled or column.fixed or column.name in given:
                continue
            if column.name in named:
                faults.append(_required(Place(column.name), named[column.name]))
            else:
                message = f"The store requires {column.name}, and the profile's insert does not say what to write."
                faults.append(UserError(ErrorCode.NOT_MAPPED, message, (column.name,)))
        if faults:
            raise RefusedError(*faults)


def _required(place: Place, name: str) -> UserError:
    message = f"The store requires {camel(name)} (its column {place.column})."
    return UserError(ErrorCode.REQUIRED, message, where_of(name))


def name_of(column: str) -> str:
    return '"' + column.replace('"', '""').replace(":", "\\:") + '"'


def cast_of(column: WritableColumn, parameter: str) -> str:
    return f"CAST(CAST(:{parameter} AS text) AS {column.cast_to})"


def row_of(rows: Keyed, columns: Columns, tenant: Tenant, key: Key) -> tuple[str, dict[str, Any]]:
    """Say which row has *key*."""
    conditions, bound = [f"{name_of(rows.key)} = {cast_of(columns[rows.key], 'key')}"], {"key": key}
    if rows.tenant is not None:
        conditions.append(f"{name_of(rows.tenant)} = {cast_of(columns[rows.tenant], 'tenant')}")
        bound["tenant"] = tenant or ""
    return " AND ".join(conditions), bound
