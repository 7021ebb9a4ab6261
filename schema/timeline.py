"""What happened to a customer, in one list."""

from typing import Annotated

import strawberry

from schema.booking import Booking
from schema.connections import PageInfo
from schema.fields import plain
from schema.lead import Lead
from schema.link_event import LinkEvent
from schema.note import Note
from schema.status_event import StatusEvent

TimelineItem = Annotated[
    Lead | Booking | StatusEvent | LinkEvent | Note,
    strawberry.union("TimelineItem", description="Something that happened to a customer."),
]


@strawberry.type(description="One thing that happened.")
class TimelineEdge:
    cursor: str = plain("Its position in the timeline: for after.")
    node: TimelineItem = plain("What happened.")


@strawberry.type(description="A page of what happened to a customer, the latest first.")
class TimelineConnection:
    edges: list[TimelineEdge] = plain("What happened, each with its cursor.")
    nodes: list[TimelineItem] = plain("What happened.")
    page_info: PageInfo = plain("Where this page lies in the timeline.")
