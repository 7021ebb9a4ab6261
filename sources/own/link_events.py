"""The trail of links, in pages: latest first."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, Select, Text, bindparam, cast, func, select, true, tuple_
from sqlalchemy.dialects.postgresql import ARRAY, array

from domain.errors import BadCursorError
from domain.operations import LinkEvent
from domain.paging import Page, PageRequest, Position, page_of
from domain.time import instant, micros
from sources.own.operations import Tenant, own_tenant, read_event
from sources.own.store import OwnStore
from sources.own.tables import link_events


async def events(
    own: OwnStore, tenant: Tenant, records: Sequence[str] | None, request: PageRequest
) -> list[tuple[Position, LinkEvent]]:
    """Read one more event than the page: those of any of *records*, or of all."""
    order = [link_events.c.at.desc(), link_events.c.id.desc()]
    query = _chosen(select(link_events), tenant, records).order_by(*order).limit(request.size + 1)
    if request.position is not None:
        query = query.where(tuple_(link_events.c.at, link_events.c.id) < tuple_(*_place(request.position)))
    found = [read_event(row) for row in await own.rows(query)]
    return [(Position(micros(event.at), str(event.id), None), event) for event in found]


async def events_by_records(
    own: OwnStore, tenant: Tenant, owners: Sequence[tuple[str, ...]], request: PageRequest, before: datetime | None
) -> Mapping[tuple[str, ...], Page[LinkEvent]]:
    """Read a page of the events of any of the records of each of *owners*, *before* an instant if one is given."""
    flat = (
        func.unnest(bindparam("numbers", type_=ARRAY(Integer)), bindparam("records", type_=ARRAY(Text)))
        .table_valued("number", "record")
        .render_derived(name="flat")
    )
    records = func.array_agg(flat.c.record, type_=ARRAY(Text)).label("records_asked")
    asked = select(flat.c.number.label("number"), records).group_by(flat.c.number).subquery("asked")
    query = select(link_events).where(
        link_events.c.tenant == own_tenant(tenant), link_events.c.records.overlap(asked.c.records_asked)
    )
    if request.position is not None:
        query = query.where(tuple_(link_events.c.at, link_events.c.id) < tuple_(*_place(request.position)))
    if before is not None:
        query = query.where(link_events.c.at < before)
    latest = query.order_by(link_events.c.at.desc(), link_events.c.id.desc()).limit(request.size + 1)
    event = latest.correlate(asked).lateral("event")
    ordered = select(asked.c.number, event).select_from(asked.join(event, true()))
    values = {
        "numbers": [number for number, owner in enumerate(owners) for _ in owner],
        "records": [record for owner in owners for record in owner],
    }
    found: dict[int, list[tuple[Position, LinkEvent]]] = {}
    for row in await own.rows(ordered.order_by(asked.c.number, event.c.at.desc(), event.c.id.desc()), values):
        one = read_event(row)
        found.setdefault(row.number, []).append((Position(micros(one.at), str(one.id), None), one))
    return {owner: page_of(request, found.get(number, [])) for number, owner in enumerate(owners)}


async def count_events(own: OwnStore, tenant: Tenant, records: Sequence[str] | None) -> int:
    query = _chosen(select(func.count()).select_from(link_events), tenant, records)
    number: int = (await own.rows(query))[0][0]
    return number


def _chosen(query: Select[Any], tenant: Tenant, records: Sequence[str] | None) -> Select[Any]:
    conditions: list[ColumnElement[bool]] = [link_events.c.tenant == own_tenant(tenant)]
    if records is not None:
        conditions.append(link_events.c.records.overlap(cast(array(list(records)), ARRAY(Text))))
    return query.where(*conditions)


def _place(position: Position) -> tuple[datetime, int]:
    """Read what stands in a cursor. Raises BadCursorError."""
    if not isinstance(position.value, int) or not position.key.isdecimal() or int(position.key) >= 1 << 63:
        raise BadCursorError(position.key)
    return instant(position.value), int(position.key)
