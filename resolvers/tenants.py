"""The tenants of a store: those that its profile's [tenant] lists, else whatever its rows name as one."""

from collections.abc import Sequence

from domain.records import Tenant
from sources.stores import Stores


async def tenants_of(stores: Stores) -> Sequence[Tenant]:
    """List the tenants by key; without a section [tenant] those of the customers, accounts and delivery records."""
    if stores.profile.tenant is not None:
        return await stores.crm.tenants()
    keys: set[str] = set()
    if stores.profile.customer is not None:
        keys |= await stores.crm.tenant_keys()
    for kind in stores.mongo_kinds:
        keys |= await stores.documents.tenant_keys(kind)
    return [Tenant(key=key) for key in sorted(keys)]


async def listed_tenants(stores: Stores) -> Sequence[Tenant] | None:
    """List the tenants that the profile's [tenant] names; None without such a section."""
    return None if stores.profile.tenant is None else await stores.crm.tenants()
