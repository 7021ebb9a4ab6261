"""The loaders of one request: each a batch for all parents of a page."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

from aiodataloader import DataLoader
from motor.motor_asyncio import AsyncIOMotorDatabase
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from sqlalchemy.orm import aliased

from bench.peers.strawberry_usual.tables import Booking, Customer, Lead, Quote
from bench.peers.vocabulary import ACCEPTED, NOTHING

Document = dict[str, Any]


class BookingStats(NamedTuple):
    total: int = 0
    first_at: datetime | None = None


class ChildKey(NamedTuple):
    customer: int
    first: int


class Loaders:
    """Make each loader when it is asked for; *database* is None where there is no Mongo."""

    def __init__(
        self, sessions: async_sessionmaker[AsyncSession], database: "AsyncIOMotorDatabase[Document] | None"
    ) -> None:
        self._sessions = sessions
        self._database = database

    @cached_property
    def customers(self) -> DataLoader[int, Customer | None]:
        async def load(keys: list[int]) -> list[Customer | None]:
            async with self._sessions() as session:
                found = await session.scalars(select(Customer).where(Customer.id.in_(keys)))
            by_key = {customer.id: customer for customer in found}
            return [by_key.get(key) for key in keys]

        return DataLoader(load)

    @cached_property
    def lead_counts(self) -> DataLoader[int, int]:
        async def load(keys: list[int]) -> list[int]:
            query = select(Lead.customer_id, func.count()).where(Lead.customer_id.in_(keys)).group_by(Lead.customer_id)
            async with self._sessions() as session:
                counts: dict[int | None, int] = {row[0]: row[1] for row in await session.execute(query)}
            return [counts.get(key, 0) for key in keys]

        return DataLoader(load)

    @cached_property
    def booking_stats(self) -> DataLoader[int, BookingStats]:
        async def load(keys: list[int]) -> list[BookingStats]:
            first_at = func.min(Booking.start_at).filter(Booking.status.in_(ACCEPTED))
            query = (
                select(Booking.customer_id, func.count(), first_at)
                .where(Booking.customer_id.in_(keys))
                .group_by(Booking.customer_id)
            )
            async with self._sessions() as session:
                stats = {row[0]: BookingStats(row[1], row[2]) for row in await session.execute(query)}
            return [stats.get(key, BookingStats()) for key in keys]

        return DataLoader(load)

    @cached_property
    def revenue(self) -> DataLoader[int, Decimal]:
        async def load(keys: list[int]) -> list[Decimal]:
            query = (
                select(Quote.customer_id, func.sum(Quote.total))
                .where(Quote.status == "accepted", Quote.customer_id.in_(keys))
                .group_by(Quote.customer_id)
            )
            async with self._sessions() as session:
                sums: dict[int | None, Decimal] = {row[0]: row[1] for row in await session.execute(query)}
            return [sums.get(key, NOTHING) for key in keys]

        return DataLoader(load)

    @cached_property
    def leads(self) -> DataLoader[ChildKey, list[Lead]]:
        async def load(keys: list[ChildKey]) -> list[list[Lead]]:
            order = (Lead.created_at.desc(), Lead.id.desc())
            return await self._children(Lead, keys, order, Lead.customer_id)

        return DataLoader(load)

    @cached_property
    def bookings(self) -> DataLoader[ChildKey, list[Booking]]:
        async def load(keys: list[ChildKey]) -> list[list[Booking]]:
            order = (Booking.start_at.desc(), Booking.id.desc())
            return await self._children(Booking, keys, order, Booking.customer_id)

        return DataLoader(load)

    async def _children(self, table: Any, keys: Sequence[ChildKey], order: Sequence[Any], owner: Any) -> list[Any]:
        """Read the first children of each of *keys* with a window over all of theirs."""
        place = func.row_number().over(partition_by=owner, order_by=order).label("place")
        ranked = select(table, place).where(owner.in_([key.customer for key in keys])).subquery()
        child = aliased(table, ranked)
        query = select(child).where(ranked.c.place <= max(key.first for key in keys)).order_by(ranked.c.place)
        found = defaultdict(list)
        async with self._sessions() as session:
            for one in await session.scalars(query):
                found[one.customer_id].append(one)
        return [found[key.customer][: key.first] for key in keys]

    @cached_property
    def accounts_by_row(self) -> DataLoader[str, Document | None]:
        async def load(keys: list[str]) -> list[Document | None]:
            return await self._documents("users", "crm_customer_id", keys, {"role": "customer"})

        return DataLoader(load)

    @cached_property
    def deliveries_by_row(self) -> DataLoader[str, Document | None]:
        async def load(keys: list[str]) -> list[Document | None]:
            return await self._documents("customers_v2", "crm_customer_id", keys, {})

        return DataLoader(load)

    @cached_property
    def deliveries_by_account(self) -> DataLoader[str, Document | None]:
        async def load(keys: list[str]) -> list[Document | None]:
            return await self._documents("customers_v2", "user_id", keys, {})

        return DataLoader(load)

    async def _documents(
        self, collection: str, field: str, keys: Sequence[str], where: Document
    ) -> list[Document | None]:
        if self._database is None:
            return [None] * len(keys)
        found = await self._database[collection].find({**where, field: {"$in": list(keys)}}).to_list(None)
        by_key = {one[field]: one for one in found}
        return [by_key.get(key) for key in keys]
