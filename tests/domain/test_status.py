"""Where leads and bookings can go: every cell of the tables, and what a profile puts in their place."""

from enum import Enum
from typing import Any

import pytest

from domain.status import BOOKING_WAYS, LEAD_WAYS, BookingStatus, LeadStatus, Machine

#: From a status, the ones that can follow it; written out here, so that a change of the tables is meant.
LEADS = {
    "NEW": "CONTACTED QUALIFIED QUOTED WON LOST",
    "CONTACTED": "QUALIFIED QUOTED WON LOST",
    "QUALIFIED": "QUOTED WON LOST",
    "QUOTED": "QUALIFIED WON LOST",
    "LOST": "CONTACTED",
    "WON": "",
    "UNKNOWN": "NEW CONTACTED QUALIFIED QUOTED WON LOST",
}
BOOKINGS = {
    "REQUESTED": "CONFIRMED CANCELLED",
    "CONFIRMED": "IN_PROGRESS COMPLETED CANCELLED NO_SHOW",
    "IN_PROGRESS": "COMPLETED CANCELLED",
    "COMPLETED": "",
    "CANCELLED": "",
    "NO_SHOW": "",
    "UNKNOWN": "REQUESTED CONFIRMED IN_PROGRESS COMPLETED CANCELLED NO_SHOW",
}


def every_word(statuses: Any) -> dict[Any, tuple[str, ...]]:
    return {status: (status.value.lower(),) for status in statuses if status.name != "UNKNOWN"}


LEAD = Machine(every_word(LeadStatus), LEAD_WAYS, LeadStatus.UNKNOWN)
BOOKING = Machine(every_word(BookingStatus), BOOKING_WAYS, BookingStatus.UNKNOWN)
CELLS = [
    (machine, before, after, after.name in table[before.name].split())
    for machine, table, statuses in ((LEAD, LEADS, LeadStatus), (BOOKING, BOOKINGS, BookingStatus))
    for before in statuses
    for after in statuses
]


@pytest.mark.parametrize(("machine", "before", "after", "allowed"), CELLS)
def test_every_cell_of_the_tables(machine: Machine[Any], before: Enum, after: Enum, allowed: bool) -> None:
    ways = machine.allowed(machine.written(before) if before.name != "UNKNOWN" else "what is that")
    assert (after in [way.to for way in ways]) is allowed


def test_a_status_without_a_word_is_no_way_on() -> None:
    words = {LeadStatus.NEW: ("new",), LeadStatus.WON: ("won",)}
    machine = Machine(words, LEAD_WAYS, LeadStatus.UNKNOWN)
    assert [way.store_status for way in machine.allowed("new")] == ["won"]
    assert machine.written(LeadStatus.QUOTED) is None


def test_every_word_of_a_status_is_a_way_the_first_one_first() -> None:
    words = {BookingStatus.REQUESTED: ("asked",), BookingStatus.CANCELLED: ("off", "void")}
    machine = Machine(words, BOOKING_WAYS, BookingStatus.UNKNOWN)
    assert [tuple(way) for way in machine.allowed("asked")] == [
        (BookingStatus.CANCELLED, "off"),
        (BookingStatus.CANCELLED, "void"),
    ]
    assert machine.allowed("off") == []


def test_a_profile_puts_words_in_the_place_of_the_table() -> None:
    words = {BookingStatus.COMPLETED: ("delivered", "closed", "paid_out"), BookingStatus.CANCELLED: ("off",)}
    ways = {"delivered": ("closed",), "closed": ("paid_out",)}
    machine = Machine(words, BOOKING_WAYS, BookingStatus.UNKNOWN, ways)
    assert [tuple(way) for way in machine.allowed("delivered")] == [(BookingStatus.COMPLETED, "closed")]
    assert machine.allowed("paid_out") == []
    assert machine.allowed("off") == []


def test_what_the_store_says_beyond_its_words_can_be_left_for_any_of_them() -> None:
    machine = Machine(every_word(LeadStatus), LEAD_WAYS, LeadStatus.UNKNOWN, {"new": ()})
    assert [way.store_status for way in machine.allowed("НОВЫЙ")] == [
        "new", "contacted", "qualified", "quoted", "won", "lost"
    ]  # fmt: skip
    assert machine.allowed(None) == machine.allowed("НОВЫЙ")
    assert machine.allowed("new") == []
