"""What a census counts of random links, held against the customers one by one; segments, shares and intervals."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.census import Census, Heard, census
from domain.dashboard import Interval, intervals
from domain.errors import TooManyPointsError
from domain.figures import SegmentBounds, share
from domain.records import RecordKind
from domain.status import CustomerStatus, Segment
from domain.time import Period
from tests.domain.linked_stores import LinkedStore, linked_stores

ACCOUNT, DELIVERY = RecordKind.ACCOUNT, RecordKind.DELIVERY
keys = st.sampled_from([str(number) for number in range(7)])
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
BOUNDS = SegmentBounds.ago(NOW, new=30, active=90, at_risk=180)


@settings(max_examples=200, deadline=None)
@given(
    store=linked_stores(most=7),
    within=st.frozensets(st.tuples(st.sampled_from([ACCOUNT, DELIVERY]), keys)),
    statuses=st.dictionaries(keys, st.sampled_from(CustomerStatus)),
)
def test_it_counts_what_going_through_the_customers_does(
    store: LinkedStore, within: frozenset[tuple[RecordKind, str]], statuses: dict[str, CustomerStatus]
) -> None:
    said = {key: status for key, status in statuses.items() if key in store.deliveries}
    created = {kind: {key for of, key in within if of is kind} for kind in (ACCOUNT, DELIVERY)}
    heard = Heard({ACCOUNT: dict(store.accounts), DELIVERY: dict(store.deliveries)}, created, said)

    found = census(heard, store.rows)

    customers = {store.identity.members(ref) for ref in store.refs}
    beyond = [one for one in customers if one.crm is None]
    active = {one for one in customers if said.get(one.delivery or "") is CustomerStatus.ACTIVE}
    assert found == Census(
        linked=sum(len(one.refs) > 1 for one in customers),
        beyond=len(beyond),
        created=sum(one.head.key in created[one.head.kind] for one in beyond),
        active=sum(one in active for one in beyond),
        standing={one.crm: one in active for one in customers if one.crm and one.delivery in said},
    )


@pytest.mark.parametrize(
    ("first", "last", "segment"),
    [
        (None, None, Segment.PROSPECT),
        (-5, -5, Segment.NEW),
        (30, 30, Segment.NEW),
        (31, -5, Segment.ACTIVE),
        (31, 90, Segment.ACTIVE),
        (400, 91, Segment.AT_RISK),
        (180, 180, Segment.AT_RISK),
        (400, 181, Segment.LAPSED),
    ],
)
def test_a_segment_is_by_days_ago_and_its_last_day_is_within(
    first: int | None, last: int | None, segment: Segment
) -> None:
    ago = [None if days is None else NOW - timedelta(days=days) for days in (first, last)]
    assert BOUNDS.segment(*ago) is segment


def test_segments_of_any_number_of_days_leave_no_calendar() -> None:
    bounds = SegmentBounds.ago(NOW, new=10**9, active=10**9, at_risk=10**9)
    assert bounds.segment(datetime(3, 1, 1, tzinfo=UTC), NOW) is Segment.NEW


def test_a_share_has_four_places_and_none_of_nothing() -> None:
    assert (share(1, 3), share(0, 3), share(0, 0)) == (0.3333, 0.0, None)


@pytest.mark.parametrize(
    ("interval", "first", "last"),
    [
        (Interval.DAY, "2026-12-30", "2027-01-05"),
        (Interval.WEEK, "2026-12-28", "2027-01-04"),
        (Interval.MONTH, "2026-12-01", "2027-01-01"),
    ],
)
def test_intervals_reach_across_the_year(interval: Interval, first: str, last: str) -> None:
    period = Period(datetime(2026, 12, 30, tzinfo=UTC), datetime(2027, 1, 5, 1, tzinfo=UTC))
    found = [day.isoformat() for day in intervals(period, interval, UTC)]
    assert (found[0], found[-1]) == (first, last)
    assert len(found) == {Interval.DAY: 7, Interval.WEEK: 2, Interval.MONTH: 2}[interval]


def test_too_many_intervals_are_refused_and_as_many_as_allowed_are_not() -> None:
    period = Period(datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 1, 11, tzinfo=UTC))
    assert len(intervals(period, Interval.DAY, UTC, most=10)) == 10
    with pytest.raises(TooManyPointsError):
        intervals(period, Interval.DAY, UTC, most=9)
