"""Mutations that are sent twice: the first one writes, the others find what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from sources.own.operations import Tenant, own_tenant
from sources.own.store import OwnStore
from sources.own.tables import idempotency

_KEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Sent:
    """Be a mutation as somebody may send it again: under *key*, with an input of *input_hash*."""

    subject: str
    mutation: str
    key: str
    input_hash: str


class OtherInputError(Exception):
    """Say that the same key came with another input before."""


async def keep(
    connection: AsyncConnection, tenant: Tenant, sent: Sent, result: Mapping[str, Any]
) -> Mapping[str, Any] | None:
    """Keep *result*, the keys of what comes of *sent*; or answer what came of it before, within a day.

    Whoever sends the same at the same moment waits until the first has committed. Raises OtherInputError.
    """
    own = {
        "tenant": own_tenant(tenant),
        "subject": sent.subject,
        "mutation": sent.mutation,
        "key": sent.key,
    }
    values = {"input_hash": sent.input_hash, "result": dict(result), "created_at": func.now()}
    kept = (
        insert(idempotency)
        .values(**own, **values)
        .on_conflict_do_update(
            index_elements=list(own), set_=values, where=idempotency.c.created_at < func.now() - _KEPT
        )
        .returning(idempotency.c.key)
    )
    if (await connection.execute(kept)).first() is not None:
        return None
    found = select(idempotency.c.input_hash, idempotency.c.result).filter_by(**own)
    row = (await connection.execute(found)).one()
    if row.input_hash != sent.input_hash:
        raise OtherInputError
    before: Mapping[str, Any] = row.result
    return before


async def kept(own: OwnStore, tenant: Tenant, sent: Sent) -> Mapping[str, Any] | None:
    """Answer what came of *sent* before, within a day. Raises OtherInputError."""
    named = {"tenant": own_tenant(tenant), "subject": sent.subject, "mutation": sent.mutation, "key": sent.key}
    query = select(idempotency.c.input_hash, idempotency.c.result).filter_by(**named)
    rows = await own.rows(query.where(idempotency.c.created_at >= func.now() - _KEPT))
    if not rows:
        return None
    if rows[0].input_hash != sent.input_hash:
        raise OtherInputError
    before: Mapping[str, Any] = rows[0].result
    return before


async def keep_result(connection: AsyncConnection, tenant: Tenant, sent: Sent, result: Mapping[str, Any]) -> None:
    """Keep *result* in place of what was kept before it was known."""
    own = {"tenant": own_tenant(tenant), "subject": sent.subject, "mutation": sent.mutation, "key": sent.key}
    await connection.execute(update(idempotency).filter_by(**own).values(result=dict(result)))
