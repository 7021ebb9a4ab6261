"""Find those who can be assigned to deliveries."""

from collections.abc import Sequence

from domain.records import Courier
from resolvers.context import Context


async def find_couriers(context: Context) -> Sequence[Courier] | None:
    """List the couriers by name; None where the profile maps none."""
    tenant = context.tenant
    if context.stores.profile.courier is None:
        return None
    return await context.stores.documents.couriers(tenant)
