"""Count how often somebody does something, over all gateways together."""

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256

from sqlalchemy import Column, Integer, LargeBinary, Table, case, delete, func, select
from sqlalchemy.dialects.postgresql import TIMESTAMP, insert

from sources.own.store import OwnStore
from sources.own.tables import metadata

rates = Table(
    "rate",
    metadata,
    #: A hash: who asks, and which address for, is nobody's business.
    Column("who", LargeBinary, primary_key=True),
    Column("count", Integer, nullable=False),
    Column("until", TIMESTAMP(timezone=True), nullable=False),
)


@dataclass(frozen=True, slots=True)
class Rate:
    """Allow *what* so often, *most* times, *within* a span that begins with the first time."""

    what: str
    most: int
    within: timedelta


async def allows(own: OwnStore, rate: Rate, *who: str) -> bool:
    """Count one more time for *who*, and say whether *rate* allows it."""
    now = func.clock_timestamp()
    key = sha256("\0".join((rate.what, *who)).encode("utf-8", "surrogatepass")).digest()
    over = rates.c.until <= now
    counted = (
        insert(rates)
        .values(who=key, count=1, until=now + rate.within)
        .on_conflict_do_update(
            index_elements=["who"],
            set_={
                "count": case((over, 1), else_=func.least(rates.c.count + 1, rate.most + 1)),
                "until": case((over, now + rate.within), else_=rates.c.until),
            },
        )
        .returning(rates.c.count)
    )
    count: int = (await own.rows(counted))[0][0]
    if count == 1:
        await _forget_some(own)
    return count <= rate.most


async def _forget_some(own: OwnStore) -> None:
    over = (
        select(rates.c.who).where(rates.c.until < func.clock_timestamp()).limit(100).with_for_update(skip_locked=True)
    )
    await own.rows(delete(rates).where(rates.c.who.in_(over.scalar_subquery())).returning(rates.c.count))
