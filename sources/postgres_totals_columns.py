"""The table that stores totals, as the database has it: what its columns can hold, and what a new row needs."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Date, case, cast, func, literal_column, text
from sqlalchemy.dialects.postgresql import TIMESTAMP

from domain.stored_time import Form
from sources.postgres_mapping import MappedTable, quoted
from sources.postgres_time import TimeColumn
from sources.postgres_types import BELOW_DOMAINS, NUMBERS, OTHER_TEXTS, TEXTS
from sources.profile import CustomerSection, StoredTotals

INTEGERS = frozenset({"int2", "int4", "int8"})
#: Beyond these a cast to the type fails.
_LARGEST = {"float4": "1e30", "float8": "1e300"}

#: One row a column of the table :name. *precision* are the decimals of a numeric or of a timestamp's seconds.
REFLECT_TOTALS = text(
    f"""
    SELECT attribute.attname AS column, attribute.attnotnull OR type.typnotnull AS required,
        attribute.atthasdef OR attribute.attidentity <> '' OR type.typdefault IS NOT NULL AS supplied,
        attribute.attgenerated <> '' OR attribute.attidentity = 'a' AS fixed,
        has_column_privilege(attribute.attrelid, attribute.attnum, 'UPDATE') AS may_update,
        has_column_privilege(attribute.attrelid, attribute.attnum, 'INSERT') AS may_insert,
        CASE WHEN modifier.value < 0 THEN NULL
            WHEN coalesce(base.typname, type.typname) = 'numeric' THEN (((modifier.value - 4) & 2047) # 1024) - 1024
            WHEN coalesce(base.typname, type.typname) IN ('timestamp', 'timestamptz') THEN modifier.value
        END AS precision
    FROM pg_attribute AS attribute
    JOIN pg_type AS type ON type.oid = attribute.atttypid
    {BELOW_DOMAINS}
    CROSS JOIN LATERAL (SELECT greatest(attribute.atttypmod, type.typtypmod) AS value) AS modifier
    WHERE attribute.attrelid = to_regclass(:name) AND attribute.attnum > 0 AND NOT attribute.attisdropped
    """
)
#: Whether the table :name has a unique index on some of :columns, and on nothing else.
REFLECT_UNIQUE = text(
    """
    SELECT 1
    FROM pg_index AS index
    WHERE index.indrelid = to_regclass(:name) AND index.indisunique AND index.indimmediate AND index.indisvalid
        AND index.indpred IS NULL AND index.indexprs IS NULL
        AND (SELECT bool_and(attribute.attname = ANY(CAST(:columns AS text[])))
            FROM pg_attribute AS attribute
            WHERE attribute.attrelid = index.indrelid
                AND attribute.attnum = ANY((index.indkey::int2[])[0:index.indnkeyatts - 1]))
    LIMIT 1
    """
)


@dataclass(frozen=True, slots=True)
class StoredColumn:
    """Be what the database says of a column beyond its type."""

    required: bool
    supplied: bool
    fixed: bool
    may_update: bool
    may_insert: bool
    precision: int | None


class TotalsTable:
    """Be the table *mapped* that stores the totals of *section*; *is_unique* where no customer can have two rows."""

    def __init__(
        self,
        section: CustomerSection,
        mapped: MappedTable,
        columns: Mapping[str, StoredColumn],
        *,
        is_unique: bool,
    ) -> None:
        assert section.stored_totals is not None
        self.totals: StoredTotals = section.stored_totals
        self.name = name_of_totals(section)
        self.mapped = mapped
        self.is_unique = is_unique
        self._columns = columns

    @property
    def is_own(self) -> bool:
        """Say whether the totals stand in a table of their own, and not in the customer's row."""
        return self.totals.table is not None

    @property
    def quoted(self) -> str:
        return quoted(self.name)

    def column(self, role: str) -> str:
        """Name the column of *role*."""
        return self.mapped.column(role).name

    def precision(self, role: str) -> int | None:
        return self._columns[self.column(role)].precision

    def cannot_hold(self, role: str) -> str | None:
        """Say why the column of *role* can hold no total; None where it can."""
        kind = self.mapped.info(role).type
        if role == "first_booking_at" or kind in NUMBERS | TEXTS | OTHER_TEXTS:
            return None
        return f"column {self.column(role)!r} is of type {kind}, which holds no total"

    def faults_of_writing(self, roles: Collection[str], *, inserting: bool) -> list[str]:
        """Say why the totals of *roles* cannot be written into any row; *inserting* makes new rows as well."""
        faults = []
        columns = {role: self._columns[self.column(role)] for role in roles}
        for role, column in columns.items():
            if column.fixed:
                faults.append(f"column {self.column(role)!r} is computed by the database")
            if not column.may_update:
                faults.append(f"the user of GATEWAY_POSTGRES_URL may not update column {self.column(role)!r}")
        if inserting:
            filled = {self.column(role) for role in (*roles, "owner", *(["tenant"] if self.mapped.has_tenant else []))}
            faults += [
                f"column {name!r} is required, has no default, and the gateway does not know what a new row has there"
                for name, column in self._columns.items()
                if column.required and not column.supplied and name not in filled
            ]
            if not all(self._columns[name].may_insert for name in filled):
                faults.append("the user of GATEWAY_POSTGRES_URL may not insert rows")
        return [f"table {self.name!r}: {fault}" for fault in faults]


def name_of_totals(section: CustomerSection) -> str:
    """Name the table that stores the totals of *section*: one of their own, or the customers'."""
    assert section.stored_totals is not None
    return section.stored_totals.table or section.name_of


# ── what columns can hold ──


def held_number(
    total: ColumnElement[Any], kind: str, precision: int | None
) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Make of *total* what is written into a column of type *kind*, and what is read from it then."""
    if kind in INTEGERS:
        total = func.round(total)
    elif kind == "numeric" and precision is not None:
        total = func.round(total, precision)
    if kind in _LARGEST:
        kept = func.abs(total) < literal_column(_LARGEST[kind])
        return total, case((kept, _cast(_cast(total, kind), "numeric")), else_=total)
    return total, total


def held_time(live: TimeColumn, stored: TimeColumn, precision: int | None) -> ColumnElement[Any]:
    """Write the dates *live* in the form of *stored*."""
    same = live.form is stored.form
    if stored.form.is_text:
        return live.expression if same else _as_text(live, stored)
    if stored.form is Form.DAY:
        return live.expression if same else cast(_local(live, stored), Date)
    if stored.form is Form.INSTANT:
        instant = live.expression if same else live.meant()
        return instant if precision is None else cast(instant, TIMESTAMP(timezone=True, precision=precision))
    naive = live.expression if same else _local(live, stored)
    return naive if precision is None else cast(naive, TIMESTAMP(precision=precision))


def _local(live: TimeColumn, stored: TimeColumn) -> ColumnElement[Any]:
    return func.timezone(str(stored.zone), live.meant())


def _as_text(live: TimeColumn, stored: TimeColumn) -> ColumnElement[Any]:
    """Write the dates *live* in the one shape that text of *stored*'s form has."""
    if stored.form is Form.ISO_Z:
        cut = func.date_trunc("milliseconds", func.timezone("UTC", live.meant()))
        return func.to_char(cut, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
    return func.replace(func.to_char(_local(live, stored), 'YYYY-MM-DD"T"HH24:MI:SS.US'), ".000000", "")


def _cast(expression: ColumnElement[Any], kind: str) -> ColumnElement[Any]:
    return expression.op("::")(literal_column(kind))
