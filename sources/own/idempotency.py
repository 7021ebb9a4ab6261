"""Mutations that are sent twice: the first one writes, the others find what came of it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ARRAY, Text, bindparam, delete, func, select, text, tuple_, update
from sqlalchemy.dialects.postgresql import JSONB, insert
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


# ── many at once ──

_ARRAYS = [bindparam(name, type_=ARRAY(Text)) for name in ("subjects", "mutations", "keys", "hashes")]
_GIVEN = "unnest(:subjects, :mutations, :keys, :hashes, :results) AS given (subject, mutation, key, input_hash, result)"
#: Everybody's in one order, so that no two wait for each other in a circle.
_KEEP = text(
    f"""
    INSERT INTO gateway.idempotency AS own (tenant, subject, mutation, key, input_hash, result, created_at)
    SELECT :tenant, subject, mutation, key, input_hash, result, now() FROM {_GIVEN}
    ORDER BY subject COLLATE "C", mutation COLLATE "C", key COLLATE "C"
    ON CONFLICT (tenant, subject, mutation, key) DO UPDATE
    SET input_hash = excluded.input_hash, result = excluded.result, created_at = excluded.created_at
    WHERE own.created_at < now() - :kept
    RETURNING subject, mutation, key
    """
).bindparams(*_ARRAYS, bindparam("results", type_=ARRAY(JSONB)), kept=_KEPT)
_KEEP_RESULTS = text(
    f"""
    UPDATE gateway.idempotency AS own SET result = given.result FROM {_GIVEN}
    WHERE (own.tenant, own.subject, own.mutation, own.key) = (:tenant, given.subject, given.mutation, given.key)
    """
).bindparams(*_ARRAYS, bindparam("results", type_=ARRAY(JSONB)))
Results = Mapping[Sent, Mapping[str, Any]]


async def keep_all(connection: AsyncConnection, tenant: Tenant, results: Results) -> set[Sent]:
    """Keep what comes of each that is sent, as `keep` does; answer those that had not been sent before."""
    rows = (await connection.execute(_KEEP, _given(tenant, results))).all()
    kept = {(row.subject, row.mutation, row.key) for row in rows}
    return {sent for sent in results if (sent.subject, sent.mutation, sent.key) in kept}


async def keep_results(connection: AsyncConnection, tenant: Tenant, results: Results) -> None:
    """Keep *results* in place of what was kept before they were known."""
    if results:
        await connection.execute(_KEEP_RESULTS, _given(tenant, results))


async def forget(connection: AsyncConnection, tenant: Tenant, sent: Collection[Sent]) -> None:
    """Forget what was kept of *sent*, of which nothing came."""
    if sent:
        named = tuple_(idempotency.c.subject, idempotency.c.mutation, idempotency.c.key)
        kept = [(one.subject, one.mutation, one.key) for one in sent]
        await connection.execute(delete(idempotency).where(idempotency.c.tenant == own_tenant(tenant), named.in_(kept)))


def _given(tenant: Tenant, results: Results) -> dict[str, Any]:
    return {
        "tenant": own_tenant(tenant),
        "subjects": [sent.subject for sent in results],
        "mutations": [sent.mutation for sent in results],
        "keys": [sent.key for sent in results],
        "hashes": [sent.input_hash for sent in results],
        "results": [dict(result) for result in results.values()],
    }
