"""Ask PostgreSQL for whole answers, where it can write them."""

from collections.abc import Sequence
from typing import Any

from domain.along import Along
from domain.filters import CustomerRows
from domain.ids import begun_id
from domain.paging import PageRequest
from domain.records import Key, RecordKind
from domain.written import Fields
from sources.meter import answered
from sources.postgres_answers import Composer, NotWrittenError, attributes_of
from sources.postgres_customer_pages import PostgresCustomerPages
from sources.postgres_owned import Answer, Owned
from sources.postgres_reading import Tenant
from sources.postgres_records import Picks
from sources.postgres_rows import RowStatements
from sources.postgres_tables import Tables

CUSTOMER = "Customer"


class PostgresWritten(PostgresCustomerPages):
    """Answer what is selected of customers as the server writes it."""

    async def written_page(
        self, tenant: Tenant, asked: CustomerRows, request: PageRequest, fields: Fields
    ) -> bytes | None:
        """Write *fields* of each customer of a page, with commas between them; None where that cannot be."""
        customers, values = await self._listed(tenant, asked, request)
        if customers is None or request.backwards:
            return None
        first, *others = self._queries(customers, request, asked, attributes_of(fields))
        values["size"] = request.size + 1
        found = await self._written(tenant, customers, first, values, others, fields=fields, size=request.size)
        return None if found is None else found[0] or b""

    async def written_customer(self, tenant: Tenant, key: Key, fields: Fields) -> tuple[bool, bytes | None]:
        """Write *fields* of the customer whose row has *key*, None where there is none; False where that cannot be."""
        customers = (await self._mapped("customer")).customers
        asked = None if customers is None else customers.mapped.key_type().parse(key)
        if customers is None or asked is None:
            return False, None
        query = customers.one(attributes_of(fields))
        found = await self._written(tenant, customers, query, {"key": asked}, fields=fields, size=2)
        # Where nothing keeps a key unique, there may be two of it.
        return (False, None) if found is None or found[1] > 1 else (True, found[0])

    async def _written(
        self,
        tenant: Tenant,
        customers: RowStatements[Any],
        query: Any,
        values: dict[str, Any],
        others: Sequence[Any] = (),
        *,
        fields: Fields,
        size: int,
    ) -> tuple[bytes | None, int] | None:
        """Write *fields* of the first *size* rows that *query* finds, and count them; None where that cannot be.

        Where *others* find rows that belong to the same page, it cannot.
        """
        tables: Tables = await self._mapped("customer")
        answer: Answer | None = customers.built.once(
            ("written", tuple(query.selected_columns.keys()), fields),
            lambda: self._composed_answer(tables, query, fields),
        )
        if (
            answer is None
            or any(map(tables.faults_of, answer.sections))
            or not self._within(tenant, customers.mapped.has_tenant and customers.mapped.tenant_type, values)
        ):
            return None
        asked = []
        for one in answer.asked:
            own: dict[str, Any] = {}
            if not self._within(tenant, one.mapped.has_tenant and one.mapped.tenant_type, own):
                return None
            asked.append((one.query, own))
        try:
            ids = {
                type_: begun_id(type_, tenant, RecordKind.CRM if type_ == CUSTOMER else None) for type_ in answer.ids
            }
        except ValueError:
            return None
        more = [(one, {**values, "size": 1}) for one in others]
        row = await self._connection.along.written(
            query, values, size, answer=answer, asked=asked, others=more, ids=ids
        )
        if row is None:
            return None
        for loader, statements in answer.loaders.items():
            answered("postgres", loader, statements, statements * row[1])
        return row[0], row[1]

    def _composed_answer(self, tables: Tables, query: Any, fields: Fields) -> Answer | None:
        customers, section = tables.customers, self._profile.revenue
        assert customers is not None
        if not customers.mapped.info("key").required:
            return None
        types = {name: column.type for name, column in query.selected_columns.items()}
        minor = section is not None and section.unit == "minor"
        composer = Composer(tables, self._figures_asked, self._profile.store.currency, minor=minor)
        try:
            return composer.compose(customers, tuple(types), types, fields)
        except (NotWrittenError, ValueError):
            return None

    def _figures_asked(self, loader: str, tables: Tables, picks: Picks) -> Owned:
        """Say how all *picks* of what *loader* counts are asked for. Raises NotWrittenError where they cannot be."""
        _, compose = self._composed(Along(loader, None, picks))
        owned = None if compose is None else compose(tables)
        if owned is None:
            raise NotWrittenError
        return owned
