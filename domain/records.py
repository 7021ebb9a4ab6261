"""What the stores say, as plain records: one shape a kind of row, whatever the store calls its columns.

Nobody changes a record. Those that are made by the hundred for one answer are not frozen all the same: a frozen one
takes three times as long to make. What was not picked of one (see sources/postgres_records.py) is as it is by default.
"""

from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from functools import cached_property
from typing import NamedTuple

from domain.figures import share
from domain.money import Money
from domain.status import BookingStatus, CustomerStatus, LeadStatus, Segment

#: What a store calls a record: the canonical text of its key.
Key = str


class RecordKind(Enum):
    """The kinds of records about a customer, in the order in which they head one."""

    CRM = "CRM"
    ACCOUNT = "ACCOUNT"
    DELIVERY = "DELIVERY"

    #: There is one of each: that is quicker to see than its name, and records are found by their kind all the time.
    __hash__ = object.__hash__

    @property
    def store(self) -> str:
        return "postgres" if self is RecordKind.CRM else "mongo"

    @cached_property
    def rank(self) -> int:
        return list(RecordKind).index(self)


class RecordRef(NamedTuple):
    kind: RecordKind
    key: Key


class LinkState(Enum):
    COMPLETE = "COMPLETE"
    PARTIAL = "PARTIAL"
    UNLINKED = "UNLINKED"
    CONFLICT = "CONFLICT"


@dataclass(slots=True, kw_only=True, unsafe_hash=True)
class Record:
    """Be what the records of every kind have. Texts are None where the store has nothing in them."""

    key: Key
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    area: str | None = None
    created_at: datetime | None = None
    status: CustomerStatus | None = None


@dataclass(slots=True, kw_only=True, unsafe_hash=True)
class CrmRecord(Record):
    source: str | None = None
    last_contact_at: datetime | None = None


@dataclass(slots=True, kw_only=True, unsafe_hash=True)
class AccountRecord(Record):
    is_active: bool
    can_log_in: bool
    email_is_placeholder: bool
    email_is_verified: bool = False


@dataclass(slots=True, kw_only=True, unsafe_hash=True)
class DeliveryRecord(Record):
    address: str | None = None
    courier_key: Key | None = None


@dataclass(frozen=True, slots=True)
class Linked:
    """Be what the other stores hold of a customer, as the link rules decide it."""

    account: AccountRecord | None = None
    delivery: DeliveryRecord | None = None
    conflict: bool = False


UNLINKED = Linked()


@dataclass(slots=True, kw_only=True, unsafe_hash=True)
class Customer:
    """Be one customer, headed by the record *head*.

    *crm* is the head's row; it is None where the customer has none, and while the CRM cannot be asked (*crm_down*).
    *linked* is None until somebody asks for it: a page of CRM rows does not look into the other stores unasked.
    """

    head: RecordRef
    crm: CrmRecord | None = None
    linked: Linked | None = None
    crm_down: bool = False

    @property
    def crm_key(self) -> Key | None:
        """The key under which leads, bookings and revenue name this customer."""
        return self.head.key if self.head.kind is RecordKind.CRM else None


@dataclass(slots=True, kw_only=True, unsafe_hash=True)
class Lead:
    key: Key
    customer_key: Key | None = None
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    source: str | None = None
    service: str | None = None
    status: LeadStatus = LeadStatus.UNKNOWN
    store_status: str | None = None
    created_at: datetime | None = None
    updated_at: datetime | None = None
    next_follow_up_at: datetime | None = None
    contact_attempts: int | None = None
    notes: str | None = None


@dataclass(slots=True, kw_only=True, unsafe_hash=True)
class Booking:
    key: Key
    customer_key: Key | None = None
    lead_key: Key | None = None
    code: str | None = None
    status: BookingStatus = BookingStatus.UNKNOWN
    store_status: str | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None
    created_at: datetime | None = None
    service: str | None = None
    location: str | None = None
    staff: str | None = None
    source: str | None = None
    amount: Money | None = None
    payment_status: str | None = None
    paid: bool | None = None
    note: str | None = None


@dataclass(slots=True, kw_only=True, unsafe_hash=True)
class Stats:
    """Be what was counted of a customer's leads or bookings: those parts that were picked."""

    count: int = 0
    #: When the last of them was created or updated.
    last_touched_at: datetime | None = None


@dataclass(slots=True, kw_only=True, unsafe_hash=True)
class BookingStats(Stats):
    """Be what was counted of a customer's bookings; *first_at* and *last_at* are starts of accepted ones."""

    accepted: int = 0
    cancelled: int = 0
    no_shows: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    segment: Segment = Segment.PROSPECT

    @property
    def no_show_rate(self) -> float | None:
        return share(self.no_shows, self.accepted + self.no_shows)


@dataclass(frozen=True, slots=True)
class ServiceCount:
    """Count the accepted bookings of a *service*."""

    service: str
    bookings: int


@dataclass(frozen=True, slots=True)
class BookingNote:
    """Be what was noted about a booking that starts *at*."""

    booking_key: Key
    at: datetime | None
    text: str


@dataclass(frozen=True, slots=True)
class MonthlyRevenue:
    """Sum the revenue of the *month* that begins on this day."""

    month: date
    total: Money
    count: int


@dataclass(slots=True, kw_only=True, unsafe_hash=True)
class Revenue:
    """Sum what the profile counts as revenue: *total* in the store's currency, *count* of the rows that made it."""

    total: Money
    count: int
    other_currencies: tuple[Money, ...] = ()
    by_month: tuple[MonthlyRevenue, ...] = ()

    @property
    def average(self) -> Money | None:
        return self.total.divided_by(self.count) if self.count else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """Be whoever the rows of a store belong to, where it has several."""

    key: Key
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """Be somebody who can be assigned to deliveries."""

    key: Key
    name: str | None = None
    phone: str | None = None


class ExternalId(NamedTuple):
    """Be what the service *provider* calls a customer."""

    provider: str
    id: str


@dataclass(frozen=True, slots=True)
class ExternalAccount:
    """Be what another service calls a customer."""

    provider: str | None = None
    external_id: str | None = None
    branch: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    provider: str | None = None
    tracking_number: str | None = None
    status: str | None = None
    estimated_delivery: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusEvent:
    """Be a change of the status of a *parent* (lead, booking); *from_* and *to* are words of the store."""

    parent: str
    parent_key: Key
    at: datetime
    from_: str | None = None
    to: str
    by: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Be what was booked, as it was then; *archived* is None where no catalogue says whether it still stands there."""

    title: str | None = None
    brand: str | None = None
    model: str | None = None
    year: int | None = None
    price: Money | None = None
    images: tuple[str, ...] = ()
    external_ref: str | None = None
    archived: bool | None = None

    @property
    def primary_image(self) -> str | None:
        return self.images[0] if self.images else None
