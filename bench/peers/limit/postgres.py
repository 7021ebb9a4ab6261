"""What the handlers ask of PostgreSQL."""

import asyncio
from collections.abc import Sequence
from typing import Any

import asyncpg

from bench.peers.vocabulary import (
    ACCEPTED,
    BOOKING_STATUS,
    LEAD_STATUS,
    NOTHING,
    booking_id,
    customer_id,
    instant,
    lead_id,
    said,
)

Row = Any
Answer = dict[str, Any]

PAGE = "SELECT id, name, email, phone, created_at FROM customers ORDER BY created_at DESC, id DESC LIMIT $1"
ONE = "SELECT id, name, email, phone, created_at FROM customers WHERE id = ANY($1::bigint[])"
COUNTED_LEADS = "SELECT customer_id, count(*) FROM leads WHERE customer_id = ANY($1::bigint[]) GROUP BY 1"
COUNTED_BOOKINGS = f"""
    SELECT customer_id, count(*), min(start_at) FILTER (WHERE status IN ({", ".join(f"'{word}'" for word in ACCEPTED)}))
    FROM bookings WHERE customer_id = ANY($1::bigint[]) GROUP BY 1
"""
REVENUE = """
    SELECT customer_id, sum(total) FROM quotes
    WHERE status = 'accepted' AND customer_id = ANY($1::bigint[]) GROUP BY 1
"""
LEADS = """
    SELECT owner, child.* FROM unnest($1::bigint[]) AS owner CROSS JOIN LATERAL (
        SELECT id, status, source, created_at FROM leads WHERE customer_id = owner
        ORDER BY created_at DESC, id DESC LIMIT $2
    ) AS child
"""
BOOKINGS = """
    SELECT owner, child.* FROM unnest($1::bigint[]) AS owner CROSS JOIN LATERAL (
        SELECT id, status, start_at, start_at + make_interval(mins => minutes) FROM bookings WHERE customer_id = owner
        ORDER BY start_at DESC, id DESC LIMIT $2
    ) AS child
"""


async def open_pool(url: str) -> "asyncpg.Pool[Any]":
    """Open a pool that asks nothing of its own: no reset when a connection comes back."""

    async def leave(_: object) -> None:
        """Nothing was changed that would have to be undone."""

    return await asyncpg.create_pool(url, min_size=10, max_size=10, reset=leave, server_settings={"jit": "off"})


class Crm:
    """Ask *pool*, independent things at once."""

    def __init__(self, pool: "asyncpg.Pool[Any]") -> None:
        self._pool = pool

    async def page(self, first: int) -> list[Row]:
        rows: list[Row] = await self._pool.fetch(PAGE, first)
        return rows

    async def one(self, key: int) -> list[Row]:
        rows: list[Row] = await self._pool.fetch(ONE, [key])
        return rows

    async def totals(self, keys: Sequence[int]) -> list[Answer]:
        """Count and sum what belongs to *keys*, one after the other in their order."""
        fetch = self._pool.fetch
        leads, bookings, revenue = (
            {row[0]: row for row in rows}
            for rows in await asyncio.gather(
                fetch(COUNTED_LEADS, keys), fetch(COUNTED_BOOKINGS, keys), fetch(REVENUE, keys)
            )
        )
        none = (None, 0, None)
        found = []
        for key in keys:
            _, booked, first_at = bookings.get(key, none)
            found.append(
                {
                    "totalLeads": leads.get(key, none)[1],
                    "totalBookings": booked,
                    "totalRevenue": {"amount": str(revenue[key][1] if key in revenue else NOTHING)},
                    "analytics": {"firstBookingAt": instant(first_at)},
                }
            )
        return found

    async def children(self, keys: Sequence[int], first: int) -> list[Answer]:
        """Read the *first* leads and bookings of each of *keys*, in their order."""
        leads: dict[int, list[Answer]] = {key: [] for key in keys}
        bookings: dict[int, list[Answer]] = {key: [] for key in keys}
        of_leads, of_bookings = await asyncio.gather(
            self._pool.fetch(LEADS, keys, first), self._pool.fetch(BOOKINGS, keys, first)
        )
        for owner, key, status, source, created_at in of_leads:
            leads[owner].append(
                {
                    "id": lead_id(key),
                    "status": LEAD_STATUS.get(status, "UNKNOWN"),
                    "source": said(source),
                    "createdAt": created_at.isoformat(),
                }
            )
        for owner, key, status, start_at, end_at in of_bookings:
            bookings[owner].append(
                {
                    "id": booking_id(key),
                    "status": BOOKING_STATUS.get(status, "UNKNOWN"),
                    "startAt": instant(start_at),
                    "endAt": instant(end_at),
                }
            )
        return [{"leads": {"nodes": leads[key]}, "bookings": {"nodes": bookings[key]}} for key in keys]


def named(row: Row) -> Answer:
    """Write what a row of customers says of itself."""
    key, name, email, phone, created_at = row
    email, phone = said(email), said(phone)
    return {
        "id": customer_id(key),
        "name": said(name) or email or phone or str(key),
        "email": email,
        "phone": phone,
        "createdAt": created_at.isoformat(),
    }
