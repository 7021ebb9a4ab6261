"""Customers by what is counted and summed of them now: as conditions on their rows, and as orders of their list.

A condition looks up the bookings or the revenue of the row in hand. An order has to sum up all of them first: a page
ordered so goes through the whole tables (docs/metrics.md tells what that costs).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_CEILING, Context, Decimal
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Numeric,
    Select,
    Text,
    and_,
    cast,
    exists,
    false,
    func,
    literal,
    select,
)

from domain.filters import CustomerFilter
from domain.money import minor_digits
from sources.postgres_analytics import BookingFigures, bounds_of, same_customer, segment_is
from sources.postgres_mapping import MappedTable
from sources.postgres_orders import AmountColumn
from sources.postgres_revenue import RevenueStatements, as_shown
from sources.postgres_rows import Joined, RowStatements
from sources.postgres_time import TimeColumn
from sources.profile import Profile

#: More than anybody has; what is asked for beyond it, nobody has.
_MOST = Decimal(10) ** 30
_EXACT = Context(prec=60)
#: The parameters that name the tenant, each in the type of its own table.
BOOKING_TENANT, REVENUE_TENANT = "booking_tenant", "revenue_tenant"


@dataclass(frozen=True, slots=True)
class CustomerFigures:
    """Look at *bookings* and *revenue* of customers; None where they name none."""

    profile: Profile
    bookings: BookingFigures | None
    revenue: RevenueStatements | None

    @classmethod
    def of(
        cls, profile: Profile, bookings: RowStatements[Any] | None, revenue: RevenueStatements | None
    ) -> "CustomerFigures":
        section = profile.booking
        has_owner = bookings is not None and bookings.owner is not None
        figures = BookingFigures(bookings, section.status) if bookings and section and has_owner else None
        return cls(profile, figures, revenue if revenue is not None and revenue.owner is not None else None)

    # ── filters ──

    def conditions(self, customers: MappedTable, chosen: CustomerFilter) -> Iterator[ColumnElement[bool]]:
        """Hold the rows of *customers* to what *chosen* asks for."""
        if chosen.segment is not None or chosen.first_booking_in is not None:
            yield false() if self.bookings is None else self._booked(customers, self.bookings, chosen)
        if chosen.min_revenue is not None:
            yield false() if self.revenue is None else self._earned(customers, self.revenue, chosen.min_revenue)

    def _booked(self, customers: MappedTable, figures: BookingFigures, chosen: CustomerFilter) -> ColumnElement[bool]:
        each = figures.of_customer(customers).subquery("figures")
        first, last = figures.starts(each.c.first_at), figures.starts(each.c.last_at)
        held = first.within(chosen.first_booking_in)
        if chosen.segment is not None:
            bounds = bounds_of(self.profile.segments, datetime.now(UTC))
            held.append(segment_is(first, last, bounds, chosen.segment))
        return exists(select(each.c.first_at).select_from(each).where(*held).correlate(customers.table))

    def _earned(self, customers: MappedTable, revenue: RevenueStatements, least: Decimal) -> ColumnElement[bool]:
        assert revenue.owner is not None
        if least > _MOST:
            return false()
        digits = minor_digits(self.profile.store.currency)
        # An amount is shown to the minor unit: what is asked for beyond that is as much as the next.
        exact = max(least, -_MOST).quantize(Decimal(1).scaleb(-digits), ROUND_CEILING, _EXACT)
        total = (
            select(as_shown(func.sum(revenue.amount), self.profile))
            .select_from(revenue.owner.joined)
            .where(
                *same_customer(revenue.mapped, revenue.owner, customers),
                *revenue.mapped.own_conditions,
                revenue.currency == self.profile.store.currency,
            )
            .correlate(customers.table)
            .scalar_subquery()
        )
        return total >= literal(exact, Numeric)

    # ── orders ──

    def orders(self, customers: MappedTable) -> dict[str, Joined]:
        """Say what the list of *customers* can be ordered by, and what has to be joined to it for that."""
        found: dict[str, Joined] = {}
        if self.bookings is not None:
            each = self.bookings.by_customer(BOOKING_TENANT).subquery("figures")
            joined = _joined(customers, each, self.bookings.owner.type.name)
            column: TimeColumn = self.bookings.starts(each.c.last_at)
            found["LAST_BOOKING_AT"] = Joined(column, joined, (BOOKING_TENANT, self.bookings.mapped))
        if self.revenue is not None:
            assert self.revenue.owner is not None
            each = self._totals(self.revenue).subquery("figures")
            joined = _joined(customers, each, self.revenue.owner.type.name)
            amount = AmountColumn(func.coalesce(each.c.total, literal(Decimal(0), Numeric)))
            found["TOTAL_REVENUE"] = Joined(amount, joined, (REVENUE_TENANT, self.revenue.mapped))
        return found

    def _totals(self, revenue: RevenueStatements) -> Select[Any]:
        owner = revenue.owner
        assert owner is not None
        return (
            select(owner.key.label("owner"), as_shown(func.sum(revenue.amount), self.profile).label("total"))
            .select_from(owner.joined)
            .where(
                *revenue.mapped.of_tenant(REVENUE_TENANT),
                revenue.currency == self.profile.store.currency,
                owner.key.is_not(None),
            )
            .group_by(owner.key)
        )


def _joined(customers: MappedTable, each: Any, owner: str) -> FromClause:
    """Join *each*, whose owners are keys of the type called *owner*, to the rows of *customers*."""
    same = (each.c.owner, customers["key"])
    if owner != customers.key_type().name:
        same = (cast(each.c.owner, Text), cast(customers["key"], Text))
    return customers.table.outerjoin(each, and_(same[0] == same[1]))
