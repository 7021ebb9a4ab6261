"""The statements over the rows of one section: a page, single rows, the children of many parents, counts."""

import operator
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Generic, TypeVar

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Integer,
    Select,
    Text,
    bindparam,
    cast,
    column,
    false,
    func,
    literal,
    literal_column,
    null,
    select,
    true,
    tuple_,
    type_coerce,
    union_all,
)
from sqlalchemy.dialects.postgresql import ARRAY

from domain.errors import BadCursorError
from domain.keyset import Beyond, Nulls, Phase, Ties, phases
from domain.paging import Direction, PageRequest, Position
from domain.records import Key, RecordKind
from sources.postgres_mapping import MappedTable
from sources.postgres_orders import AmountColumn, TextColumn
from sources.postgres_records import ALL, Picks, Records
from sources.postgres_time import TimeColumn
from sources.postgres_types import KeyType

R = TypeVar("R")
T = TypeVar("T")
NO_VALUES: Mapping[str, TextColumn] = MappingProxyType({})
NO_JOINED: "Mapping[str, Joined]" = MappingProxyType({})
Conditions = Sequence[ColumnElement[bool]]
Record = Any
_MOST_KEPT = 200
#: What the column that a list is ordered by is called where no attribute is read from it.
POSITION = "position"


@dataclass(frozen=True, slots=True)
class Owner:
    """Say which customer a row belongs to: the expression *key*, of a *type*, in the rows *joined*.

    *through*: what a row names, and what it is compared with in the lead that it reaches its customer through.
    """

    key: ColumnElement[Any]
    type: KeyType
    joined: FromClause
    through: tuple[ColumnElement[Any], ColumnElement[Any]] | None = None

    def any_of(self) -> ColumnElement[bool]:
        return self.key == func.any(bindparam("owners", type_=ARRAY(self.type.type)))


OrderColumn = TimeColumn | TextColumn | AmountColumn


@dataclass(frozen=True, slots=True)
class Joined:
    """Be a *column* to order by that stands in rows *joined* to the table.

    *tenant*: the parameter that names their tenant, and the table whose type it is of.
    """

    column: OrderColumn
    joined: FromClause
    tenant: tuple[str, MappedTable]


class Built:
    """Keep statements that are asked again and again: composing one takes longer than the database does to answer."""

    def __init__(self) -> None:
        self._kept: dict[Hashable, Any] = {}

    def once(self, key: Hashable, build: Callable[[], T]) -> T:
        """Answer what *build* composes for *key*, which says everything that it is composed of."""
        if key not in self._kept:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[key] = build()
        kept: T = self._kept[key]
        return kept


class RowStatements(Generic[R]):
    """Compose what is asked of *mapped*'s rows, of which *records* makes records.

    *orders* are the dates that lists are ordered by, *values* what else is in the rows, *joined* what is not; *filters*
    turns a filter of the domain into conditions; *key* tells rows of one date apart, by default the mapped key.
    """

    def __init__(
        self,
        mapped: MappedTable,
        *,
        kind: RecordKind | None,
        records: Records[R],
        orders: dict[str, TimeColumn],
        filters: Callable[[Any], Conditions],
        values: Mapping[str, TextColumn] = NO_VALUES,
        joined: Mapping[str, Joined] = NO_JOINED,
        owner: Owner | None = None,
        key: tuple[ColumnElement[Any], KeyType] | None = None,
    ) -> None:
        self.mapped = mapped
        self.kind = kind
        self.owner = owner
        self.orders = orders
        self.values = values
        self.joined = joined
        #: What a filter of the domain is as conditions; None filters nothing.
        self.filters = filters
        self.built = Built()
        self.records = records
        self._from = owner.joined if owner is not None else mapped.table
        self.key, self.key_type = key or (mapped.ordered_key(), mapped.key_type())

    def owned_by(self, owner: Owner) -> "RowStatements[R]":
        """Read the same rows, as those of another *owner*."""
        return RowStatements(
            self.mapped,
            kind=self.kind,
            records=self.records,
            orders=self.orders,
            filters=self.filters,
            owner=owner,
            key=(self.key, self.key_type),
        )

    # ── single rows, counts ──

    def make(self, row: Record) -> R:
        """Make a record of *row*, which begins with all that there is of one."""
        return self.records.of(ALL).records([row])[0]

    def by_key(self, picks: Picks = ALL) -> Select[Any]:
        def build() -> Select[Any]:
            return self._select(self.records.of(picks).columns, [self.mapped.any_of("key", "keys")])

        return self.built.once(("by_key", picks), build)

    def one(self, picks: Picks = ALL) -> Select[Any]:
        """Read the row whose key is `:key`."""

        def build() -> Select[Any]:
            key = self.mapped["key"] == bindparam("key", type_=self.mapped.key_type().type)
            return self._select(self.records.of(picks).columns, [key])

        return self.built.once(("one", picks), build)

    def by(self, role: str) -> Select[Any]:
        """Read the rows in which *role* is one of the texts `:keys`."""
        return self._select(
            [*self.records.of(ALL).columns, self.mapped.text(role).label("asked")],
            [self.mapped.text(role) == func.any(bindparam("keys", type_=ARRAY(Text)))],
        )

    def living(self) -> Select[Any]:
        return self._select([self.mapped["key"]], [self.mapped.any_of("key", "keys")])

    def walk(self, filters: Conditions, *, onwards: bool) -> Select[Any]:
        """Read the rows in the key's own order, which its index has; *onwards* from the key `:after`."""
        key = self.mapped["key"]
        after = [key > bindparam("after", type_=self.mapped.key_type().type)] if onwards else [key.is_not(None)]
        return self._select(self.records.of(ALL).columns, [*after, *filters]).order_by(key)

    def count(self, filters: Conditions) -> Select[Any]:
        return self._select([func.count()], filters)

    def stats_by_owner(self, filters: Conditions, columns: Sequence[ColumnElement[Any]] | None = None) -> Select[Any]:
        """Aggregate the rows of each of `:owners`, all of it in one statement: `owner` and *columns*."""
        owner, counted = self._owner(), columns or [func.count().label("count")]
        return self._select([owner.key.label("owner"), *counted], [owner.any_of(), *filters]).group_by(owner.key)

    def of_owners(self, filters: Conditions) -> Select[Any]:
        """Read all rows of each of `:owners`."""
        return self._select(self.records.of(ALL).columns, [self._owner().any_of(), *filters])

    def _select(self, columns: Sequence[ColumnElement[Any]], conditions: Conditions) -> Select[Any]:
        return select(*columns).select_from(self._from).where(*self.mapped.of_tenant(), *conditions)

    def _owner(self) -> Owner:
        assert self.owner is not None
        return self.owner

    # ── pages ──

    def page(self, request: PageRequest, filters: Conditions, picks: Picks = ALL) -> list[Select[Any]]:
        """List the statements that hold the page, to be read one after the other until it is full."""
        return [self._read(arm, request, filters, picks) for arm in self._arms(request)]

    def is_simple(self, request: PageRequest) -> bool:
        """Say whether one index range holds a parent's page: every row has a date, and it is read from the beginning.

        Further on, dates beyond the calendar could lie where nobody looks: they come first or last in an index, and
        last in a list.
        """
        time = self.orders.get(request.order.field)
        return time is not None and time.required and not request.backwards and request.position is None

    def children(
        self,
        request: PageRequest,
        filters: Conditions,
        *,
        simple: bool,
        picks: Picks = ALL,
    ) -> Select[Any]:
        """Read a page and one more of the children of each of `:owners`, by these, in reading direction.

        A *simple* page is right unless a date on it is beyond the calendar: that one's position is NULL then, and the
        page has to be read again, not simple.
        """
        owner = self._owner()
        owners = func.unnest(bindparam("owners", type_=ARRAY(owner.type.type)))
        asked = owners.table_valued(column("owner", owner.type.type), with_ordinality="number", name="asked")
        asked = asked.render_derived()
        arms = self._simple_arms(request) if simple else self._arms(request)
        if not arms:
            return select(asked.c.number).where(false())
        reads = [
            self._read(arm, request, [owner.key == asked.c.owner, *filters], picks)
            .add_columns(self.key.label("ordered_key"), literal_column(str(number), Integer).label("arm"))
            .limit(literal_column(str(request.size + 1)))
            .correlate(asked)
            for number, arm in enumerate(arms)
        ]
        child = (reads[0] if len(reads) == 1 else union_all(*(read.subquery().select() for read in reads))).lateral(
            "child"
        )
        ends = _turned([child.c[self._placed(request, picks)], child.c.ordered_key], request)
        seen = [child.c[label] for label in (*self.records.of(picks).labels, *self._place(request, picks))]
        # The number of the owner, among those asked for, is the last of the columns.
        found = select(*seen, type_coerce(asked.c.number, Integer)).select_from(asked.join(child, true()))
        return found.order_by(asked.c.number, *([child.c.arm] if len(reads) > 1 else []), *ends)

    def children_of_one(self, request: PageRequest, picks: Picks = ALL) -> Select[Any]:
        """Read a simple page, and no more, of the children of `:owner`, in reading direction, as `children` does."""
        owner = self._owner()
        (arm,) = self._simple_arms(request)
        whose = owner.key == bindparam("owner", type_=owner.type.type)
        return self._read(arm, request, [whose], picks).limit(literal_column(str(request.size)))

    def position(self, request: PageRequest, picks: Picks = ALL) -> "RowPosition":
        """Be what finds the position of a row in the list."""

        def build() -> RowPosition:
            placed = self._placed(request, picks)
            labels = [*self.records.of(picks).labels, POSITION]
            place, key = labels.index(placed), labels.index("key")
            return RowPosition(self.ordered_by(request), place, key, self.kind, is_read=placed != POSITION)

        return self.built.once(("position", request.order.field, picks), build)

    def _placed(self, request: PageRequest, picks: Picks) -> str:
        """Name the column that says where a row is: one that is read as well, or one more."""
        name = request.order.field.lower()
        is_read = request.order.field in self.orders and name in self.records.of(picks).labels
        return name if is_read else POSITION

    def _place(self, request: PageRequest, picks: Picks) -> list[str]:
        return [POSITION] if self._placed(request, picks) == POSITION else []

    def ordered_by(self, request: PageRequest) -> OrderColumn | None:
        """Find what the list is ordered by; None where the store has no such thing."""
        field = request.order.field
        found = self.orders.get(field) or self.values.get(field)
        return self.joined[field].column if found is None and field in self.joined else found

    def _read(self, arm: "_Arm", request: PageRequest, filters: Conditions, picks: Picks) -> Select[Any]:
        time = self.ordered_by(request)
        position = cast(null(), Text) if time is None else time.selected
        ordered = [self.key] if arm.is_nulls or time is None else [time.expression, self.key]
        columns = list(self.records.of(picks).columns)
        if self._place(request, picks):
            columns.append(position.label(POSITION))
        joined = self.joined.get(request.order.field)
        rows = self._from if joined is None else joined.joined
        read = select(*columns).select_from(rows).where(*self.mapped.of_tenant(), *arm.conditions, *filters)
        return read.order_by(*_turned(ordered, request))

    def _arms(self, request: PageRequest) -> list["_Arm"]:
        """List the parts of the list that follow the page's position, in reading order: with a date, and without."""
        time = self.ordered_by(request)
        steps = phases(request.position, self.kind, request)
        arms: list[_Arm] = []
        for step in steps:
            if isinstance(step, Nulls):
                if time is not None and time.required and isinstance(time, AmountColumn):
                    continue
                no_value = [] if time is None else [time.has_none]
                arms.append(_Arm([*no_value, *self._after_key(step.key, request)], is_nulls=True))
            elif isinstance(step, Beyond) and time is not None:
                arms.append(_Arm([*self._beyond(time, step, steps, request), time.has_value]))
        return arms

    def _simple_arms(self, request: PageRequest) -> list["_Arm"]:
        time = self.orders[request.order.field]
        steps = phases(request.position, self.kind, request)
        return [_Arm(self._beyond(time, step, steps, request)) for step in steps if isinstance(step, Beyond)]

    def _beyond(
        self, time: OrderColumn, step: Beyond, steps: Sequence[Phase], request: PageRequest
    ) -> list[ColumnElement[bool]]:
        if step.value is None:
            return []
        ascending = request.reading is Direction.ASC
        ties = next((other for other in steps if isinstance(other, Ties)), None)
        value, exact = time.bind(step.value, step.stored)
        if ties is not None and exact:
            here, there = tuple_(time.expression, self.key), tuple_(value, self._key_value(ties.key))
            return [here > there if ascending else here < there]
        if step.inclusive:
            return [time.compare(operator.ge if ascending else operator.le, step.value)]
        return [time.compare(operator.gt if ascending else operator.lt, step.value)]

    def _after_key(self, key: Key | None, request: PageRequest) -> list[ColumnElement[bool]]:
        if key is None:
            return []
        value = self._key_value(key)
        return [self.key > value if request.reading is Direction.ASC else self.key < value]

    def _key_value(self, key: Key) -> ColumnElement[Any]:
        parsed = self.key_type.parse(key)
        if parsed is None:
            raise BadCursorError(key)
        return literal(parsed, self.key_type.type)


@dataclass(frozen=True, slots=True)
class RowPosition:
    """Find the positions of rows of a *kind* in a list that *column* orders, whose values they hold at a *place*.

    Their keys are at *key*. *is_read* says whether an attribute of the records is read from the same column.
    """

    column: OrderColumn | None
    place: int
    key: int
    kind: RecordKind | None
    is_read: bool

    def __call__(self, row: Record) -> Position:
        value, mark = (None, None) if self.column is None else self.column.position(row[self.place])
        return Position(value, str(row[self.key]), self.kind, mark)


@dataclass(frozen=True, slots=True)
class _Arm:
    conditions: Conditions
    is_nulls: bool = False


def _turned(ends: Sequence[ColumnElement[Any]], request: PageRequest) -> list[ColumnElement[Any]]:
    return [end.desc() if request.reading is Direction.DESC else end.asc() for end in ends]
