"""What the identifier index has, as it is kept."""

from collections.abc import Collection

from sqlalchemy import select

from domain.identifiers import Identifiers, IndexedKind, IndexedRef
from sources.own.identifiers import Rows, identifiers, rows_of
from sources.own.store import OwnStore


async def kept_rows(own: OwnStore, tenant: str | None, kinds: Collection[IndexedKind]) -> Rows:
    """Read all that the index has of the records of *kinds*."""
    rows = await own.rows(select(identifiers).where(rows_of(tenant, kinds)))
    return {IndexedRef(IndexedKind(row.record), row.key): Identifiers(row.email, row.phone, row.search) for row in rows}
