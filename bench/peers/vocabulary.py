"""Write what the Python peers answer as the gateway writes it: ids, instants, names, statuses."""

import base64
import json
from datetime import datetime
from decimal import Decimal

#: What becomes of the store's words; others are UNKNOWN.
LEAD_STATUS = {
    "new": "NEW",
    "contacted": "CONTACTED",
    "called": "CONTACTED",
    "qualified": "QUALIFIED",
    "quoted": "QUOTED",
    "won": "WON",
    "lost": "LOST",
    "spam": "LOST",
}
BOOKING_STATUS = {
    "requested": "REQUESTED",
    "confirmed": "CONFIRMED",
    "rescheduled": "CONFIRMED",
    "on_site": "IN_PROGRESS",
    "done": "COMPLETED",
    "invoiced": "COMPLETED",
    "cancelled": "CANCELLED",
    "no_show": "NO_SHOW",
}
DELIVERY_STATUS = {"active": "ACTIVE", "paused": "PAUSED", "ended": "INACTIVE"}
#: Bookings that took place or are going to.
ACCEPTED = ("confirmed", "rescheduled", "on_site", "done", "invoiced")
NOTHING = Decimal("0.00")


def customer_id(key: int | str, kind: str = "CRM") -> str:
    """Write the id of a customer whose head is the record *key* of *kind*."""
    return _encoded(f'["Customer","{kind}",null,"{key}"]')


def lead_id(key: int) -> str:
    return _encoded(f'["Lead",null,null,"{key}"]')


def booking_id(key: int) -> str:
    return _encoded(f'["Booking",null,null,"{key}"]')


def key_of(id_: str) -> int:
    """Read the key of the CRM row that *id_* names."""
    return int(json.loads(base64.urlsafe_b64decode(id_ + "=" * (-len(id_) % 4)))[3])


def said(text: str | None) -> str | None:
    """Take a text that says nothing for none."""
    return (text.strip() or None) if text else None


def instant(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()


def _encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()
