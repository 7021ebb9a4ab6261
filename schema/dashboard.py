"""Figures for dashboards. What is counted how stands in docs/metrics.md, and in the description of each field."""

from datetime import date
from typing import Any

import strawberry

from resolvers import dashboard
from resolvers.customer_counts import CustomerCounts as Counting
from schema.customer import Customer
from schema.enums import BookingStatus, LeadStatus, Segment
from schema.fields import computed, plain, selecting
from schema.inputs import series_steps, top_customers
from schema.money import Money


def _counted(count: Any, description: str) -> Any:
    """Declare a figure of the customers, which fails alone while its store cannot be asked."""
    return computed(lambda _, counts: count(counts), description)


def _figure(answer: Any, description: str) -> Any:
    return computed(lambda _, board: answer(board), description)


@strawberry.type(description="How many came from where.")
class SourceCount:
    source: str | None = plain("As the store says it; null for those of which nothing says it.")
    count: int = plain("How many.")


@strawberry.type(description="How many customers are in a segment.")
class SegmentCount:
    segment: Segment = plain("Where their accepted bookings put them now.")
    count: int = plain("How many.")


@strawberry.type(description="How many leads have a status.")
class LeadStatusCount:
    status: LeadStatus = plain("How far they have come.")
    count: int = plain("How many.")


@strawberry.type(description="How many bookings have a status.")
class BookingStatusCount:
    status: BookingStatus = plain("How far they have come.")
    count: int = plain("How many.")


@strawberry.type(
    description="How many customers there are. total, inCrm, accounts, deliveryProfiles, linked and active are of all"
    " time, whatever the period; at a location only new is counted. What is not counted is null, and so is what the"
    " profile maps nothing for."
)
class CustomerCounts:
    total: int | None = _counted(Counting.total, "Unique customers of all stores, each once.")
    in_crm: int | None = _counted(Counting.in_crm, "Rows of customers in the CRM.")
    accounts: int | None = _counted(Counting.accounts, "Login accounts of customers.")
    delivery_profiles: int | None = _counted(Counting.delivery_profiles, "Delivery and billing records.")
    linked: int | None = _counted(Counting.linked, "Customers that have more than one record.")
    active: int | None = _counted(
        Counting.active,
        "Customers whose status is ACTIVE; where the CRM keeps no status and no other record has one, those whose"
        " segment is NEW or ACTIVE.",
    )
    created: int | None = _counted(Counting.created, "Customers whose head record was created in the period.")
    new: int | None = _counted(Counting.new, "Customers whose first accepted booking starts in the period.")
    by_source: list[SourceCount] | None = _counted(
        Counting.by_source, "Customers created in the period, by the source of their CRM row, the most first."
    )
    by_segment: list[SegmentCount] | None = _counted(
        Counting.by_segment, "Customers created in the period, by what their accepted bookings of all time say now."
    )


@strawberry.type(
    description="How many leads were created in the period; a lead has no location. What the profile maps"
    " nothing for is null."
)
class LeadCounts:
    total: int | None = plain("Leads created in the period.")
    by_status: list[LeadStatusCount] | None = plain("These by how far they have come now, with those the store knows.")
    by_source: list[SourceCount] | None = plain("These by where they came from, the most first.")
    follow_ups_due: int | None = plain("These whose nextFollowUpAt has come, and that are neither WON nor LOST.")


@strawberry.type(
    description="How many bookings there are: those that start in the period, but for conversionRate. What the profile"
    " maps nothing for is null."
)
class BookingCounts:
    total: int | None = plain("Bookings that start in the period.")
    by_status: list[BookingStatusCount] | None = plain(
        "These by how far they have come now, with those the store knows."
    )
    awaiting: int | None = plain("These that wait for a person: REQUESTED.")
    conversion_rate: float | None = plain(
        "COMPLETED over all bookings created in the period, to four places; null where there are none."
    )
    no_show_rate: float | None = plain(
        "Of those that start in the period: NO_SHOW over these and the accepted ones (CONFIRMED, IN_PROGRESS,"
        " COMPLETED), to four places; null where there are none."
    )


@strawberry.type(
    description="What happened in a day, a week or a month. A value is null where nothing says its location."
)
class DashboardPoint:
    start: date = plain("Its first day, where the store is; weeks begin on Monday. Only what is in the period counts.")
    location: str | None = plain("Where it happened; null of all locations, and where nothing says it.")
    bookings: int | None = plain("Bookings that start in it.")
    new_customers: int | None = plain(
        "Customers whose first accepted booking starts in it, at the location of that booking."
    )
    leads: int | None = plain("Leads created in it.")
    revenue: Money | None = plain("Revenue in it, in the store's currency.")


@strawberry.type(
    description="Figures of all customers together, counted in the stores now. What the profile maps nothing for"
    " is null."
)
class Dashboard:
    customers: CustomerCounts | None = selecting(dashboard.customer_counts, "Customers.")
    leads: LeadCounts | None = selecting(dashboard.lead_counts, "Leads; null at a location, which leads do not have.")
    bookings: BookingCounts | None = selecting(dashboard.booking_counts, "Bookings.")
    revenue: Money | None = _figure(
        dashboard.revenue_of,
        "Revenue of the period in the store's currency, with that of nobody; null at a location, unless its rows have"
        " one.",
    )
    unattributed_revenue: Money | None = _figure(
        dashboard.unattributed_of,
        "Of revenue, what no customer can be named for: nobody is named, or nobody who is there.",
    )
    other_currencies: list[Money] | None = _figure(
        dashboard.other_currencies_of, "Revenue in other currencies, summed apart, never converted."
    )
    series: list[DashboardPoint] | None = selecting(
        dashboard.series,
        "Every day, week or month of the period in order, also those in which nothing happened; where the period is"
        " open, from the first to the last in which something did. TOO_MANY_POINTS for more than 5,000.",
        arguments=series_steps,
    )
    top_customers: list[Customer] | None = selecting(
        dashboard.top_customers,
        "Those who brought the most revenue in the period, in the store's currency, the most first, then by key; none"
        " without.",
        arguments=top_customers,
    )
