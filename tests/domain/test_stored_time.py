"""Stored dates compare with a bound as the instants that they mean compare with the instant that was asked for."""

from datetime import UTC, date, datetime, timedelta, timezone, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from domain.errors import BadCursorError
from domain.stored_time import Bound, Form, OtherFormError, StoredTime
from domain.time import FIRST, FIRST_MICROS, LAST, LAST_MICROS, instant, meant, write_iso

#: Clocks are put forward in the night, in Santiago at midnight; in St. John's they were put back over midnight, and
#: Apia left out a day.
ZONES: list[tzinfo] = [
    UTC,
    *map(
        ZoneInfo,
        ["America/New_York", "Europe/Copenhagen", "America/Santiago", "America/St_Johns", "Pacific/Apia"],
    ),
]
WITHOUT_ZONE = (Form.NAIVE, Form.DAY, Form.ISO)
AWAY = timezone(timedelta(hours=5, minutes=30))
#: Where clocks change, and the ends of what counts.
TURNS = [
    *(FIRST.replace(tzinfo=None), LAST.replace(tzinfo=None)),
    *map(
        datetime.fromisoformat,
        [
            "2026-03-08T02:00",
            "2026-11-01T01:00",
            "2026-03-29T02:00",
            "2026-10-25T02:00",
            "2026-09-06T00:00",
            "2026-04-04T23:00",
            "2010-11-06T23:01",
            "2011-12-30T00:00",
            "1883-11-18T12:00",
        ],
    ),
]

near = st.builds(
    lambda turn, minutes, rest: turn + timedelta(minutes=minutes, microseconds=rest),
    st.sampled_from(TURNS),
    st.integers(-1500, 1500) | st.sampled_from([-60, 0, 30, 60]),
    st.sampled_from([0, 0, 1, 500, 999, 1000, 59_999_999]),
)
naive_dates = near | st.datetimes(datetime(1880, 1, 1), datetime(2040, 1, 1))  # noqa: DTZ001 - as stored
instants = (
    naive_dates.map(lambda drawn: drawn.replace(tzinfo=UTC))
    | st.integers(FIRST_MICROS, LAST_MICROS).map(instant)
    | st.sampled_from([instant(FIRST_MICROS), instant(LAST_MICROS)])
)


def stored_as(form: Form, naive: datetime) -> Any:
    """Write *naive* as a column or field of *form* would hold it."""
    millis = naive.replace(microsecond=naive.microsecond // 1000 * 1000)
    match form:
        case Form.INSTANT:
            return naive.replace(tzinfo=UTC)
        case Form.MILLIS:
            return millis.replace(tzinfo=UTC)
        case Form.NAIVE:
            return naive
        case Form.DAY:
            return naive.date()
        case Form.ISO:
            return write_iso(naive, "iso")
        case Form.ISO_Z:
            return write_iso(naive, "iso_z")


def was_skipped(stored: Any, time: StoredTime) -> bool:
    """Say whether the clock never showed what is *stored*."""
    if time.form not in WITHOUT_ZONE:
        return False
    written = stored if isinstance(stored, datetime) else datetime.fromisoformat(str(stored))
    return meant(written, time.zone).astimezone(time.zone).replace(tzinfo=None) != written


@pytest.mark.parametrize("form", Form)
@given(drawn=naive_dates, asked=instants, zone=st.sampled_from(ZONES))
@example(drawn=datetime(2026, 9, 6), asked=datetime(2026, 9, 6, 4, tzinfo=UTC), zone=ZONES[3])  # noqa: DTZ001
def test_what_is_stored_compares_with_the_bound_as_instants_compare(
    form: Form, drawn: datetime, asked: datetime, zone: tzinfo
) -> None:
    time = StoredTime(form, zone)
    stored = stored_as(form, drawn)
    means = time.read(stored)
    assume(means is not None)
    assert means is not None
    # A date that the clock skipped shares its instant with the one that ended the gap: see the next test.
    assume(means != asked or form is Form.DAY or not was_skipped(stored, time))
    assume(not (form is Form.DAY and stored == date(2011, 12, 30)))

    bound = time.bound(asked)

    assert (stored >= bound.value) == (means >= asked)
    assert (stored > bound.value or (stored == bound.value and not bound.exact)) == (means > asked)
    assert (bound.exact and stored == bound.value) == (means == asked)


@pytest.mark.parametrize("form", [Form.NAIVE, Form.ISO])
def test_a_date_that_the_clock_skipped_comes_just_before_the_end_of_the_gap_that_it_means(form: Form) -> None:
    """In New York 02:30 was not shown, and means the instant of 03:00: a position says which of the two it is."""
    time = StoredTime(form, ZoneInfo("America/New_York"))
    skipped = stored_as(form, datetime(2026, 3, 8, 2, 30))  # noqa: DTZ001 - as stored
    shown = stored_as(form, datetime(2026, 3, 8, 3))  # noqa: DTZ001 - as stored
    first = stored_as(form, datetime(2026, 3, 8, 2))  # noqa: DTZ001 - as stored
    end = time.read(skipped)
    assert end == time.read(shown) == time.read(first)
    assert end is not None

    assert time.bound(end) == Bound(shown, exact=True, skipped_from=first)
    assert time.bound(end - timedelta(microseconds=1)).value < first

    mark = time.mark(skipped, end)
    assert mark is not None
    assert time.marked(mark, end) == Bound(skipped, exact=True)
    assert time.mark(shown, end) is None


@pytest.mark.parametrize("mark", ["", "yesterday", "2026-03-08T02:30", "2026-03-08T02:30:00Z", "2026-03-08T04:30:00"])
@pytest.mark.parametrize("form", list(Form))
def test_a_mark_that_is_none_is_a_bad_cursor(form: Form, mark: str) -> None:
    end = datetime(2026, 3, 8, 7, tzinfo=UTC)
    with pytest.raises(BadCursorError):
        StoredTime(form, ZoneInfo("America/New_York")).marked(mark, end)


def test_a_day_begins_with_the_first_time_that_the_clock_shows_on_it() -> None:
    """In Santiago the clocks go from midnight to one."""
    time = StoredTime(Form.DAY, ZoneInfo("America/Santiago"))
    begins = time.read(date(2026, 9, 6))
    assert begins == datetime(2026, 9, 6, 4, tzinfo=UTC)

    assert time.bound(begins) == Bound(date(2026, 9, 6), exact=True)
    assert time.bound(begins - timedelta(microseconds=1)) == Bound(date(2026, 9, 6), exact=False)
    assert time.bound(begins + timedelta(microseconds=1)) == Bound(date(2026, 9, 7), exact=False)


def test_a_day_that_a_clock_left_out_begins_with_the_one_after_it() -> None:
    """Apia had no 30 December 2011. A row of that day means the instant of the 31st, and is equal to nothing asked."""
    time = StoredTime(Form.DAY, ZoneInfo("Pacific/Apia"))
    begins = time.read(date(2011, 12, 31))
    assert begins is not None

    assert time.read(date(2011, 12, 30)) == begins
    assert time.bound(begins) == Bound(date(2011, 12, 31), exact=True)


@pytest.mark.parametrize("form", Form)
@given(one=naive_dates, other=naive_dates, zone=st.sampled_from(ZONES))
def test_what_is_stored_later_never_means_an_earlier_instant(
    form: Form, one: datetime, other: datetime, zone: tzinfo
) -> None:
    time = StoredTime(form, zone)
    first, second = sorted([stored_as(form, one), stored_as(form, other)])
    earlier, later = time.read(first), time.read(second)

    assert earlier is None or later is None or earlier <= later


@pytest.mark.parametrize("form", Form)
@given(drawn=naive_dates, zone=st.sampled_from(ZONES))
def test_a_date_of_a_form_counts_by_what_is_stored_whatever_the_zone(form: Form, drawn: datetime, zone: tzinfo) -> None:
    """The stores' own conditions look at what is stored; so nothing passes them that is no date here."""
    means = StoredTime(form, zone).read(stored_as(form, drawn))

    assert (means is not None) == (FIRST <= drawn.replace(tzinfo=UTC) <= LAST)


@pytest.mark.parametrize("form", Form)
@given(drawn=naive_dates, zone=st.sampled_from(ZONES))
def test_the_instant_of_a_stored_date_is_found_again_exactly(form: Form, drawn: datetime, zone: tzinfo) -> None:
    time = StoredTime(form, zone)
    stored = stored_as(form, drawn)
    means = time.read(stored)
    assume(means is not None)
    assert means is not None

    bound = time.bound(means)

    assert bound.exact
    assert time.read(bound.value) == means


@pytest.mark.parametrize(
    ("form", "asked", "expected"),
    [
        (Form.INSTANT, "2026-01-01T00:00:00.000001", Bound(datetime(2026, 1, 1, 0, 0, 0, 1, tzinfo=UTC), exact=True)),
        (Form.MILLIS, "2026-01-01T00:00:00.001", Bound(datetime(2026, 1, 1, 0, 0, 0, 1000, tzinfo=UTC), exact=True)),
        (
            Form.MILLIS,
            "2026-01-01T00:00:00.000001",
            Bound(datetime(2026, 1, 1, 0, 0, 0, 1000, tzinfo=UTC), exact=False),
        ),
        (Form.MILLIS, "2025-12-31T23:59:59.999001", Bound(datetime(2026, 1, 1, tzinfo=UTC), exact=False)),
        (Form.ISO_Z, "2026-01-01T00:00:00", Bound("2026-01-01T00:00:00.000Z", exact=True)),
        (Form.ISO_Z, "2025-12-31T23:59:59.999001", Bound("2026-01-01T00:00:00.000Z", exact=False)),
        (Form.ISO, "2026-01-01T00:00:00.000001", Bound("2026-01-01T00:00:00.000001", exact=True)),
        (Form.DAY, "2026-01-01T00:00:00", Bound(date(2026, 1, 1), exact=True)),
        (Form.DAY, "2026-01-01T00:00:00.000001", Bound(date(2026, 1, 2), exact=False)),
    ],
)
def test_the_bound_is_the_first_value_of_the_form_at_or_after_what_is_asked(
    form: Form, asked: str, expected: Bound
) -> None:
    at = datetime.fromisoformat(asked).replace(tzinfo=UTC)

    assert StoredTime(form).bound(at) == expected
    assert StoredTime(form).bound(at.astimezone(AWAY)) == expected


@pytest.mark.parametrize(
    ("form", "stored"),
    [
        *((form, None) for form in Form),
        *((form, 1_700_000_000) for form in Form),
        *((form, True) for form in Form),
        *((form, "yesterday") for form in Form),
        (Form.MILLIS, datetime(2026, 1, 1)),  # noqa: DTZ001 - as stored
        (Form.MILLIS, "2026-01-01T00:00:00.000Z"),
        (Form.ISO, "2026-01-01T00:00:00.000Z"),
        (Form.ISO_Z, "2026-01-01T00:00:00"),
        (Form.ISO, datetime(2026, 1, 1)),  # noqa: DTZ001 - as stored
        (Form.ISO_Z, datetime(2026, 1, 1, tzinfo=UTC)),
    ],
)
def test_a_date_of_any_other_form_is_none(form: Form, stored: object) -> None:
    assert StoredTime(form).read(stored) is None


@pytest.mark.parametrize(
    ("form", "stored"),
    [
        (Form.INSTANT, datetime(2026, 1, 1)),  # noqa: DTZ001 - as stored
        (Form.INSTANT, date(2026, 1, 1)),
        (Form.NAIVE, datetime(2026, 1, 1, tzinfo=UTC)),
        (Form.NAIVE, date(2026, 1, 1)),
        (Form.DAY, datetime(2026, 1, 1)),  # noqa: DTZ001 - as stored
    ],
)
def test_a_date_that_the_column_cannot_hold_says_that_it_is_of_another_type(form: Form, stored: object) -> None:
    with pytest.raises(OtherFormError):
        StoredTime(form).read(stored)
