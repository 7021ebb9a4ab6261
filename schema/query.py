"""The root fields: each with its rule, decided before anything is read."""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from domain.access import LOOK_AFTER_TENANTS, READ_CUSTOMERS, SIGNED_IN
from resolvers import couriers, customers, finding, leads, link_events, nodes, stores, tenants
from resolvers.loading import PageOf
from schema.booking import Booking
from schema.connections import Connection
from schema.customer import Courier, Customer, CustomerConnection
from schema.enums import Capability, Role
from schema.fields import Info, along_of, guarded, plain, wanted_of, written_of
from schema.filters import booking_page, customer_page, lead_page
from schema.inputs import BookingKeyArgument, CustomerKeyArgument, link_history
from schema.lead import Lead
from schema.link_event import LinkEvent
from schema.node import Node
from schema.operation import Operation
from schema.queries_dashboard import DashboardQueries
from schema.queries_linkage import LinkageQueries

AnyId = Annotated[
    strawberry.ID,
    strawberry.argument(description="An id of such a thing that was handed out before; BAD_ID for anything else."),
]
ManyIds = Annotated[
    list[strawberry.ID],
    strawberry.argument(
        description="Ids that were handed out before: null with BAD_ID for what is none. BAD_PAGE for more of them"
        " than a page may hold."
    ),
]


@strawberry.type(description="Who asks.")
class Viewer:
    subject: str = plain("The token's subject.")
    roles: list[Role] = plain("What the token allows.")
    tenant: str | None = plain("The tenant the token belongs to; null where it belongs to none.")


@strawberry.type(description="Whoever the rows of a store belong to, where it has several.")
class Tenant:
    key: str = plain("What X-Tenant calls them.")
    name: str | None = plain("What they are called; null where nothing says.")


@strawberry.type(description="How a store does right now.")
class StoreStatus:
    store: str = plain("postgres or mongo.")
    kind: str = plain("What sort of server it is.")
    up: bool = plain("Whether it answers, and is as its profile says.")
    latency_ms: float | None = plain("Milliseconds that one question took; null where it was not answered.")
    profile: str = plain("The profile that maps it.")
    message: str | None = plain("What is wrong; null where nothing is.")
    indexed_at: datetime | None = plain(
        "When the last whole pass began that took its records into the index of e-mails, phone numbers and names; null"
        " where there was none."
    )
    maps: list[Capability] = plain("What the profile maps in it.")


async def _customers(info: Info, asked: PageOf) -> Any:
    return await customers.find_customers(info.context, asked, wanted_of(info))


async def _leads(info: Info, asked: PageOf) -> Any:
    return await leads.find_leads(info.context, asked, wanted_of(info))


async def _bookings(info: Info, asked: PageOf) -> Any:
    return await leads.find_bookings(info.context, asked, wanted_of(info))


def _node(info: Info, id: AnyId) -> Any:  # noqa: A002 - the contract's name
    return nodes.node(info.context, id)


def _nodes(info: Info, ids: ManyIds) -> Any:
    return nodes.nodes(info.context, ids)


def _customer(info: Info, id: AnyId) -> Any:  # noqa: A002 - the contract's name
    return customers.customer_answer(info.context, id, along_of(info), written_of(info))


def _customer_by(info: Info, key: CustomerKeyArgument) -> Any:
    return finding.customer_by(info.context, key.keys())


def _lead(info: Info, id: AnyId) -> Any:  # noqa: A002 - the contract's name
    return leads.lead_by_id(info.context, id)


def _booking(info: Info, id: AnyId) -> Any:  # noqa: A002 - the contract's name
    return leads.booking_by_id(info.context, id)


def _booking_by(info: Info, key: BookingKeyArgument) -> Any:
    return leads.booking_by(info.context, key.rule())


def _couriers(info: Info) -> Any:
    return couriers.find_couriers(info.context)


def _tenants(info: Info) -> Any:
    return tenants.listed_tenants(info.context.stores)


async def _link_history(info: Info, asked: tuple[PageOf, str | None]) -> Any:
    page, customer = asked
    return await link_events.find_link_events(info.context, page, wanted_of(info), customer)


def _operation(info: Info, id: AnyId) -> Any:  # noqa: A002 - the contract's name
    return link_events.operation_by_id(info.context, id)


def _viewer(info: Info) -> Any:
    viewer = info.context.access.viewer
    assert viewer is not None
    return Viewer(subject=viewer.subject, roles=[role for role in Role if role in viewer.roles], tenant=viewer.tenant)


def _stores(info: Info) -> Any:
    return stores.described_stores(info.context)


@strawberry.type(
    description="What can be read. What cannot be answered is null, with an error beside it whose extensions.code"
    " says why (FORBIDDEN, BAD_PAGE, SOURCE_UNAVAILABLE …); the rest of the answer stands. What is not there is null"
    " without one."
)
class Query(LinkageQueries, DashboardQueries):
    node: Node | None = guarded(READ_CUSTOMERS, _node, "Whatever has this id; null where there is nothing any more.")
    nodes: list[Node | None] = guarded(READ_CUSTOMERS, _nodes, "Whatever has these ids, in their order.")
    customer: Customer | None = guarded(
        READ_CUSTOMERS,
        _customer,
        "The customer that owns this id. The id of any of its records works, linked before or after it was handed out.",
    )
    customer_by: Customer | None = guarded(
        READ_CUSTOMERS,
        _customer_by,
        "The customer that has this key. AMBIGUOUS where several have it, INDEX_MISSING where the index that finds"
        " e-mails and phone numbers was never filled.",
    )
    customers: CustomerConnection | None = guarded(
        READ_CUSTOMERS,
        _customers,
        "Customers of all stores in one list: each once, however many stores know them. 20 where neither first nor last"
        " is given, newest first where no order is.",
        arguments=customer_page,
    )
    lead: Lead | None = guarded(READ_CUSTOMERS, _lead, "The lead that has this id.")
    leads: Connection[Lead] | None = guarded(
        READ_CUSTOMERS, _leads, "Leads, newest first where no order is given.", arguments=lead_page
    )
    booking: Booking | None = guarded(READ_CUSTOMERS, _booking, "The booking that has this id.")
    bookings: Connection[Booking] | None = guarded(
        READ_CUSTOMERS, _bookings, "Bookings, latest start first where no order is given.", arguments=booking_page
    )
    booking_by: Booking | None = guarded(
        READ_CUSTOMERS, _booking_by, "The booking that has this key. AMBIGUOUS where several have it."
    )
    couriers: list[Courier] | None = guarded(
        READ_CUSTOMERS, _couriers, "The people that can be assigned to deliveries, by name."
    )
    tenants: list[Tenant] | None = guarded(
        LOOK_AFTER_TENANTS,
        _tenants,
        "For platform admins: the tenants that X-Tenant may name; null where the store lists none.",
    )
    link_history: Connection[LinkEvent] | None = guarded(
        READ_CUSTOMERS, _link_history, "What happened to links, latest first.", arguments=link_history
    )
    operation: Operation | None = guarded(READ_CUSTOMERS, _operation, "The operation that has this id.")
    viewer: Viewer = guarded(SIGNED_IN, _viewer, "Who asks, as the token says it.")
    stores: list[StoreStatus] = guarded(
        SIGNED_IN, _stores, "How each store does right now and what its profile maps; answers even when one is down."
    )
