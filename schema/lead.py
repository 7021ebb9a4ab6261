"""Leads."""

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

import strawberry

from domain import records
from domain.ids import LEAD
from domain.records import RecordKind, RecordRef
from domain.written import Id
from resolvers.leads import lead_id, lead_ids
from resolvers.statuses import lead_transitions
from schema.connections import Connection
from schema.enums import LeadStatus
from schema.fields import computed, loaded, loaded_page, plain
from schema.inputs import lead_history_page
from schema.node import Node
from schema.snapshot import BookingSnapshot
from schema.status_event import StatusEvent
from schema.transition import LeadTransition

if TYPE_CHECKING:
    from schema.customer import Customer


def _customer(lead: records.Lead) -> RecordRef | None:
    return None if lead.customer_key is None else RecordRef(RecordKind.CRM, lead.customer_key)


def _key(lead: records.Lead) -> str:
    return lead.key


@strawberry.type(
    description="Somebody's interest, on its way to an order or to nothing. What its store does not say is null."
)
class Lead(Node):
    id: strawberry.ID = computed(
        lead_id, "Opaque, and stable as long as the lead is there.", needs=(), many=lead_ids, written=Id(LEAD)
    )
    key: str = plain("What the store calls it.")
    name: str | None = plain("Who asks.")
    email: str | None = plain("Where to write to.")
    phone: str | None = plain("Where to call.")
    source: str | None = plain("Where it came from, as the store says it.")
    service: str | None = plain("What it is about.")
    status: LeadStatus = plain("How far it has come; UNKNOWN where the store's word is not mapped.")
    store_status: str | None = plain("The word in the store, whatever it is.")
    allowed_transitions: list[LeadTransition] = computed(
        lead_transitions, "What its status can become, now; empty where that is an end.", needs=("store_status",)
    )
    created_at: datetime | None = plain("When it was created.")
    updated_at: datetime | None = plain("When it was last changed.")
    next_follow_up_at: datetime | None = plain("When somebody should be in touch again.")
    contact_attempts: int | None = plain("How often somebody tried to be in touch.")
    notes: str | None = plain("What was noted about it.")
    snapshot: BookingSnapshot | None = loaded(
        "snapshots_by_lead",
        key=_key,
        needs=(),
        description="What it is about, as it was then; null where nothing says.",
    )
    customer: Annotated["Customer", strawberry.lazy("schema.customer")] | None = loaded(
        "customers_by_record",
        key=_customer,
        needs=("customer_key",),
        description="Whose it is; null where it is nobody's yet.",
    )

    history: Connection[StatusEvent] | None = loaded_page(
        "history_by_lead",
        "history_stats_by_lead",
        key=_key,
        needs=(),
        arguments=lead_history_page,
        description="How its status changed, latest first: by the store's own history, else by the gateway's.",
    )

    @classmethod
    def is_type_of(cls, value: Any, _: Any) -> bool:
        return isinstance(value, records.Lead)
