"""What the gateway's statements need of indexes: which rows each of them has to find, and by what."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, select

from domain.paging import BY_TEXT, Direction, Order, PageRequest, Position
from domain.time import Period, instant
from sources.postgres_mapping import MappedTable
from sources.postgres_revenue import RevenueStatements
from sources.postgres_rows import Owner, RowStatements
from sources.postgres_tables import Tables
from sources.postgres_time import TimeColumn
from sources.profile import Profile

#: A moment, in microseconds since 1970, from which a page goes on.
_MOMENT = 1_700_000_000_000_000
_NAME = "M"
_SAMPLES = {"uuid": UUID(int=0), "int2": 1, "int4": 1, "int8": 1}
#: What is the same text whatever the server's settings: an index can hold it for a condition.
SETTLED = frozenset({"text", "varchar", "bpchar", "citext", "name", "int2", "int4", "int8", "numeric", "bool", "uuid"})


class Reads(Enum):
    """How a statement reads: by a few keys, a page in an order, or the rest of a list, which has no date."""

    LOOKUP = "lookup"
    ORDER = "order"
    REST = "rest"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Need:
    """Say by which *parts*, after the tenant, the *statements* find the rows of *mapped*.

    *where* is the key of the profile, *section* the section that it is read for. An index that is made for this had
    better have *more*, and the rows for which *condition* holds are enough; whether one is *possible* at all is another
    matter. The statements take keys of the table *asked* and of the customers *owners*, where that is not *mapped*, or
    plain *texts*.
    """

    where: str
    section: str
    mapped: MappedTable
    reads: Reads
    parts: tuple[ColumnElement[Any], ...]
    statements: tuple[Select[Any], ...] = ()
    owners: Owner | None = None
    asked: MappedTable | None = None
    texts: bool = False
    more: tuple[ColumnElement[Any], ...] = ()
    condition: tuple[ColumnElement[bool], ...] = ()
    possible: bool = True

    @property
    def values(self) -> dict[str, Any]:
        """Make values for what the statements leave open."""
        asked = self.asked or self.mapped
        values = {"keys": ["x" if self.texts else _sample(asked, "key")], "owners": [_sample(asked, "owner")]}
        if self.owners is not None:
            values["owners"] = [_SAMPLES.get(self.owners.type.name, "x")]
        return values if not asked.has_tenant else {**values, "tenant": _sample(asked, "tenant")}

    @property
    def sample(self) -> Any:
        """Make a value that the first part may equal."""
        return {int: 1, UUID: UUID(int=0)}.get(self.parts[0].type.python_type, "x")


@dataclass(frozen=True, slots=True)
class _How:
    """Be the *statements* that read the rows of a customer, and what these rows *follow* each other by."""

    statements: Sequence[Select[Any]]
    follows: tuple[ColumnElement[Any], ...] = ()


def needs_of(profile: Profile, tables: Tables) -> Iterator[Need]:
    """Go through what the statements of *tables* need."""
    leads = None if tables.leads is None else tables.leads.mapped
    for section, statements in (("customer", tables.customers), ("lead", tables.leads), ("booking", tables.bookings)):
        if statements is not None:
            yield from _rows(section, statements)
    if tables.bookings is not None:
        yield from _booking(tables.bookings)
    if tables.revenue is not None:
        yield _revenue(tables.revenue)
    if tables.revenue is not None and tables.revenue.owner is not None:
        revenue = tables.revenue
        assert revenue.owner is not None
        statement = revenue.by_owner(None, frozenset({"total", "count"}))
        yield from _owner("revenue", revenue.mapped, revenue.owner, leads, _How([statement]))
    for section, rows in (("lead", tables.leads), ("booking", tables.bookings)):
        if rows is not None and rows.owner is not None:
            how = _How(list(_children(section, rows)), _follows(rows))
            yield from _owner(section, rows.mapped, rows.owner, leads, how)
    yield from _satellites(profile, tables)


def _rows(section: str, rows: RowStatements[Any]) -> Iterator[Need]:
    mapped = rows.mapped
    yield Need(
        where=f"{section}.key",
        section=section,
        mapped=mapped,
        reads=Reads.LOOKUP,
        parts=(mapped["key"],),
        statements=(rows.by_key(),),
    )
    condition = tuple(mapped.own_conditions) if mapped.conditions_are(SETTLED) else ()
    for order, time in rows.orders.items():
        shared: dict[str, Any] = {"where": f"{section}.{order.lower()}", "section": section, "mapped": mapped}
        yield Need(
            **shared,
            reads=Reads.ORDER,
            parts=(time.expression, rows.key),
            statements=_pages(section, order, rows),
            condition=condition,
            possible=time.indexable,
        )
        if time.form.is_text:
            # Dates that are kept as dates and have none of a list's are found by the same index.
            yield Need(**shared, reads=Reads.REST, parts=(rows.key,), condition=(*condition, time.has_none))
    for order, text in rows.values.items():
        if not text.indexable:
            # What is put together of several columns no index can hold: whoever orders by it sorts all rows.
            continue
        shared = {"where": f"{section}.{order.lower()}", "section": section, "mapped": mapped}
        # An index of all texts would refuse to be written where one is longer than its pages.
        named, nameless = (*condition, text.has_value), (*condition, text.has_none)
        pages = _pages(section, order, rows)
        parts = (text.expression, rows.key)
        yield Need(**shared, reads=Reads.ORDER, parts=parts, statements=pages, condition=named)
        yield Need(**shared, reads=Reads.REST, parts=(rows.key,), condition=nameless)


def _booking(bookings: RowStatements[Any]) -> Iterator[Need]:
    mapped = bookings.mapped
    for role in ("code", "tracking_token"):
        if role in mapped:
            by = mapped.text(role)
            yield _lookup(f"booking.{role}", "booking", mapped, by, [bookings.by(role)], texts=True)
    if "lead" in mapped:
        statement = select(mapped["key"]).where(*mapped.of_tenant(), mapped["lead"].in_([_sample(mapped, "lead")]))
        yield _lookup("booking.lead", "booking", mapped, mapped["lead"], [statement])


def _revenue(revenue: RevenueStatements) -> Need:
    """Say what finds the revenue of a period, for dashboards."""
    mapped, period = revenue.mapped, Period(instant(_MOMENT), instant(_MOMENT + 1))
    statement = select(func.sum(revenue.amount)).where(*mapped.of_tenant(), *revenue.at.within(period))
    return _lookup("revenue.at", "revenue", mapped, revenue.at.expression, [statement], possible=revenue.at.indexable)


def _owner(section: str, mapped: MappedTable, owner: Owner, leads: MappedTable | None, how: _How) -> Iterator[Need]:
    """Say what finds the rows of a customer: what names it, or the lead, and then the lead too."""
    where = f"{section}.customer"
    if owner.through is None:
        yield _lookup(where, section, mapped, owner.key, how.statements, owners=owner, more=how.follows)
        return
    named, key = owner.through
    yield _lookup(where, section, mapped, named, how.statements, owners=owner)
    if leads is not None:
        yield _lookup("lead.key", section, leads, key, (), owners=owner)


def _satellites(profile: Profile, tables: Tables) -> Iterator[Need]:
    """Say what finds the rows that hang on a customer, a lead or a booking."""
    for where, satellites in (("customer.external", tables.external), ("booking.shipments", tables.shipments)):
        if satellites is not None:
            mapped = satellites.mapped
            role = "customer" if where.startswith("customer") else "booking"
            yield _lookup(f"{where}.{role}", where, mapped, mapped["owner"], [satellites.by_owner()])
    if tables.external is not None:
        mapped = tables.external.mapped
        provider, id_ = mapped.text("provider"), mapped.text("external_id")
        statement = select(mapped["owner"]).where(*mapped.of_tenant(), provider == "x", id_ == "x")
        where = "customer.external"
        yield _lookup(f"{where}.external_id", where, mapped, provider, [statement], texts=True, more=(id_,))
    if tables.referrers is not None:
        yield _by_itself("customer.referrer.customer", "customer.referrer", tables.referrers)
    totals = profile.customer.stored_totals if profile.customer else None
    if tables.totals is not None and totals is not None and totals.table is not None:
        yield _by_itself("customer.stored_totals.customer", "customer.stored_totals", tables.totals)
    for parent, history in tables.histories.items():
        where, mapped = f"{parent}.history", history.mapped
        children = list(_children(where, history))
        yield _lookup(
            f"{where}.{parent}", where, mapped, mapped["owner"], children, owners=history.owner, more=_follows(history)
        )
    for parent, snapshots in tables.snapshots.items():
        if snapshots.listed is not None:
            listed, key = snapshots.listed
            where = f"{parent}.snapshot"
            yield _lookup(f"{where}.catalogue", where, listed, key, [snapshots.by_key()], asked=snapshots.mapped)


def _lookup(
    where: str,
    section: str,
    mapped: MappedTable,
    by: ColumnElement[Any],
    statements: Sequence[Select[Any]],
    **more: Any,
) -> Need:
    shared: dict[str, Any] = {"where": where, "section": section, "mapped": mapped, "reads": Reads.LOOKUP}
    return Need(**shared, parts=(by,), statements=tuple(statements), **more)


def _by_itself(where: str, section: str, mapped: MappedTable) -> Need:
    statement = select(mapped["owner"]).where(*mapped.of_tenant(), mapped.any_of("owner", "owners"))
    return _lookup(where, section, mapped, mapped["owner"], [statement])


# ── the statements ──


def _pages(section: str, order: str, rows: RowStatements[Any]) -> tuple[Select[Any], ...]:
    """List the statements of pages in *order* that read what has a date."""
    key = str(_SAMPLES.get(rows.key_type.name, "x"))
    value = _NAME if order in BY_TEXT else _MOMENT
    positions = None, Position(value, key, rows.kind)
    requests = (_request(section, order, direction, at) for direction in Direction for at in positions)
    return tuple(rows.page(request, [])[0].limit(2) for request in requests)


def _children(section: str, rows: RowStatements[Any]) -> Iterator[Select[Any]]:
    """Go through the statements of the pages of each parent's children."""
    yield rows.stats_by_owner([])
    for order in rows.orders:
        request = _request(section, order, Direction.DESC, None)
        yield rows.children(request, [], simple=rows.is_simple(request))


def _request(section: str, order: str, direction: Direction, position: Position | None) -> PageRequest:
    return PageRequest(Order(section, order, direction), 1, position=position)


def _follows(rows: RowStatements[Any]) -> tuple[ColumnElement[Any], ...]:
    """Say in what order the children of one parent are read first."""
    time: TimeColumn = next(iter(rows.orders.values()))
    if not time.indexable:
        return ()
    return (time.expression, rows.key) if "key" in rows.mapped else (time.expression,)


def _sample(mapped: MappedTable, role: str) -> Any:
    return _SAMPLES.get(mapped.info(role).type, "x") if role in mapped else "x"
