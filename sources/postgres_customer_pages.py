"""Pages of customers, and single ones: with what belongs to them, where that can be asked for along with them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from domain.along import Along
from domain.errors import SourceMismatchError
from domain.filters import Children, CustomerFilter, CustomerRows
from domain.paging import PageRequest, Position
from domain.records import CrmRecord, Key
from sources.meter import answered
from sources.postgres_figures import PostgresFigures
from sources.postgres_mapping import MappedTable
from sources.postgres_owned import Owned
from sources.postgres_packing import NO_COLUMNS, Columns
from sources.postgres_reading import Tenant
from sources.postgres_records import ALL, Picks
from sources.postgres_rows import RowStatements
from sources.postgres_tables import Tables
from sources.postgres_types import KeyType, can_name


class Known(NamedTuple):
    """Be what was *found* of *keys* along with them."""

    asked: Along
    keys: Sequence[Key]
    found: Mapping[Key, Any]


class PostgresCustomerPages(PostgresFigures):
    """Read customers, and along with them what is known to be asked of them next."""

    async def customers(
        self, tenant: Tenant, asked: CustomerRows, request: PageRequest, picks: Picks = ALL
    ) -> list[tuple[Position, CrmRecord]]:
        """Read one more row than the page, in reading direction."""
        customers, values = await self._listed(tenant, asked, request)
        if customers is None:
            return []
        rows = await self._rows_of_page(tenant, customers, request, asked, picks, **values)
        records, positions = self._made(customers, rows, request, picks)
        return list(zip(positions, records, strict=True))

    async def customers_along(
        self, tenant: Tenant, asked: CustomerRows, request: PageRequest, picks: Picks = ALL, along: Sequence[Along] = ()
    ) -> tuple[Sequence[CrmRecord], Sequence[Position], Sequence[Known]]:
        """Read the rows that `customers` reads, held as columns, and what of a page of them could be asked *along*."""
        customers, values = await self._listed(tenant, asked, request)
        if customers is None:
            return (), (), ()
        owned = await self._along(customers.mapped.key_type(), along)
        known: Sequence[Known] = ()
        queries = self._queries(customers, request, asked, picks) if owned else ()
        if queries:
            first, *others = queries
            values["size"] = request.size + 1
            rows, known = await self._columns_along(tenant, customers.mapped, first, request.size, owned, **values)
            if len(rows) <= request.size and others:
                more = self._rows_of(tenant, customers.mapped, others, request.size + 1 - len(rows), **values)
                rows = Columns.joined([rows, *await more])
        else:
            rows = await self._rows_of_page(tenant, customers, request, asked, picks, **values)
        with self._noticing():
            held = customers.records.of(picks).held(rows)
        return held, self._positions(customers, rows, request, picks), known

    async def customer_along(
        self, tenant: Tenant, key: Key, along: Sequence[Along]
    ) -> tuple[CrmRecord | None, Sequence[Known]]:
        """Find the row that has *key*, and what it could be asked *along* with it."""
        customers = (await self._mapped("customer")).customers
        if customers is None:
            return None, ()
        type_ = customers.mapped.key_type()
        asked = type_.parse(key)
        owned = await self._along(type_, along) if asked is not None else []
        if not owned:
            return (await self._by_key(tenant, customers, [key])).get(key), ()
        rows, known = await self._columns_along(tenant, customers.mapped, customers.one(), 1, owned, key=asked)
        with self._noticing():
            # Where nothing keeps a key unique, the last of two counts, as where many are read.
            records = customers.records.of(ALL).records(rows)
        return (records[-1] if records else None), known

    async def _listed(
        self, tenant: Tenant, asked: CustomerRows, request: PageRequest
    ) -> tuple[RowStatements[CrmRecord] | None, dict[str, Any]]:
        """Find how customers are listed, and what else their statements take."""
        tables = await self._mapped("customer")
        if tables.customers is None:
            return None, {}
        for section in looked_at(asked.chosen, request.order.field):
            await self._mapped(section)
        joined = tables.customers.joined.get(request.order.field)
        return tables.customers, {} if joined is None else self._tenant_of(tenant, *joined.tenant)

    @staticmethod
    def _tenant_of(tenant: Tenant, name: str, mapped: MappedTable) -> dict[str, Any]:
        """Write *tenant* as the table that is joined has it, which may be of another type."""
        return {name: mapped.tenant_type.parse(tenant)} if tenant is not None and mapped.has_tenant else {}

    # ── what belongs to them ──

    async def _along(self, key: KeyType, along: Sequence[Along]) -> list[tuple[Along, Owned]]:
        """Say how those of *along* are asked for that can be: of tables whose columns can name a *key* as it is."""
        found: list[tuple[Along, Owned]] = []
        left: set[str] = set()
        for asked in along:
            section, compose = self._composed(asked)
            try:
                owned = None if compose is None else compose(await self._mapped(section))
            except SourceMismatchError:
                owned = None  # whoever asks for it alone is told
            if owned is None or not can_name(owned.type, key):
                left.add(asked.loader)
            else:
                found.append((asked, owned))
        # What a loader is asked for is asked for in one go.
        return [(asked, owned) for asked, owned in found if asked.loader not in left]

    def _composed(self, asked: Along) -> tuple[str, Callable[[Tables], Owned | None] | None]:
        """Find the section that *asked* is about, and what composes how it is asked for."""
        arguments, picks = asked.arguments, asked.picks
        if isinstance(arguments, Children):
            return self._composed_pages(asked.loader, arguments, picks)
        if arguments is None:
            match asked.loader:
                case "lead_stats_by_customer":
                    return "lead", lambda tables: self._lead_stats(tables, None, picks)
                case "booking_stats_by_customer":
                    return "booking", lambda tables: self._booking_stats(tables, None, picks)
                case "revenue_by_customer":
                    return "revenue", lambda tables: self._revenue_of(tables, None, picks)
        return "", None

    def _composed_pages(
        self, loader: str, asked: Children[Any], picks: Picks
    ) -> tuple[str, Callable[[Tables], Owned | None] | None]:
        if asked.chosen is not None or asked.request.position is not None:
            return "", None
        section = {"leads_by_customer": "lead", "bookings_by_customer": "booking"}.get(loader, "")

        def compose(tables: Tables) -> Owned | None:
            rows: RowStatements[Any] | None = tables.leads if section == "lead" else tables.bookings
            if rows is None:
                return None
            simple = rows.is_simple(asked.request)
            return self._children_of(rows, None, asked.request, simple=simple, picks=picks)

        return section, compose if section else None

    async def _columns_along(
        self,
        tenant: Tenant,
        mapped: MappedTable,
        query: Any,
        most: int,
        along: Sequence[tuple[Along, Owned]],
        **values: Any,
    ) -> tuple[Columns, Sequence[Known]]:
        """Run *query* as `_columns` does, and along with it what belongs to the first *most* that it finds."""
        if not self._within(tenant, mapped.has_tenant and mapped.tenant_type, values):
            return NO_COLUMNS, ()
        asked, statements = [], []
        for one, owned in along:
            own: dict[str, Any] = {}
            if self._within(tenant, owned.mapped.has_tenant and owned.mapped.tenant_type, own):
                asked.append((one, owned))
                statements.append((owned.query, own))
        try:
            rows, found = await self._connection.along.columns(query, values, "key", most, statements)
            if rows is None:
                rows = await self._connection.columns(query, values)
        except SourceMismatchError:
            self._tables = None
            raise
        known: list[Known] = []
        keys = list(map(str, rows.lists[rows.names.index("key")]))[:most]
        for (one, owned), columns in zip(asked, found, strict=bool(found)):
            try:
                with self._noticing():
                    answers = owned.read(columns, keys)
            except SourceMismatchError:
                continue  # whoever asks for it alone is told
            if answers is not None:
                known.append(Known(one, keys, answers))
        for loader in dict.fromkeys(one.asked.loader for one in known):
            of_loader = [one for one in known if one.asked.loader == loader]
            answered("postgres", loader, len(of_loader), len(of_loader) * len(keys))
        return rows, known


def looked_at(chosen: CustomerFilter, order: str) -> list[str]:
    """List the sections that are looked at beside the customers' own."""
    bookings = chosen.segment is not None or chosen.first_booking_in is not None or order == "LAST_BOOKING_AT"
    revenue = chosen.min_revenue is not None or order == "TOTAL_REVENUE"
    return [*(["booking"] if bookings else []), *(["revenue"] if revenue else [])]
