"""Link the CRM's rows on a page to what the other stores hold, where what is selected will ask for that."""

from collections.abc import Sequence
from operator import attrgetter

from domain.along import LINKED, Along
from domain.records import Customer, Key
from sources.meter import batch
from sources.neighbourhood import Neighbourhood, around_rows
from sources.stores import Stores


def whose_links_count(customers: Sequence[Customer], along: Sequence[Along]) -> list[Key]:
    """List the rows that head *customers* whose links will be asked for, by what is asked *along*."""
    asked = [one.picks for one in along if one.loader == LINKED]
    needs = [attrgetter(name) for name in frozenset().union(*asked)] if all(asked) else None
    rows = (customer.crm for customer in customers if asked and customer.linked is None)
    return [row.key for row in rows if row is not None and (needs is None or any(said(row) is None for said in needs))]


async def with_links(
    stores: Stores, tenant: str | None, customers: Sequence[Customer], rows: Sequence[Key], read: Neighbourhood
) -> list[Customer]:
    """Find what the other stores hold of those *customers* that *rows* head; *read* was read before.

    Raises SourceError.
    """
    with batch(LINKED, len(rows)):
        around = await around_rows(stores, tenant, rows, read=read)
    linked = {key: around.linked_to(key) for key in rows}
    return [
        Customer(head=customer.head, crm=customer.crm, linked=linked[customer.head.key])
        if customer.linked is None and customer.head.key in linked
        else customer
        for customer in customers
    ]
