"""Draw how leads and bookings change, as docs/statuses.md has it: for every profile that comes with the gateway."""

import sys
from argparse import Namespace
from collections.abc import Iterator
from enum import Enum
from typing import Any

from domain.status import BOOKING_WAYS, LEAD_WAYS, BookingStatus, LeadStatus, Machine
from resolvers.statuses import booking_machine, lead_machine
from schema.enums import meanings
from sources.profile import Profile
from sources.profile_reading import read_profile, shipped_profiles

_INTRODUCTION = """# How leads and bookings change

Each store has words of its own for how far a lead or a booking has come; the profile says what they mean. A status can
change along the arrows alone: `allowedTransitions` lists them for one lead or booking, `updateLeadStatus` and
`updateBookingStatus` go along them, and anything else is an `InvalidTransition` that names what is allowed.

- `to` is the status as all stores have it; `storeStatus` chooses a word where a status has several, else the first one
  is written.
- A word that the profile does not map reads as UNKNOWN, which can be left for any status and not entered.
- A store without a word for a status cannot enter it. A profile can put ways of its own in the place of these tables.

`python -m gateway statuses` makes this page from the profiles, and `make check` says where it is not current.
"""


def run(_: Namespace) -> int:
    sys.stdout.write("\n".join(_page()))
    return 0


def _page() -> Iterator[str]:
    yield _INTRODUCTION
    yield "## Without a profile\n"
    for name, statuses, ways, unknown in (
        ("Leads", LeadStatus, LEAD_WAYS, LeadStatus.UNKNOWN),
        ("Bookings", BookingStatus, BOOKING_WAYS, BookingStatus.UNKNOWN),
    ):
        words: dict[Any, tuple[str, ...]] = {status: (status.value,) for status in statuses if status is not unknown}
        machine: Machine[Any] = Machine(words, ways, unknown)
        yield f"### {name}\n"
        yield from _table(statuses, None)
        yield from _drawn(machine)
    for name in shipped_profiles():
        yield from _of_profile(read_profile(name))


def _of_profile(profile: Profile) -> Iterator[str]:
    machines: list[tuple[str, type[Enum], Machine[Any]]] = []
    if profile.lead is not None:
        machines.append(("Leads", LeadStatus, lead_machine(profile)))
    if profile.booking is not None:
        machines.append(("Bookings", BookingStatus, booking_machine(profile)))
    for name, statuses, machine in machines:
        yield f"## {name} of `{profile.store.name}`\n"
        yield from _table(statuses, machine)
        yield from _drawn(machine)


def _table(statuses: type[Enum], machine: Machine[Any] | None) -> Iterator[str]:
    """List what a person sees of each status, and the words of the store for it."""
    said = meanings(statuses)
    yield "| status | what it means |" if machine is None else "| status | what it means | the store's words |"
    yield "| --- | --- |" if machine is None else "| --- | --- | --- |"
    for status in statuses:
        words = "" if machine is None else ", ".join(f"`{word}`" for word in machine.words.get(status, ()))
        if machine is None:
            yield f"| {status.value} | {said[status]} |"
        elif words:
            yield f"| {status.value} | {said[status]} | {words} |"
    yield ""


def _drawn(machine: Machine[Any]) -> Iterator[str]:
    """Draw *machine* in Mermaid: a state for each word of the store."""
    words = [word for listed in machine.words.values() for word in listed]
    ids = {word: f"s{number}" for number, word in enumerate(words)}
    yield "```mermaid"
    yield "stateDiagram-v2"
    for word, id_ in ids.items():
        yield f'    state "{word.replace(chr(34), "#quot;")}" as {id_}'
    entered = {way.store_status for word in words for way in machine.allowed(word)}
    for word in words:
        if word not in entered:
            yield f"    [*] --> {ids[word]}"
    for word in words:
        ways = machine.allowed(word)
        for way in ways:
            yield f"    {ids[word]} --> {ids[way.store_status]}"
        if not ways:
            yield f"    {ids[word]} --> [*]"
    yield "```\n"
