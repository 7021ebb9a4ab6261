"""What a store profile says, once it has been read and found right: the shapes that `sources/` works with."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from types import MappingProxyType
from typing import Generic, Literal, TypeVar

from domain.status import BookingStatus, CustomerStatus, LeadStatus

S = TypeVar("S", bound=Enum)
Scalar = str | int | float | bool
#: All columns must hold one of their values.
Condition = Mapping[str, tuple[Scalar, ...]]
NO_CONDITION: Condition = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Path:
    """Name a *column* (or a document's field), and *keys* into the JSON or the nested field that it holds."""

    column: str
    keys: tuple[str, ...] = ()

    def __str__(self) -> str:
        return ".".join((self.column, *self.keys))


#: The first non-empty of these paths.
Field = tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Join:
    """Make a name of several paths: those that are not empty, joined by a space."""

    parts: tuple[Path, ...]


@dataclass(frozen=True, slots=True)
class Ref:
    """Point at a customer: by *column*, or *through* the lead that *column* names."""

    column: str
    through: Literal["lead"] | None = None


@dataclass(frozen=True, slots=True)
class StatusMap(Generic[S]):
    """Translate between the store's words and ours; *words* is ordered: the first one of a status is written."""

    column: str
    words: Mapping[S, tuple[str, ...]]
    transitions: Mapping[str, tuple[str, ...]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Be what every section of rows has: where they are, whose they are, and what a new one needs.

    *name_of* is the `table` or `collection`; *insert* holds literal values and the words @uuid, @next, @now, @token,
    @code:PATTERN; *dates* says how dates are stored.
    """

    name_of: str
    tenant: str | None = None
    where: Condition = field(default_factory=lambda: NO_CONDITION)  # 3.11 takes a mapping proxy for mutable
    insert: Mapping[str, Scalar] = field(default_factory=dict)
    dates: Literal["native", "iso", "iso_z"] = "native"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed(Rows):
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSection:
    name: str
    currency: str
    timezone: str = "UTC"
    phone_region: str | None = None
    trust_unverified: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TenantSection(Keyed):
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredTotals:
    """Name the totals that somebody stored: *table* is None where they stand in the customer's own row."""

    table: str | None = None
    tenant: str | None = None
    customer: str | None = None
    leads: str | None = None
    bookings: str | None = None
    accepted: str | None = None
    no_shows: str | None = None
    first_booking_at: str | None = None
    revenue: str | None = None
    unit: Literal["major", "minor"] = "major"


@dataclass(frozen=True, slots=True, kw_only=True)
class External(Rows):
    customer: str
    provider: str
    external_id: str
    branch: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Referrer(Rows):
    customer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerSection(Keyed):
    created_at: str
    name: Field | Join | None = None
    email: Field | None = None
    phone: Field | None = None
    source: Field | None = None
    area: Field | None = None
    last_contact_at: str | None = None
    status: StatusMap[CustomerStatus] | None = None
    stored_totals: StoredTotals | None = None
    external: External | None = None
    referrer: Referrer | None = None


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Say which *table* still has what was booked: its *key* equals the row's column *by*."""

    table: str
    key: str
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    title: Field | None = None
    brand: Field | None = None
    model: Field | None = None
    year: Field | None = None
    price: Field | None = None
    external_ref: Field | None = None
    images: Field | None = None
    catalogue: Catalogue | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class History(Rows):
    """Name the store's own status history; *owner* refers to the lead or booking (`lead` or `booking` in TOML)."""

    owner: str
    to: str
    at: str
    from_: str | None = None
    by: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipments(Rows):
    booking: str
    provider: str | None = None
    tracking_number: str | None = None
    status: str | None = None
    estimated_delivery: str | None = None
    created_at: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeadSection(Keyed):
    created_at: str
    status: StatusMap[LeadStatus]
    customer: Ref | None = None
    unattached: Literal["orphaned", "open"] = "orphaned"
    name: Field | None = None
    email: Field | None = None
    phone: Field | None = None
    source: Field | None = None
    service: Field | None = None
    notes: Field | None = None
    updated_at: str | None = None
    next_follow_up_at: str | None = None
    contact_attempts: str | None = None
    snapshot: Snapshot | None = None
    history: History | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BookingSection(Keyed):
    created_at: str
    status: StatusMap[BookingStatus]
    customer: Ref | None = None
    lead: str | None = None
    code: str | None = None
    tracking_token: str | None = None
    start_at: str | None = None
    end_at: str | None = None
    minutes: str | None = None
    service: Field | None = None
    location: Field | None = None
    staff: Field | None = None
    source: Field | None = None
    note: Field | None = None
    amount: str | None = None
    unit: Literal["major", "minor"] = "major"
    currency: str | None = None
    payment_status: Field | None = None
    paid: Condition | None = None
    snapshot: Snapshot | None = None
    shipments: Shipments | None = None
    history: History | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RevenueSection(Rows):
    amount: str
    at: str
    customer: Ref | None = None
    unit: Literal["major", "minor"] = "major"
    currency: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Name the fields in which a record names its partner and its CRM row; None where the store has no such field."""

    partner: str | None = None
    crm: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountSection(Keyed):
    """Map the login accounts; *links.partner* is `links.delivery` in TOML."""

    links: Links
    name: Field | None = None
    email: Field | None = None
    phone: Field | None = None
    created_at: str | None = None
    active: Condition | None = None
    verified: Condition | None = None
    password_hash: str | None = None
    password_scheme: Literal["bcrypt", "argon2"] = "bcrypt"  # noqa: S105 - the name of a scheme is no secret
    placeholder_email: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliverySection(Keyed):
    """Map the delivery records; *links.partner* is `links.account` in TOML."""

    links: Links
    name: Field | None = None
    email: Field | None = None
    phone: Field | None = None
    address: Field | None = None
    area: Field | None = None
    courier: str | None = None
    created_at: str | None = None
    status: StatusMap[CustomerStatus] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CourierSection(Keyed):
    name: Field
    phone: Field | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Segments:
    """Give the days after which a customer is no longer new, active, at risk."""

    new: int = 30
    active: int = 90
    at_risk: int = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    store: StoreSection
    tenant: TenantSection | None = None
    customer: CustomerSection | None = None
    lead: LeadSection | None = None
    booking: BookingSection | None = None
    revenue: RevenueSection | None = None
    account: AccountSection | None = None
    delivery: DeliverySection | None = None
    courier: CourierSection | None = None
    segments: Segments = Segments()

    @property
    def has_tenants(self) -> bool:
        """Say whether every read happens within one tenant."""
        return any(rows is not None and rows.tenant for rows in (self.customer, self.account, self.delivery))
