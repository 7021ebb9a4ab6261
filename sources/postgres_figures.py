"""What the bookings, leads and revenue of customers add up to: counted and summed for many customers at once."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, desc, func, select

from domain.columns import Keyed, RecordColumns
from domain.filters import BookingFilter, LeadFilter
from domain.money import Money, exact_sum
from domain.paging import Direction, Order, PageRequest
from domain.records import BookingNote, BookingStats, Key, MonthlyRevenue, Revenue, ServiceCount, Stats
from domain.status import BookingStatus
from domain.time import Period
from sources.postgres_analytics import BookingFigures, bounds_of
from sources.postgres_owned import Owned
from sources.postgres_packing import Columns
from sources.postgres_reading import Tenant
from sources.postgres_records import Part, Picks, Reader, time_part
from sources.postgres_rows import RowStatements
from sources.postgres_searching import PostgresSearching
from sources.postgres_tables import Tables
from sources.postgres_time import TimeColumn
from sources.profile import Field

#: What has to be counted for each part of a BookingStats.
_BOOKING_PICKS = {
    "no_show_rate": ("accepted", "no_shows"),
    "segment": ("first_at", "last_at"),
}
#: Where nothing but this is picked of what belongs to a customer.
COUNTED = frozenset({"count"})
_LATEST_START = Order("booking notes", "START_AT", Direction.DESC)


class PostgresFigures(PostgresSearching):
    """Aggregate what belongs to customers: one statement a table, however many of its aggregates are picked."""

    async def lead_stats_by_customer(
        self, tenant: Tenant, keys: Collection[Key], chosen: LeadFilter | None, picks: Picks
    ) -> Mapping[Key, Stats]:
        rows = (await self._mapped("lead")).leads
        chosen = await self._searched(tenant, rows, keys, chosen)
        return await self._figures_of(tenant, keys, self._lead_stats(await self._mapped("lead"), chosen, picks))

    def _lead_stats(self, tables: Tables, chosen: LeadFilter | None, picks: Picks) -> Owned:
        rows = tables.leads
        assert rows is not None
        touched = picks != COUNTED

        def read(found: Columns, _: Sequence[Key]) -> Mapping[Key, Stats]:
            owners, columns = map(str, found.lists[0]), {"count": found.lists[1]}
            if touched:
                columns["last_touched_at"] = [_latest(rows, found[place]) for place in range(len(found))]
            return Keyed(owners, RecordColumns(Stats, columns, len(found)))

        return _aggregated(rows, chosen, picks, lambda: _touched(rows) if touched else {}, read)

    async def booking_stats_by_customer(
        self, tenant: Tenant, keys: Collection[Key], chosen: BookingFilter | None, picks: Picks
    ) -> Mapping[Key, BookingStats]:
        """Count bookings, in one statement, whatever parts of BookingStats are picked."""
        return await self._figures_of(tenant, keys, self._booking_stats(await self._mapped("booking"), chosen, picks))

    def _booking_stats(self, tables: Tables, chosen: BookingFilter | None, picks: Picks) -> Owned:
        figures = self._bookings(tables)
        columns = _wanted(picks)

        def read(found: Columns, _: Sequence[Key]) -> Mapping[Key, BookingStats]:
            owners = map(str, found.lists[0])
            if "segment" in picks or "last_touched_at" in columns:
                return dict(zip(owners, self._each_booking_stats(figures, found, picks, columns), strict=True))
            reader = figures.rows.built.once(("reader", columns), lambda: _stats_reader(figures, columns))
            return Keyed(owners, reader.columns(found))

        return _aggregated(figures.rows, chosen, picks, lambda: _booking_columns(figures, columns), read)

    def _each_booking_stats(
        self, figures: BookingFigures, found: Columns, picks: Picks, columns: Picks
    ) -> Iterator[BookingStats]:
        """Make of each of the rows *found* what *picks* names, of the *columns* that were counted for that."""
        bounds = bounds_of(self._profile.segments, datetime.now(UTC)) if "segment" in picks else None
        counted = [name for name in ("accepted", "cancelled", "no_shows") if name in columns]
        dated = [name for name in ("first_at", "last_at") if name in columns]
        touched, read = "last_touched_at" in columns, figures.start.stored.read
        for row in map(found.__getitem__, range(len(found))):
            said: dict[str, Any] = {name: row[name] for name in counted}
            for name in dated:
                said[name] = read(row[name])
            if touched:
                said["last_touched_at"] = _latest(figures.rows, row)
            if bounds is not None:
                said["segment"] = bounds.segment(said["first_at"], said["last_at"])
            yield BookingStats(count=row[1], **said)

    async def favorite_services_by_customer(
        self, tenant: Tenant, keys: Collection[Key], most: int, _: Picks
    ) -> Mapping[Key, Sequence[ServiceCount]]:
        """Count accepted bookings by service: up to *most* services, the most booked first, then by name."""
        figures, section = self._bookings(await self._mapped("booking")), self._profile.booking
        assert section is not None
        assert section.service is not None
        owners, service = self._keys(figures.owner.type, keys), section.service
        query = figures.rows.built.once(("services", most), lambda: _favorite_services(figures, service, most))
        found: dict[Key, list[ServiceCount]] = {}
        for row in await self._rows(tenant, figures.mapped, query, owners=list(owners)):
            found.setdefault(str(row.owner), []).append(ServiceCount(row.service, row.bookings))
        return found

    async def booking_notes_by_customer(
        self, tenant: Tenant, keys: Collection[Key], most: int, _: Picks
    ) -> Mapping[Key, Sequence[BookingNote]]:
        """Read up to *most* notes of bookings, those of the latest start first."""
        rows = (await self._mapped("booking")).bookings
        latest, picks = PageRequest(_LATEST_START, most), frozenset({"start_at", "note"})
        pages = await self._children(tenant, rows, keys, BookingFilter(noted=True), latest, picks=picks)
        return {
            key: [BookingNote(one.key, one.start_at, one.note) for one in page.items if one.note is not None]
            for key, page in pages.items()
        }

    async def referrers_by_customer(
        self, tenant: Tenant, keys: Collection[Key], _: None, __: Picks
    ) -> Mapping[Key, bool]:
        """Say of the customers that refer others that they do."""
        mapped = (await self._mapped("customer.referrer")).referrers
        assert mapped is not None
        owners = self._keys(mapped.key_type("owner"), keys)
        query = select(mapped["owner"].label("owner")).where(*mapped.of_tenant(), mapped.any_of("owner", "owners"))
        return {str(row.owner): True for row in await self._rows(tenant, mapped, query, owners=list(owners))}

    async def revenue_by_customer(
        self, tenant: Tenant, keys: Collection[Key], period: Period | None, picks: Picks
    ) -> Mapping[Key, Revenue]:
        """Sum exactly what the profile counts as revenue, in the store's currency and apart in any other.

        Of a Revenue only what *picks* names is computed.
        """
        return await self._figures_of(tenant, keys, self._revenue_of(await self._mapped("revenue"), period, picks))

    def _revenue_of(self, tables: Tables, period: Period | None, picks: Picks) -> Owned:
        statements = tables.revenue
        assert statements is not None
        assert statements.owner is not None

        def build() -> Any:
            return statements.by_owner(period, picks)

        def read(rows: Columns, _: Sequence[Key]) -> Mapping[Key, Revenue]:
            if not statements.has_parts(picks):
                return {
                    str(owner): Revenue(total=self._money(total), count=count or 0)
                    for owner, total, count in rows
                    if total is not None or count
                }
            found: dict[Key, list[Any]] = {}
            for row in map(rows.__getitem__, range(len(rows))):
                if row.total is not None or row["count"]:
                    found.setdefault(str(row.owner), []).append(row)
            return {key: self._revenue(parts) for key, parts in found.items()}

        query = statements.built.once(picks, build) if period is None else build()
        return Owned(statements.mapped, statements.owner.type, query, read)

    def _revenue(self, rows: Sequence[Any]) -> Revenue:
        """Sum *rows*, each of one currency and, where months are wanted, of one month."""
        own = self._profile.store.currency
        in_own = [row for row in rows if row.currency == own]
        others = sorted({row.currency for row in rows} - {own})
        months = sorted((row for row in in_own if row.month is not None), key=lambda row: row.month)
        return Revenue(
            total=self._summed(row.total for row in in_own),
            count=sum(row.count or 0 for row in in_own),
            other_currencies=tuple(
                self._summed((row.total for row in rows if row.currency == currency), currency) for currency in others
            ),
            by_month=tuple(MonthlyRevenue(row.month, self._money(row.total), row.count) for row in months),
        )

    def _summed(self, totals: Iterable[Decimal | None], currency: str | None = None) -> Money:
        return self._money(exact_sum(total for total in totals if total is not None), currency)

    def _money(self, total: Decimal | None, currency: str | None = None) -> Money:
        """Round *total*, which is in the unit of the profile's revenue, and in the store's currency or in another."""
        section = self._profile.revenue
        assert section is not None
        return Money.rounded(total or 0, currency or self._profile.store.currency, minor=section.unit == "minor")

    def _bookings(self, tables: Tables) -> BookingFigures:
        section = self._profile.booking
        assert section is not None
        assert tables.bookings is not None
        return BookingFigures(tables.bookings, section.status)

    async def _figures_of(self, tenant: Tenant, keys: Collection[Key], owned: Owned) -> Mapping[Key, Any]:
        found = await self._of_owners(tenant, keys, owned)
        assert found is not None
        return found


def _aggregated(
    rows: RowStatements[Any],
    chosen: object,
    picks: Picks,
    columns: Callable[[], Mapping[str, ColumnElement[Any]]],
    read: Callable[[Columns, Sequence[Key]], Mapping[Key, Any]],
) -> Owned:
    """Aggregate *columns*, which *picks* decide, of the rows of customers: after `owner` and `count`."""
    assert rows.owner is not None

    def build() -> Any:
        labelled = (column.label(name) for name, column in columns().items())
        return rows.stats_by_owner(rows.filters(chosen), [func.count().label("count"), *labelled])

    query = rows.built.once(("stats", picks), build) if chosen is None else build()
    return Owned(rows.mapped, rows.owner.type, query, read)


def _wanted(picks: Picks) -> frozenset[str]:
    """Say what has to be counted for *picks*."""
    return frozenset(name for pick in picks for name in _BOOKING_PICKS.get(pick, (pick,)))


def _booking_columns(figures: BookingFigures, wanted: Picks) -> dict[str, ColumnElement[Any]]:
    """Count what is *wanted*."""
    every: dict[str, Callable[[], ColumnElement[Any]]] = {
        "accepted": lambda: func.count().filter(figures.accepted),
        "cancelled": lambda: func.count().filter(figures.are(BookingStatus.CANCELLED)),
        "no_shows": lambda: func.count().filter(figures.are(BookingStatus.NO_SHOW)),
        "first_at": lambda: figures.first.expression,
        "last_at": lambda: figures.last.expression,
    }
    columns = {name: make() for name, make in every.items() if name in wanted}
    return {**columns, **(_touched(figures.rows) if "last_touched_at" in wanted else {})}


def _stats_reader(figures: BookingFigures, wanted: Picks) -> Reader[BookingStats]:
    """Read what is *wanted* and nothing that takes more than a column, of rows that begin with `owner` and `count`."""
    columns = _booking_columns(figures, wanted)
    dated = {name: time_part(name, figures.start) for name in ("first_at", "last_at")}
    parts = {name: dated.get(name, Part((name,))) for name in ("count", *columns)}
    return Reader(BookingStats, ("owner", "count", *columns), parts)


def _favorite_services(figures: BookingFigures, field: Field, most: int) -> Select[Any]:
    """Read up to *most* services of each of `:owners`, by how often they were booked."""
    service = figures.mapped.filled(field).collate("C")
    counted = figures.rows.stats_by_owner(
        [figures.accepted, service.is_not(None)], [service.label("service"), func.count().label("bookings")]
    )
    each = counted.group_by(service).subquery("each")
    place = func.row_number().over(partition_by=each.c.owner, order_by=[desc(each.c.bookings), each.c.service])
    ranked = select(each, place.label("place")).subquery("ranked")
    return select(ranked).where(ranked.c.place <= most).order_by(ranked.c.place)


def _touched(rows: RowStatements[Any]) -> dict[str, ColumnElement[Any]]:
    """Say when the last of *rows* was created, and when it was updated."""
    return {f"last_{name}": func.max(time.selected) for name, time in _touches(rows).items()}


def _touches(rows: RowStatements[Any]) -> Mapping[str, TimeColumn]:
    return {name: time for name, time in rows.orders.items() if name in ("CREATED_AT", "UPDATED_AT")}


def _latest(rows: RowStatements[Any], row: Any) -> datetime | None:
    read = (time.stored.read(getattr(row, f"last_{name}", None)) for name, time in _touches(rows).items())
    return max((at for at in read if at is not None), default=None)
