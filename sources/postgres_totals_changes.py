"""The statements that change stored totals, of the rows that nobody else holds."""

from typing import Any

from sqlalchemy import (
    ColumnElement,
    Numeric,
    Select,
    Subquery,
    TextClause,
    bindparam,
    exists,
    func,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.sql.dml import ReturningInsert, ReturningUpdate
from sqlalchemy.types import TypeEngine

from sources.postgres_totals import TotalsStatements
from sources.postgres_totals_columns import TotalsTable


class TotalsChanges:
    """Write the totals of *statements* as `:key` and the roles say, an array each."""

    def __init__(self, statements: TotalsStatements) -> None:
        self._table: TotalsTable = statements.stored
        self._mapped = statements.stored.mapped
        self._roles = statements.roles
        self._within = statements.within_stored()

    def free(self) -> Select[Any]:
        """Take hold of those rows of the customers `:owners` that nobody else holds, until the transaction ends."""
        query = select(self._mapped["owner"].label("key")).where(*self._within, self._mapped.any_of("owner", "owners"))
        return query.with_for_update(key_share=True, skip_locked=True)

    def update(self) -> ReturningUpdate[Any]:
        """Write the totals into the rows that are there."""
        new = self._new()
        return (
            update(self._mapped.table)
            .values({self._mapped.column(role): new.c[role] for role in self._roles})
            .where(*self._within, self._mapped["owner"] == new.c.key)
            .returning(self._mapped["owner"].label("key"))
        )

    def insert(self) -> ReturningInsert[Any]:
        """Make rows of those that are not there."""
        new = self._new()
        filled: dict[Any, ColumnElement[Any]] = {self._mapped.column("owner"): new.c.key}
        if self._mapped.has_tenant:
            filled[self._mapped.column("tenant")] = bindparam("stored_tenant", type_=self._mapped.tenant_type.type)
        filled |= {self._mapped.column(role): new.c[role] for role in self._roles}
        there = exists().where(*self._within, self._mapped["owner"] == new.c.key)
        rows = select(*filled.values()).select_from(new).where(~there)
        return (
            insert(self._mapped.table)
            .from_select(list(filled), rows)
            .on_conflict_do_nothing()
            .returning(self._mapped["owner"].label("key"))
        )

    def exclude_others(self) -> TextClause | None:
        """Keep others from inserting for a moment, where no unique index keeps a customer from having two rows."""
        if self._table.is_unique:
            return None
        return text(f"LOCK TABLE {self._table.quoted} IN SHARE ROW EXCLUSIVE MODE")

    def _new(self) -> Subquery:
        """Be what is to be written, a row a customer."""
        types: dict[str, TypeEngine[Any]] = {"key": self._mapped.key_type("owner").type}
        types |= {
            role: Numeric() if role != "first_booking_at" else self._mapped.column(role).type for role in self._roles
        }
        arrays = [
            func.unnest(bindparam(f"new_{name}", type_=ARRAY(type_))).label(name) for name, type_ in types.items()
        ]
        return select(*arrays).subquery("new")
