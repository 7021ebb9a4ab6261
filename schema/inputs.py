"""What a client can give: pages, periods and keys, each with the rule it becomes."""

from datetime import datetime
from typing import Annotated, TypeVar

import strawberry

from domain import time
from domain.dashboard import Interval
from domain.identifiers import Identifier, IdentifierKind
from domain.paging import Direction, Order, PageArguments
from domain.records import ExternalId, RecordKind, RecordRef
from resolvers import finding, leads
from resolvers.dashboard import Steps
from resolvers.loading import Most, PageOf

T = TypeVar("T")


def described(description: str) -> object:
    return strawberry.argument(description=description)


First = Annotated[
    int | None,
    described(
        "How many from the start, or after a cursor: 20 where neither first nor last is given. BAD_PAGE for less than 1"
        " and for more than a page may hold (100 where nobody set it otherwise)."
    ),
]
After = Annotated[
    str | None,
    described("A cursor: what follows it. Goes with first. BAD_CURSOR for what is no position of this list."),
]
Last = Annotated[
    int | None,
    described("How many from the end, or before a cursor. BAD_PAGE for what first has it for, and beside first."),
]
Before = Annotated[
    str | None,
    described("A cursor: what precedes it. Goes with last. BAD_CURSOR for what is no position of this list."),
]


@strawberry.input(description="A time that holds its start and not its end; either may be open.")
class Period:
    from_: datetime | None = strawberry.field(
        default=strawberry.UNSET, name="from", description="The first instant in it."
    )
    to: datetime | None = strawberry.field(default=strawberry.UNSET, description="The first instant after it.")

    def rule(self) -> time.Period:
        return time.Period(given(self.from_), given(self.to))


def period_of(period: Period | None) -> time.Period | None:
    return narrowing(period.rule()) if period else None


def narrowing(rule: T) -> T | None:
    """Make None of a *rule* that lets everything through: loaders then ask for it together with no rule at all."""
    return None if rule == type(rule)() else rule


def given(value: T | None) -> T | None:
    """Make null of what a client left out."""
    return None if value is strawberry.UNSET else value


def page_arguments(first: First, after: After, last: Last, before: Before) -> PageArguments:
    """Read Relay's four arguments."""
    return PageArguments(given(first), given(after), given(last), given(before))


@strawberry.input(description="What an outside provider calls a customer.")
class ExternalKey:
    provider: str = strawberry.field(description="Which provider.")
    external_id: str = strawberry.field(description="The customer's id there.")


@strawberry.input(description="What tells a customer from all others.", one_of=True)
class CustomerKey:
    email: strawberry.Maybe[str | None] = strawberry.field(
        description="The e-mail of any of its records, in either case."
    )
    phone: strawberry.Maybe[str | None] = strawberry.field(
        description="The phone number of any, however it is written."
    )
    crm: strawberry.Maybe[str | None] = strawberry.field(description="The key of the CRM row.")
    account: strawberry.Maybe[str | None] = strawberry.field(description="The key of the login account.")
    delivery: strawberry.Maybe[str | None] = strawberry.field(description="The key of the delivery record.")

    external: strawberry.Maybe[ExternalKey | None] = strawberry.field(description="What an outside provider calls it.")

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
    code: strawberry.Maybe[str | None] = strawberry.field(description="What people call it.")
    tracking_token: strawberry.Maybe[str | None] = strawberry.field(
        description="The secret part of the link to follow it."
    )
    key: strawberry.Maybe[str | None] = strawberry.field(description="What its store calls it.")

    def rule(self) -> leads.BookingKey:
        code, token, key = (None if one is None else one.value for one in (self.code, self.tracking_token, self.key))
        return leads.BookingKey(code, token, key)


PeriodArgument = Annotated[Period | None, described("Only what falls in this time.")]
CustomerId = Annotated[strawberry.ID | None, described("Only what concerns the records of this customer.")]
BookingKeyArgument = Annotated[BookingKey, described("Which booking, by one of its keys.")]
CustomerKeyArgument = Annotated[CustomerKey, described("Which customer, by one of its keys.")]


def lead_history_page(*, first: First = strawberry.UNSET, after: After = strawberry.UNSET) -> PageOf:
    """Read the arguments of a lead's history: latest first."""
    return PageOf(page_arguments(first, after, None, None), None, Order("lead history", "AT", Direction.DESC))


def notes_page(*, first: First = strawberry.UNSET, after: After = strawberry.UNSET) -> PageOf:
    """Read the arguments of the notes of a customer: latest first."""
    return PageOf(page_arguments(first, after, None, None), None, Order("notes", "AT", Direction.DESC))


def timeline_page(*, first: First = strawberry.UNSET, after: After = strawberry.UNSET) -> PageOf:
    """Read the arguments of a timeline: latest first."""
    return PageOf(page_arguments(first, after, None, None), None, Order("timeline", "AT", Direction.DESC))


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
    return period_of(period)


def all_time() -> None:
    """Read no argument: revenue of all time."""


FirstOf = Annotated[int | None, described("How many at most.")]


def favorite_services(first: FirstOf = 3) -> Most:
    """Read how many services are wanted."""
    return Most(3 if first is None else first)


def booking_notes(first: FirstOf = 20) -> Most:
    """Read how many notes are wanted."""
    return Most(20 if first is None else first)


IntervalArgument = Annotated[Interval | None, described("What is counted by.")]
ByLocation = Annotated[bool | None, described("Whether each location is counted apart.")]


def top_customers(first: FirstOf = 10) -> Most:
    """Read how many customers are wanted."""
    return Most(10 if first is None else first)


def series_steps(*, interval: IntervalArgument = Interval.DAY, by_location: ByLocation = False) -> Steps:
    """Read what a series is counted by."""
    return Steps(interval or Interval.DAY, bool(by_location))
