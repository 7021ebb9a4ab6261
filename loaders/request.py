"""The loaders of one operation, bound to its tenant."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from domain.filters import Children
from domain.money import Money
from domain.paging import Page
from domain.records import Booking, Lead, Revenue, Stats
from loaders.batched import ByKey, ByOwner
from loaders.customers import CustomersByRecord, LinkedByCustomer
from sources.stores import Stores


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaders:
    """Be all loaders, named value-by-key; None where the profile does not map what they load."""

    customers_by_record: CustomersByRecord
    linked_by_customer: LinkedByCustomer
    leads_by_key: ByKey[Lead] | None = None
    leads_by_customer: ByOwner[Page[Lead]] | None = None
    lead_stats_by_customer: ByOwner[Stats] | None = None
    bookings_by_key: ByKey[Booking] | None = None
    bookings_by_customer: ByOwner[Page[Booking]] | None = None
    booking_stats_by_customer: ByOwner[Stats] | None = None
    revenue_by_customer: ByOwner[Revenue] | None = None


def loaders_for(stores: Stores, tenant: str | None) -> Loaders:
    """Make the loaders of one operation; to be called inside its event loop."""
    mapped: dict[str, Any] = {}
    profile, crm = stores.profile, stores.postgres
    if crm is not None and profile.lead is not None:
        mapped["leads_by_key"] = ByKey("leads_by_key", partial(crm.leads_by_key, tenant))
    if crm is not None and profile.booking is not None:
        mapped["bookings_by_key"] = ByKey("bookings_by_key", partial(crm.bookings_by_key, tenant))
    by_owner: dict[str, tuple[Any, Any, Callable[[Any], Any]]] = {}
    if crm is not None:
        no_revenue = Revenue(total=Money.zero(profile.store.currency), count=0)
        by_owner = {
            "leads_by_customer": (profile.lead, crm.leads_by_customer, _no_page),
            "lead_stats_by_customer": (profile.lead, crm.lead_stats_by_customer, _no_stats),
            "bookings_by_customer": (profile.booking, crm.bookings_by_customer, _no_page),
            "booking_stats_by_customer": (profile.booking, crm.booking_stats_by_customer, _no_stats),
            "revenue_by_customer": (profile.revenue, crm.revenue_by_customer, lambda _: no_revenue),
        }
    for name, (section, source, missing) in by_owner.items():
        if section is not None and section.customer is not None:
            mapped[name] = ByOwner(name, partial(source, tenant), missing)
    return Loaders(
        customers_by_record=CustomersByRecord(stores, tenant),
        linked_by_customer=LinkedByCustomer(stores, tenant),
        **mapped,
    )


def _no_page(asked: Children[Any]) -> Page[Any]:
    return Page(asked.request)


def _no_stats(_: object) -> Stats:
    return Stats()
