"""What a client can give: pages, filters and orders, each with the rule it becomes."""

from datetime import datetime
from typing import Annotated, Any, TypeVar

import strawberry

from domain import filters, time
from domain.identifiers import Identifier, IdentifierKind
from domain.paging import Order, PageArguments
from domain.records import ExternalId, RecordKind, RecordRef
from resolvers import finding, leads
from resolvers.loading import PageOf
from schema.enums import BookingOrderField, BookingStatus, CustomerOrderField, Direction, LeadOrderField, LeadStatus

T = TypeVar("T")


def _argument(description: str) -> object:
    return strawberry.argument(description=description)


First = Annotated[
    int | None, _argument("How many from the start, or after a cursor: 20 where neither first nor last is given.")
]
After = Annotated[str | None, _argument("A cursor: what follows it. Goes with first.")]
Last = Annotated[int | None, _argument("How many from the end, or before a cursor.")]
Before = Annotated[str | None, _argument("A cursor: what precedes it. Goes with last.")]


@strawberry.input(description="A time that holds its start and not its end; either may be open.")
class Period:
    from_: datetime | None = strawberry.field(
        default=strawberry.UNSET, name="from", description="The first instant in it."
    )
    to: datetime | None = strawberry.field(default=strawberry.UNSET, description="The first instant after it.")

    def rule(self) -> time.Period:
        return time.Period(given(self.from_), given(self.to))


def _period(period: Period | None) -> time.Period | None:
    return _narrowing(period.rule()) if period else None


def _narrowing(rule: T) -> T | None:
    """Make None of a *rule* that lets everything through: loaders then ask for it together with no rule at all."""
    return None if rule == type(rule)() else rule


def given(value: T | None) -> T | None:
    """Make null of what a client left out."""
    return None if value is strawberry.UNSET else value


def _choices(chosen: list[Any] | None) -> Any:
    return tuple(chosen) if given(chosen) is not None and chosen is not None else None


def page_arguments(first: First, after: After, last: Last, before: Before) -> PageArguments:
    """Read Relay's four arguments."""
    return PageArguments(given(first), given(after), given(last), given(before))


@strawberry.input(description="What an outside provider calls a customer.")
class ExternalKey:
    provider: str = strawberry.field(description="Which provider.")
    external_id: str = strawberry.field(description="The customer's id there.")


@strawberry.input(description="What tells a customer from all others.", one_of=True)
class CustomerKey:
    email: strawberry.Maybe[str] = strawberry.field(description="The e-mail of any of its records, in either case.")
    phone: strawberry.Maybe[str] = strawberry.field(description="The phone number of any, however it is written.")
    crm: strawberry.Maybe[str] = strawberry.field(description="The key of the CRM row.")
    account: strawberry.Maybe[str] = strawberry.field(description="The key of the login account.")
    delivery: strawberry.Maybe[str] = strawberry.field(description="The key of the delivery record.")

    external: strawberry.Maybe[ExternalKey] = strawberry.field(description="What an outside provider calls it.")

    def keys(self) -> list[finding.CustomerKey]:
        named = zip(RecordKind, (self.crm, self.account, self.delivery), strict=True)
        written = zip(IdentifierKind, (self.email, self.phone), strict=True)
        found: list[finding.CustomerKey] = [
            *(RecordRef(kind, key.value) for kind, key in named if key is not None and key.value is not None),
            *(Identifier(kind, text.value) for kind, text in written if text is not None and text.value is not None),
        ]
        if self.external is not None and self.external.value is not None:
            found.append(ExternalId(self.external.value.provider, self.external.value.external_id))
        return found


@strawberry.input(description="One key of a booking.", one_of=True)
class BookingKey:
    code: strawberry.Maybe[str] = strawberry.field(description="What people call it.")
    tracking_token: strawberry.Maybe[str] = strawberry.field(description="The secret part of the link to follow it.")
    key: strawberry.Maybe[str] = strawberry.field(description="What its store calls it.")

    def rule(self) -> leads.BookingKey:
        code, token, key = (None if one is None else one.value for one in (self.code, self.tracking_token, self.key))
        return leads.BookingKey(code, token, key)


@strawberry.input(description="What customers are narrowed by; what a store cannot know excludes its customers.")
class CustomerFilter:
    source: list[str] | None = strawberry.field(
        default=strawberry.UNSET, description="The first contact came from one of these."
    )
    created_in: Period | None = strawberry.field(
        default=strawberry.UNSET, description="The head record was created in this time."
    )

    def rule(self) -> filters.CustomerFilter:
        return filters.CustomerFilter(source=_choices(self.source), created_in=_period(self.created_in))


@strawberry.input(description="What customers are ordered by.")
class CustomerOrder:
    by: CustomerOrderField = strawberry.field(
        default=CustomerOrderField.CREATED_AT, description="The value that decides."
    )
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which end comes first.")


@strawberry.input(description="What leads are narrowed by.")
class LeadFilter:
    status: list[LeadStatus] | None = strawberry.field(
        default=strawberry.UNSET, description="Has one of these statuses."
    )
    source: list[str] | None = strawberry.field(default=strawberry.UNSET, description="Came from one of these.")
    created_in: Period | None = strawberry.field(default=strawberry.UNSET, description="Was created in this time.")

    def rule(self) -> filters.LeadFilter:
        return filters.LeadFilter(
            status=_choices(self.status), source=_choices(self.source), created_in=_period(self.created_in)
        )


@strawberry.input(description="What leads are ordered by.")
class LeadOrder:
    by: LeadOrderField = strawberry.field(default=LeadOrderField.CREATED_AT, description="The value that decides.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which end comes first.")


@strawberry.input(description="What bookings are narrowed by.")
class BookingFilter:
    status: list[BookingStatus] | None = strawberry.field(
        default=strawberry.UNSET, description="Has one of these statuses."
    )
    source: list[str] | None = strawberry.field(default=strawberry.UNSET, description="Came from one of these.")
    start_in: Period | None = strawberry.field(default=strawberry.UNSET, description="Starts in this time.")
    created_in: Period | None = strawberry.field(default=strawberry.UNSET, description="Was created in this time.")

    def rule(self) -> filters.BookingFilter:
        return filters.BookingFilter(
            status=_choices(self.status),
            source=_choices(self.source),
            start_in=_period(self.start_in),
            created_in=_period(self.created_in),
        )


@strawberry.input(description="What bookings are ordered by.")
class BookingOrder:
    by: BookingOrderField = strawberry.field(default=BookingOrderField.START_AT, description="The value that decides.")
    direction: Direction = strawberry.field(default=Direction.DESC, description="Which end comes first.")


LeadFilterArgument = Annotated[LeadFilter | None, _argument("Only leads that are so.")]
LeadOrderArgument = Annotated[LeadOrder | None, _argument("Newest first where none is given.")]
BookingFilterArgument = Annotated[BookingFilter | None, _argument("Only bookings that are so.")]
BookingOrderArgument = Annotated[BookingOrder | None, _argument("Latest start first where none is given.")]
CustomerFilterArgument = Annotated[CustomerFilter | None, _argument("Only customers that are so.")]
CustomerOrderArgument = Annotated[CustomerOrder | None, _argument("Newest first where none is given.")]
PeriodArgument = Annotated[Period | None, _argument("Only what falls in this time.")]
CustomerId = Annotated[strawberry.ID | None, _argument("Only what concerns the records of this customer.")]
BookingKeyArgument = Annotated[BookingKey, _argument("Which booking, by one of its keys.")]
CustomerKeyArgument = Annotated[CustomerKey, _argument("Which customer, by one of its keys.")]


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
    return PageOf(
        page_arguments(first, after, last, before),
        filter.rule() if filter else filters.CustomerFilter(),
        Order("customers", order.by.value, order.direction),
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
    return PageOf(
        page_arguments(first, after, last, before),
        _narrowing(filter.rule()) if filter else None,
        Order("leads", order.by.value, order.direction),
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
    return PageOf(
        page_arguments(first, after, last, before),
        _narrowing(filter.rule()) if filter else None,
        Order("bookings", order.by.value, order.direction),
    )


def lead_history_page(*, first: First = strawberry.UNSET, after: After = strawberry.UNSET) -> PageOf:
    """Read the arguments of a lead's history: latest first."""
    return PageOf(page_arguments(first, after, None, None), None, Order("lead history", "AT", Direction.DESC))


def booking_history_page(*, first: First = strawberry.UNSET, after: After = strawberry.UNSET) -> PageOf:
    """Read the arguments of a booking's history: latest first."""
    return PageOf(page_arguments(first, after, None, None), None, Order("booking history", "AT", Direction.DESC))


def link_history(
    *, first: First = strawberry.UNSET, after: After = strawberry.UNSET, customer_id: CustomerId = strawberry.UNSET
) -> tuple[PageOf, str | None]:
    """Read the arguments of the trail of links: latest first."""
    page = page_arguments(first, after, None, None)
    return PageOf(page, None, Order("link history", "AT", Direction.DESC)), given(customer_id)


def revenue_period(period: PeriodArgument = strawberry.UNSET) -> time.Period | None:
    """Read the argument of revenue."""
    return _period(period)


def all_time() -> None:
    """Read no argument: revenue of all time."""
