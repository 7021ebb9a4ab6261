"""Revenue as statements: summed exactly, by customer and currency."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Date, Integer, Numeric, Select, cast, func, literal, null, select

from domain.money import minor_digits
from domain.time import Period
from sources.postgres_mapping import MappedTable
from sources.postgres_rows import Built, Owner
from sources.postgres_sections import Sections, roles
from sources.postgres_time import TimeColumn
from sources.profile import Profile, RevenueSection


@dataclass(frozen=True, slots=True)
class RevenueStatements:
    """Sum the rows of *mapped*: *amount* is numeric, in the unit of the store; *currency* is upper case."""

    mapped: MappedTable
    owner: Owner | None
    amount: ColumnElement[Any]
    at: TimeColumn
    currency: ColumnElement[Any]
    #: Where it was earned: only where its rows are the bookings themselves.
    location: ColumnElement[Any] | None = None
    built: Built = field(default_factory=Built)

    def has_parts(self, picks: frozenset[str]) -> bool:
        """Say whether the revenue of one customer can come in several rows."""
        return "currency" in self.mapped or "byMonth" in picks

    def by_owner(self, period: Period | None, picks: frozenset[str]) -> Select[Any]:
        """Sum by `owner`: `total` as stored, in major or minor units, `count` of the rows.

        *picks* names the parts of a Revenue that are wanted; what none of them needs is NULL. Where a customer has
        several rows, each is of one `currency`, and of one `month`, as its first day, where months are wanted.
        """
        assert self.owner is not None
        months = "byMonth" in picks
        total = func.sum(self.amount) if picks != {"count"} else cast(null(), Numeric)
        count = func.count(self.amount) if months or picks & {"count", "average"} else cast(null(), Integer)
        month = cast(func.date_trunc("month", self.at.local), Date) if months else cast(null(), Date)
        columns = [self.owner.key.label("owner"), total.label("total"), count.label("count")]
        parts: list[ColumnElement[Any]] = []
        if self.has_parts(picks):
            columns += [self.currency.label("currency"), month.label("month")]
            parts = [self.currency, *([month] if months else [])]
        return (
            select(*columns)
            .select_from(self.owner.joined)
            .where(*self.mapped.of_tenant(), self.owner.any_of(), *self.at.within(period))
            .group_by(self.owner.key, *parts)
        )


def revenue_statements(sections: Sections, section: RevenueSection, leads: MappedTable | None) -> RevenueStatements:
    """Map *section* onto its table, which may reach its customers through one of *leads*."""
    named = roles(
        amount=section.amount,
        at=section.at,
        currency=section.currency,
        customer=section.customer.column if section.customer else None,
    )
    booking = sections.profile.booking
    location = booking.location if booking is not None and booking.name_of == section.name_of else None
    mapped = sections.map("revenue", section, named, [location])
    own = sections.profile.store.currency
    currency = func.upper(func.coalesce(func.nullif(func.btrim(mapped.text("currency")), ""), own))
    return RevenueStatements(
        mapped,
        sections.owner(mapped, section.customer, leads),
        mapped.number("amount"),
        mapped.time("at"),
        currency,
        None if location is None else mapped.filled(location),
    )


def as_shown(total: ColumnElement[Any], profile: Profile) -> ColumnElement[Any]:
    """Be *total* as it is shown: in major units, rounded half up to the minor one; 0 where there is nothing."""
    digits, section = minor_digits(profile.store.currency), profile.revenue
    in_minor = section is not None and section.unit == "minor"
    exact = total * literal(Decimal(1).scaleb(-digits), Numeric) if in_minor else total
    return func.coalesce(func.round(exact, digits, type_=Numeric()), literal(Decimal(0), Numeric))
