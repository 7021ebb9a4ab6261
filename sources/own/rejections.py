"""The pairs of records that somebody has told apart, so that they are not suggested any more."""

from collections.abc import Collection

from sqlalchemy import ARRAY, Text, bindparam, func, select

from domain.operations import read_ref, written
from domain.records import RecordRef
from sources.own.operations import Tenant, own_tenant
from sources.own.store import OwnStore
from sources.own.tables import rejections
from sources.storable import is_storable


async def told_apart(own: OwnStore, tenant: Tenant, refs: Collection[RecordRef]) -> set[frozenset[RecordRef]]:
    """Find the pairs among *refs* that were rejected, or cut, and that nobody has undone."""
    asked = [text for text in map(written, refs) if is_storable(text)]
    if not asked:
        return set()
    given = bindparam("refs", asked, type_=ARRAY(Text))
    query = select(rejections.c.one, rejections.c.other).where(
        rejections.c.tenant == own_tenant(tenant),
        rejections.c.one == func.any(given),
        rejections.c.other == func.any(given),
    )
    return {frozenset({read_ref(row.one), read_ref(row.other)}) for row in await own.rows(query)}
