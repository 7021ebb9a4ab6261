"""What random rows of customers, leads, bookings and payments add up to, in plain Python."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from tests.resolvers.random_rows import (
    ACCEPTED,
    BOOKINGS,
    LEADS,
    NOW,
    Booking,
    Customer,
    Ends,
    Payment,
    Rows,
    meant,
)


def money(amounts: Iterable[Decimal]) -> str:
    total = sum(amounts, Decimal(0)).quantize(Decimal("0.01"), ROUND_HALF_UP)
    return f"{total or abs(total):f}"


def rate(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def shown(text: str | None) -> str | None:
    return (text or "").strip() or None


def currency(payment: Payment) -> str:
    return (payment.currency or "").strip().upper() or "EUR"


def within(clock: datetime | None, period: Ends) -> bool:
    start, end = period
    return (
        clock is not None
        and (start is None or meant(start) <= meant(clock))
        and (end is None or meant(clock) < meant(end))
    )


@dataclass(frozen=True, slots=True)
class Reference:
    """Count what was *made*, where payments are told to the day if *by_day*."""

    made: Rows
    by_day: bool

    def at(self, payment: Payment) -> datetime:
        return payment.at.replace(hour=0, minute=0, second=0) if self.by_day else payment.at

    @property
    def paid(self) -> list[Payment]:
        return [one for one in self.made.payments if one.settled and one.amount is not None]

    @property
    def living(self) -> set[int]:
        return {one.id for one in self.made.customers}

    def accepted(self, customer: int) -> list[Booking]:
        of = [one for one in self.made.bookings if one.customer_id == customer and one.status in ACCEPTED]
        return sorted(of, key=lambda one: meant(one.start))

    def segment(self, customer: int) -> str:
        starts = [meant(one.start) for one in self.accepted(customer)]
        if not starts:
            return "PROSPECT"
        if starts[0] >= meant(NOW) - timedelta(days=30):
            return "NEW"
        last = (meant(NOW) - starts[-1]).days
        return "ACTIVE" if last < 90 else "AT_RISK" if last < 180 else "LAPSED"

    def firsts(self, period: Ends) -> list[Booking]:
        """List the first accepted bookings of those whose first one starts in *period*."""
        found = (self.accepted(customer) for customer in self.living)
        return [one[0] for one in found if one and within(one[0].start, period)]

    def profile(self, customer: Customer, period: Ends) -> dict[str, Any]:
        key, accepted = customer.id, self.accepted(customer.id)
        bookings = [one for one in self.made.bookings if one.customer_id == key]
        leads = [one for one in self.made.leads if one.customer_id == key]
        statuses = Counter(one.status for one in bookings)
        own = [one for one in self.paid if one.customer_id == key and currency(one) == "EUR"]
        services = Counter(service for one in accepted if (service := shown(one.service)))
        touched = [customer.contact_at, *(at for one in leads for at in (one.created_at, one.updated_at))]
        touched += [one.created_at for one in bookings]
        return {
            "totalLeads": len(leads),
            "totalBookings": len(bookings),
            "totalRevenue": {"amount": money(one.amount or Decimal(0) for one in own)},
            "lastContactAt": max((meant(at) for at in touched if at is not None), default=None),
            "revenue": self.revenue(key, period),
            "analytics": {
                "segment": self.segment(key),
                "firstBookingAt": meant(accepted[0].start) if accepted else None,
                "lastBookingAt": meant(accepted[-1].start) if accepted else None,
                "acceptedBookings": len(accepted),
                "cancelledBookings": statuses["off"],
                "noShows": statuses["missed"],
                "noShowRate": rate(statuses["missed"], statuses["missed"] + len(accepted)),
                "averageTicket": None
                if not own
                else {"amount": money([Decimal(money(one.amount or Decimal(0) for one in own)) / len(own)])},
                "favoriteServices": [
                    {"service": name, "bookings": count}
                    for name, count in sorted(services.items(), key=lambda one: (-one[1], one[0]))
                ][:3],
                "bookingNotes": [
                    {"text": shown(one.note), "at": meant(one.start)}
                    for _, _, one in sorted(
                        ((meant(one.start), n, one) for n, one in enumerate(bookings)), reverse=True
                    )
                    if shown(one.note)
                ][:3],
                "isReferrer": (key, True) in self.made.referrers,
            },
        }

    def revenue(self, key: int, period: Ends) -> dict[str, Any]:
        mine = [one for one in self.paid if one.customer_id == key and within(self.at(one), period)]
        months: dict[date, list[Decimal]] = {}
        for one in mine:
            if currency(one) == "EUR":
                months.setdefault(self.at(one).date().replace(day=1), []).append(one.amount or Decimal(0))
        summed, count = self.summed(mine), sum(map(len, months.values()))
        average = money([Decimal(summed["total"]["amount"]) / count]) if count else None
        return {
            **summed,
            "count": count,
            "average": average and {"amount": average},
            "byMonth": [
                {"month": month.isoformat(), "total": {"amount": money(amounts)}, "count": len(amounts)}
                for month, amounts in sorted(months.items())
            ],
        }

    def summed(self, payments: Sequence[Payment]) -> dict[str, Any]:
        others: dict[str, list[Decimal]] = {}
        for one in payments:
            others.setdefault(currency(one), []).append(one.amount or Decimal(0))
        own = others.pop("EUR", [])
        return {
            "total": {"amount": money(own)},
            "otherCurrencies": [
                {"amount": money(amounts), "currency": name} for name, amounts in sorted(others.items())
            ],
        }

    def dashboard(self, period: Ends) -> dict[str, Any]:
        created = [one for one in self.made.customers if within(one.created_at, period)]
        leads = [one for one in self.made.leads if within(one.created_at, period)]
        starting = Counter(
            BOOKINGS.get(one.status or "", "UNKNOWN") for one in self.made.bookings if within(one.start, period)
        )
        made = [one.status for one in self.made.bookings if within(one.created_at, period)]
        accepted = starting["CONFIRMED"] + starting["COMPLETED"]
        paid = [one for one in self.paid if within(self.at(one), period)]
        due = [one for one in leads if one.follow_up_at and meant(one.follow_up_at) <= meant(NOW)]
        lost = [one for one in paid if currency(one) == "EUR" and one.customer_id not in self.living]
        tops = {key: self.revenue(key, period)["total"]["amount"] for key in self.living}
        return {
            "customers": {
                "total": len(self.living),
                "created": len(created),
                "active": sum(self.segment(key) in ("NEW", "ACTIVE") for key in self.living),
                "new": len(self.firsts(period)),
                "bySource": Counter(shown(one.source) for one in created),
                "bySegment": Counter(self.segment(one.id) for one in created),
            },
            "leads": {
                "total": len(leads),
                "byStatus": Counter(LEADS.get(one.status or "", "UNKNOWN") for one in leads),
                "bySource": Counter(shown(one.source) for one in leads),
                "followUpsDue": sum(LEADS.get(one.status or "") not in ("WON", "LOST") for one in due),
            },
            "bookings": {
                "total": starting.total(),
                "byStatus": starting,
                "awaiting": starting["REQUESTED"],
                "conversionRate": rate(made.count("done"), len(made)),
                "noShowRate": rate(starting["NO_SHOW"], starting["NO_SHOW"] + accepted),
            },
            "revenue": self.summed(paid)["total"],
            "unattributedRevenue": {"amount": money(one.amount or Decimal(0) for one in lost)},
            "otherCurrencies": self.summed(paid)["otherCurrencies"],
            "topCustomers": [
                {"key": [{"key": str(key)}], "revenue": {"total": {"amount": amount}}}
                for key, amount in sorted(tops.items(), key=lambda one: (-Decimal(one[1]), str(one[0])))
                if Decimal(amount) > 0
            ][:3],
        }

    def series(self, period: Ends, interval: str) -> dict[str, dict[str, Any]]:
        """Count by the first day of each interval in which anything happened."""
        points: dict[str, dict[str, Any]] = {}

        def point(clock: datetime) -> dict[str, Any]:
            empty = {"bookings": 0, "newCustomers": 0, "leads": 0, "revenue": []}
            return points.setdefault(begin(clock.date(), interval).isoformat(), empty)

        for what, clocks in (
            ("bookings", [one.start for one in self.made.bookings]),
            ("newCustomers", [one.start for one in self.firsts(period)]),
            ("leads", [one.created_at for one in self.made.leads]),
        ):
            for clock in clocks:
                if within(clock, period):
                    point(clock)[what] += 1
        for one in self.paid:
            if within(self.at(one), period) and currency(one) == "EUR":
                point(self.at(one))["revenue"].append(one.amount)
        return {start: {**one, "revenue": {"amount": money(one["revenue"])}} for start, one in points.items()}


def begin(day: date, interval: str) -> date:
    if interval == "WEEK":
        year, week, _ = day.isocalendar()
        return date.fromisocalendar(year, week, 1)
    return day.replace(day=1) if interval == "MONTH" else day


def every(first: date, last: date, interval: str) -> Iterator[str]:
    """Go through the first days of the intervals from *first* to *last*."""
    day = first
    while day <= last:
        if begin(day, interval) == day:
            yield day.isoformat()
        day += timedelta(days=1)


def starts_of(period: Ends, found: Iterable[str], interval: str) -> list[str]:
    """List the intervals of *period*: where it is open, as far as something was *found*."""
    known, (start, end) = sorted(found), period
    first = begin(start.date(), interval).isoformat() if start else min(known, default=None)
    last = begin((end - timedelta(seconds=1)).date(), interval).isoformat() if end else max(known, default=None)
    if first is None or last is None or (start is not None and start == end):
        return []
    return list(every(date.fromisoformat(first), date.fromisoformat(last), interval))
