"""Customers: one type over the records of all stores."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from domain import records
from domain.ids import CUSTOMER
from domain.written import Attribute, Called, Id
from resolvers import customers, noting, timeline
from resolvers.context import Context
from schema.analytics import CustomerAnalytics
from schema.booking import Booking
from schema.connections import Connection
from schema.enums import CustomerStatus, LinkState, RecordStore
from schema.fields import CUSTOMER_KEY, computed, computed_page, loaded, loaded_page, plain
from schema.filters import booking_page, lead_page
from schema.inputs import all_time, notes_page, revenue_period, timeline_page
from schema.lead import Lead
from schema.money import Money, Revenue
from schema.node import Node
from schema.note import Note

if TYPE_CHECKING:
    from schema.timeline import TimelineConnection


def _courier_key(delivery: records.DeliveryRecord) -> str | None:
    return delivery.courier_key


def _said(attribute: str, description: str) -> Any:
    """Declare a field that the first record says which has something to say."""

    def first(context: Context, customer: records.Customer) -> Any:
        return customers.first_of(context, customer, attribute)

    def each(context: Context, many: Sequence[records.Customer]) -> list[Any]:
        return customers.first_of_each(context, many, attribute)

    return computed(
        first,
        description,
        needs=(attribute,),
        many=each,
        along=customers.where_silent(attribute),
        written=Attribute(attribute),
    )


def _of_head(attribute: str, answer: Any, description: str) -> Any:
    """Declare a field that the head record says."""

    def each(_: Context, many: Sequence[records.Customer]) -> list[Any]:
        return customers.read_of_heads(many, answer, attribute)

    return computed(
        lambda _, customer: answer(customer),
        description,
        needs=(attribute,),
        many=each,
        written=Attribute(attribute),
    )


@strawberry.type(
    description="What one store says: whoever reviews a suggestion must see both sides. What it does not say is null."
)
class CustomerRecord:
    store: RecordStore = plain("Which kind of record it is.")
    key: str = plain("What its store calls it.")
    name: str | None = plain("The name it has.")
    email: str | None = plain("The e-mail it has.")
    phone: str | None = plain("The phone it has.")
    created_at: datetime | None = plain("When it was created.")


@strawberry.type(description="A login account. What its store does not say is null.")
class Account:
    key: str = plain("What its store calls it.")
    email: str | None = plain("What its owner logs in with.")
    phone: str | None = plain("The phone it has.")
    is_active: bool = plain("Whether the store lets it in at all.")
    can_log_in: bool = plain("Active, with a password set and an e-mail that is no placeholder.")
    email_is_placeholder: bool = plain("Whether the e-mail was made up and reaches nobody.")


@strawberry.type(description="Somebody who can be assigned to deliveries. What their store does not say is null.")
class Courier:
    key: str = plain("What its store calls them.")
    name: str | None = plain("What they are called.")
    phone: str | None = plain("Where to call them.")


@strawberry.type(description="What an outside provider calls a customer. What the store does not say is null.")
class ExternalAccount:
    provider: str | None = plain("Which provider.")
    external_id: str | None = plain("The customer's id there.")
    branch: str | None = plain("Which branch of it.")


@strawberry.type(description="A delivery and billing record. What its store does not say is null.")
class DeliveryProfile:
    key: str = plain("What its store calls it.")
    address: str | None = plain("Where to deliver to.")
    area: str | None = plain("The delivery area.")
    status: CustomerStatus | None = plain("How the delivery record stands.")
    courier: Courier | None = loaded(
        "couriers_by_key", key=_courier_key, description="Who delivers; null where nobody is assigned."
    )


@strawberry.type(
    description="A person or company, however many stores know them. What no record says is null; so is, with"
    " SOURCE_UNAVAILABLE, what only a store that is down would say."
)
class Customer(Node):
    id: strawberry.ID = computed(
        customers.customer_id,
        "Opaque. The id of any record of a customer finds it.",
        needs=(),
        many=customers.customer_ids,
        written=Id(CUSTOMER),
    )
    name: str = computed(
        customers.name_of,
        "The first non-empty name of its records, CRM first; e-mail, phone or key where none has one.",
        needs=("name", "email", "phone"),
        many=customers.names_of,
        along=customers.where_silent("name"),
        written=Called(),
    )
    email: str | None = _said("email", "The first e-mail of its records: CRM, account, delivery.")
    phone: str | None = _said("phone", "The first phone of its records: CRM, account, delivery.")
    status: CustomerStatus | None = _said("status", "The first status of its records: CRM, account, delivery.")
    source: str | None = _of_head(
        "source",
        customers.source_of,
        "Where the first contact came from, as the store says it: voice, web, whatsapp, telegram…",
    )
    area: str | None = _said("area", "The first area of its records: CRM, delivery.")
    created_at: datetime | None = _of_head(
        "created_at",
        customers.created_at_of,
        "When the head record was created: what lists are ordered and filtered by.",
    )
    first_seen_at: datetime | None = computed(
        customers.first_seen_at_of,
        "The earliest creation of any of its records.",
        needs=("created_at",),
        along=customers.OF_EACH,
    )
    last_contact_at: datetime | None = computed(
        customers.last_contact_at_of,
        "The latest of what the store says and of when its leads and bookings were created or updated.",
        needs=("last_contact_at",),
        along=customers.TOUCHED,
    )
    records: list[CustomerRecord] | None = computed(
        customers.records_of,
        "What each store says: CRM, account, delivery, those that are there.",
        along=customers.OF_EACH,
    )
    linkage: LinkState | None = computed(
        customers.linkage_of, "How far its records are linked.", needs=(), along=customers.OF_EACH
    )
    account: Account | None = computed(
        customers.account_of, "The login account; null where there is none.", needs=(), along=customers.OF_EACH
    )
    delivery: DeliveryProfile | None = computed(
        customers.delivery_of,
        "The delivery and billing record; null where there is none.",
        needs=(),
        along=customers.OF_EACH,
    )
    external_accounts: list[ExternalAccount] | None = loaded(
        "external_accounts_by_customer",
        key=CUSTOMER_KEY,
        needs=(),
        description="What outside providers call it, by provider and id.",
    )
    total_leads: int | None = loaded(
        "lead_stats_by_customer",
        key=CUSTOMER_KEY,
        needs=(),
        pick="count",
        description="How many leads it has, counted now.",
    )
    total_bookings: int | None = loaded(
        "booking_stats_by_customer",
        key=CUSTOMER_KEY,
        needs=(),
        pick="count",
        description="How many bookings it has, counted now.",
    )
    total_revenue: Money | None = loaded(
        "revenue_by_customer",
        key=CUSTOMER_KEY,
        needs=(),
        arguments=all_time,
        pick="total",
        description="All that the profile counts as revenue of this customer, exact, in the store's currency.",
    )
    leads: Connection[Lead] | None = loaded_page(
        "leads_by_customer",
        "lead_stats_by_customer",
        key=CUSTOMER_KEY,
        needs=(),
        arguments=lead_page,
        description="Its leads, newest first where no order is given.",
    )
    bookings: Connection[Booking] | None = loaded_page(
        "bookings_by_customer",
        "booking_stats_by_customer",
        key=CUSTOMER_KEY,
        needs=(),
        arguments=booking_page,
        description="Its bookings, latest start first where no order is given.",
    )
    revenue: Revenue | None = loaded(
        "revenue_by_customer",
        key=CUSTOMER_KEY,
        needs=(),
        arguments=revenue_period,
        description="Its revenue, of all time or of a period.",
    )
    analytics: CustomerAnalytics | None = computed(
        customers.analytics_of,
        "What its bookings say of it, counted now; null where the store does not say whose bookings are.",
        needs=(),
        many=customers.analytics_of_each,
        is_same=True,
    )
    notes: Connection[Note] | None = computed_page(
        noting.notes_of,
        arguments=notes_page,
        along=customers.OF_EACH,
        description="What was written down about it, the latest first.",
    )
    timeline: Annotated["TimelineConnection", strawberry.lazy("schema.timeline")] | None = computed_page(
        timeline.timeline,
        arguments=timeline_page,
        along=customers.OF_EACH,
        description="What happened to it, the latest first: leads and bookings by their creation, changes of their"
        " statuses and of links, and notes.",
    )

    @classmethod
    def is_type_of(cls, value: Any, _: Any) -> bool:
        return isinstance(value, records.Customer)


@strawberry.type(description="A page of the customers of all stores.")
class CustomerConnection(Connection[Customer]):
    missing_stores: list[str] = plain(
        "postgres, mongo: those that could not be asked, so that the list may lack their customers."
    )
