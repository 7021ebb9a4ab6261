"""The types, with a resolver for each field."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import strawberry
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker
from strawberry.extensions import ParserCache, ValidationCache

from bench.peers.strawberry_usual import tables
from bench.peers.strawberry_usual.loaders import ChildKey, Document, Loaders
from bench.peers.vocabulary import (
    BOOKING_STATUS,
    DELIVERY_STATUS,
    LEAD_STATUS,
    NOTHING,
    booking_id,
    customer_id,
    key_of,
    lead_id,
    said,
)


@dataclass(frozen=True, slots=True)
class Context:
    """Be what resolvers share in one request."""

    sessions: async_sessionmaker[AsyncSession]
    database: Any
    loaders: Loaders


Info = strawberry.Info[Context, None]


@strawberry.type
class Money:
    amount: Decimal


@strawberry.type
class Lead:
    row: strawberry.Private[tables.Lead]

    @strawberry.field
    def id(self) -> strawberry.ID:
        return strawberry.ID(lead_id(self.row.id))

    @strawberry.field
    def status(self) -> str:
        return LEAD_STATUS.get(self.row.status, "UNKNOWN")

    @strawberry.field
    def source(self) -> str | None:
        return said(self.row.source)

    @strawberry.field
    def created_at(self) -> datetime:
        return self.row.created_at


@strawberry.type
class Booking:
    row: strawberry.Private[tables.Booking]

    @strawberry.field
    def id(self) -> strawberry.ID:
        return strawberry.ID(booking_id(self.row.id))

    @strawberry.field
    def status(self) -> str:
        return BOOKING_STATUS.get(self.row.status, "UNKNOWN")

    @strawberry.field
    def start_at(self) -> datetime:
        return self.row.start_at

    @strawberry.field
    def end_at(self) -> datetime:
        return self.row.end_at


@strawberry.type
class LeadConnection:
    nodes: list[Lead]


@strawberry.type
class BookingConnection:
    nodes: list[Booking]


@strawberry.type
class Analytics:
    key: strawberry.Private[int | None]

    @strawberry.field
    async def first_booking_at(self, info: Info) -> datetime | None:
        if self.key is None:
            return None
        return (await info.context.loaders.booking_stats.load(self.key)).first_at


@strawberry.type
class Account:
    document: strawberry.Private[Document]

    @strawberry.field
    def email(self) -> str | None:
        return said(self.document.get("email"))

    @strawberry.field
    def is_active(self) -> bool:
        return self.document["is_active"] is True


@strawberry.type
class Delivery:
    document: strawberry.Private[Document]

    @strawberry.field
    def address(self) -> str | None:
        return said(self.document.get("address"))

    @strawberry.field
    def area(self) -> str | None:
        return said(self.document.get("area"))

    @strawberry.field
    def status(self) -> str:
        return DELIVERY_STATUS.get(self.document["status"], "UNKNOWN")


@strawberry.type
class Customer:
    """Somebody with a row of the CRM, or whose head is an account or a delivery record."""

    at: strawberry.Private[datetime]
    row: strawberry.Private[tables.Customer | None] = None
    of_account: strawberry.Private[Document | None] = None
    of_delivery: strawberry.Private[Document | None] = None

    @property
    def key(self) -> int | None:
        return self.row.id if self.row else None

    @strawberry.field
    def id(self) -> strawberry.ID:
        if self.row is not None:
            return strawberry.ID(customer_id(self.row.id))
        if self.of_account is not None:
            return strawberry.ID(customer_id(self.of_account["id"], "ACCOUNT"))
        assert self.of_delivery is not None
        return strawberry.ID(customer_id(self.of_delivery["id"], "DELIVERY"))

    @strawberry.field
    async def name(self, info: Info) -> str:
        own = self.row or self.of_account or self.of_delivery
        key = own.id if isinstance(own, tables.Customer) else own["id"] if own else ""
        return (
            await self._said(info, "name")
            or await self._said(info, "email")
            or await self._said(info, "phone")
            or str(key)
        )

    @strawberry.field
    async def email(self, info: Info) -> str | None:
        return await self._said(info, "email")

    @strawberry.field
    async def phone(self, info: Info) -> str | None:
        return await self._said(info, "phone")

    @strawberry.field
    def created_at(self) -> datetime:
        return self.at

    @strawberry.field
    async def total_leads(self, info: Info) -> int:
        return 0 if self.key is None else await info.context.loaders.lead_counts.load(self.key)

    @strawberry.field
    async def total_bookings(self, info: Info) -> int:
        return 0 if self.key is None else (await info.context.loaders.booking_stats.load(self.key)).total

    @strawberry.field
    async def total_revenue(self, info: Info) -> Money:
        return Money(amount=NOTHING if self.key is None else await info.context.loaders.revenue.load(self.key))

    @strawberry.field
    def analytics(self) -> Analytics:
        return Analytics(key=self.key)

    @strawberry.field
    async def leads(self, info: Info, first: int) -> LeadConnection:
        if self.key is None:
            return LeadConnection(nodes=[])
        rows = await info.context.loaders.leads.load(ChildKey(self.key, first))
        return LeadConnection(nodes=[Lead(row=row) for row in rows])

    @strawberry.field
    async def bookings(self, info: Info, first: int) -> BookingConnection:
        if self.key is None:
            return BookingConnection(nodes=[])
        rows = await info.context.loaders.bookings.load(ChildKey(self.key, first))
        return BookingConnection(nodes=[Booking(row=row) for row in rows])

    @strawberry.field
    async def account(self, info: Info) -> Account | None:
        found = await self._account(info)
        return None if found is None else Account(document=found)

    @strawberry.field
    async def delivery(self, info: Info) -> Delivery | None:
        found = await self._delivery(info)
        return None if found is None else Delivery(document=found)

    async def _said(self, info: Info, field: str) -> str | None:
        """Ask the records in their order, no later one where an earlier one says it."""
        if self.row is not None and (own := said(getattr(self.row, field))):
            return own
        if info.context.database is None:
            return None
        for document in (await self._account(info), await self._delivery(info)):
            if document is not None and (text := said(document.get(field))):
                return text
        return None

    async def _account(self, info: Info) -> Document | None:
        if self.row is None:
            return self.of_account
        return await info.context.loaders.accounts_by_row.load(str(self.row.id))

    async def _delivery(self, info: Info) -> Document | None:
        if self.row is not None:
            return await info.context.loaders.deliveries_by_row.load(str(self.row.id))
        if self.of_account is not None:
            return await info.context.loaders.deliveries_by_account.load(self.of_account["id"])
        return self.of_delivery


@strawberry.type
class CustomerConnection:
    nodes: list[Customer]


@strawberry.type
class Query:
    @strawberry.field
    async def customers(self, info: Info, first: int) -> CustomerConnection:
        query = select(tables.Customer).order_by(tables.Customer.created_at.desc(), tables.Customer.id.desc())
        async with info.context.sessions() as session:
            found = (await session.scalars(query.limit(first))).all()
        nodes = [Customer(at=row.created_at, row=row) for row in found]
        if info.context.database is not None:
            nodes += [head async for head in _heads(info.context.database, first)]
            nodes.sort(key=lambda customer: customer.at, reverse=True)
        return CustomerConnection(nodes=nodes[:first])

    @strawberry.field
    async def customer(self, info: Info, id: strawberry.ID) -> Customer | None:  # noqa: A002 - the argument's name
        row = await info.context.loaders.customers.load(key_of(id))
        return None if row is None else Customer(at=row.created_at, row=row)


async def _heads(database: Any, first: int) -> AsyncIterator[Customer]:
    """Find the latest accounts and delivery records that belong to no row, and to no account."""
    order = [("created_at", -1), ("id", -1)]
    alone = {"crm_customer_id": {"$exists": False}}
    for one in await database["users"].find({"role": "customer", **alone}).sort(order).to_list(first):
        yield Customer(at=one["created_at"], of_account=one)
    without_account = {**alone, "user_id": {"$exists": False}}
    for one in await database["customers_v2"].find(without_account).sort(order).to_list(first):
        yield Customer(at=datetime.fromisoformat(one["created_at"]).replace(tzinfo=UTC), of_delivery=one)


schema = strawberry.Schema(Query, extensions=[ParserCache, ValidationCache])
