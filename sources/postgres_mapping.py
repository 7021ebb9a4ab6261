"""A profile's tables as SQLAlchemy Core: the store's names outside, one vocabulary inside."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import tzinfo
from typing import Any

from sqlalchemy import Column as SqlColumn
from sqlalchemy import (
    ColumnElement,
    MetaData,
    Numeric,
    Table,
    Text,
    and_,
    bindparam,
    case,
    cast,
    func,
    literal,
    literal_column,
    null,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY

from domain.stored_time import Form
from sources.postgres_faults import MappingFaults
from sources.postgres_time import TimeColumn
from sources.postgres_types import BELOW_DOMAINS, DATES, KEY_TYPES, NUMBERS, OTHER_TEXTS, TEXTS, KeyType, column_type
from sources.profile import Condition, Field, Join, Path, Rows


@dataclass(frozen=True, slots=True)
class ColumnInfo:
    """Be what the database says of a column: the name of its type in pg_type (a domain's base), and NOT NULL.

    *primary* says whether it is part of the primary key.
    """

    type: str
    required: bool
    primary: bool = False


#: What stands for a column that is not there, which is a fault for itself, and of no wrong type.
_MISSING = ColumnInfo("text", required=False)

#: One row a column of the tables that :names lists as quoted identifiers; a table without rows is not there.
REFLECT = text(
    f"""
    SELECT wanted.name AS name, attribute.attname AS column, coalesce(base.typname, type.typname) AS type,
        attribute.attnotnull AS required, attribute.attnum = ANY(primary_key.indkey) IS TRUE AS primary
    FROM unnest(CAST(:names AS text[])) AS wanted (name)
    JOIN pg_attribute AS attribute ON attribute.attrelid = to_regclass(wanted.name)
    JOIN pg_type AS type ON type.oid = attribute.atttypid
    {BELOW_DOMAINS}
    LEFT JOIN pg_index AS primary_key ON primary_key.indrelid = attribute.attrelid AND primary_key.indisprimary
    WHERE attribute.attnum > 0 AND NOT attribute.attisdropped
    """
)
Reflected = Mapping[str, Mapping[str, ColumnInfo]]


def quoted(table: str) -> str:
    """Quote *table* as an identifier, its schema apart where it names one (schema.table)."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in table.split("."))


class MappedTable:
    """Be one *section* of a profile as a table: columns by role, conditions, keys, dates and texts as expressions."""

    def __init__(
        self,
        section: str,
        rows: Rows,
        roles: Mapping[str, str],
        fields: Iterable[Path],
        *,
        reflected: Reflected,
        zone: tzinfo,
        faults: MappingFaults,
    ) -> None:
        self.section = section
        self._rows = rows
        self._zone = zone
        self._faults = faults
        self._roles = {**roles, **({"tenant": rows.tenant} if rows.tenant else {})}
        infos = reflected.get(quoted(rows.name_of), {})
        if not infos:
            faults.add(section, f"the database has no table {rows.name_of!r}", role="table")
        wanted = dict.fromkeys((*self._roles.values(), *(path.column for path in fields), *rows.where))
        for name in wanted:
            if infos and name not in infos:
                role = next((role for role, column in self._roles.items() if column == name), None)
                faults.add_column(section, rows, name, role, infos)
        self._infos = {name: infos.get(name, _MISSING) for name in wanted}
        key_of = {name: role for role, name in reversed(list(self._roles.items()))}
        *schema, table = rows.name_of.split(".")
        self.table = Table(
            table,
            MetaData(),
            *(
                SqlColumn(name, column_type(info.type), key=key_of.get(name, f"column {name}"))
                for name, info in self._infos.items()
            ),
            schema=schema[0] if schema else None,
        )
        self._by_name = {column.name: column for column in self.table.columns}

    def __contains__(self, role: str) -> bool:
        return role in self._roles

    @property
    def zone(self) -> tzinfo:
        """Be where the store is, for dates without zone."""
        return self._zone

    def __getitem__(self, role: str) -> ColumnElement[Any]:
        """Be *role*'s column; texts that compare in ways of their own (citext, char) as plain text."""
        column, kind = self._by_name[self._roles[role]], self.info(role).type
        return cast(column, Text) if kind in OTHER_TEXTS else column

    def column(self, role: str) -> SqlColumn[Any]:
        """Be *role*'s column itself, as it is written to."""
        return self._by_name[self._roles[role]]

    def info(self, role: str) -> ColumnInfo:
        return self._infos[self._roles[role]]

    # ── keys ──

    def key_type(self, role: str = "key") -> KeyType:
        """Say how the keys in *role*'s column are written."""
        found = KEY_TYPES.get(self.info(role).type)
        if found is None:
            expected = ", ".join(sorted(KEY_TYPES))
            fault = f"column {self._roles[role]!r} is of type {self.info(role).type}, not of {expected}"
            self._faults.add(self.section, fault, role=role)
            return KEY_TYPES["text"]
        return found

    def ordered_key(self) -> ColumnElement[Any]:
        """Be the key as lists order it: text by code points."""
        return self["key"].collate("C") if isinstance(self.key_type().type, Text) else self["key"]

    def any_of(self, role: str, parameter: str) -> ColumnElement[bool]:
        """Ask for *role* to be one of the array *parameter*: one prepared statement, however many there are."""
        return self[role] == func.any(bindparam(parameter, type_=ARRAY(self.key_type(role).type)))

    def of_tenant(self, parameter: str = "tenant") -> list[ColumnElement[bool]]:
        """Hold the rows to one tenant, `:tenant` or what *parameter* says, and to the profile's `where`."""
        tenant = [self["tenant"] == bindparam(parameter, type_=self.tenant_type.type)] if self.has_tenant else []
        return [*tenant, *self.own_conditions]

    @property
    def own_conditions(self) -> list[ColumnElement[bool]]:
        return self.where(self._rows.where)

    @property
    def has_tenant(self) -> bool:
        return "tenant" in self

    @property
    def tenant_type(self) -> KeyType:
        return self.key_type("tenant")

    def conditions_are(self, types: Collection[str]) -> bool:
        """Say whether the columns that the profile's `where` looks at are all of one of *types*."""
        return all(self._infos[name].type in types for name in self._rows.where)

    def where(self, condition: Condition) -> list[ColumnElement[bool]]:
        return [self._one_of(self._by_name[name], name, values) for name, values in condition.items()]

    def _one_of(self, column: ColumnElement[Any], name: str, values: Iterable[object]) -> ColumnElement[bool]:
        if self._infos[name].type in TEXTS:
            return column.in_([_written(str(value)) for value in values])
        if self._infos[name].type in NUMBERS and all(type(value) is int for value in values):
            return column.in_([literal_column(str(value)) for value in values])
        texts = [str(value).lower() if isinstance(value, bool) else str(value) for value in values]
        return cast(column, Text).in_([_written(value) for value in texts])

    # ── values ──

    def text(self, role: str) -> ColumnElement[Any]:
        """Be what *role* holds as text; NULL where the profile does not map it."""
        return self._text(Path(self._roles[role])) if role in self else cast(null(), Text)

    def raw(self, role: str) -> ColumnElement[Any]:
        """Be what *role* holds as it is; NULL where the profile does not map it."""
        return self[role] if role in self else cast(null(), Text)

    def first_of_each(self, fields: Mapping[str, Field | Join | None]) -> list[ColumnElement[Any]]:
        """Be *fields* as texts, each labelled with its name."""
        return [self.first_of(field).label(name) for name, field in fields.items()]

    def dates(self, times: Mapping[str, TimeColumn], *roles: str) -> list[ColumnElement[Any]]:
        """Be *roles* as dates, each labelled with its name; NULL for those that *times* lacks."""
        return [(times[role].selected if role in times else cast(null(), Text)).label(role) for role in roles]

    def first_of(self, field: Field | Join | None) -> ColumnElement[Any]:
        """Be the first of *field*'s paths that is not empty, as text; NULL where the profile has no such field."""
        if field is None:
            return cast(null(), Text)
        if isinstance(field, Join):
            joined = func.concat_ws(" ", *(self._filled(path) for path in field.parts), type_=Text())
            return func.nullif(joined, "", type_=Text())
        if len(field) == 1:
            return self._text(field[0])
        return func.coalesce(*(self._filled(path) for path in field))

    def filled(self, field: Field) -> ColumnElement[Any]:
        """Be *field* as it is shown: without the space around it, NULL where it is empty."""
        return func.coalesce(*(self._filled(path) for path in field))

    def _filled(self, path: Path) -> ColumnElement[Any]:
        return func.nullif(func.btrim(self._text(path)), "", type_=Text())

    def _text(self, path: Path) -> ColumnElement[Any]:
        column, kind = self._by_name[path.column], self._infos[path.column].type
        if path.keys:
            if self._infos[path.column] is _MISSING:
                return cast(null(), Text)
            if kind not in ("json", "jsonb"):
                fault = f"{path} looks into column {path.column!r}, which is {kind}, not JSON"
                self._faults.add_named(self.section, self._rows, str(path), fault)
                return cast(null(), Text)
            if kind == "jsonb":
                return func.jsonb_extract_path_text(column, *path.keys)
            # A json column may hold an escaped NUL, which no text can.
            has_nul = func.strpos(cast(column, Text), literal_column(r"'\u0000'"))
            return case((has_nul == 0, func.json_extract_path_text(column, *path.keys)))
        return column if kind in TEXTS else cast(column, Text)

    def json_text(self, path: Path) -> ColumnElement[Any]:
        """Be what *path* holds as JSON written out, where it lies in JSON or is an array; else as text."""
        column, kind = self._by_name[path.column], self._infos[path.column].type
        if kind in ("json", "jsonb"):
            return (
                cast(getattr(func, f"{kind}_extract_path")(column, *path.keys), Text)
                if path.keys
                else cast(column, Text)
            )
        if kind.startswith("_"):
            return cast(func.array_to_json(column), Text)
        return self._text(path)

    def time(self, role: str) -> TimeColumn:
        """Be the dates in *role*'s column, in whatever form they are kept."""
        column, info = self[role], self.info(role)
        iso = {"iso": Form.ISO, "iso_z": Form.ISO_Z}.get(self._rows.dates)
        if iso is not None and info.type in TEXTS:
            return TimeColumn(column.collate("C"), iso, self._zone, required=False)
        forms = {"timestamptz": Form.INSTANT, "timestamp": Form.NAIVE, "date": Form.DAY}
        if info.type not in DATES and info is not _MISSING:
            fault = f"column {self._roles[role]!r} is of type {info.type}, not a date"
            self._faults.add(self.section, fault, role=role)
        return TimeColumn(column, forms.get(info.type, Form.INSTANT), self._zone, required=info.required)

    def times(self, *roles: str) -> dict[str, TimeColumn]:
        """Be those of *roles* that the profile maps, as dates."""
        return {role: self.time(role) for role in roles if role in self}

    def quantity(self, role: str) -> ColumnElement[Any]:
        """Be what *role* holds as a number that is shown: whole ones as they are, others as `number` has them."""
        is_whole = role in self and self.info(role).type in _WHOLE
        return self[role] if is_whole else self.number(role)

    def number(self, role: str) -> ColumnElement[Any]:
        """Be what *role* holds as numeric; NULL for what is no number, and where the profile does not map it."""
        if role not in self:
            return cast(null(), Numeric)
        column, kind = self[role], self.info(role).type
        if kind in _LARGEST:
            largest = _LARGEST[kind]
            finite = and_(
                column > literal_column(f"'-{largest}'::{kind}"), column < literal_column(f"'{largest}'::{kind}")
            )
            return case((finite, _numeric(column)))
        if kind in NUMBERS or kind == "money":
            return _numeric(column)
        written = cast(column, Text)
        return case((written.bool_op("~")(literal_column(_NUMBER)), _numeric(func.btrim(written))))


def _written(text: str) -> ColumnElement[str]:
    """Write *text* of a profile into a statement, where the server's plans can reckon with it."""
    # What a backslash means is for the server's settings to say.
    return literal(text, Text) if "\\" in text else literal_column("'" + text.replace("'", "''") + "'", Text)


_WHOLE = frozenset({"int2", "int4", "int8"})
#: Beyond these lie NaN and the infinities, which no sum survives.
_LARGEST = {"numeric": "1e1000", "float4": "1e30", "float8": "1e300"}
#: Text that counts as a number; longer ones cannot be meant, and could overflow.
_NUMBER = r"'^\s*[-+]?[0-9]{1,30}([.][0-9]{1,30})?\s*$'"


def _numeric(expression: ColumnElement[Any]) -> ColumnElement[Any]:
    return expression.op("::", return_type=Numeric())(literal_column("numeric"))
