"""Whole answers that PostgreSQL writes: what is selected of customers and of what belongs to them, as JSON.

Nothing is read, made or written by us then. It is done where every part of an answer can be said in SQL; what cannot,
and what is doubtful once it is there, is answered as always.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Boolean, DateTime, Integer, String

from domain.money import minor_digits
from domain.paging import PageRequest
from domain.stored_time import Form
from domain.written import Amount, Attribute, Called, Fields, Figure, Id, Listed, Nodes, Same, Word
from sources.postgres_json import NULL, any_text, attribute, instant, quoted, written_as
from sources.postgres_owned import PLACE, Answer, Asked, Owned, id_places
from sources.postgres_records import INSTANT, Part
from sources.postgres_rows import RowStatements
from sources.postgres_tables import Tables
from sources.postgres_types import TEXTS, WHOLE, KeyType, can_name

#: What is counted of customers that is a column of its statement.
_COUNTS, _DATES = frozenset({"count", "accepted", "cancelled", "no_shows"}), frozenset({"first_at", "last_at"})
_TYPES: tuple[tuple[type, Iterable[str]], ...] = (
    (DateTime, ("timestamptz",)),
    (Integer, tuple(WHOLE)),
    (Boolean, ("bool",)),
    (String, ("text", "varchar")),
)
_SECTIONS = {
    "lead_stats_by_customer": "lead",
    "booking_stats_by_customer": "booking",
    "revenue_by_customer": "revenue",
    "leads_by_customer": "lead",
    "bookings_by_customer": "booking",
}


class NotWrittenError(Exception):
    """Say that this is no answer for the server to write."""


def sections_of(fields: Fields) -> set[str]:
    """Name the sections that *fields* of customers are about, beside the customers' own."""
    found: set[str] = set()
    for _, what in fields:
        if isinstance(what, Figure | Amount | Listed):
            found.add(_SECTIONS[what.loader])
        elif isinstance(what, Same):
            found |= sections_of(what.fields)
    return found


def attributes_of(fields: Fields) -> frozenset[str]:
    """Name the attributes of its record that *fields* take."""
    found: set[str] = {"key"}
    for _, what in fields:
        if isinstance(what, Attribute):
            found.add(what.attribute)
        elif isinstance(what, Called):
            found |= {"name", "email", "phone"}
        elif isinstance(what, Same):
            found |= attributes_of(what.fields)
    return frozenset(found)


@dataclass(slots=True)
class _Rows:
    """Be rows of *statements* whose columns are called *alias*.c0 and so on, in the order of *labels*."""

    statements: RowStatements[Any]
    alias: str
    labels: Sequence[str]
    types: Mapping[str, Any]
    derived: list[str] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    def column(self, label: str) -> str:
        """Name a column, and doubt what is written of it where it is of another type by now.

        The statement says nothing of that: JSON is written of whatever there is.
        """
        column = f"{self.alias}.c{self.labels.index(label)}"
        is_key = label == "key"
        self.doubt_type(column, [self.statements.mapped.key_type().name] if is_key else _names_of(self.types[label]))
        return column

    def doubt_type(self, expression: str, names: Iterable[str]) -> None:
        """Doubt what is of none of the types *names*."""
        types = ", ".join(f"'{name}'::regtype" for name in names)
        doubt = f"pg_typeof({expression}) NOT IN ({types})"
        if doubt not in self.doubts:
            self.doubts.append(doubt)

    def derive(self, expression: str) -> str:
        """Have *expression*, which speaks of columns as c0 and so on, computed once for each row."""
        if expression not in self.derived:
            self.derived.append(expression)
        return f"{self.alias}.d{self.derived.index(expression)}"


def _names_of(type_: Any) -> Iterable[str]:
    """Name the types of the server that are as *type_* says. Raises NotWrittenError for any other."""
    for class_, names in _TYPES:
        if isinstance(type_, class_):
            return names
    raise NotWrittenError


class Composer:
    """Compose how *fields* of customers are written, as the tables are now.

    *figures* says how what a loader counts is asked for, all that is picked of it at once.
    """

    def __init__(self, tables: Tables, figures: Any, currency: str, *, minor: bool) -> None:
        self._tables = tables
        self._figures = figures
        self._currency = currency
        self._minor = minor
        self._joins: list[str] = []
        self._asked: list[Asked] = []
        self._doubts: list[str] = []
        self._ids: list[str] = []
        self._picked: dict[str, frozenset[str]] = {}
        self._aliases: dict[str, tuple[str, Owned, Sequence[str]]] = {}

    def compose(
        self, customers: RowStatements[Any], labels: Sequence[str], types: Mapping[str, Any], fields: Fields
    ) -> Answer:
        """Write *fields* of *customers*, whose columns are called *labels* and of *types*.

        Raise NotWrittenError where the server cannot.
        """
        rows = _Rows(customers, "first", labels, types)
        self._pick(fields)
        written = self._object(rows, fields)
        loaders = Counter(one.loader for one in self._asked)
        sections = frozenset(sections_of(fields))
        return Answer(
            written, self._joins, self._asked, rows.derived, [*rows.doubts, *self._doubts], self._ids, sections, loaders
        )

    def _pick(self, fields: Fields) -> None:
        for _, what in fields:
            if isinstance(what, Figure):
                self._picked[what.loader] = self._picked.get(what.loader, frozenset()) | {what.pick}
            elif isinstance(what, Same):
                self._pick(what.fields)

    def _object(self, rows: _Rows, fields: Fields) -> str:
        return written_as([(name, self._value(rows, what)) for name, what in fields])

    def _value(self, rows: _Rows, what: Any) -> str:
        writers: dict[type, Callable[[_Rows, Any], str]] = {
            Word: self._word,
            Id: self._id,
            Called: self._called,
            Attribute: self._attribute,
            Figure: self._figure,
            Amount: self._amount,
            Same: self._same,
            Listed: self._listed,
        }
        if type(what) not in writers:
            raise NotWrittenError
        return writers[type(what)](rows, what)

    @staticmethod
    def _word(_: _Rows, what: Word) -> str:
        return quoted(what.text)

    def _same(self, rows: _Rows, what: Same) -> str:
        return self._object(rows, what.fields)

    @staticmethod
    def _called(rows: _Rows, _: Called) -> str:
        said = [rows.column(one) for one in ("name", "email", "phone") if one in rows.statements.records.parts]
        return any_text(said, f"to_json({rows.column('key')}::text)::text")

    def _id(self, rows: _Rows, what: Id) -> str:
        """Write base64 of what makes an id: of whole numbers and UUIDs it is the same as that for URLs."""
        mapped = rows.statements.mapped
        if mapped.key_type().name not in (*WHOLE, "uuid"):
            raise NotWrittenError
        if what.type not in self._ids:
            self._ids.append(what.type)
        begun, rest = id_places(what.type)
        key = rows.column("key")
        return f"'\"' || {begun} || rtrim(encode(({rest} || {key} || '\"]')::bytea, 'base64'), '=') || '\"'"

    def _attribute(self, rows: _Rows, what: Attribute) -> str:
        part: Part | None = rows.statements.records.parts.get(what.attribute)
        if part is None:
            return NULL
        if part.at is not None or part.reads == INSTANT:
            if what.names is not None:
                raise NotWrittenError
            columns = [rows.column(label) for label in part.columns]
            if part.at is None:
                return instant(columns[0])
            return instant(rows.derive(part.at([f"c{rows.labels.index(one)}" for one in part.columns])))
        if len(part.columns) > 1:
            raise NotWrittenError
        (label,) = part.columns
        written = attribute(part, rows.column(label), rows.types[label], what.names)
        if written is None:
            raise NotWrittenError
        return written

    # ── what belongs to customers ──

    def _join(self, rows: _Rows, loader: str, picks: frozenset[str]) -> tuple[str, Owned, Sequence[str]]:
        """Join what is counted by *loader*, once, and answer what it is called, and its columns."""
        if loader not in self._aliases:
            owned: Owned = self._figures(loader, self._tables, picks)
            self._can_be_joined(rows, owned.type)
            alias, labels = f"f{len(self._aliases)}", tuple(owned.query.selected_columns.keys())
            columns = ", ".join(f"c{place}" for place in range(len(labels)))
            owner = f"{alias}.c{labels.index('owner')}"
            self._joins.append(f"LEFT JOIN ({PLACE}) AS {alias} ({columns}) ON {owner} = {rows.column('key')}")
            self._asked.append(Asked(loader, owned.mapped, owned.query))
            self._aliases[loader] = alias, owned, labels
        return self._aliases[loader]

    @staticmethod
    def _can_be_joined(rows: _Rows, owner: KeyType, *, as_text: bool = False) -> None:
        """Raise NotWrittenError unless *owner* is compared with the rows' key just as the two are written."""
        key = rows.statements.mapped.key_type()
        is_plain = key.name in WHOLE or key.name == "uuid"
        if not is_plain or not can_name(owner, key) or (owner.name in TEXTS and not as_text):
            raise NotWrittenError

    def _figure(self, rows: _Rows, what: Figure) -> str:
        picks = self._picked[what.loader]
        if not picks <= _COUNTS | _DATES:
            raise NotWrittenError
        alias, _, labels = self._join(rows, what.loader, picks)
        column = f"{alias}.c{labels.index(what.pick)}"
        if what.pick in _COUNTS:
            return f"coalesce({column}, 0)"
        bookings = self._tables.bookings
        if bookings is None or bookings.orders["START_AT"].form is not Form.INSTANT:
            raise NotWrittenError
        rows.doubt_type(column, ["timestamptz"])
        return instant(column)

    def _amount(self, rows: _Rows, what: Amount) -> str:
        revenue = self._tables.revenue
        if revenue is None or revenue.has_parts(frozenset({"total"})):
            raise NotWrittenError
        alias, _, labels = self._join(rows, what.loader, frozenset({"total"}))
        digits = minor_digits(self._currency)
        total = f"coalesce({alias}.c{labels.index('total')}, 0)"
        if self._minor and digits:
            total = f"{total} * 1e-{digits}::numeric"
        said = {
            "amount": f"'\"' || round({total}, {digits}) || '\"'",
            "currency": quoted(f'"{self._currency}"'),
        }
        fields = []
        for name, one in what.fields:
            if isinstance(one, Attribute) and one.attribute in said:
                fields.append((name, said[one.attribute]))
            elif isinstance(one, Word):
                fields.append((name, quoted(one.text)))
            else:
                raise NotWrittenError
        return written_as(fields)

    def _listed(self, rows: _Rows, what: Listed) -> str:
        fields = []
        for name, one in what.fields:
            if isinstance(one, Nodes):
                fields.append((name, self._nodes(rows, what.loader, what.request, one)))
            else:
                fields.append((name, self._value(rows, one)))
        return written_as(fields)

    def _lists(self, loader: str) -> RowStatements[Any] | None:
        return self._tables.leads if loader == "leads_by_customer" else self._tables.bookings

    def _nodes(self, rows: _Rows, loader: str, request: PageRequest, what: Nodes) -> str:
        listed = self._lists(loader)
        if listed is None or listed.owner is None or not listed.is_simple(request):
            raise NotWrittenError
        if not listed.mapped.info("key").required:
            raise NotWrittenError
        # What is found of one customer is named as that names it.
        self._can_be_joined(rows, listed.owner.type, as_text=True)
        picks = attributes_of(what.fields)
        made = listed.records.of(picks)
        query = listed.children_of_one(request, picks)
        labels = tuple(query.selected_columns.keys())
        types = {name: column.type for name, column in zip(made.labels, made.columns, strict=True)}
        alias = f"l{len(self._joins)}"
        below = _Rows(listed, "x", labels, types)
        if not all(isinstance(one, Word | Id | Attribute) for _, one in what.fields):
            raise NotWrittenError
        written = self._object(below, what.fields)
        columns = ", ".join(f"c{place}" for place in range(len(labels)))
        derived = "".join(f", {one} AS d{place}" for place, one in enumerate(below.derived))
        position = f"c{listed.position(request, picks).place}"
        # A date beyond the calendar may stand where it is not looked for.
        doubt = " OR ".join([f"x.{position} IS NULL", *below.doubts])
        # What is computed once for each row is so behind a wall that the server does not look through.
        read = f"(SELECT *{derived} FROM ({PLACE}) AS read ({columns}) OFFSET 0)" if derived else f"({PLACE})"
        named = "x" if derived else f"x ({columns})"
        self._joins.append(
            f"LEFT JOIN LATERAL (SELECT string_agg({written}, ',') AS nodes, bool_or({doubt}) AS doubt"
            f" FROM {read} AS {named}) AS {alias} ON true"
        )
        self._asked.append(Asked(loader, listed.mapped, query))
        self._doubts.append(f"{alias}.doubt")
        return f"'[' || coalesce({alias}.nodes, '') || ']'"
