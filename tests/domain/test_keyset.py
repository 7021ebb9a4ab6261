"""Pages by keyset, put one after the other, are the whole list: with ties, without values, over three kinds."""

from collections.abc import Iterator, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.keyset import Beyond, Nulls, Phase, Ties, phases, reading_order
from domain.paging import Direction, Order, Page, PageRequest, Position, decode_cursor, encode_cursor, page_of
from domain.records import RecordKind
from domain.time import instant

ORDERS = {direction: Order("customers", "CREATED_AT", direction) for direction in Direction}
directions = st.sampled_from(Direction)
small = st.integers(0, 3)
KINDS: tuple[Sequence[RecordKind | None], ...] = (tuple(RecordKind), (None,))
kinds = st.sampled_from(KINDS)


def positions(of: Sequence[RecordKind | None]) -> st.SearchStrategy[Position]:
    return st.builds(Position, st.none() | small, small.map(str), st.sampled_from(of))


@st.composite
def lists(draw: st.DrawFn) -> list[Position]:
    """Draw the positions of a list, each record's once: of three kinds, or of none."""
    drawn = positions(draw(kinds))
    return draw(st.lists(drawn, max_size=20, unique_by=lambda position: (position.kind, position.key, position.value)))


def in_order(listed: Sequence[Position], direction: Direction) -> list[Position]:
    """Sort as the design says: value, kind, key, all reversed together; those without a value last both ways."""
    ranks = {kind: rank for rank, kind in enumerate(RecordKind)}
    ordered = sorted(listed, key=lambda one: (one.value or 0, ranks[one.kind] if one.kind else 0, one.key))
    if direction is Direction.DESC:
        ordered.reverse()
    return [one for one in ordered if one.value is not None] + [one for one in ordered if one.value is None]


def read(listed: Sequence[Position], request: PageRequest) -> list[Position]:
    """Read all that follows the position of *request*, as stores do: kind by kind, phase by phase, then merged."""
    found: list[Position] = []
    for kind in dict.fromkeys(position.kind for position in listed):
        of_kind = [position for position in listed if position.kind is kind]
        for phase in phases(request.position, kind, request):
            found += _sorted([position for position in of_kind if _is_in(phase, position, request.reading)], request)
    return sorted(found, key=lambda position: reading_order(position, request))


def _is_in(phase: Phase, position: Position, reading: Direction) -> bool:
    sign = 1 if reading is Direction.ASC else -1

    def is_after(key: str | None) -> bool:
        return key is None or (position.key > key if sign > 0 else position.key < key)

    if isinstance(phase, Nulls):
        return position.value is None and is_after(phase.key)
    if position.value is None:
        return False
    assert isinstance(position.value, int)
    value = instant(position.value)
    match phase:
        case Ties():
            return value == phase.value and is_after(phase.key)
        case Beyond(None):
            return True
        case Beyond(beyond):
            assert beyond is not None
            return (value > beyond if sign > 0 else value < beyond) or (phase.inclusive and value == beyond)


def _sorted(found: list[Position], request: PageRequest) -> list[Position]:
    """Sort the rows of one statement as its ORDER BY does."""
    return sorted(found, key=lambda one: (one.value or 0, one.key), reverse=request.reading is Direction.DESC)


def pages(
    listed: Sequence[Position], direction: Direction, size: int, *, backwards: bool = False
) -> Iterator[Page[Position]]:
    """Go through a list by the cursors of its pages."""
    order, position = ORDERS[direction], None
    has_kinds = any(one.kind is not None for one in listed)
    for _ in range(len(listed) + 1):
        request = PageRequest(order, size, backwards, position)
        page = page_of(request, [(one, one) for one in read(listed, request)[: size + 1]])
        yield page
        if not (page.has_previous if backwards else page.has_next):
            return
        end = page.start if backwards else page.end
        assert end is not None
        position = decode_cursor(encode_cursor(order, None, end), order, None, kinds=has_kinds)
    raise AssertionError("the pages go round in a circle")


@settings(deadline=None)
@given(lists(), directions, st.integers(1, 5))
def test_pages_forwards_one_after_the_other_are_the_list(
    listed: list[Position], direction: Direction, size: int
) -> None:
    read_pages = list(pages(listed, direction, size))

    assert [item for page in read_pages for item in page.items] == in_order(listed, direction)
    assert all(len(page.items) == size for page in read_pages[:-1])


@settings(deadline=None)
@given(lists(), directions, st.integers(1, 5))
def test_pages_backwards_one_before_the_other_are_the_list(
    listed: list[Position], direction: Direction, size: int
) -> None:
    read_pages = list(pages(listed, direction, size, backwards=True))

    assert [item for page in reversed(read_pages) for item in page.items] == in_order(listed, direction)
    assert all(len(page.items) == size for page in read_pages[:-1])


@settings(deadline=None)
@given(lists(), directions, st.data())
def test_every_position_parts_the_list_whether_or_not_a_record_is_there(
    listed: list[Position], direction: Direction, data: st.DataObject
) -> None:
    """A record can be deleted after its cursor was handed out, and the end of a page that was given up is any place."""
    here = data.draw(positions([position.kind for position in listed] or [None]))
    order = ORDERS[direction]

    after = read(listed, PageRequest(order, 1, backwards=False, position=here))
    before = read(listed, PageRequest(order, 1, backwards=True, position=here))

    at = [position for position in listed if position == here]
    assert [*reversed(before), *at, *after] == in_order(listed, direction)


@given(lists(), directions)
def test_no_record_is_in_two_phases(listed: list[Position], direction: Direction) -> None:
    for here in listed:
        for backwards in (False, True):
            found = read(listed, PageRequest(ORDERS[direction], 1, backwards, here))
            assert len(found) == len(set(found))


# ── the phases themselves ──

AT = 1_000
FORWARDS = PageRequest(ORDERS[Direction.ASC], 10)
BACKWARDS = PageRequest(ORDERS[Direction.ASC], 10, backwards=True)
CRM, ACCOUNT, DELIVERY = RecordKind


def test_a_list_begins_with_values_and_ends_with_those_that_have_none() -> None:
    assert phases(None, CRM, FORWARDS) == (Beyond(), Nulls())
    assert phases(None, CRM, BACKWARDS) == (Nulls(), Beyond())


def test_after_a_value_come_its_ties_of_the_same_kind_then_what_lies_beyond_then_the_rest() -> None:
    here = Position(AT, "7", ACCOUNT)

    assert phases(here, ACCOUNT, FORWARDS) == (Ties(instant(AT), "7"), Beyond(instant(AT), resumes=True), Nulls())
    assert phases(here, ACCOUNT, BACKWARDS) == (Ties(instant(AT), "7"), Beyond(instant(AT), resumes=True))
    marked = Position(AT, "7", ACCOUNT, "as stored")
    beyond = Beyond(instant(AT), stored="as stored", resumes=True)
    assert phases(marked, ACCOUNT, BACKWARDS) == (Ties(instant(AT), "7", "as stored"), beyond)
    assert phases(marked, DELIVERY, BACKWARDS) == phases(here, DELIVERY, BACKWARDS)


def test_ties_of_a_later_kind_are_still_to_come_and_of_an_earlier_one_were_read() -> None:
    here = Position(AT, "7", ACCOUNT)

    assert phases(here, DELIVERY, FORWARDS) == (Beyond(instant(AT), inclusive=True), Nulls())
    assert phases(here, CRM, FORWARDS) == (Beyond(instant(AT)), Nulls())
    assert phases(here, CRM, BACKWARDS) == (Beyond(instant(AT), inclusive=True),)
    assert phases(here, DELIVERY, BACKWARDS) == (Beyond(instant(AT)),)


def test_among_those_without_a_value_kinds_come_in_their_order() -> None:
    here = Position(None, "7", ACCOUNT)

    assert phases(here, ACCOUNT, FORWARDS) == (Nulls("7"),)
    assert phases(here, DELIVERY, FORWARDS) == (Nulls(),)
    assert phases(here, CRM, FORWARDS) == ()
    assert phases(here, ACCOUNT, BACKWARDS) == (Nulls("7"), Beyond())
    assert phases(here, DELIVERY, BACKWARDS) == (Beyond(),)
    assert phases(here, CRM, BACKWARDS) == (Nulls(), Beyond())
