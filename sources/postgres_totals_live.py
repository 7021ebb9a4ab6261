"""What counts for a customer's totals, section by section of the profile."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, func

from domain.status import BookingStatus
from sources.postgres_analytics import BookingFigures
from sources.postgres_mapping import MappedTable
from sources.postgres_rows import Owner
from sources.postgres_tables import Tables
from sources.postgres_time import TimeColumn
from sources.profile import Profile

#: Which section of the profile counts a total.
SECTIONS = {
    "leads": "lead",
    "bookings": "booking",
    "accepted": "booking",
    "no_shows": "booking",
    "first_booking_at": "booking",
    "revenue": "revenue",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """Be the *rows* of a *section* that count: those that pass *conditions*, by their *owner*, with *totals* of them.

    A date in *changes* says that something was new or changed then; the first one is when a booking starts.
    """

    section: str
    rows: MappedTable
    owner: Owner
    totals: Sequence[ColumnElement[Any]]
    changes: Sequence[TimeColumn]
    conditions: Sequence[ColumnElement[bool]] = ()


def live_totals(profile: Profile, tables: Tables) -> Mapping[str, Live]:
    """Find what *profile* counts; a section that does not say whose its rows are counts for nobody."""
    found = (_leads(tables), _bookings(profile, tables), _revenue(profile, tables))
    return {live.section: live for live in found if live is not None}


def _leads(tables: Tables) -> Live | None:
    leads = tables.leads
    if leads is None or leads.owner is None:
        return None
    return Live(
        section="lead",
        rows=leads.mapped,
        owner=leads.owner,
        totals=[func.count().label("leads")],
        changes=list(leads.orders.values()),
    )


def _bookings(profile: Profile, tables: Tables) -> Live | None:
    section, bookings = profile.booking, tables.bookings
    if section is None or bookings is None or bookings.owner is None:
        return None
    figures = BookingFigures(bookings, section.status)
    return Live(
        section="booking",
        rows=bookings.mapped,
        owner=bookings.owner,
        totals=[
            func.count().label("bookings"),
            func.count().filter(figures.accepted).label("accepted"),
            func.count().filter(figures.are(BookingStatus.NO_SHOW)).label("no_shows"),
            figures.first.expression.label("first_booking_at"),
        ],
        changes=[figures.start, figures.created],
    )


def _revenue(profile: Profile, tables: Tables) -> Live | None:
    revenue = tables.revenue
    if revenue is None or revenue.owner is None:
        return None
    return Live(
        section="revenue",
        rows=revenue.mapped,
        owner=revenue.owner,
        totals=[func.sum(revenue.amount).label("revenue")],
        changes=[revenue.at],
        conditions=[revenue.currency == profile.store.currency],
    )
