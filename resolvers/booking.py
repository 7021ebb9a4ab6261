"""Create bookings, complete with what was booked, and change when and where they are."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.ids import BOOKING
from domain.money import minor_digits
from domain.mutation_errors import ErrorCode, RefusedError, UserError
from domain.records import Booking, Key, Lead
from domain.status import BookingStatus
from resolvers.context import Context
from resolvers.leading import cleaned, cleaned_values, write_known
from resolvers.mutating import LONGEST_KEY, sent_of, text_faults
from resolvers.owning import crm_key_of, lead_named
from resolvers.snapshots import (
    NewSnapshot,
    check_snapshot,
    money_faults,
    of_snapshot,
    snapshot_faults,
    snapshot_values,
)
from resolvers.status_changes import Written, key_in, machine_of, writable
from resolvers.writing import Result, write_once
from sources.postgres_writing import PostgresWriting
from sources.profile import BookingSection

#: In characters; a store may hold less, and says so.
_LONGEST = {"service": 500, "location": 500, "staff": 500, "source": 200, "note": 10_000}
_WHOSE = ("customerId",)
_END_FIRST = UserError(ErrorCode.INVALID, "It ends before it starts.", ("endAt",))


@dataclass(frozen=True, slots=True, kw_only=True)
class NewBooking:
    """Be a booking as somebody wants it: *texts* and *times* by the names that a booking has for them."""

    customer_id: str | None = None
    lead_id: str | None = None
    texts: Mapping[str, str | None] = field(default_factory=dict)
    times: Mapping[str, datetime | None] = field(default_factory=dict)
    amount: Decimal | None = None
    snapshot: NewSnapshot | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingChange:
    """Be what is to change of the booking *id*: *values* by the names that a booking has for them, None: nothing."""

    id: str
    values: Mapping[str, Any]


async def create_booking(context: Context, new: NewBooking, key: str | None) -> Written:
    """Create a booking. Raises ReadOnlyError where this gateway only reads, and SourceError."""
    texts = {name: cleaned(text) for name, text in new.texts.items()}
    currency = context.stores.profile.store.currency
    faults = [*_text_faults(texts, key), *snapshot_faults(new.snapshot)]
    faults += money_faults(new.amount, currency, ("amount",))
    faults += [_END_FIRST] if _ends_first(new.times.get("start_at"), new.times.get("end_at")) else []
    if faults:
        return Written(errors=tuple(faults))
    try:
        await writable(context, "booking")
        section = context.stores.profile.booking
        assert section is not None
        moments = {name: at and at.isoformat() for name, at in new.times.items()}
        said = [new.customer_id, new.lead_id, texts, moments, str(new.amount), new.snapshot and new.snapshot.said]
        sent = sent_of(context, "createBooking", key, said)
        values = {name: text for name, text in texts.items() if text is not None}
        values |= _times(section, {name: at for name, at in new.times.items() if at is not None}, None)
        values |= _amount(section, new.amount, currency)
        machine = machine_of(context, "booking")
        asked, agreed = machine.written(BookingStatus.REQUESTED), machine.written(BookingStatus.CONFIRMED)
        values |= {"status": asked} if asked is not None else {}

        async def work(connection: AsyncConnection) -> Result:
            # Whoever sends the same again has it already, whatever has become of the customer or the lead since.
            owner = None if new.customer_id is None else await crm_key_of(context, new.customer_id)
            lead = None if new.lead_id is None else await lead_named(context, new.lead_id)
            snapshot = new.snapshot or await _of_lead(context, section, lead)
            await check_snapshot(connection, section, new.snapshot)
            writing = PostgresWriting(context.stores.profile)
            written = values | _owner(section, owner, lead) | snapshot_values(snapshot)
            otherwise = {"status": agreed} if asked is None and agreed is not None else {}
            row = await writing.insert(connection, context.tenant, "booking", written, unless_filled=otherwise)
            return {"key": row.key}

        return Written(key=(await write_once(context, sent, work))["key"])
    except RefusedError as refusal:
        return Written(errors=refusal.errors)


async def update_booking(context: Context, change: BookingChange, key: str | None) -> Written:
    """Change a booking. Raises ReadOnlyError where this gateway only reads, and SourceError."""
    values = cleaned_values(change.values)
    if faults := _text_faults({name: text for name, text in values.items() if name in _LONGEST}, key):
        return Written(errors=tuple(faults))
    booking: Key | None = None
    try:
        parent = await writable(context, "booking")
        section = context.stores.profile.booking
        assert section is not None
        booking = key_in(context, change.id, BOOKING)
        given = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
        sent = sent_of(context, "updateBooking", key, [change.id, given])
        times: dict[str, Any] = {name: values.pop(name) for name in ("start_at", "end_at") if name in values}

        async def work(connection: AsyncConnection) -> Result:
            assert booking is not None
            found = await parent.find(connection, context.tenant, booking, locked=True)
            written = values | _times(section, times, found if isinstance(found, Booking) else None)
            await write_known(context, connection, parent, booking, written)
            return {"key": booking}

        return Written(key=(await write_once(context, sent, work))["key"])
    except RefusedError as refusal:
        there = booking if all(error.code is not ErrorCode.NOT_FOUND for error in refusal.errors) else None
        return Written(key=there, errors=refusal.errors)


# ── what is written ──


def _times(section: BookingSection, times: Mapping[str, datetime | None], found: Booking | None) -> dict[str, Any]:
    """Name what is to be written of *times*: an end as how many minutes after the start, where the store has it so."""
    start = times.get("start_at", None if found is None else found.start_at)
    values: dict[str, Any] = dict(times)
    if "end_at" not in times:
        end = found.end_at if found is not None and section.minutes is None else None
        if _ends_first(start, end):
            raise RefusedError(UserError(ErrorCode.INVALID, _END_FIRST.message, ("startAt",)))
        return values
    end = times["end_at"]
    if _ends_first(start, end):
        raise RefusedError(_END_FIRST)
    if section.end_at is not None or section.minutes is None:
        return values
    del values["end_at"]
    if end is None:
        return {**values, "minutes": None}
    if start is None:
        raise RefusedError(UserError(ErrorCode.REQUIRED, "An end needs a start.", ("startAt",)))
    seconds = (end - start).total_seconds()
    if seconds % 60:
        raise RefusedError(UserError(ErrorCode.INVALID, "The store counts whole minutes.", ("endAt",)))
    return {**values, "minutes": int(seconds // 60)}


def _owner(section: BookingSection, owner: Key | None, lead: Lead | None) -> dict[str, Any]:
    """Name whose the booking is. Raises RefusedError where lead and customer do not belong together."""
    if owner is not None and lead is not None and lead.customer_key not in (None, owner):
        raise RefusedError(UserError(ErrorCode.INVALID, "The lead is another customer's.", ("leadId",)))
    if owner is None and lead is None and (section.customer is not None or section.lead is not None):
        raise RefusedError(UserError(ErrorCode.REQUIRED, "Say whose booking it is: a customer or a lead.", _WHOSE))
    values: dict[str, Any] = {}
    if lead is not None:
        if section.lead is None and (section.customer is None or section.customer.through is None):
            raise RefusedError(UserError(ErrorCode.NOT_MAPPED, "The store's bookings name no lead.", ("leadId",)))
        values["lead"] = lead.key
        owner = owner or lead.customer_key
    if section.customer is not None and section.customer.through is not None:
        if owner is not None and lead is None:
            message = "The store's bookings reach their customer through a lead: name that."
            raise RefusedError(UserError(ErrorCode.REQUIRED, message, ("leadId",)))
        if owner is not None and lead is not None and lead.customer_key is None:
            message = "The lead is nobody's yet: convert it first."
            raise RefusedError(UserError(ErrorCode.INVALID, message, ("leadId",)))
        return values
    return values | ({"customer": owner} if owner is not None else {})


def _amount(section: BookingSection, amount: Decimal | None, currency: str) -> dict[str, Any]:
    if amount is None:
        return {}
    written = int(amount.scaleb(minor_digits(currency))) if section.unit == "minor" else amount
    return {"amount": written} | ({"currency": currency} if section.currency is not None else {})


async def _of_lead(context: Context, section: BookingSection, lead: Lead | None) -> NewSnapshot | None:
    """Take over what the lead was about, as far as the store's bookings keep it."""
    loader = context.loaders.snapshots_by_lead
    if lead is None or loader is None or section.snapshot is None:
        return None
    taken = of_snapshot(await loader.load(lead.key))
    if taken is None:
        return None
    kept = {name: value for name, value in taken.values.items() if getattr(section.snapshot, name) is not None}
    return NewSnapshot(values=kept) if kept else None


def _ends_first(start: datetime | None, end: datetime | None) -> bool:
    return start is not None and end is not None and end < start


def _text_faults(texts: Mapping[str, str | None], key: str | None) -> list[UserError]:
    told = {name: (text, _LONGEST[name]) for name, text in texts.items()}
    return text_faults({**told, "idempotencyKey": (key, LONGEST_KEY)})
