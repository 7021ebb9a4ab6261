"""Change the status of a lead or a booking: along its rules, without losing what somebody else has written."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.errors import BadIdError
from domain.ids import BOOKING, LEAD, decode_id
from domain.mutation_errors import ErrorCode, InvalidTransition, RefusedError, UserError
from domain.operations import Operation
from domain.records import Booking, Key, Lead
from domain.status import Machine
from resolvers.context import Context
from resolvers.mutating import LONGEST_KEY, sent_of, subject_of, text_faults
from resolvers.statuses import booking_machine, lead_machine
from resolvers.writing import Result, write_once
from sources.postgres_status import Parent, StatusWrite, parent_of

_LONGEST_NOTE, _LONGEST_WORD = 2_000, 200
_TYPES = {"lead": LEAD, "booking": BOOKING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """Be what came of writing a lead or a booking: its *key*, as far as there is one, and the *operation* behind it."""

    key: Key | None = None
    operation: Operation | None = None
    errors: tuple[UserError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusChange:
    """Be what a client asks for: the lead or booking *id* is to be *to*, in the store's word *store_status*.

    Only while it is as *expected*, in our words and the store's, where that is given.
    """

    id: str
    to: Enum
    store_status: str | None = None
    expected: Enum | None = None
    expected_store_status: str | None = None
    note: str | None = None
    idempotency_key: str | None = None


async def update_lead_status(context: Context, asked: StatusChange) -> Written:
    """Raises ReadOnlyError where this gateway only reads, and SourceError."""
    return await _update(context, "lead", "updateLeadStatus", asked)


async def update_booking_status(context: Context, asked: StatusChange) -> Written:
    """Raises ReadOnlyError where this gateway only reads, and SourceError."""
    return await _update(context, "booking", "updateBookingStatus", asked)


async def lead_written(context: Context, written: Written) -> Lead | None:
    """Find the lead as it is now."""
    if written.key is None or context.loaders.leads_by_key is None:
        return None
    found: Lead | None = await context.loaders.leads_by_key.load(written.key)
    return found


async def booking_written(context: Context, written: Written) -> Booking | None:
    """Find the booking as it is now."""
    if written.key is None or context.loaders.bookings_by_key is None:
        return None
    found: Booking | None = await context.loaders.bookings_by_key.load(written.key)
    return found


async def _update(context: Context, name: str, mutation: str, asked: StatusChange) -> Written:
    faults = text_faults(
        {
            "storeStatus": (asked.store_status, _LONGEST_WORD),
            "expectedStoreStatus": (asked.expected_store_status, _LONGEST_WORD),
            "note": (asked.note, _LONGEST_NOTE),
            "idempotencyKey": (asked.idempotency_key, LONGEST_KEY),
        }
    )
    if faults:
        return Written(errors=tuple(faults))
    key: Key | None = None
    try:
        parent = await writable(context, name)
        key = key_in(context, asked.id, _TYPES[name])
        given = [asked.id, asked.to.value, asked.store_status, asked.expected and asked.expected.value]
        sent = sent_of(context, mutation, asked.idempotency_key, [*given, asked.expected_store_status, asked.note])
        machine = machine_of(context, name)

        async def work(connection: AsyncConnection) -> Result:
            assert key is not None
            await change_status(context, connection, parent, machine, key, asked)
            return {"key": key}

        result = await write_once(context, sent, work)
    except RefusedError as refusal:
        # What is there now tells what to do instead; what is not there tells nothing.
        there = key if all(error.code is not ErrorCode.NOT_FOUND for error in refusal.errors) else None
        return Written(key=there, errors=refusal.errors)
    return Written(key=result["key"])


async def change_status(  # noqa: PLR0917 - who asks, where, of what, what
    context: Context,
    connection: AsyncConnection,
    parent: Parent,
    machine: Machine[Any],
    key: Key,
    asked: StatusChange,
) -> Lead | Booking:
    """Change the status in the transaction of *connection*; answer what was there. Raises RefusedError."""
    found = await parent.find(connection, context.tenant, key)
    if found is None:
        raise RefusedError(not_found(parent.name))
    word = found.store_status
    _check_expected(machine, word, asked)
    to = _word_for(machine, asked)
    allowed = [way.store_status for way in machine.allowed(word)]
    if to not in allowed:
        message = f"{_quoted(word)} cannot become {_quoted(to)}."
        raise RefusedError(InvalidTransition(ErrorCode.INVALID_TRANSITION, message, ("to",), word, to, tuple(allowed)))
    change = StatusWrite(key=key, word=word, to=to, by=subject_of(context), note=asked.note)
    if not await parent.change(connection, context.tenant, change):
        raise RefusedError(UserError(ErrorCode.STALE, "Somebody else has changed the status meanwhile.", ("to",)))
    return found


def _check_expected(machine: Machine[Any], word: str | None, asked: StatusChange) -> None:
    if asked.expected is not None and machine.meaning(word) is not asked.expected:
        message = f"The status is {machine.meaning(word).value} by now."
        raise RefusedError(UserError(ErrorCode.STALE, message, ("expected",)))
    if asked.expected_store_status is not None and word != asked.expected_store_status:
        message = f"The status is {_quoted(word)} by now."
        raise RefusedError(UserError(ErrorCode.STALE, message, ("expectedStoreStatus",)))


def _word_for(machine: Machine[Any], asked: StatusChange) -> str:
    """Find the store's word for the status that is asked for. Raises RefusedError where there is none."""
    if asked.to is machine.unknown:
        raise RefusedError(UserError(ErrorCode.INVALID, "UNKNOWN can be left, but not entered.", ("to",)))
    word = machine.written(asked.to)
    if word is None:
        raise RefusedError(UserError(ErrorCode.NOT_MAPPED, f"The store has no word for {asked.to.value}.", ("to",)))
    if asked.store_status is None:
        return word
    if machine.meaning(asked.store_status) is not asked.to:
        words = ", ".join(map(_quoted, machine.words[asked.to]))
        message = f"{_quoted(asked.store_status)} is no word of the store for {asked.to.value}: {words}."
        raise RefusedError(UserError(ErrorCode.INVALID, message, ("storeStatus",)))
    return asked.store_status


def _quoted(word: str | None) -> str:
    return "no status" if word is None else f"“{word}”"


# ── what every mutation of leads and bookings needs ──


async def writable(context: Context, name: str) -> Parent:
    """Be leads or bookings as they are written. Raises RefusedError where the profile maps none."""
    stores = context.stores
    parent = None if stores.postgres is None else await parent_of(stores.postgres, stores.profile, name)
    if parent is None:
        raise RefusedError(UserError(ErrorCode.NOT_MAPPED, f"The store has no {name}s."))
    return parent


def machine_of(context: Context, name: str) -> Machine[Any]:
    profile = context.stores.profile
    return lead_machine(profile) if name == "lead" else booking_machine(profile)


def key_in(context: Context, text: str, type_: str, where: tuple[str, ...] = ("id",)) -> Key:
    """Read the key in the id *text*, which has to be of *type_* and of this tenant. Raises RefusedError."""
    try:
        given = decode_id(text, type_)
    except BadIdError as error:
        raise RefusedError(UserError(ErrorCode.INVALID, str(error), where)) from None
    if given.tenant != context.tenant:
        raise RefusedError(not_found(type_.lower(), where))
    return given.key


def not_found(name: str, where: tuple[str, ...] = ("id",)) -> UserError:
    return UserError(ErrorCode.NOT_FOUND, f"There is no such {name}.", where)
