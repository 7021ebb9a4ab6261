"""What filters mean, in plain Python over the records as they are shown."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from domain.filters import BookingFilter, CustomerFilter, LeadFilter
from domain.records import (
    AccountRecord,
    Booking,
    BookingStats,
    CrmRecord,
    Customer,
    DeliveryRecord,
    Lead,
    Linked,
    LinkState,
    Record,
    RecordKind,
)
from domain.searching import matches, read_search
from domain.status import CustomerStatus, LeadStatus, Segment
from domain.time import Period
from sources.profile import Profile

#: How many examples each property is shown: GATEWAY_TEST_EXAMPLES asks for more.
EXAMPLES = int(os.environ.get("GATEWAY_TEST_EXAMPLES", "25"))
relaxed = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
sizes = st.lists(st.integers(1, 20), min_size=1, max_size=3)


def some_of(values: Iterable[Any], *others: Any) -> st.SearchStrategy[tuple[Any, ...] | None]:
    """Choose some of *values* and *others*, or do not narrow."""
    known = sorted({value for value in values if value is not None}, key=str)
    several = st.lists(st.sampled_from([*known, *others]), max_size=3, unique=True).map(tuple)
    return st.none() | st.none() | several


def a_period(dates: Iterable[datetime | None]) -> st.SearchStrategy[Period | None]:
    """Choose a time between two of *dates*, open or not, or do not narrow."""
    known = sorted({at for at in dates if at is not None})
    if not known:
        return st.none()
    bound = st.none() | st.sampled_from(known)
    return st.none() | st.none() | st.tuples(bound, bound).map(_spanning)


def _spanning(ends: tuple[datetime | None, datetime | None]) -> Period:
    start, end = ends
    return Period(end, start) if start is not None and end is not None and end < start else Period(start, end)


def lead_filters(leads: Sequence[Lead], words: Sequence[str] = ()) -> st.SearchStrategy[LeadFilter]:
    return st.builds(
        LeadFilter,
        status=some_of(LeadStatus),
        store_status=some_of((one.store_status for one in leads), "no such word", "\x00", "\ud800"),
        source=some_of((one.source for one in leads), "nowhere"),
        created_in=a_period(one.created_at for one in leads),
        follow_up_due=st.none() | st.booleans(),
        orphaned=st.none() | st.booleans(),
        search=a_search(words),
    )


def booking_filters(bookings: Sequence[Booking]) -> st.SearchStrategy[BookingFilter]:
    def of(name: str) -> st.SearchStrategy[Any]:
        return some_of((getattr(one, name) for one in bookings), "nowhere")

    return st.builds(
        BookingFilter,
        status=some_of(one.status for one in bookings),
        store_status=of("store_status"),
        location=of("location"),
        service=of("service"),
        staff=of("staff"),
        source=of("source"),
        payment_status=of("payment_status"),
        start_in=a_period(one.start_at for one in bookings),
        created_in=a_period(one.created_at for one in bookings),
    )


def has(record: object, chosen: object, *fields: str) -> bool:
    """Say whether each of *fields* of *record* is one of those that *chosen* names, where it names any."""
    return all((asked := getattr(chosen, field)) is None or getattr(record, field) in asked for field in fields)


def within(at: datetime | None, period: Period | None) -> bool:
    return period is None or (at is not None and period.holds(at))


def lead_is(
    lead: Lead, chosen: LeadFilter, now: datetime, *, due_is_mapped: bool, is_orphaned: bool | None, region: str | None
) -> bool:
    follow_up = lead.next_follow_up_at
    due = follow_up is not None and follow_up <= now and lead.status not in (LeadStatus.WON, LeadStatus.LOST)
    return (
        has(lead, chosen, "status", "store_status", "source")
        and within(lead.created_at, chosen.created_in)
        and (chosen.follow_up_due is None or (due_is_mapped and chosen.follow_up_due is due))
        and (chosen.orphaned is None or chosen.orphaned is is_orphaned)
        and is_found(lead, chosen.search, region)
    )


def booking_is(booking: Booking, chosen: BookingFilter) -> bool:
    fields = ("status", "store_status", "location", "service", "staff", "source", "payment_status")
    return (
        has(booking, chosen, *fields)
        and within(booking.start_at, chosen.start_in)
        and within(booking.created_at, chosen.created_in)
    )


@dataclass(frozen=True, slots=True)
class Shown:
    """Be a customer as it is shown."""

    customer: Customer
    linked: Linked
    #: None where the profile maps none.
    bookings: BookingStats | None = None
    revenue: Decimal | None = None

    @property
    def records(self) -> list[Record]:
        three: tuple[Record | None, ...] = (self.customer.crm, self.linked.account, self.linked.delivery)
        return [record for record in three if record is not None]

    @property
    def kinds(self) -> set[RecordKind]:
        types = {CrmRecord: RecordKind.CRM, AccountRecord: RecordKind.ACCOUNT, DeliveryRecord: RecordKind.DELIVERY}
        return {types[type(record)] for record in self.records}

    def first(self, field: str) -> Any:
        return next((said for record in self.records if (said := getattr(record, field)) is not None), None)

    @property
    def source(self) -> str | None:
        return None if self.customer.crm is None else self.customer.crm.source

    @property
    def created_at(self) -> datetime | None:
        return self.records[0].created_at

    @property
    def name(self) -> str | None:
        """The head's name, where it is a text: a number is none to order by."""
        name = self.records[0].name
        return None if name is None or name.isdecimal() else name

    @property
    def last_booking_at(self) -> datetime | None:
        return None if self.bookings is None else self.bookings.last_at

    @property
    def can_log_in(self) -> bool:
        return self.linked.account is not None and self.linked.account.can_log_in

    @property
    def has_email(self) -> bool:
        account = self.linked.account
        made_up = account is not None and account.email_is_placeholder
        return any(record.email and not (made_up and record is account) for record in self.records)

    def linkage(self, mapped: set[RecordKind]) -> LinkState:
        if self.linked.conflict:
            return LinkState.CONFLICT
        if self.kinds == mapped:
            return LinkState.COMPLETE
        return LinkState.UNLINKED if len(self.kinds) == 1 else LinkState.PARTIAL


def a_search(words: Sequence[str]) -> st.SearchStrategy[str | None]:
    """Search for one of *words*, or for nothing."""
    return st.none() | st.sampled_from(words) if words else st.none()


def is_found(record: Record | Lead, search: str | None, region: str | None) -> bool:
    asked = None if search is None else read_search(search, region)
    return asked is None or matches(asked, record.name, record.email, record.phone, region)


def customer_filters(shown: Sequence[Shown], words: Sequence[str] = ()) -> st.SearchStrategy[CustomerFilter]:
    amounts = sorted({Decimal(0), *(one.revenue for one in shown if one.revenue is not None)})
    kinds = (
        st.none() | st.none() | st.lists(st.sampled_from(RecordKind), min_size=1, max_size=2, unique=True).map(tuple)
    )
    return st.builds(
        CustomerFilter,
        search=a_search(words),
        status=some_of(CustomerStatus),
        source=some_of((one.source for one in shown), "nowhere"),
        segment=some_of(Segment),
        linkage=some_of(LinkState),
        first_booking_in=a_period(one.bookings.first_at for one in shown if one.bookings is not None),
        min_revenue=st.none() | st.none() | st.sampled_from([*amounts, Decimal("0.005"), Decimal("1e999")]),
        created_in=a_period(one.created_at for one in shown),
        can_log_in=st.none() | st.none() | st.booleans(),
        email_missing=st.none() | st.none() | st.booleans(),
        has=kinds,
        lacks=kinds,
        area=some_of((one.first("area") for one in shown), "nowhere"),
    )


def customer_is(one: Shown, chosen: CustomerFilter, profile: Profile) -> bool:
    """Say whether *one* is what *chosen* asks for; what no store maps is known of nobody."""
    sections = dict(zip(RecordKind, (profile.customer, profile.account, profile.delivery), strict=True))
    mapped = {kind for kind, section in sections.items() if section is not None}
    asked_kinds = {*(chosen.has or ()), *(chosen.lacks or ())}
    has_email = any(section is not None and section.email for section in sections.values())
    return (
        (chosen.status is None or one.first("status") in chosen.status)
        and (chosen.area is None or one.first("area") in chosen.area)
        and (chosen.source is None or (one.source is not None and one.source in chosen.source))
        and within(one.created_at, chosen.created_in)
        and (chosen.segment is None or (one.bookings is not None and one.bookings.segment in chosen.segment))
        and within(None if one.bookings is None else one.bookings.first_at, chosen.first_booking_in)
        and (chosen.min_revenue is None or (one.revenue is not None and one.revenue >= chosen.min_revenue))
        and (chosen.linkage is None or one.linkage(mapped) in chosen.linkage)
        and (chosen.can_log_in is None or (RecordKind.ACCOUNT in mapped and chosen.can_log_in is one.can_log_in))
        and (chosen.email_missing is None or (has_email and chosen.email_missing is not one.has_email))
        and asked_kinds <= mapped
        and one.kinds.issuperset(chosen.has or ())
        and one.kinds.isdisjoint(chosen.lacks or ())
        and any(is_found(record, chosen.search, profile.store.phone_region) for record in one.records)
    )
