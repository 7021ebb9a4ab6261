"""Create leads, and write down what is learnt of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection

from domain.identifiers import IndexedKind, identifiers_of
from domain.ids import LEAD
from domain.mutation_errors import ErrorCode, RefusedError, UserError
from domain.records import Key, Lead
from domain.status import LeadStatus
from resolvers.context import Context
from resolvers.mutating import LONGEST_KEY, sent_of, text_faults
from resolvers.owning import crm_key_of
from resolvers.snapshots import NewSnapshot, check_snapshot, snapshot_faults, snapshot_values
from resolvers.status_changes import Written, key_in, machine_of, not_found, writable
from resolvers.writing import Result, write_once
from sources.own.identifiers import put
from sources.postgres_status import Parent
from sources.postgres_writing import PostgresWriting

#: In characters; a store may hold less, and says so.
_LONGEST = {"name": 500, "email": 320, "phone": 100, "source": 200, "notes": 10_000}
_MOST_ATTEMPTS = 1 << 31


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLead:
    """Be a lead as somebody wants it: *texts* by the names that a lead has for them."""

    customer_id: str | None = None
    texts: Mapping[str, str | None] = field(default_factory=dict)
    snapshot: NewSnapshot | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadChange:
    """Be what is to change of the lead *id*: *values* by the names that a lead has for them, None: nothing."""

    id: str
    values: Mapping[str, Any]


async def create_lead(context: Context, new: NewLead, key: str | None) -> Written:
    """Create a lead. Raises ReadOnlyError where this gateway only reads, and SourceError."""
    texts = {name: cleaned(text) for name, text in new.texts.items()}
    faults = [*_text_faults(texts, key), *snapshot_faults(new.snapshot)]
    if not faults and new.customer_id is None and not any(texts.get(name) for name in ("name", "email", "phone")):
        message = "Say whose lead it is: a customer, a name, an e-mail or a phone."
        faults = [UserError(ErrorCode.REQUIRED, message, ("name",))]
    if faults:
        return Written(errors=tuple(faults))
    try:
        parent = await writable(context, "lead")
        given = [new.customer_id, texts, new.snapshot and new.snapshot.said]
        sent = sent_of(context, "createLead", key, given)
        word = machine_of(context, "lead").written(LeadStatus.NEW)
        values = {name: text for name, text in texts.items() if text is not None}
        values |= {"status": word} if word is not None else {}
        values |= snapshot_values(new.snapshot)

        async def work(connection: AsyncConnection) -> Result:
            # Whoever sends the same again has it already, whatever has become of the customer since.
            owner = {} if new.customer_id is None else {"customer": await crm_key_of(context, new.customer_id)}
            await check_snapshot(connection, context.stores.profile.lead, new.snapshot)
            writing = PostgresWriting(context.stores.profile)
            row = await writing.insert(connection, context.tenant, "lead", values | owner)
            await index(context, connection, parent, row.key)
            return {"key": row.key}

        return Written(key=(await write_once(context, sent, work))["key"])
    except RefusedError as refusal:
        return Written(errors=refusal.errors)


async def update_lead(context: Context, change: LeadChange, key: str | None) -> Written:
    """Change a lead. Raises ReadOnlyError where this gateway only reads, and SourceError."""
    values = cleaned_values(change.values)
    faults = _text_faults({name: text for name, text in values.items() if name in _LONGEST}, key)
    attempts = values.get("contact_attempts")
    if attempts is not None and not 0 <= attempts < _MOST_ATTEMPTS:
        faults.append(UserError(ErrorCode.INVALID, "Nobody tries less than never.", ("contactAttempts",)))
    if faults:
        return Written(errors=tuple(faults))
    lead: Key | None = None
    try:
        parent = await writable(context, "lead")
        lead = key_in(context, change.id, LEAD)
        given = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
        sent = sent_of(context, "updateLead", key, [change.id, given])

        async def work(connection: AsyncConnection) -> Result:
            assert lead is not None
            await write_known(context, connection, parent, lead, values)
            await index(context, connection, parent, lead)
            return {"key": lead}

        return Written(key=(await write_once(context, sent, work))["key"])
    except RefusedError as refusal:
        there = lead if all(error.code is not ErrorCode.NOT_FOUND for error in refusal.errors) else None
        return Written(key=there, errors=refusal.errors)


async def write_known(
    context: Context, connection: AsyncConnection, parent: Parent, key: Key, values: Mapping[str, Any]
) -> None:
    """Write *values* of a lead or a booking that is there, and when that was. Raises RefusedError."""
    if await parent.find(connection, context.tenant, key) is None:
        raise RefusedError(not_found(parent.name))
    writing, tenant = PostgresWriting(context.stores.profile), context.tenant
    changed = await writing.update(connection, tenant, parent.name, key, values) if values else None
    if changed is not None and writing.maps(parent.name, "updated_at"):
        now = await parent.now(connection)
        await writing.update(connection, tenant, parent.name, key, {"updated_at": now})


async def index(context: Context, connection: AsyncConnection, parent: Parent, key: Key) -> None:
    """Let the lead be found by what it has now."""
    lead = await parent.find(connection, context.tenant, key)
    if isinstance(lead, Lead):
        region = context.stores.profile.store.phone_region
        await put(connection, context.tenant, IndexedKind.LEAD, key, identifiers_of(lead, region))


def cleaned_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Clean those of *values* that are texts."""
    return {name: cleaned(value) if isinstance(value, str) else value for name, value in values.items()}


def cleaned(text: str | None) -> str | None:
    """Leave out the space around *text*; None where nothing is left."""
    return None if text is None else text.strip() or None


def _text_faults(texts: Mapping[str, str | None], key: str | None) -> list[UserError]:
    told = {name: (text, _LONGEST[name]) for name, text in texts.items()}
    return text_faults({**told, "idempotencyKey": (key, LONGEST_KEY)})
