"""The types, with a resolver for each field."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
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
#: What any record of a customer may say.
_SAID = ("name", "email", "phone")


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

    texts: strawberry.Private[dict[str, str]] = field(default_factory=dict)

    @property
    def key(self) -> int | None:
        return self.row.id if self.row else None

    @property
    def head_key(self) -> str:
        own = self.of_account or self.of_delivery
        return str(self.row.id if self.row else own["id"] if own else "")

    async def read(self, loaders: Loaders, *, mongo: bool) -> "Customer":
        """Read what its records say of name and addresses: no later one where earlier ones say it all."""
        own: dict[str, Any] = {}
        if self.row is not None:
            own = {"name": self.row.name, "email": self.row.email, "phone": self.row.phone}
        elif self.of_account is not None or self.of_delivery is not None:
            own = self.of_account or self.of_delivery or {}
        self._take(own)
        if mongo and len(self.texts) < len(_SAID):
            for other in (await self._account(loaders), await self._delivery(loaders)):
                self._take(other or {})
        return self

    def _take(self, document: dict[str, Any]) -> None:
        for name in _SAID:
            if name not in self.texts and (text := said(document.get(name))):
                self.texts[name] = text

    @strawberry.field
    def id(self) -> strawberry.ID:
        if self.row is not None:
            return strawberry.ID(customer_id(self.row.id))
        if self.of_account is not None:
            return strawberry.ID(customer_id(self.of_account["id"], "ACCOUNT"))
        assert self.of_delivery is not None
        return strawberry.ID(customer_id(self.of_delivery["id"], "DELIVERY"))

    @strawberry.field
    def name(self) -> str:
        return self.texts.get("name") or self.texts.get("email") or self.texts.get("phone") or self.head_key

    @strawberry.field
    def email(self) -> str | None:
        return self.texts.get("email")

    @strawberry.field
    def phone(self) -> str | None:
        return self.texts.get("phone")

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
        found = await self._account(info.context.loaders)
        return None if found is None else Account(document=found)

    @strawberry.field
    async def delivery(self, info: Info) -> Delivery | None:
        found = await self._delivery(info.context.loaders)
        return None if found is None else Delivery(document=found)

    async def _account(self, loaders: Loaders) -> Document | None:
        if self.row is None:
            return self.of_account
        return await loaders.accounts_by_row.load(str(self.row.id))

    async def _delivery(self, loaders: Loaders) -> Document | None:
        if self.row is not None:
            return await loaders.deliveries_by_row.load(str(self.row.id))
        if self.of_account is not None:
            return await loaders.deliveries_by_account.load(self.of_account["id"])
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
        del nodes[first:]
        mongo = info.context.database is not None
        await asyncio.gather(*(one.read(info.context.loaders, mongo=mongo) for one in nodes))
        return CustomerConnection(nodes=nodes)

    @strawberry.field
    async def customer(self, info: Info, id: strawberry.ID) -> Customer | None:  # noqa: A002 - the argument's name
        row = await info.context.loaders.customers.load(key_of(id))
        if row is None:
            return None
        customer = Customer(at=row.created_at, row=row)
        return await customer.read(info.context.loaders, mongo=info.context.database is not None)


async def _heads(database: Any, first: int) -> AsyncIterator[Customer]:
    """Find the latest accounts and delivery records that belong to no row, and to no account."""
    order = [("created_at", -1), ("id", -1)]
    alone = {"crm_customer_id": {"$exists": False}}
    for one in await database["users"].find({"role": "customer", **alone}).sort(order).limit(first).to_list(None):
        yield Customer(at=one["created_at"], of_account=one)
    without_account = {**alone, "user_id": {"$exists": False}}
    for one in await database["customers_v2"].find(without_account).sort(order).limit(first).to_list(None):
        yield Customer(at=datetime.fromisoformat(one["created_at"]).replace(tzinfo=UTC), of_delivery=one)


schema = strawberry.Schema(Query, extensions=[ParserCache, ValidationCache])
