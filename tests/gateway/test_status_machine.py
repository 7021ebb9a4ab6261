"""Leads and bookings that are made and changed in any order: store, history and answer stay in accord.

In CI some runs, the same each time; GATEWAY_TEST_MACHINES=200 makes many more.
"""

import os
from collections.abc import Callable, Coroutine
from itertools import pairwise
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from domain.ids import encode_id
from domain.status import BOOKING_WAYS, LEAD_WAYS, BookingStatus, LeadStatus
from sources.own.migrating import migrate
from tests.gateway.test_leads_and_bookings import write
from tests.gateway.test_statuses import booking, lead, rows, wrong
from tests.loading import existing_store
from tests.running import Gateway, running
from tests.servers import Servers
from tests.threaded import waiting

LEADS = {"new": "NEW", "contacted": "CONTACTED", "quoted": "QUOTED", "won": "WON", "lost": "LOST"}
BOOKINGS = {"scheduled": "CONFIRMED", "completed": "COMPLETED", "cancelled": "CANCELLED"}
TIMES = {"startAt": "2026-12-01T09:00:00+00:00", "endAt": "2026-12-01T10:00:00+00:00"}
Thing = tuple[str, str]


class Changing(RuleBasedStateMachine):
    """Know what every lead and booking is, and how it came to be so."""

    gateway: Gateway
    wait: Callable[[Coroutine[Any, Any, Any]], Any]

    @initialize()
    def begin(self) -> None:
        self.now: dict[Thing, str] = {}
        self.chains: dict[Thing, list[tuple[str, str]]] = {}
        self.make_lead("web")

    def _any(self, kind: str, number: int) -> Thing | None:
        known = [thing for thing in self.now if thing[0] == kind]
        return known[number % len(known)] if known else None

    @rule(source=st.sampled_from(["web", "phone"]))
    def make_lead(self, source: str) -> None:
        payload = type(self).wait(write(self.gateway, "createLead", name="Ann", source=source))
        assert payload["errors"] == []
        self.now["lead", payload["lead"]["key"]] = "new"

    @rule(number=st.integers(0, 9))
    def make_booking(self, number: int) -> None:
        thing = self._any("lead", number)
        assert thing is not None
        given = {"leadId": encode_id("Lead", None, thing[1]), **TIMES}
        payload = type(self).wait(write(self.gateway, "createBooking", **given))
        assert payload["errors"] == []
        self.now["booking", payload["booking"]["key"]] = "scheduled"

    @rule(number=st.integers(0, 9), to=st.sampled_from(list(LEADS)), expected=st.sampled_from([None, *LEADS.values()]))
    def change_lead(self, number: int, to: str, expected: str | None) -> None:
        self._change("lead", number, to, expected)

    @rule(number=st.integers(0, 9), to=st.sampled_from(list(BOOKINGS)), expected=st.sampled_from([None, "CONFIRMED"]))
    def change_booking(self, number: int, to: str, expected: str | None) -> None:
        self._change("booking", number, to, expected)

    def _change(self, kind: str, number: int, to: str, expected: str | None) -> None:
        thing = self._any(kind, number)
        if thing is None:
            return
        words: dict[str, str] = LEADS if kind == "lead" else BOOKINGS
        statuses: Any = LeadStatus if kind == "lead" else BookingStatus
        ways: Any = LEAD_WAYS if kind == "lead" else BOOKING_WAYS
        before, given = self.now[thing], {} if expected is None else {"expected": expected}
        change = lead if kind == "lead" else booking
        payload = type(self).wait(change(self.gateway, thing[1], words[to], **given))
        if expected not in (None, words[before]):
            assert wrong(payload) == [("STALE", ["expected"])]
        elif statuses[words[to]] not in ways[statuses[words[before]]]:
            assert wrong(payload) == [("INVALID_TRANSITION", ["to"])]
        else:
            assert payload["errors"] == []
            self.now[thing] = to
            self.chains.setdefault(thing, []).append((before, to))
        found, chain = payload[kind], self.chains.get(thing, [])
        assert found["storeStatus"] == self.now[thing]
        assert [(event["from"], event["to"]) for event in found["history"]["nodes"]] == chain[::-1][:20]
        assert found["history"]["totalCount"] == len(chain)

    @invariant()
    def the_store_holds_what_was_answered(self) -> None:
        if not hasattr(self, "now"):
            return
        for kind, table in (("lead", "Lead"), ("booking", "Booking")):
            keys = [key for one, key in self.now if one == kind]
            query = f'SELECT id, status FROM "{table}" WHERE id = ANY($1)'
            stored = dict(type(self).wait(rows(self.gateway, query, keys)))
            assert stored == {key: self.now[kind, key] for key in keys}
        assert all(one[1] == other[0] for chain in self.chains.values() for one, other in pairwise(chain))


def test_store_history_and_answer_are_in_accord(without_mongo: Servers) -> None:
    many = int(os.environ.get("GATEWAY_TEST_MACHINES", "6"))
    with waiting() as wait:
        store = wait(existing_store(without_mongo, "renos", "machine"))
        wait(migrate(str(store.postgres_url)))
        served = running(store)
        gateway = wait(served.__aenter__())
        try:
            machine = type("OfThisRun", (Changing,), {"gateway": gateway, "wait": staticmethod(wait)})
            how = settings(
                max_examples=many,
                stateful_step_count=25,
                deadline=None,
                derandomize=True,
                suppress_health_check=list(HealthCheck),
            )
            run_state_machine_as_test(machine, settings=how)
        finally:
            wait(served.__aexit__(None, None, None))
