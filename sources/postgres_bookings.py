"""Bookings as statements."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, false, func, null

from domain.filters import BookingFilter
from domain.money import Money
from domain.records import Booking
from domain.status import BookingStatus
from domain.time import sane
from sources.postgres_mapping import MappedTable
from sources.postgres_rows import Record, RowStatements
from sources.postgres_sections import Sections, clean, in_status, in_words, key_of, meaning_of, one_of, roles
from sources.profile import BookingSection, Field, Path


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

    def make(row: Record) -> Booking:
        dates = {role: time.stored.read(getattr(row, role)) for role, time in times.items()}
        if "end_at" not in dates:
            dates["end_at"] = _later(dates["start_at"], row.minutes)
        amount = None
        if row.amount is not None:
            currency = (clean(row.currency) or store_currency).upper()
            amount = Money.rounded(row.amount, currency, minor=section.unit == "minor")
        return Booking(
            key=str(row.key),
            customer_key=key_of(row.customer),
            lead_key=key_of(row.lead),
            code=clean(row.code),
            status=meaning_of(section.status, row.status, BookingStatus.UNKNOWN),
            store_status=row.status,
            service=clean(row.service),
            location=clean(row.location),
            staff=clean(row.staff),
            source=clean(row.source),
            note=clean(row.note),
            payment_status=clean(row.payment_status),
            amount=amount,
            paid=row.paid if section.paid else None,
            **dates,
        )

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
    columns = [
        mapped["key"].label("key"),
        mapped.text("status").label("status"),
        (mapped.text("customer") if owner is None else owner.key).label("customer"),
        mapped.raw("lead").label("lead"),
        mapped.text("code").label("code"),
        mapped.number("minutes").label("minutes"),
        mapped.number("amount").label("amount"),
        mapped.text("currency").label("currency"),
        paid.label("paid"),
        *mapped.dates(times, "created_at", "start_at", "end_at"),
        *mapped.first_of_each(fields),
    ]
    return RowStatements(
        mapped,
        kind=None,
        columns=columns,
        make=make,
        orders={"START_AT": times["start_at"], "CREATED_AT": times["created_at"]},
        filters=filters,
        owner=owner,
    )


def _says_something(mapped: MappedTable, field: Field | None) -> ColumnElement[bool]:
    return false() if field is None else mapped.filled(field).is_not(None)


def _later(start: datetime | None, minutes: Any) -> datetime | None:
    """Add *minutes* to *start*; None where that leaves the calendar."""
    if start is None or minutes is None:
        return None
    try:
        return sane(start + timedelta(minutes=float(minutes)))
    except OverflowError:
        return None
