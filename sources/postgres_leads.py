"""Leads as statements."""

import operator
from datetime import UTC, datetime
from decimal import Decimal

from sqlalchemy import ColumnElement, and_, false, func, not_, or_

from domain.filters import LeadFilter
from domain.records import Lead
from domain.status import LeadStatus
from sources.postgres_mapping import MappedTable
from sources.postgres_records import BY, KEY, MEANING, NAME, TEXT, Meanings, Part, Records, time_part
from sources.postgres_rows import RowStatements
from sources.postgres_sections import (
    Sections,
    among_keys,
    in_status,
    in_words,
    is_empty,
    names_one,
    one_of,
    roles,
)
from sources.profile import LeadSection

_DATES = ("created_at", "updated_at", "next_follow_up_at")


def lead_table(sections: Sections, section: LeadSection) -> MappedTable:
    """Map *section* onto its table."""
    named = roles(
        key=section.key,
        created_at=section.created_at,
        status=section.status.column,
        customer=section.customer.column if section.customer else None,
        updated_at=section.updated_at,
        next_follow_up_at=section.next_follow_up_at,
        contact_attempts=section.contact_attempts,
    )
    fields = [section.name, section.email, section.phone, section.source, section.service, section.notes]
    return sections.map("lead", section, named, fields)


def lead_statements(
    sections: Sections, section: LeadSection, mapped: MappedTable, customers: MappedTable | None
) -> RowStatements[Lead]:
    """Read leads from their table *mapped*; whether they are orphaned is seen from the *customers*."""
    times = mapped.times(*_DATES)
    owner = sections.owner(mapped, section.customer, mapped)

    def filters(chosen: LeadFilter | None) -> list[ColumnElement[bool]]:
        if chosen is None:
            return []
        return [
            *among_keys(mapped, chosen.keys),
            *in_status(mapped, section.status, chosen.status, LeadStatus.UNKNOWN),
            *in_words(mapped, chosen.store_status),
            *one_of(mapped, section.source, chosen.source),
            *times["created_at"].within(chosen.created_in),
            *_whether(chosen.follow_up_due, is_due(mapped, section, datetime.now(UTC))),
            *_whether(chosen.orphaned, _is_orphaned(mapped, section, customers)),
        ]

    texts = {
        "name": section.name,
        "email": section.email,
        "phone": section.phone,
        "source": section.source,
        "service": section.service,
        "notes": section.notes,
    }
    columns = {
        "key": mapped["key"],
        "status": mapped.text("status"),
        "customer": mapped.text("customer") if owner is None else owner.key,
        "contact_attempts": mapped.quantity("contact_attempts"),
        **{role: time.selected for role, time in times.items()},
        **{name: mapped.first_of(field) for name, field in texts.items()},
    }
    parts = {
        "key": Part(("key",), NAME),
        "customer_key": Part(("customer",), KEY),
        "status": Part(("status",), MEANING, Meanings(section.status.words, LeadStatus.UNKNOWN)),
        "store_status": Part(("status",)),
        **{name: Part((name,), TEXT) for name, field in texts.items() if field is not None},
        **({"contact_attempts": Part(("contact_attempts",), BY, _count)} if section.contact_attempts else {}),
        **{role: time_part(role, time) for role, time in times.items()},
    }
    orders = {"CREATED_AT": times["created_at"]}
    if "updated_at" in times:
        orders["UPDATED_AT"] = times["updated_at"]
    records = Records(Lead, columns, parts)
    return RowStatements(mapped, kind=None, records=records, orders=orders, filters=filters, owner=owner)


def is_due(mapped: MappedTable, section: LeadSection, now: datetime) -> ColumnElement[bool] | None:
    """Say which leads somebody should follow up: the time has come, and they are neither won nor lost.

    None where the profile maps no such time.
    """
    if "next_follow_up_at" not in mapped:
        return None
    closed = in_status(mapped, section.status, (LeadStatus.WON, LeadStatus.LOST), LeadStatus.UNKNOWN)
    follow_up = mapped.time("next_follow_up_at")
    return and_(
        follow_up.has_value,
        follow_up.compare(operator.le, now),
        *(func.coalesce(one, false()).is_(false()) for one in closed),
    )


def _is_orphaned(
    mapped: MappedTable, section: LeadSection, customers: MappedTable | None
) -> ColumnElement[bool] | None:
    """Say which leads belong to nobody: they name no customer, where that is a fault, or one that is not there."""
    if "customer" not in mapped:
        return None
    unattached = is_empty(mapped, "customer")
    lost = false() if customers is None else and_(not_(unattached), not_(names_one(mapped, "customer", customers)))
    return or_(unattached, lost) if section.unattached == "orphaned" else lost


def _whether(wanted: bool | None, condition: ColumnElement[bool] | None) -> list[ColumnElement[bool]]:
    """Hold rows to *condition*, or to its contrary; where nothing can say it, no row is either."""
    if wanted is None:
        return []
    if condition is None:
        return [false()]
    return [condition if wanted else func.coalesce(condition, false()).is_(false())]


def _count(stored: Decimal | None) -> int | None:
    """Read a number that a GraphQL Int can say; None for any other."""
    return int(stored) if stored is not None and abs(stored) < 1 << 31 else None
