"""Tokens by which a password is set or a login confirmed: each used once, within an hour; only a hash of it is kept.

An account has one token of a purpose at most, in a row that the next one takes: so a newer token ends an older one.
"""

import re
import secrets
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from hashlib import sha256
from typing import Any

from sqlalchemy import Column, ColumnElement, LargeBinary, Table, Text, and_, delete, func, select, update
from sqlalchemy.dialects.postgresql import JSONB, TIMESTAMP, insert
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.records import Key
from sources.own.operations import Tenant, own_tenant
from sources.own.store import OwnStore
from sources.own.tables import metadata

LIFETIME = timedelta(hours=1)
#: What `details` holds may be personal; it is kept no longer than somebody may ask what became of a token.
_KEPT = timedelta(days=1)
_BYTES = 32
_FORM = re.compile(r"[A-Za-z0-9_-]{43}")

tokens = Table(
    "token",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("purpose", Text, primary_key=True),
    Column("hash", LargeBinary, nullable=False),
    Column("details", JSONB, nullable=False),
    Column("expires_at", TIMESTAMP(timezone=True), nullable=False),
    Column("used_at", TIMESTAMP(timezone=True), nullable=True),
)


class TokenPurpose(Enum):
    INVITE = "INVITE"
    RESET = "RESET"
    CONFIRM_LOGIN = "CONFIRM_LOGIN"


#: By either of these a password is set, and both are over once it is.
FOR_PASSWORD = (TokenPurpose.INVITE, TokenPurpose.RESET)


@dataclass(frozen=True, slots=True)
class Issued:
    """Be a token that nobody has seen yet."""

    text: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Token:
    """Be a token that may still be used, once."""

    hash: bytes
    tenant: Tenant
    account: Key
    purposes: tuple[TokenPurpose, ...]
    details: Mapping[str, Any]


async def issue(
    own: OwnStore, tenant: Tenant, account: Key, purpose: TokenPurpose, details: Mapping[str, Any] | None = None
) -> Issued:
    """Make a token for *account*, in the place of an older one of the same *purpose*."""
    text = secrets.token_urlsafe(_BYTES)
    fresh = {
        "hash": _hash(text),
        "details": dict(details or {}),
        "expires_at": func.clock_timestamp() + LIFETIME,
        "used_at": None,
    }
    put = (
        insert(tokens)
        .values(tenant=own_tenant(tenant), account=account, purpose=purpose.value, **fresh)
        .on_conflict_do_update(index_elements=["tenant", "account", "purpose"], set_=fresh)
        .returning(tokens.c.expires_at)
    )
    async with own.transaction() as connection:
        expires_at = (await connection.execute(put)).scalar_one()
        await connection.execute(delete(tokens).where(tokens.c.hash.in_(_long_over())))
    return Issued(text, expires_at)


async def find(own: OwnStore, tenant: Tenant, text: str, purposes: Collection[TokenPurpose]) -> Token | None:
    """Find the token *text* of one of *purposes*; None where it is none, or may not be used any more."""
    if not _FORM.fullmatch(text):
        return None
    hash_ = _hash(text)
    query = select(tokens).where(_usable(hash_), tokens.c.tenant == own_tenant(tenant))
    rows = await own.rows(query.where(tokens.c.purpose.in_([purpose.value for purpose in purposes])))
    return None if not rows else Token(hash_, tenant, rows[0].account, tuple(purposes), rows[0].details)


async def use(connection: AsyncConnection, token: Token) -> bool:
    """Use *token* up in the transaction of *connection*, and whatever serves the same; False if somebody else has."""
    of_account = and_(
        tokens.c.tenant == own_tenant(token.tenant),
        tokens.c.account == token.account,
        tokens.c.purpose.in_([purpose.value for purpose in token.purposes]),
    )
    # In one order for everybody, so that no two wait for each other in a circle.
    await connection.execute(select(tokens.c.hash).where(of_account).order_by(tokens.c.purpose).with_for_update())
    used = update(tokens).values(used_at=func.clock_timestamp())
    if (await connection.execute(used.where(_usable(token.hash)).returning(tokens.c.hash))).first() is None:
        return False
    await connection.execute(used.where(of_account, tokens.c.used_at.is_(None)))
    return True


def _hash(text: str) -> bytes:
    """Hash a token: it is random, so that no salt and no slow hash is needed."""
    return sha256(text.encode()).digest()


def _usable(hash_: bytes) -> ColumnElement[bool]:
    return and_(tokens.c.hash == hash_, tokens.c.used_at.is_(None), tokens.c.expires_at > func.clock_timestamp())


def _long_over() -> Any:
    over = select(tokens.c.hash).where(tokens.c.expires_at < func.clock_timestamp() - _KEPT)
    return over.limit(100).with_for_update(skip_locked=True).scalar_subquery()
