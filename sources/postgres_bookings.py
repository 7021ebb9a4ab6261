"""Bookings as statements."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, false, func, null

from domain.filters import BookingFilter
from domain.money import Money
from domain.records import Booking
from domain.status import BookingStatus
from domain.stored_time import Form
from domain.time import sane
from sources.postgres_mapping import MappedTable
from sources.postgres_records import KEY, MEANING, NAME, TEXT, Meanings, Part, Records, clean, time_part
from sources.postgres_rows import RowStatements
from sources.postgres_sections import Sections, in_status, in_words, one_of, roles
from sources.postgres_time import within_calendar
from sources.postgres_types import WHOLE
from sources.profile import BookingSection, Field, Path

_END = "None if {0} is None or {1} is None else {h}({0}, {1})"


def booking_statements(
    sections: Sections, section: BookingSection, leads: MappedTable | None
) -> RowStatements[Booking]:
    """Map *section* onto its table, which may reach its customers through one of *leads*."""
    fields = {
        "service": section.service,
        "location": section.location,
        "staff": section.staff,
        "source": section.source,
        "note": section.note,
        "payment_status": section.payment_status,
    }
    mapped = sections.map(
        "booking",
        section,
        roles(
            key=section.key,
            created_at=section.created_at,
            status=section.status.column,
            customer=section.customer.column if section.customer else None,
            lead=section.lead,
            code=section.code,
            tracking_token=section.tracking_token,
            start_at=section.start_at,
            end_at=section.end_at,
            minutes=section.minutes,
            amount=section.amount,
            currency=section.currency,
        ),
        [*fields.values(), *((Path(column),) for column in section.paid or ())],
    )
    times = mapped.times("created_at", "start_at", "end_at")
    times["start_at"] = times["start_at"].or_else(times["created_at"]) if "start_at" in times else times["created_at"]
    owner = sections.owner(mapped, section.customer, leads)
    store_currency = sections.profile.store.currency

    def money(amount: Decimal, currency: str | None) -> Money:
        return Money.rounded(amount, (clean(currency) or store_currency).upper(), minor=section.unit == "minor")

    read_start = times["start_at"].stored.read

    def later(start: object, minutes: Any) -> datetime | None:
        return _later(read_start(start), minutes)

    def filters(chosen: BookingFilter | None) -> list[ColumnElement[bool]]:
        if chosen is None:
            return []
        return [
            *in_status(mapped, section.status, chosen.status, BookingStatus.UNKNOWN),
            *in_words(mapped, chosen.store_status),
            *one_of(mapped, section.location, chosen.location),
            *one_of(mapped, section.service, chosen.service),
            *one_of(mapped, section.staff, chosen.staff),
            *one_of(mapped, section.source, chosen.source),
            *one_of(mapped, section.payment_status, chosen.payment_status),
            *times["start_at"].within(chosen.start_in),
            *times["created_at"].within(chosen.created_in),
            *([_says_something(mapped, section.note)] if chosen.noted else []),
        ]

    paid = func.coalesce(and_(*mapped.where(section.paid)), false()) if section.paid else cast(null(), Text)
    columns = {
        "key": mapped["key"],
        "status": mapped.text("status"),
        "customer": mapped.text("customer") if owner is None else owner.key,
        "lead": mapped.raw("lead"),
        "code": mapped.text("code"),
        "minutes": mapped.quantity("minutes"),
        "amount": mapped.quantity("amount"),
        "currency": mapped.text("currency"),
        "paid": paid,
        **{role: time.selected for role, time in times.items()},
        **{name: mapped.first_of(field) for name, field in fields.items()},
    }
    parts = {
        "key": Part(("key",), NAME),
        "customer_key": Part(("customer",), KEY),
        "status": Part(("status",), MEANING, Meanings(section.status.words, BookingStatus.UNKNOWN)),
        "store_status": Part(("status",)),
        **{name: Part((name,), TEXT) for name, field in fields.items() if field is not None},
        **{role: time_part(role, time) for role, time in times.items()},
    }
    if section.lead is not None:
        parts["lead_key"] = Part(("lead",), KEY)
    if section.code is not None:
        parts["code"] = Part(("code",), TEXT)
    if section.amount is not None:
        parts["amount"] = Part(("amount", "currency"), "None if {0} is None else {h}({0}, {1})", money)
    if section.paid:
        parts["paid"] = Part(("paid",))
    if section.minutes is not None and "end_at" not in parts:
        is_plain = times["start_at"].form is Form.INSTANT and mapped.info("minutes").type in WHOLE
        parts["end_at"] = Part(("start_at", "minutes"), _END, later, _ending if is_plain else None)
    return RowStatements(
        mapped,
        kind=None,
        records=Records(Booking, columns, parts),
        orders={"START_AT": times["start_at"], "CREATED_AT": times["created_at"]},
        filters=filters,
        owner=owner,
    )


def _says_something(mapped: MappedTable, field: Field | None) -> ColumnElement[bool]:
    return false() if field is None else mapped.filled(field).is_not(None)


def _ending(columns: Sequence[str]) -> str:
    """Write when what starts then and lasts so many minutes ends; NULL where that leaves the calendar."""
    start, minutes = columns
    return within_calendar(f"{start} + make_interval(mins => {minutes}::int)")


def _later(start: datetime | None, minutes: Any) -> datetime | None:
    """Add *minutes* to *start*; None where that leaves the calendar."""
    if start is None:
        return None
    try:
        return sane(start + _lasting(minutes))
    except OverflowError:
        return None


@lru_cache(maxsize=1_000)
def _lasting(minutes: Any) -> timedelta:
    """Be *minutes* as a time; most bookings last as long as many others."""
    return timedelta(minutes=float(minutes))
