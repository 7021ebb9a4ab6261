"""What a page is asked for with, and what it says of the rest of its list."""

from dataclasses import replace
from typing import Any

import pytest

from domain.errors import BadCursorError, BadPageError
from domain.paging import (
    DEFAULT_SIZE,
    Direction,
    Order,
    Page,
    PageArguments,
    PageRequest,
    Position,
    encode_cursor,
    page_of,
)

LEADS = Order("leads", "CREATED_AT", Direction.DESC)
CUSTOMERS = Order("customers", "CREATED_AT", Direction.DESC)
TENANT = "acme"
AT = 1_767_225_600_000_000
CURSOR = encode_cursor(LEADS, TENANT, Position(AT, "7"))


def ask(*, longest: int = 100, **arguments: Any) -> PageRequest:
    return PageArguments(**arguments).request(LEADS, TENANT, longest=longest)


# ── arguments ──


def test_nothing_asked_for_is_the_first_twenty() -> None:
    assert ask() == PageRequest(LEADS, DEFAULT_SIZE)
    assert DEFAULT_SIZE == 20


def test_a_cursor_alone_goes_on_for_twenty_in_its_direction() -> None:
    assert ask(after=CURSOR) == PageRequest(LEADS, 20, position=Position(AT, "7"))
    assert ask(before=CURSOR) == PageRequest(LEADS, 20, backwards=True, position=Position(AT, "7"))


def test_twenty_are_fewer_where_a_page_holds_no_twenty() -> None:
    assert ask(longest=5).size == 5
    assert ask(longest=5, before=CURSOR).size == 5


def test_first_goes_with_after_and_last_with_before() -> None:
    assert ask(first=3, after=CURSOR) == PageRequest(LEADS, 3, position=Position(AT, "7"))
    assert ask(last=3, before=CURSOR) == PageRequest(LEADS, 3, backwards=True, position=Position(AT, "7"))
    assert ask(last=3) == PageRequest(LEADS, 3, backwards=True)


@pytest.mark.parametrize(
    "arguments",
    [
        {"first": 3, "last": 3},
        {"first": 3, "before": CURSOR},
        {"last": 3, "after": CURSOR},
        {"after": CURSOR, "before": CURSOR},
        {"first": 3, "after": CURSOR, "before": CURSOR},
        {"first": 3, "after": CURSOR, "last": 3, "before": CURSOR},
    ],
)
def test_both_directions_in_one_page_are_refused(arguments: dict[str, Any]) -> None:
    with pytest.raises(BadPageError) as caught:
        ask(**arguments)

    assert caught.value.extensions == {"code": "BAD_PAGE"}


@pytest.mark.parametrize("name", ["first", "last"])
@pytest.mark.parametrize("size", [0, -1, 101, 2**31 - 1, -(2**31)])
def test_a_size_outside_one_to_the_longest_page_is_refused_by_name(name: str, size: int) -> None:
    with pytest.raises(BadPageError) as caught:
        ask(**{name: size})

    assert str(caught.value) == f"{name} is {size}: a page holds 1 to 100."


@pytest.mark.parametrize("name", ["first", "last"])
@pytest.mark.parametrize("size", [1, 100])
def test_one_and_the_longest_page_are_sizes(name: str, size: int) -> None:
    assert ask(**{name: size}).size == size


def test_a_bad_size_is_said_before_a_bad_cursor() -> None:
    with pytest.raises(BadPageError):
        ask(first=0, after="nonsense")


@pytest.mark.parametrize("name", ["after", "before"])
def test_an_empty_cursor_is_not_the_same_as_none(name: str) -> None:
    arguments: dict[str, Any] = {name: ""}

    with pytest.raises(BadCursorError):
        ask(**arguments)


@pytest.mark.parametrize(
    ("direction", "backwards", "reading"),
    [
        (Direction.ASC, False, Direction.ASC),
        (Direction.DESC, False, Direction.DESC),
        (Direction.ASC, True, Direction.DESC),
        (Direction.DESC, True, Direction.ASC),
    ],
)
def test_a_page_backwards_is_read_against_the_order(direction: Direction, backwards: bool, reading: Direction) -> None:
    assert PageRequest(replace(LEADS, direction=direction), 1, backwards).reading is reading


# ── pages ──

FOUND = [(Position(AT - number, str(number)), number) for number in range(4)]


@pytest.mark.parametrize(("size", "more"), [(3, True), (4, False), (5, False)])
def test_a_page_holds_what_was_asked_for_and_says_whether_there_is_more(size: int, more: bool) -> None:
    page = page_of(PageRequest(LEADS, size), FOUND)

    assert page.items == (0, 1, 2, 3)[:size]
    assert (page.has_next, page.has_previous) == (more, False)
    assert (page.start, page.end) == (FOUND[0][0], FOUND[min(size, 4) - 1][0])


def test_a_page_read_backwards_is_in_the_order_of_its_list() -> None:
    page = page_of(PageRequest(LEADS, 3, backwards=True), FOUND)

    assert page.items == (2, 1, 0)
    assert (page.has_next, page.has_previous) == (False, True)
    assert (page.start, page.end) == (FOUND[2][0], FOUND[0][0])


def test_where_a_cursor_was_given_there_is_something_behind_it() -> None:
    position = Position(AT, "7")

    assert page_of(PageRequest(LEADS, 9, position=position), FOUND).has_previous
    assert page_of(PageRequest(LEADS, 9, backwards=True, position=position), FOUND).has_next


def test_an_empty_page_has_no_ends() -> None:
    page: Page[int] = page_of(PageRequest(LEADS, 3), [])

    assert (page.start, page.end, page.has_next, page.has_previous) == (None, None, False, False)


@pytest.mark.parametrize("items", [(), (1,)])
def test_a_page_that_was_given_up_goes_on_from_its_frontier(items: tuple[int, ...]) -> None:
    frontier, last = Position(AT - 9, "9"), Position(AT, "1")
    positions = (last,) * len(items)

    forwards = Page(PageRequest(LEADS, 3), items, positions, more=True, frontier=frontier)
    backwards = Page(PageRequest(LEADS, 3, backwards=True), items, positions, more=True, frontier=frontier)

    assert (forwards.start, forwards.end, forwards.has_next) == (last if items else None, frontier, True)
    assert (backwards.start, backwards.end, backwards.has_previous) == (frontier, last if items else None, True)
