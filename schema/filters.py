"""What lists can be narrowed by and ordered by: each input with the rule it becomes."""

from decimal import Decimal
from typing import Annotated, Any

import strawberry

from domain import filters
from domain.errors import BadInputError
from domain.paging import Order
from resolvers.loading import PageOf
from schema.enums import (
    BookingOrderField,
    BookingStatus,
    CustomerOrderField,
    CustomerStatus,
    Direction,
    LeadOrderField,
    LeadStatus,
    LinkState,
    RecordStore,
    Segment,
)
from schema.inputs import After, Before, First, Last, Period, described, given, narrowing, page_arguments, period_of

#: More choices than these no form offers; each is a comparison a row.
MOST_CHOICES = 100


def _choices(chosen: list[Any] | None) -> Any:
    """Read what a field may be one of, each once: in which order it was given does not matter."""
    chosen = given(chosen)
    if chosen is None:
        return None
    if len(chosen) > MOST_CHOICES:
        raise BadInputError(f"A filter lists {len(chosen)} choices for one field: it may list {MOST_CHOICES}.")
    return tuple(sorted(set(chosen), key=str))


def _words(search: str | None) -> str | None:
    """Read what is searched for; nothing but spaces asks for nothing."""
    return (given(search) or "").strip() or None


@strawberry.input(description="What customers are narrowed by; what a store cannot know excludes its customers.")
class CustomerFilter:
    search: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="A record of it has these words in its name, e-mail or phone; any script finds any other: shchukin"
        " finds Щукин. INDEX_MISSING where nothing is indexed yet.",
    )
    status: list[CustomerStatus] | None = strawberry.field(
        default=strawberry.UNSET, description="The status that it shows is one of these."
    )
    source: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="The first contact came from one of these."
    )
    segment: list[Segment] | None = strawberry.field(
        default=strawberry.UNSET, description="Its accepted bookings put it into one of these now."
    )
    linkage: list[LinkState] | None = strawberry.field(
        default=strawberry.UNSET, description="Its records are linked as one of these says."
    )
    created_in: Period | None = strawberry.field(
        default=strawberry.UNSET, description="The head record was created in this time."
    )
    first_booking_in: Period | None = strawberry.field(
        default=strawberry.UNSET, description="Its first accepted booking starts in this time."
    )
    min_revenue: Decimal | None = strawberry.field(
        default=strawberry.UNSET, description="All of its revenue, in the store's currency, is this or more."
    )
    can_log_in: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether it has a login account that lets it in."
    )
    email_missing: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether none of its records has an e-mail; one that was made up for an account is none.",
    )
    has: list[RecordStore] | None = strawberry.field(
        default=strawberry.UNSET, description="Has a record in each of these stores."
    )
    lacks: list[RecordStore] | None = strawberry.field(
        default=strawberry.UNSET, description="Has a record in none of these stores."
    )
    area: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="The area that it shows is one of these."
    )

    def rule(self) -> filters.CustomerFilter:
        return filters.CustomerFilter(
            search=_words(self.search),
            status=_choices(self.status),
            source=_choices(self.source),
            segment=_choices(self.segment),
            linkage=_choices(self.linkage),
            created_in=period_of(self.created_in),
            first_booking_in=period_of(self.first_booking_in),
            min_revenue=given(self.min_revenue),
            can_log_in=given(self.can_log_in),
            email_missing=given(self.email_missing),
            has=_choices(self.has) or None,
            lacks=_choices(self.lacks) or None,
            area=_choices(self.area),
        )


@strawberry.input(description="What customers are ordered by.")
class CustomerOrder:
    by: CustomerOrderField = strawberry.field(
        default=CustomerOrderField.CREATED_AT, description="The value that decides."
    )
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which end comes first.")


@strawberry.input(description="What leads are narrowed by; what their store cannot know excludes them.")
class LeadFilter:
    status: list[LeadStatus] | None = strawberry.field(
        default=strawberry.UNSET, description="Has one of these statuses."
    )
    store_status: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="The store's own word for its status is one of these."
    )
    source: list[str] | None = strawberry.field(default=strawberry.UNSET, description="Came from one of these.")
    created_in: Period | None = strawberry.field(default=strawberry.UNSET, description="Was created in this time.")
    follow_up_due: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether nextFollowUpAt has come, of a lead that is neither won nor lost.",
    )
    orphaned: bool | None = strawberry.field(
        default=strawberry.UNSET,
        description="Whether it belongs to no customer, where the profile calls that a fault, or to one that is not"
        " there.",
    )
    search: str | None = strawberry.field(
        default=strawberry.UNSET, description="Has these words in its name, e-mail or phone, in any script."
    )

    def rule(self) -> filters.LeadFilter:
        return filters.LeadFilter(
            status=_choices(self.status),
            store_status=_choices(self.store_status),
            source=_choices(self.source),
            created_in=period_of(self.created_in),
            follow_up_due=given(self.follow_up_due),
            orphaned=given(self.orphaned),
            search=_words(self.search),
        )


@strawberry.input(description="What leads are ordered by.")
class LeadOrder:
    by: LeadOrderField = strawberry.field(default=LeadOrderField.CREATED_AT, description="The value that decides.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which end comes first.")


@strawberry.input(description="What bookings are narrowed by; what their store cannot know excludes them.")
class BookingFilter:
    status: list[BookingStatus] | None = strawberry.field(
        default=strawberry.UNSET, description="Has one of these statuses."
    )
    store_status: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="The store's own word for its status is one of these."
    )
    location: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="Is at one of these; at a location that the store does not know is none."
    )
    service: list[str] | None = strawberry.field(default=strawberry.UNSET, description="What is done is one of these.")
    staff: list[str] | None = strawberry.field(default=strawberry.UNSET, description="One of these does it.")
    source: list[str] | None = strawberry.field(default=strawberry.UNSET, description="Came from one of these.")
    payment_status: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="Its payment stands so, in the store's word."
    )
    start_in: Period | None = strawberry.field(default=strawberry.UNSET, description="Starts in this time.")
    created_in: Period | None = strawberry.field(default=strawberry.UNSET, description="Was created in this time.")

    def rule(self) -> filters.BookingFilter:
        return filters.BookingFilter(
            status=_choices(self.status),
            store_status=_choices(self.store_status),
            location=_choices(self.location),
            service=_choices(self.service),
            staff=_choices(self.staff),
            source=_choices(self.source),
            payment_status=_choices(self.payment_status),
            start_in=period_of(self.start_in),
            created_in=period_of(self.created_in),
        )


@strawberry.input(description="What bookings are ordered by.")
class BookingOrder:
    by: BookingOrderField = strawberry.field(default=BookingOrderField.START_AT, description="The value that decides.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which end comes first.")


LeadFilterArgument = Annotated[LeadFilter | None, described("Only leads that are so.")]
LeadOrderArgument = Annotated[LeadOrder | None, described("Newest first where none is given.")]
BookingFilterArgument = Annotated[BookingFilter | None, described("Only bookings that are so.")]
BookingOrderArgument = Annotated[BookingOrder | None, described("Latest start first where none is given.")]
CustomerFilterArgument = Annotated[CustomerFilter | None, described("Only customers that are so.")]
CustomerOrderArgument = Annotated[CustomerOrder | None, described("Newest first where none is given.")]


def customer_page(
    *,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
    filter: CustomerFilterArgument = strawberry.UNSET,  # noqa: A002 - the contract's name
    order_by: CustomerOrderArgument = strawberry.UNSET,
) -> PageOf:
    """Read the arguments of the list of customers."""
    order = order_by or CustomerOrder()
    chosen = filter.rule() if filter else filters.CustomerFilter()
    return PageOf(
        page_arguments(first, after, last, before),
        chosen,
        Order("customers", order.by.value, order.direction, filters.mark_of(chosen)),
    )


def lead_page(
    *,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
    filter: LeadFilterArgument = strawberry.UNSET,  # noqa: A002 - the contract's name
    order_by: LeadOrderArgument = strawberry.UNSET,
) -> PageOf:
    """Read the arguments of a list of leads."""
    order = order_by or LeadOrder()
    chosen = narrowing(filter.rule()) if filter else None
    return PageOf(
        page_arguments(first, after, last, before),
        chosen,
        Order("leads", order.by.value, order.direction, filters.mark_of(chosen)),
    )


def booking_page(
    *,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    last: Last = strawberry.UNSET,
    before: Before = strawberry.UNSET,
    filter: BookingFilterArgument = strawberry.UNSET,  # noqa: A002 - the contract's name
    order_by: BookingOrderArgument = strawberry.UNSET,
) -> PageOf:
    """Read the arguments of a list of bookings."""
    order = order_by or BookingOrder()
    chosen = narrowing(filter.rule()) if filter else None
    return PageOf(
        page_arguments(first, after, last, before),
        chosen,
        Order("bookings", order.by.value, order.direction, filters.mark_of(chosen)),
    )
