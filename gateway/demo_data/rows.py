"""The rows of the CRM: customers, and what became of each, made in order and in chunks."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from gateway.demo_data.people import AREAS, Draw, Person, chance, make_person, pick, write_phone

#: The demo's last day; nothing was entered later, bookings reach some weeks further.
LAST_DAY = datetime(2026, 11, 1, tzinfo=UTC)
DAYS = 730
_FIRST_DAY = LAST_DAY - timedelta(days=DAYS)

COLUMNS = {
    "customers": ("id", "name", "email", "phone", "status", "source", "area", "created_at", "last_contact_at"),
    "leads": (
        *("id", "customer_id", "status", "name", "email", "phone", "source", "service", "notes"),
        *("contact_attempts", "next_follow_up_at", "created_at", "updated_at"),
    ),
    "bookings": (
        *("id", "code", "customer_id", "lead_id", "status", "service", "area", "staff", "source", "note"),
        *("price", "payment_status", "start_at", "minutes", "created_at"),
    ),
    "quotes": ("id", "lead_id", "customer_id", "status", "total", "created_at", "accepted_at"),
}
Row = tuple[Any, ...]

_SOURCES = ("web", "web", "web", "phone", "phone", "google", "google", "referral", "facebook", "voice", None)
_SERVICES = (
    *("Home cleaning", "Home cleaning", "Home cleaning", "Window cleaning", "Window cleaning", "Deep cleaning"),
    *("Move-out cleaning", "Carpet cleaning", "Office cleaning", "Gardening", "Handyman", None),
)
_STAFF = ("Agnete", "Bashir", "Chloé", "Dorte", "Émile", "Fatou", "Gökhan", "Hanne", "Iryna", "Jamal", "Kirsten", None)
_NOTES = (*(None,) * 12, "Two cats, friendly", "Key is with the neighbour", "Ring twice", "Asks for ecological soap 🌿")
_PRICES = tuple(Decimal(4000 + 97 * step) / 100 for step in range(500))
_TOTALS = tuple(price * times for price in _PRICES for times in (1, 2, 3))
_MINUTES = (60, 90, 120, 120, 180, 240)

#: How many leads a customer has; five on average.
_LEAD_COUNTS = (0, 1, 1, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 8, 9, 16)
_BOOKING_COUNTS = (1, 1, 2, 2, 2, 3, 4)
#: How a lead that hangs on no customer could find one.
_STRAYS = (*("not at all",) * 7, "email", "email", "phone")
#: What became of leads, by age; "archived" is a word that the profile does not know.
_OPEN_LEADS = (*("new",) * 6, *("contacted",) * 4, "called", *("qualified",) * 3, *("quoted",) * 4, "lost", "spam")
_YOUNG_LEADS = (*_OPEN_LEADS, *("won",) * 12)
_OLD_LEADS = (
    *("won",) * 60,
    *("lost",) * 74,
    *("spam",) * 12,
    *("quoted",) * 14,
    *("contacted",) * 18,
    *("called",) * 6,
    *("qualified",) * 12,
    *("new",) * 3,
    "archived",
)
_YOUNG_DAYS = 14
_PAST_BOOKINGS = (*("done",) * 150, *("invoiced",) * 20, *("cancelled",) * 18, *("no_show",) * 9, "waiting")
_COMING_BOOKINGS = (*("confirmed",) * 12, *("rescheduled",) * 2, *("requested",) * 8, "cancelled")
_CUSTOMER_WORDS = (*("active",) * 70, *("inactive",) * 16, *("paused",) * 8, *("trial",) * 5, "vip")


@dataclass(slots=True)
class Chunk:
    """Hold rows of each table, as `COLUMNS` names them."""

    customers: list[Row] = field(default_factory=list)
    leads: list[Row] = field(default_factory=list)
    bookings: list[Row] = field(default_factory=list)
    quotes: list[Row] = field(default_factory=list)

    def rows_of(self, table: str) -> list[Row]:
        rows: list[Row] = getattr(self, table)
        return rows


def make_chunks(customers: int, seed: int, *, size: int = 2_000) -> Iterator[Chunk]:
    """Make the rows of so many *customers*, the *size* next ones at a time; never more than a chunk is in memory."""
    maker = RowMaker(customers, seed)
    for first in range(1, customers + 1, size):
        maker.chunk = Chunk()
        for number in range(first, min(first + size, customers + 1)):
            maker.add_customer(number)
        yield maker.chunk


def customer_person(number: int, seed: int) -> Person:
    """Make the person of customer *number* again, without the customers before."""
    return make_person(number, row_of_numbers(number, seed))


def row_of_numbers(number: int, seed: int) -> Draw:
    """Start the row of random numbers that belongs to customer *number* alone."""
    return Random((seed << 40) | number).random  # noqa: S311 - demo data, not secrets


class RowMaker:
    """Make customer after customer; keys count on over all of them."""

    def __init__(self, customers: int, seed: int) -> None:
        self.chunk = Chunk()
        self._customers = customers
        self._seed = seed
        self._lead = self._booking = self._quote = 0

    def add_customer(self, number: int) -> None:
        draw = row_of_numbers(number, self._seed)
        person = make_person(number, draw)
        # By and by, not quite in order; some came by an import, all in one moment.
        day = min(abs(number - 1 + (draw() - 0.5) * 20) / self._customers, 0.999) * DAYS
        if chance(draw, 0.02):
            day = day // 30 * 30
        created = _FIRST_DAY + timedelta(days=day)
        source = pick(draw, _SOURCES)
        contacts = [created]
        for nth in range(pick(draw, _LEAD_COUNTS)):
            at = day if nth == 0 else day + (DAYS - day) * draw()
            contacts.append(self._add_lead(number, person if nth == 0 else None, source, at, draw))
        if chance(draw, 0.06):
            self._add_stray_lead(number, person, day + (DAYS - day) * draw(), draw)
        status = pick(draw, _CUSTOMER_WORDS)
        last_contact = None if chance(draw, 0.1) else max(contacts)
        row = (number, *person[:3], status, source, person.area, created, last_contact)
        self.chunk.customers.append(row)

    def _add_lead(self, customer: int, person: Person | None, source: str | None, day: float, draw: Draw) -> datetime:
        """Add a lead and what came of it; the first one holds what the *person* wrote, later ones refer to it only."""
        created = _FIRST_DAY + timedelta(days=day)
        age = DAYS - day
        status = pick(draw, _YOUNG_LEADS if age < _YOUNG_DAYS else _OLD_LEADS)
        service = pick(draw, _SERVICES)
        attempts = 0 if status == "new" else 1 + int(draw() * 4)
        updated = created + timedelta(days=min(age, 6) * draw()) if attempts else created
        follow_up = updated + timedelta(days=7) if status in ("contacted", "called", "qualified") else None
        self._lead = lead = self._lead + 1
        contact = person[:3] if person else (None, None, None)
        note = pick(draw, _NOTES)
        row = (lead, customer, status, *contact, source, service, note, attempts, follow_up, created, updated)
        self.chunk.leads.append(row)
        if status in ("won", "quoted", "lost"):
            self._add_quote(customer, lead, status, created, draw)
        if status == "won":
            for nth in range(pick(draw, _BOOKING_COUNTS)):
                self._add_booking(customer, lead, service, source, day=day + (2 + nth * 28) * draw(), draw=draw)
        return updated

    def _add_stray_lead(self, customer: int, person: Person, day: float, draw: Draw) -> None:
        """Add a lead of nobody yet: a stranger, or a customer that nobody recognised by e-mail or phone."""
        kind = pick(draw, _STRAYS)
        stranger = make_person(customer + 50_000_000, draw)
        name, email, phone = stranger[:3]
        if kind == "email" and person.email:
            name, email, phone = person.name, person.email.lower(), None
        elif kind == "phone" and person.phone:
            name, email, phone = None, None, write_phone(customer)
        created = _FIRST_DAY + timedelta(days=day)
        self._lead += 1
        word = pick(draw, _OPEN_LEADS)
        row = (
            self._lead,
            None,
            word,
            name,
            email,
            phone,
            "web",
            pick(draw, _SERVICES),
            None,
            0,
            None,
            created,
            created,
        )
        self.chunk.leads.append(row)

    def _add_quote(self, customer: int, lead: int, lead_word: str, created: datetime, draw: Draw) -> None:
        status, accepted = "sent", None
        if lead_word == "won":
            status, accepted = "accepted", min(created + timedelta(days=5 * draw()), LAST_DAY)
        elif lead_word == "lost":
            if chance(draw, 0.7):
                return
            status = "declined"
        elif chance(draw, 0.1):
            status = "draft"
        self._quote += 1
        at = created + timedelta(hours=20 * draw())
        total = pick(draw, _TOTALS)
        self.chunk.quotes.append((self._quote, lead, customer, status, total, min(at, LAST_DAY), accepted))

    def _add_booking(
        self, customer: int, lead: int, service: str | None, source: str | None, *, day: float, draw: Draw
    ) -> None:
        """Add a booking made on *day*, for some weeks later; none is made after the last day."""
        if day >= DAYS:
            return
        created = _FIRST_DAY + timedelta(days=day)
        start_day = int(day + 1 + 30 * draw() ** 2)
        start = _FIRST_DAY + timedelta(days=start_day, hours=6 + int(draw() * 9), minutes=30 * int(draw() * 2))
        status = pick(draw, _PAST_BOOKINGS if start < LAST_DAY else _COMING_BOOKINGS)
        if start_day == DAYS:
            status = "on_site"
        self._booking = booking = self._booking + 1
        paid = status == "invoiced" or (status == "done" and chance(draw, 0.9))
        payment = "paid" if paid else "open"
        place = pick(draw, AREAS)
        row = (
            *(booking, f"B-{booking:07}", customer, lead, status, service, place, pick(draw, _STAFF), source),
            *(pick(draw, _NOTES), pick(draw, _PRICES), payment, start, pick(draw, _MINUTES), created),
        )
        self.chunk.bookings.append(row)
