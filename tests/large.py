"""Grow the existing stores: the same tables with as many rows as a real store has, all of them right."""

from datetime import UTC, datetime, timedelta
from typing import Any

from gateway.settings import Settings
from tests.loading import EXISTING, add_to_mongo, existing_store, run_sql
from tests.servers import Servers

_MONGO_LOT = 10_000


async def large_store(
    stores: Servers, name: str, *, customers: int, in_mongo: int, mongo: str | None = None
) -> Settings:
    """Load the store *name* with so many *customers* more, and *in_mongo* accounts and delivery records more.

    *mongo* is the address of a database on another server than the embedded one.
    """
    settings = await existing_store(stores, name, f"large_{name}", mongo=mongo)
    growth = EXISTING / name / "large.sql"
    if settings.postgres_url is not None:
        await run_sql(settings.postgres_url, growth.read_text().replace("{n}", str(customers)), "ANALYZE")
    if settings.mongo_url is not None:
        for first in range(0, in_mongo, _MONGO_LOT):
            add_to_mongo(settings.mongo_url, _documents(name, range(first, min(first + _MONGO_LOT, in_mongo))))
    return settings


def _documents(name: str, numbers: range) -> dict[str, list[dict[str, Any]]]:
    """Make an account and a delivery record for each of *numbers*, linked to each other; grocer's also to its rows."""
    begin = datetime(2024, 1, 1, tzinfo=UTC)
    users, deliveries = [], []
    for number in numbers:
        shared = {"org": "north", "crm_customer_id": str(1001 + number)} if name == "grocer" else {}
        at = begin + timedelta(minutes=3 * number)
        users.append(
            shared
            | {"id": f"LA{number}", "email": f"{number}@large.example", "name": f"Account {number}", "role": "customer"}
            | {"is_active": True, "password_hash": "x", "created_at": at, "customer_v2_id": f"LD{number}"}
        )
        later = (at + timedelta(days=1)).replace(tzinfo=None).isoformat()
        deliveries.append(
            shared
            | {"id": f"LD{number}", "name": f"Delivery {number}", "address": f"{number} Long Street", "area": "A"}
            | {"status": "active", "created_at": later, "user_id": f"LA{number}"}
        )
    return {"users": users, "customers_v2": deliveries}
