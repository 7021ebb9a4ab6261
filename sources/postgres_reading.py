"""How the CRM is read: mapped onto the database as it is now, and asked within one tenant."""

import math
import time
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, TypeVar

from sqlalchemy import Integer, Select, bindparam, literal_column

from domain.columns import Columnar, Keyed, Part, RecordColumns
from domain.errors import SourceMismatchError
from domain.filters import narrows_nothing
from domain.paging import LazyPositions, Page, PageRequest, Position, page_of_rows
from domain.records import Key, Stats
from domain.stored_time import OtherFormError
from sources.availability import COOLDOWN
from sources.postgres_connection import PostgresConnection
from sources.postgres_mapping import REFLECT, ColumnInfo, MappedTable
from sources.postgres_owned import Owned
from sources.postgres_packing import NO_COLUMNS, Columns, Picked, names_of
from sources.postgres_records import ALL, Picks
from sources.postgres_rows import RowStatements
from sources.postgres_satellites import SatelliteStatements
from sources.postgres_tables import Tables, tables_of
from sources.postgres_types import KeyType
from sources.profile import Profile
from sources.turns import Use

R = TypeVar("R")
Tenant = str | None


class PostgresReading:
    """Hold the connection and the mapping; whoever reads something particular builds on this.

    Raises SourceUnavailableError while the store does not answer, SourceMismatchError where it is not as its profile
    says.
    """

    #: Settings of the server for the connections that are made here.
    options: ClassVar[Mapping[str, str]] = {}

    def __init__(self, profile: Profile, url: str, *, seconds: float) -> None:
        self._profile = profile
        self._connection = PostgresConnection(url, seconds, self.options)
        self._tables: Tables | None = None
        self._reflected_at = -math.inf
        self._losses = 0

    @property
    def use(self) -> Use:
        return self._connection.use

    async def close(self) -> None:
        await self._connection.close()

    async def ping(self) -> None:
        """See whether the store answers, and still is as its profile says."""
        if faults := await self.faults():
            raise SourceMismatchError("postgres", "; ".join(faults))

    async def faults(self) -> Sequence[str]:
        """List what the database contradicts in the profile."""
        return (await self._reflect()).faults

    async def tables(self, section: str) -> Tables:
        """Be the mapping, for whoever writes: held against the database as `_mapped` holds it."""
        return await self._mapped(section)

    async def _mapped(self, section: str) -> Tables:
        """Read once how the database is, and hold *section* of the profile against it.

        What the database contradicts takes only its own section along, and is looked at again after a moment.
        """
        tables = self._tables
        if tables is None or self._losses != self._connection.losses:
            tables = await self._reflect()
        if tables.faults_of(section) and time.monotonic() - self._reflected_at > COOLDOWN:
            tables = await self._reflect()
        if faults := tables.faults_of(section):
            raise SourceMismatchError("postgres", "; ".join(faults))
        return tables

    async def _reflect(self) -> Tables:
        """Map the profile onto the database as it is now; as before where nothing has changed."""
        reflected: dict[str, dict[str, ColumnInfo]] = {}
        for row in await self._connection.rows(REFLECT, {"names": tables_of(self._profile)}):
            info = ColumnInfo(row.type, required=row.required, primary=row.primary)
            reflected.setdefault(row.name, {})[row.column] = info
        self._reflected_at, self._losses = time.monotonic(), self._connection.losses
        if self._tables is None or self._tables.reflected != reflected:
            self._tables = Tables(self._profile, reflected)
        return self._tables

    @staticmethod
    def _keys(type_: KeyType, keys: Collection[Key]) -> Mapping[Any, Key]:
        """Turn *keys* into what the column holds, leaving out what it cannot hold."""
        parsed = dict(zip(type_.parse_all(keys), keys, strict=True))
        parsed.pop(None, None)
        return parsed

    async def _rows(self, tenant: Tenant, mapped: MappedTable, query: Any, **values: Any) -> Sequence[Any]:
        return await self._run(tenant, mapped.has_tenant and mapped.tenant_type, query, **values)

    async def _columns(self, tenant: Tenant, mapped: MappedTable, query: Any, **values: Any) -> Columns:
        """Run *query* as `_rows` does, and answer what it finds held as columns."""
        if not self._within(tenant, mapped.has_tenant and mapped.tenant_type, values):
            return Columns.of_rows(names_of(query), ())
        try:
            return await self._connection.columns(query, values)
        except SourceMismatchError:
            self._tables = None
            raise

    async def _run(self, tenant: Tenant, type_: KeyType | bool, query: Any, **values: Any) -> Sequence[Any]:
        """Run *query* within *tenant*; no keys, and a tenant that the store cannot have, find nothing."""
        if not self._within(tenant, type_, values):
            return []
        try:
            return await self._connection.rows(query, values)
        except SourceMismatchError:
            self._tables = None
            raise

    @staticmethod
    def _within(tenant: Tenant, type_: KeyType | bool, values: dict[str, Any]) -> bool:
        """Add *tenant*, whose column is of *type_*, to *values*; say whether these can find anything at all."""
        if [] in values.values():
            return False
        if isinstance(type_, KeyType):
            parsed = None if tenant is None else type_.parse(tenant)
            if parsed is None:
                return False
            values["tenant"] = parsed
        return True

    @contextmanager
    def _noticing(self) -> Iterator[None]:
        """Look at the database again where its rows are of other types than its columns were."""
        try:
            yield
        except OtherFormError as error:
            self._tables = None
            raise SourceMismatchError("postgres", str(error)) from error

    async def _of_owners(self, tenant: Tenant, keys: Collection[Key], owned: Owned) -> Mapping[Key, Any] | None:
        """Answer *owned* for *keys*."""
        owners = self._keys(owned.type, keys)
        found = await self._columns(tenant, owned.mapped, owned.query, owners=list(owners))
        with self._noticing():
            return owned.read(found, list(owners.values()))

    async def _by_key(
        self, tenant: Tenant, statements: RowStatements[R] | None, keys: Collection[Key], picks: Picks = ALL
    ) -> Mapping[Key, R]:
        if statements is None:
            return {}
        asked = self._keys(statements.mapped.key_type(), keys)
        rows = await self._columns(tenant, statements.mapped, statements.by_key(picks), keys=list(asked))
        made = statements.records.of(picks)
        with self._noticing():
            records = made.records(rows)
        found = dict(zip(map(str, rows.lists[made.labels.index("key")]), records, strict=True))
        return {key: found[str(value)] for value, key in asked.items() if str(value) in found}

    async def _read_page(
        self,
        tenant: Tenant,
        statements: RowStatements[R],
        request: PageRequest,
        chosen: object,
        picks: Picks = ALL,
        **values: Any,
    ) -> tuple[list[R], Sequence[Position]]:
        """Read one more record than the page, in reading direction, and their positions."""
        rows = await self._rows_of_page(tenant, statements, request, chosen, picks, **values)
        return self._made(statements, rows, request, picks)

    async def _rows_of_page(
        self,
        tenant: Tenant,
        statements: RowStatements[Any],
        request: PageRequest,
        chosen: object,
        picks: Picks,
        **values: Any,
    ) -> Columns:
        queries = self._queries(statements, request, chosen, picks)
        parts = await self._rows_of(tenant, statements.mapped, queries, request.size + 1, **values)
        return Columns.joined(parts) if parts else NO_COLUMNS

    async def _rows_of(
        self, tenant: Tenant, mapped: MappedTable, queries: Sequence[Any], wanted: int, **values: Any
    ) -> list[Columns]:
        """Run *queries* one after the other until so many rows as are *wanted* are there."""
        parts: list[Columns] = []
        for query in queries:
            if wanted > 0:
                parts.append(await self._columns(tenant, mapped, query, **{**values, "size": wanted}))
                wanted -= len(parts[-1])
        return parts

    def _made(
        self, statements: RowStatements[R], rows: Sequence[Any], request: PageRequest, picks: Picks
    ) -> tuple[list[R], Sequence[Position]]:
        """Make records of *rows*, and their positions when they are asked for."""
        with self._noticing():
            records = statements.records.of(picks).records(rows)
        return records, self._positions(statements, rows, request, picks)

    def _positions(
        self, statements: RowStatements[Any], rows: Sequence[Any], request: PageRequest, picks: Picks
    ) -> Sequence[Position]:
        """Be the positions of *rows*, of which one is made to see whether they can be."""
        position = statements.position(request, picks)
        if rows and not position.is_read:
            with self._noticing():
                position(rows[0])  # as it is with the first of a column, so it is with the others
        return LazyPositions(rows, position)

    @staticmethod
    def _queries(
        statements: RowStatements[Any], request: PageRequest, chosen: object, picks: Picks
    ) -> Sequence[Select[Any]]:
        def build() -> Sequence[Select[Any]]:
            pages = statements.page(request, statements.filters(chosen), picks)
            # What is written out lets the server keep its plan: of a limit it does not know it would think the worst.
            sizes = [literal_column(str(request.size + 1)), *[bindparam("size", type_=Integer)] * len(pages)]
            return [query.limit(size) for query, size in zip(pages, sizes, strict=False)]

        # What a cursor or a filter says is never asked twice.
        if request.position is not None or not narrows_nothing(chosen):
            return build()
        order = request.order
        key = ("page", order.field, order.direction, request.size, request.backwards, picks)
        return statements.built.once(key, build)

    async def _page(
        self,
        tenant: Tenant,
        statements: RowStatements[R] | None,
        request: PageRequest,
        chosen: object,
        picks: Picks = ALL,
    ) -> Page[R]:
        if statements is None:
            return Page(request)
        return page_of_rows(request, *await self._read_page(tenant, statements, request, chosen, picks))

    async def _count(self, tenant: Tenant, statements: RowStatements[Any] | None, chosen: object) -> int:
        if statements is None:
            return 0
        rows = await self._rows(tenant, statements.mapped, statements.count(statements.filters(chosen)))
        return rows[0][0] if rows else 0

    async def _stats(
        self, tenant: Tenant, statements: RowStatements[Any] | None, keys: Collection[Key], chosen: object
    ) -> Mapping[Key, Stats]:
        assert statements is not None
        assert statements.owner is not None
        owners = self._keys(statements.owner.type, keys)
        query = statements.stats_by_owner(statements.filters(chosen))
        rows = await self._columns(tenant, statements.mapped, query, owners=list(owners))
        return Keyed(map(str, rows.lists[0]), RecordColumns(Stats, {"count": rows.lists[1]}, len(rows)))

    async def _children(
        self,
        tenant: Tenant,
        statements: RowStatements[R] | None,
        keys: Collection[Key],
        chosen: object,
        request: PageRequest,
        *,
        picks: Picks = ALL,
    ) -> Mapping[Key, Page[R]]:
        assert statements is not None
        simple = statements.is_simple(request)
        owned = self._children_of(statements, chosen, request, simple=simple, picks=picks)
        pages = await self._of_owners(tenant, keys, owned)
        if pages is None:
            owned = self._children_of(statements, chosen, request, simple=False, picks=picks)
            pages = await self._of_owners(tenant, keys, owned)
            assert pages is not None
        return pages

    def _children_of(
        self, statements: RowStatements[R], chosen: object, request: PageRequest, *, simple: bool, picks: Picks
    ) -> Owned:
        """Be how a page of children is asked for; a *simple* one is answered unless it has to be asked otherwise."""
        assert statements.owner is not None

        def build() -> Any:
            return statements.children(request, statements.filters(chosen), simple=simple, picks=picks)

        def read(rows: Columns, keys: Sequence[Key]) -> Mapping[Key, Page[R]] | None:
            if simple and rows and None in rows.lists[statements.position(request, picks).place]:
                return None
            self._positions(statements, rows, request, picks)
            return self._pages_of(statements, rows, keys, request, picks)

        # What a cursor or a filter says is never asked twice.
        is_usual = chosen is None and request.position is None
        order = request.order
        key = ("children", order.field, order.direction, request.size, request.backwards, simple, picks)
        query = statements.built.once(key, build) if is_usual else build()
        return Owned(statements.mapped, statements.owner.type, query, read)

    @staticmethod
    def _pages_of(
        statements: RowStatements[R], rows: Columns, owners: Sequence[Key], request: PageRequest, picks: Picks
    ) -> Mapping[Key, Page[R]]:
        """Part *rows*, which come by the numbers of their *owners*, their last column, into pages held together."""
        counts = Counter(rows.lists[-1])
        parts: list[tuple[Key, int, range, bool]] = []
        begin = kept = 0
        for number, key in enumerate(owners, start=1):
            read = counts[number]
            shown = range(begin, begin + min(read, request.size))
            parts.append((key, kept, shown[::-1] if request.backwards else shown, read > request.size))
            begin += read
            kept += len(shown)
        # Mostly what was read is what is shown.
        as_read = kept == begin and not request.backwards
        held_rows = rows if as_read else rows.at([place for _, _, shown, _ in parts for place in shown])
        held = statements.records.of(picks).held(held_rows)
        position = statements.position(request, picks)

        def part(begin: int, end: int) -> Sequence[R]:
            return Part(held, begin, end) if isinstance(held, Columnar) else held[begin:end]

        return {
            key: Page(request, part(at, at + len(shown)), LazyPositions(Picked(rows, shown), position), more)
            for key, at, shown, more in parts
        }

    async def _by_owner(
        self, tenant: Tenant, statements: SatelliteStatements[R] | None, keys: Collection[Key]
    ) -> Mapping[Key, Sequence[R]]:
        if statements is None:
            return {}
        owners = self._keys(statements.mapped.key_type("owner"), keys)
        rows = await self._rows(tenant, statements.mapped, statements.by_owner(), owners=list(owners))
        found: dict[str, list[R]] = {}
        with self._noticing():
            for row in rows:
                found.setdefault(str(row.owner), []).append(statements.make(row))
        return {key: found[str(value)] for value, key in owners.items() if str(value) in found}
