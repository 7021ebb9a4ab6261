"""The lists of leads and bookings over random rows, page by page, held against plain Python over the same rows."""

import itertools
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.filtering import relaxed
from tests.resolvers.random_reference import shown, within
from tests.resolvers.random_rows import BOOKINGS, LEADS, NOW, Booking, Lead, Rows, as_input, meant, periods, rows
from tests.resolvers.random_store import CLOCKED, Store, random_store
from tests.servers import Servers


@dataclass(frozen=True, slots=True)
class Listed:
    """Say of a list: the *type* of its filter and its order, what it is ordered by, and what is told of its items."""

    filter: str
    orders: Mapping[str, Callable[[Any], datetime | None]]
    told: Mapping[str, Callable[[Any], Any]]

    def query(self, name: str) -> str:
        given = "$first: Int, $after: String, $last: Int, $before: String"
        order = self.filter.replace("Filter", "Order")
        selected = "totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
        return (
            f"query ({given}, $filter: {self.filter}, $order: {order}) {{ {name}(first: $first, after: $after,"
            f" last: $last, before: $before, filter: $filter, orderBy: $order) {{ {selected}"
            f" nodes {{ key {' '.join(self.told)} }} }} }}"
        )


def lead_status(lead: Lead) -> str:
    return LEADS.get(lead.status or "", "UNKNOWN")


def booking_status(booking: Booking) -> str:
    return BOOKINGS.get(booking.status or "", "UNKNOWN")


def is_due(lead: Lead) -> bool:
    due = lead.follow_up_at is not None and meant(lead.follow_up_at) <= meant(NOW)
    return due and lead_status(lead) not in ("WON", "LOST")


LISTS = {
    "leads": Listed(
        "LeadFilter",
        {"CREATED_AT": lambda one: one.created_at, "UPDATED_AT": lambda one: one.updated_at},
        {
            "status": lead_status,
            "storeStatus": lambda one: one.status,
            "source": lambda one: shown(one.source),
            "createdAt": lambda one: one.created_at,
            "updatedAt": lambda one: one.updated_at,
        },
    ),
    "bookings": Listed(
        "BookingFilter",
        {"START_AT": lambda one: one.start, "CREATED_AT": lambda one: one.created_at},
        {
            "status": booking_status,
            "storeStatus": lambda one: one.status,
            "service": lambda one: shown(one.service),
            "location": lambda one: shown(one.place),
            "startAt": lambda one: one.start,
            "createdAt": lambda one: one.created_at,
        },
    ),
}
Chosen = dict[str, Any]


def choices(*values: str) -> st.SearchStrategy[list[str] | None]:
    return st.none() | st.none() | st.lists(st.sampled_from([*values, "nowhere"]), max_size=3)


def statuses(words: Mapping[str, str]) -> st.SearchStrategy[list[str] | None]:
    every = sorted({*words.values(), "UNKNOWN"})
    return st.none() | st.none() | st.lists(st.sampled_from(every), max_size=3)


FILTERS: dict[str, st.SearchStrategy[Chosen]] = {
    "leads": st.fixed_dictionaries(
        {
            "status": statuses(LEADS),
            "storeStatus": choices(*LEADS, "odd"),
            "source": choices("web", "fair", " web "),
            "createdIn": st.none() | periods,
            "followUpDue": st.none() | st.none() | st.booleans(),
            "orphaned": st.none() | st.none() | st.booleans(),
        }
    ),
    "bookings": st.fixed_dictionaries(
        {
            "status": statuses(BOOKINGS),
            "storeStatus": choices(*BOOKINGS, "odd"),
            "location": choices("here", "there", "there "),
            "service": choices("cut", "wash"),
            "startIn": st.none() | periods,
            "createdIn": st.none() | periods,
        }
    ),
}


def is_chosen(one: Lead | Booking, chosen: Chosen, made: Rows) -> bool:
    """Say whether *one* is what *chosen* asks for, which leaves out nothing where it says nothing."""
    is_lead = isinstance(one, Lead)
    said: dict[str, Callable[[Any], bool]] = {
        "status": lambda asked: (lead_status(one) if isinstance(one, Lead) else booking_status(one)) in asked,
        "storeStatus": lambda asked: one.status in asked,
        "source": lambda asked: shown(getattr(one, "source", None)) in asked,
        "location": lambda asked: shown(getattr(one, "place", None)) in asked,
        "service": lambda asked: shown(getattr(one, "service", None)) in asked,
        "createdIn": lambda asked: within(one.created_at, asked),
        "startIn": lambda asked: not is_lead and within(one.start, asked),  # type: ignore[union-attr]
        "followUpDue": lambda asked: isinstance(one, Lead) and is_due(one) is asked,
        "orphaned": lambda asked: (one.customer_id not in {each.id for each in made.customers}) is asked,
    }
    return all(asked is None or said[name](asked) for name, asked in chosen.items())


def in_order(found: Sequence[tuple[int, Any]], value: Callable[[Any], datetime | None], *, falling: bool) -> list[int]:
    """Order the numbers of what was *found* by *value* and by number, all turned around if *falling*, nulls last."""
    dated = sorted((meant(at), number) for number, one in found if (at := value(one)) is not None)
    undated = sorted(number for number, one in found if value(one) is None)
    ordered = [[number for _, number in dated], undated]
    return [number for part in ordered for number in (part[::-1] if falling else part)]


@pytest.fixture(scope="module", params=CLOCKED)
async def store(without_mongo: Servers, request: pytest.FixtureRequest) -> AsyncIterator[Store]:
    async with random_store(without_mongo, "lists", clocked=request.param) as store:
        yield store


def as_variable(chosen: Chosen) -> Chosen:
    """Write *chosen* as a variable: periods too."""
    return {name: as_input(asked) if isinstance(asked, tuple) else asked for name, asked in chosen.items()}


async def walk(
    store: Store, name: str, variables: dict[str, Any], sizes: Sequence[int], *, backwards: bool
) -> tuple[list[dict[str, Any]], set[int]]:
    """Read the whole list page by page, in its own order; answer what was counted as well."""
    count, at = ("last", "before") if backwards else ("first", "after")
    found: list[dict[str, Any]] = []
    counted: set[int] = set()
    cursor = None
    for size in itertools.cycle(sizes):
        page = (await store.data(LISTS[name].query(name), **variables, **{count: size, at: cursor}))[name]
        info, nodes = page["pageInfo"], page["nodes"]
        counted.add(page["totalCount"])
        assert len(nodes) <= size
        more, beyond = (
            info[f"has{side}Page"] for side in (("Previous", "Next") if backwards else ("Next", "Previous"))
        )
        assert beyond is (cursor is not None)
        found = [*nodes, *found] if backwards else [*found, *nodes]
        if not more:
            return found, counted
        assert len(nodes) == size
        cursor = info["startCursor" if backwards else "endCursor"]
    raise AssertionError


@pytest.mark.parametrize("name", LISTS)
@relaxed
@given(made=rows, data=st.data())
async def test_a_list_is_what_python_chooses_and_orders(store: Store, made: Rows, name: str, data: Any) -> None:
    listed = LISTS[name]
    by, direction = data.draw(st.sampled_from(sorted(listed.orders))), data.draw(st.sampled_from(["ASC", "DESC"]))
    chosen, backwards = data.draw(FILTERS[name]), data.draw(st.booleans())
    sizes = data.draw(st.lists(st.integers(1, 6), min_size=1, max_size=3))
    await store.fill(made)
    rows_ = getattr(made, name)
    keys = await store.keys(name)
    wanted = [(number, one) for number, one in enumerate(rows_) if is_chosen(one, chosen, made)]
    order = in_order(wanted, listed.orders[by], falling=direction == "DESC")
    variables = {"filter": as_variable(chosen), "order": {"by": by, "direction": direction}}
    found, counted = await walk(store, name, variables, sizes, backwards=backwards)
    assert [one["key"] for one in found] == [keys[number] for number in order]
    assert counted == {len(order)}
    for number, told in zip(order, found, strict=True):
        for field, said in listed.told.items():
            expected = said(rows_[number])
            shown_ = told[field]
            if isinstance(expected, datetime):
                expected, shown_ = meant(expected), datetime.fromisoformat(shown_)
            assert shown_ == expected, field
