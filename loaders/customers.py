"""Load customers by any of their records, and what the other stores hold of those that a CRM row heads."""

from collections.abc import Mapping, Sequence

from domain.along import Along
from domain.columns import headed_by
from domain.errors import SourceError
from domain.identity import Members
from domain.records import UNLINKED, CrmRecord, Customer, Key, Linked, RecordKind, RecordRef
from loaders.batched import Batched
from sources.meter import batch
from sources.neighbourhood import Neighbourhood, around_records, around_rows
from sources.postgres_customer_pages import Known
from sources.stores import Stores


class CustomersByRecord(Batched[RecordRef]):
    """Load the customer that a record belongs to now; None where there is no such record."""

    def __init__(self, stores: Stores, tenant: str | None) -> None:
        super().__init__("customers_by_record")
        self._stores = stores
        self._tenant = tenant

    async def fetch(self, keys: list[RecordRef]) -> list[Customer | SourceError | None]:
        refs = [ref for ref in keys if ref.kind in self._stores.mongo_kinds]
        around: Neighbourhood | SourceError | None = None
        if refs:
            try:
                around = await around_records(self._stores, self._tenant, refs)
            except SourceError as error:
                around = error
        members: dict[RecordRef, Members] = {}
        if isinstance(around, Neighbourhood):
            members = {ref: around.members(ref) for ref in refs if around.has(ref)}
        rows = await self._rows(keys, members)
        return [self._customer(ref, around, members.get(ref), rows) for ref in keys]

    async def _rows(
        self, keys: list[RecordRef], members: Mapping[RecordRef, Members]
    ) -> Mapping[Key, CrmRecord] | SourceError:
        wanted = {ref.key for ref in keys if ref.kind is RecordKind.CRM}
        wanted |= {found.crm for found in members.values() if found.crm is not None}
        if not wanted or self._stores.profile.customer is None:
            return {}
        try:
            return await self._stores.crm.customers_by_key(self._tenant, wanted)
        except SourceError as error:
            return error

    def _customer(
        self,
        ref: RecordRef,
        around: Neighbourhood | SourceError | None,
        members: Members | None,
        rows: Mapping[Key, CrmRecord] | SourceError,
    ) -> Customer | SourceError | None:
        if ref.kind is RecordKind.CRM:
            if isinstance(rows, SourceError):
                return rows
            row = rows.get(ref.key)
            return None if row is None else headed_by(row)
        if not isinstance(around, Neighbourhood) or members is None:
            return around if isinstance(around, SourceError) else None
        if members.crm is not None and isinstance(rows, SourceError):
            return Customer(head=members.head, linked=around.linked(members), crm_down=True)
        row = None if members.crm is None or isinstance(rows, SourceError) else rows.get(members.crm)
        return around.customer(members, row)


async def customer_along(
    stores: Stores, tenant: str | None, key: Key, along: Sequence[Along]
) -> tuple[Customer | None, Sequence[Known]]:
    """Load the customer that the CRM row *key* heads, as `CustomersByRecord` does, and what is asked *along* of it."""
    with batch("customers_by_record", 1):
        row, known = await stores.crm.customer_along(tenant, key, along)
    return (None if row is None else headed_by(row)), known


class LinkedByCustomer(Batched[Key]):
    """Load what the other stores hold of the customers that CRM rows head, by the rows' keys."""

    def __init__(self, stores: Stores, tenant: str | None) -> None:
        super().__init__("linked_by_customer")
        self._stores = stores
        self._tenant = tenant

    async def fetch(self, keys: list[Key]) -> list[Linked]:
        if not self._stores.mongo_kinds:
            return [UNLINKED] * len(keys)
        around = await around_rows(self._stores, self._tenant, keys)
        return [around.linked_to(key) for key in keys]
