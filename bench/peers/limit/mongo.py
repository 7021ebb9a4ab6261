"""What the handlers ask of Mongo, and the list that they make of all stores."""

import asyncio
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase

from bench.peers.limit.postgres import Answer, Crm, Row, named
from bench.peers.vocabulary import DELIVERY_STATUS, customer_id, said

Document = dict[str, Any]
#: What a record says that a CRM row may not: its name, how to reach it.
SAID = ("name", "email", "phone")
_ACCOUNT = {"_id": 0, "id": 1, "name": 1, "email": 1, "phone": 1, "is_active": 1, "created_at": 1, "crm_customer_id": 1}
_DELIVERY = {
    "_id": 0,
    "id": 1,
    "name": 1,
    "email": 1,
    "phone": 1,
    "address": 1,
    "area": 1,
    "status": 1,
    "created_at": 1,
    "crm_customer_id": 1,
    "user_id": 1,
}


def open_mongo(url: str) -> "AsyncIOMotorDatabase[Document]":
    client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(url, tz_aware=True, tzinfo=UTC)
    return client.get_default_database()


class Documents:
    """Ask *database* for accounts and delivery records."""

    def __init__(self, database: "AsyncIOMotorDatabase[Document]") -> None:
        self._users = database["users"]
        self._deliveries = database["customers_v2"]

    async def heads(self, first: int) -> list[tuple[datetime, str, Document]]:
        """Find the latest accounts and delivery records that belong to no row, and to no account, by their times."""
        accounts, deliveries = await asyncio.gather(
            self._users.find({"role": "customer", "crm_customer_id": {"$exists": False}}, _ACCOUNT)
            .sort([("created_at", -1), ("id", -1)])
            .limit(first)
            .to_list(None),
            self._deliveries.find({"crm_customer_id": {"$exists": False}, "user_id": {"$exists": False}}, _DELIVERY)
            .sort([("created_at", -1), ("id", -1)])
            .limit(first)
            .to_list(None),
        )
        return [(one["created_at"], "ACCOUNT", one) for one in accounts] + [
            (datetime.fromisoformat(one["created_at"]).replace(tzinfo=UTC), "DELIVERY", one) for one in deliveries
        ]

    async def of_rows(self, keys: Sequence[str]) -> tuple[dict[str, Document], dict[str, Document]]:
        """Find the accounts and the delivery records of the CRM rows *keys*, by these."""
        if not keys:
            return {}, {}
        query = {"crm_customer_id": {"$in": list(keys)}}
        accounts, deliveries = await asyncio.gather(
            self._users.find({"role": "customer", **query}, _ACCOUNT).to_list(None),
            self._deliveries.find(query, _DELIVERY).to_list(None),
        )
        return _by("crm_customer_id", accounts), _by("crm_customer_id", deliveries)

    async def of_accounts(self, keys: Sequence[str]) -> dict[str, Document]:
        """Find the delivery records of the accounts *keys*, by these."""
        if not keys:
            return {}
        found = await self._deliveries.find({"user_id": {"$in": list(keys)}}, _DELIVERY).to_list(None)
        return _by("user_id", found)


async def page_of_all(crm: Crm, documents: Documents, first: int, *, details: bool) -> list[Answer]:
    """List the latest customers of all stores; with *details* also their accounts and delivery records."""
    rows, heads = await asyncio.gather(crm.page(first), documents.heads(first))
    merged: list[tuple[datetime, str, Any]] = [(row[4], "CRM", row) for row in rows]
    merged += heads
    merged.sort(key=lambda one: one[0], reverse=True)
    del merged[first:]
    keys = [row[0] for _, kind, row in merged if kind == "CRM"]
    asked = [str(row[0]) for _, kind, row in merged if kind == "CRM" and (details or not all(map(said, row[1:4])))]
    alone = [one["id"] for _, kind, one in merged if kind == "ACCOUNT"]
    totals, (accounts, deliveries), partners = await asyncio.gather(
        crm.totals(keys), documents.of_rows(asked), documents.of_accounts(alone)
    )
    by_key = dict(zip(keys, totals, strict=True))
    answer = []
    for at, kind, one in merged:
        if kind == "CRM":
            account, delivery = accounts.get(str(one[0])), deliveries.get(str(one[0]))
            customer = _completed(one, account, delivery) | by_key[one[0]]
        else:
            account, delivery = (one, partners.get(one["id"])) if kind == "ACCOUNT" else (None, one)
            customer = _headed(kind, at, (account, delivery))
        answer.append(customer | ({"account": _account(account), "delivery": _delivery(delivery)} if details else {}))
    return answer


def _completed(row: Row, *others: Document | None) -> Answer:
    """Write what a CRM row says, and where it says nothing what the *others* do."""
    answer = named(row)
    if all(map(said, row[1:4])) or not any(others):
        return answer
    first = {field: said(own) or _first(field, others) for field, own in zip(SAID, row[1:4], strict=True)}
    return answer | first | {"name": first["name"] or first["email"] or first["phone"] or str(row[0])}


def _headed(kind: str, at: datetime, records: tuple[Document | None, Document | None]) -> Answer:
    """Write what is known of a customer without a CRM row."""
    first = {field: _first(field, records) for field in SAID}
    key = next(one["id"] for one in records if one)
    return {
        "id": customer_id(key, kind),
        **first,
        "name": first["name"] or first["email"] or first["phone"] or key,
        "createdAt": at.isoformat(),
        "totalLeads": 0,
        "totalBookings": 0,
        "totalRevenue": {"amount": "0.00"},
        "analytics": {"firstBookingAt": None},
    }


def _first(field: str, records: Iterable[Document | None]) -> str | None:
    return next((text for one in records if one and (text := said(one.get(field)))), None)


def _account(one: Document | None) -> Answer | None:
    return None if one is None else {"email": said(one.get("email")), "isActive": one["is_active"] is True}


def _delivery(one: Document | None) -> Answer | None:
    if one is None:
        return None
    status = DELIVERY_STATUS.get(one["status"], "UNKNOWN")
    return {"address": said(one.get("address")), "area": said(one.get("area")), "status": status}


def _by(field: str, documents: Iterable[Document]) -> dict[str, Document]:
    return {one[field]: one for one in documents}
