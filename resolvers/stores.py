"""Say how each store does right now, and what its profile maps; also while a store is down."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from domain.errors import ReadOnlyError, SourceError
from resolvers.context import Context
from sources.own.index_passes import last_passes
from sources.profile import Profile
from sources.stores import Stores


class Capability(Enum):
    """What a profile may map."""

    CUSTOMERS = "CUSTOMERS"
    ACCOUNTS = "ACCOUNTS"
    DELIVERY = "DELIVERY"
    LEADS = "LEADS"
    BOOKINGS = "BOOKINGS"
    REVENUE = "REVENUE"
    HISTORY = "HISTORY"
    SNAPSHOTS = "SNAPSHOTS"
    SHIPMENTS = "SHIPMENTS"
    EXTERNAL_ACCOUNTS = "EXTERNAL_ACCOUNTS"
    LOCATIONS = "LOCATIONS"
    TENANTS = "TENANTS"
    REFERRERS = "REFERRERS"
    NOTES = "NOTES"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStatus:
    """Be how a *store* of a *kind* does: *latency_ms* of one question, *message* where it is not well."""

    store: str
    kind: str
    up: bool
    latency_ms: float | None
    profile: str
    message: str | None
    maps: tuple[Capability, ...]
    indexed_at: datetime | None = None


async def described_stores(context: Context) -> list[StoreStatus]:
    """Say of every store how it does, and when the last whole pass through it began that was brought to its end.

    Of the tenant of whoever asks; of all tenants, the one whose pass lies longest ago.
    """
    statuses, at = await asyncio.gather(store_statuses(context.stores), _indexed_at(context))
    return [replace(status, indexed_at=at) for status in statuses]


async def _indexed_at(context: Context) -> datetime | None:
    own, access = context.stores.own, context.access
    if own is None:
        return None
    asked = access.asked or (access.viewer.tenant if access.viewer else None)
    only = asked if context.stores.profile.has_tenants else None
    try:
        found = await last_passes(own, only)
    except (SourceError, ReadOnlyError):
        return None
    return min(found.values(), default=None)


async def store_statuses(stores: Stores) -> list[StoreStatus]:
    """Ask every store that the profile maps something of how it does, all at once."""
    asked = [
        _status(stores.profile, name, kind, source.ping, maps)
        for name, kind, source, maps in (
            ("postgres", "PostgreSQL", stores.postgres, crm_capabilities(stores.profile)),
            ("mongo", "MongoDB", stores.mongo, document_capabilities(stores.profile)),
        )
        if source is not None
    ]
    return list(await asyncio.gather(*asked))


async def _status(
    profile: Profile, name: str, kind: str, ping: Callable[[], Awaitable[None]], maps: tuple[Capability, ...]
) -> StoreStatus:
    began = time.perf_counter()
    message = None
    try:
        await ping()
    except SourceError as error:
        message = str(error)
    latency = round((time.perf_counter() - began) * 1000, 3) if message is None else None
    return StoreStatus(
        store=name,
        kind=kind,
        up=message is None,
        latency_ms=latency,
        profile=profile.store.name,
        message=message,
        maps=maps,
    )


def crm_capabilities(profile: Profile) -> tuple[Capability, ...]:
    """List what *profile* maps in PostgreSQL."""
    customer, lead, booking = profile.customer, profile.lead, profile.booking
    mapped = {
        Capability.CUSTOMERS: customer,
        Capability.LEADS: lead,
        Capability.BOOKINGS: booking,
        Capability.REVENUE: profile.revenue,
        Capability.HISTORY: (lead and lead.history) or (booking and booking.history),
        Capability.SNAPSHOTS: (lead and lead.snapshot) or (booking and booking.snapshot),
        Capability.SHIPMENTS: booking and booking.shipments,
        Capability.EXTERNAL_ACCOUNTS: customer and customer.external,
        Capability.LOCATIONS: booking and booking.location,
        Capability.TENANTS: profile.has_tenants and customer,
        Capability.REFERRERS: customer and customer.referrer,
        # The gateway's own, which it keeps wherever it can write at all.
        Capability.NOTES: True,
    }
    return tuple(capability for capability, section in mapped.items() if section)


def document_capabilities(profile: Profile) -> tuple[Capability, ...]:
    """List what *profile* maps in MongoDB."""
    mapped = {
        Capability.ACCOUNTS: profile.account,
        Capability.DELIVERY: profile.delivery,
        Capability.TENANTS: profile.has_tenants and (profile.account or profile.delivery),
    }
    return tuple(capability for capability, section in mapped.items() if section)
