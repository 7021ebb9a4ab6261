"""The loaders of one operation, bound to its tenant."""

from dataclasses import dataclass
from functools import partial

from domain.filters import Children
from domain.money import Money
from domain.paging import Page
from domain.records import Booking, Lead, Revenue
from loaders.batched import ByKey, ByOwner
from loaders.customers import CustomersByRecord, LinkedByCustomer
from sources.stores import Stores


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaders:
    """Be all loaders, named value-by-key; None where the profile does not map what they load."""

    customers_by_record: CustomersByRecord
    linked_by_customer: LinkedByCustomer
    leads_by_key: ByKey[Lead] | None
    leads_by_customer: ByOwner[Page[Lead]] | None
    lead_count_by_customer: ByOwner[int] | None
    bookings_by_key: ByKey[Booking] | None
    bookings_by_customer: ByOwner[Page[Booking]] | None
    booking_count_by_customer: ByOwner[int] | None
    revenue_by_customer: ByOwner[Revenue] | None


def loaders_for(stores: Stores, tenant: str | None) -> Loaders:
    """Make the loaders of one operation; to be called inside its event loop."""
    profile, crm = stores.profile, stores.postgres
    lead, booking, revenue = profile.lead, profile.booking, profile.revenue

    def no_page(asked: Children) -> Page:  # type: ignore[type-arg]
        return Page(asked.request)

    def zero(_: object) -> int:
        return 0

    def no_revenue(_: object) -> Revenue:
        return Revenue(total=Money.zero(profile.store.currency), count=0)

    has_leads = crm is not None and lead is not None
    has_bookings = crm is not None and booking is not None
    return Loaders(
        customers_by_record=CustomersByRecord(stores, tenant),
        linked_by_customer=LinkedByCustomer(stores, tenant),
        leads_by_key=ByKey("leads_by_key", partial(crm.leads_by_key, tenant)) if crm and has_leads else None,
        leads_by_customer=ByOwner("leads_by_customer", partial(crm.leads_by_customer, tenant), no_page)
        if crm and lead and lead.customer
        else None,
        lead_count_by_customer=ByOwner("lead_count_by_customer", partial(crm.lead_count_by_customer, tenant), zero)
        if crm and lead and lead.customer
        else None,
        bookings_by_key=ByKey("bookings_by_key", partial(crm.bookings_by_key, tenant))
        if crm and has_bookings
        else None,
        bookings_by_customer=ByOwner("bookings_by_customer", partial(crm.bookings_by_customer, tenant), no_page)
        if crm and booking and booking.customer
        else None,
        booking_count_by_customer=ByOwner(
            "booking_count_by_customer", partial(crm.booking_count_by_customer, tenant), zero
        )
        if crm and booking and booking.customer
        else None,
        revenue_by_customer=ByOwner("revenue_by_customer", partial(crm.revenue_by_customer, tenant), no_revenue)
        if crm and revenue and revenue.customer
        else None,
    )
