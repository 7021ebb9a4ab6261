"""Draft what counts as revenue: payments, invoices or quotes of customers, else what the bookings themselves cost."""

from collections.abc import Sequence
from typing import Any

from sources.draft import Part
from sources.draft_columns import Columns, fits
from sources.draft_names import likeness
from sources.draft_places import key_of, reference
from sources.draft_tables import Picked, begin, money_of, offer_date, owner_of
from sources.draft_vocabulary import COLUMNS, PAYMENT_STATUS, PLACES, REVENUE, STATUS
from sources.draft_words import counted_words, other_words, settled_words
from sources.inspection import Column, Holds, Place


def revenue_parts(
    places: Sequence[Place],
    *,
    customer: Picked | None,
    lead: Picked | None,
    booking: Picked | None,
    tenants: bool,
) -> list[Part]:
    """Draft [revenue] from *places*, or from the bookings; without amounts there is none."""
    picked = _revenue_place(places, customer, lead)
    if picked is None and booking is not None and booking.part.value("amount"):
        picked = Picked("revenue", booking.place, Columns(booking.place, PLACES["booking"]))
    if picked is None:
        return []
    part = begin(picked, tenants=tenants)
    owner_of(picked, part, customer, lead)
    if key := key_of(picked.place):
        picked.columns.take(key)
    own = booking is not None and picked.place is booking.place
    _settled(picked, part, booking if own else None)
    picked.columns.fill(part, "revenue")
    if own and booking is not None and not part.value("at"):
        part.sure("at", booking.part.value("created_at"))
    offer_date(picked, part, "at")
    money_of(picked, part)
    picked.columns.dates_as(part)
    part.need_what_is_required()
    return [part]


def _revenue_place(places: Sequence[Place], customer: Picked | None, lead: Picked | None) -> Picked | None:
    for stems in REVENUE:
        for place in sorted(places, key=lambda one: -likeness(one.name, stems)):
            columns = Columns(place, stems)
            owned = (customer and reference(place, customer.place, "customer")) or (
                lead and reference(place, lead.place, "lead")
            )
            amount = columns.find(COLUMNS["revenue"]["amount"], lambda one: fits("amount", one))
            if likeness(place.name, stems) and owned and amount:
                return Picked("revenue", place, columns)
    return None


def _settled(picked: Picked, part: Part, booking: Picked | None) -> None:
    """Say which rows count: those whose money came, or is agreed."""
    names = (*PAYMENT_STATUS, *(() if booking else STATUS))
    match = picked.columns.find(names, lambda one: one.holds is Holds.TEXT)
    column: Column | None = match.column if match and match.exact else None
    words: Any = settled_words(column)
    if not words and booking is not None and len(booking.parts) > 1:
        column = picked.place.columns.get(str(booking.parts[1].value("column")))
        mapped = booking.parts[1].value("words")
        words = mapped.get("COMPLETED", []) if isinstance(mapped, dict) else []
    if column is not None and words:
        picked.columns.take(column.name)
        part.sure("where", {column.name: words}, other_words(column, words))
    elif column is not None:
        part.doubt = "which of these words say that an amount counts? Without `where` every row does"
        part.unsure("where", {column.name: []}, f"its words: {counted_words(column, list(column.counted))}")
    elif booking is not None:
        part.doubt = "no column says which of these amounts count"
