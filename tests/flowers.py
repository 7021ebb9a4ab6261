"""The profile of a made-up store with tenants, CRM, accounts and delivery records, and what is made of it in tests."""

from pathlib import Path

import pytest

from domain.errors import StartError
from sources.profile import Profile
from sources.profile_reading import read_profile

STORE = """
[store]
name = "flowers"
currency = "EUR"

[customer]
table = "customers"
tenant = "org"
key = "id"
name = "name"
created_at = "created_at"

[lead]
table = "leads"
tenant = "org"
key = "id"
customer = "customer_id"
created_at = "created_at"

[lead.status]
column = "status"
words = { NEW = ["new"], WON = ["won"] }

[booking]
table = "bookings"
tenant = "org"
key = "id"
customer = "customer_id"
lead = "lead_id"
amount = "price"
created_at = "created_at"

[booking.status]
column = "status"
words = { REQUESTED = ["asked"], CONFIRMED = ["sure", "moved"] }

[revenue]
table = "payments"
customer = "customer_id"
amount = "amount"
at = "paid_at"

[account]
collection = "users"
tenant = "org"
key = "id"
email = "email"
links = { delivery = "delivery_id", crm = "crm_id" }

[delivery]
collection = "rounds"
tenant = "org"
key = "id"
links = { account = "user_id", crm = "crm_id" }
"""


def otherwise(*replacements: tuple[str, str], more: str = "") -> str:
    """Write the store with the first occurrence of each text replaced, and *more* sections."""
    text = STORE
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new, 1)
    return text + more


def untenanted(*replacements: tuple[str, str], more: str = "") -> str:
    return otherwise(*replacements, more=more).replace('tenant = "org"\n', "")


SATELLITES = """
[customer.external]
table = "mappings"
customer = "customer_id"
provider = "service"
external_id = "external_id"

[customer.referrer]
table = "referrers"
customer = "customer_id"

[customer.stored_totals]
table = "totals"
leads = "leads"

[lead.history]
table = "lead_events"
lead = "lead_id"
from = "old"
to = "new"
at = "at"

[booking.shipments]
table = "parcels"
tenant = "shop"
booking = "booking_id"
"""


def read(file: Path, text: str) -> Profile:
    file.write_text(text, encoding="utf-8")
    return read_profile(str(file))


def faults(file: Path, text: str) -> tuple[str, ...]:
    with pytest.raises(StartError) as caught:
        read(file, text)
    assert str(file) in caught.value.heading
    return caught.value.faults
