"""Instants and the ways stores write them: the one ISO shape, clocks that skip an hour or show it twice, periods."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from domain.errors import BadInputError
from domain.time import (
    FIRST,
    FIRST_MICROS,
    LAST,
    LAST_MICROS,
    IsoForm,
    LocalBound,
    Period,
    from_local,
    instant,
    micros,
    read_iso,
    sane,
    to_local,
    write_iso,
)

NEW_YORK, COPENHAGEN = ZoneInfo("America/New_York"), ZoneInfo("Europe/Copenhagen")
ZONES = [UTC, NEW_YORK, COPENHAGEN]


def naive(text: str) -> datetime:
    return datetime.fromisoformat(text)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# ── microseconds ──


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_instant_is_a_whole_number_of_microseconds_and_back(given_at: datetime) -> None:
    assert instant(micros(given_at)) == given_at


@given(st.datetimes(timezones=st.just(UTC)), st.datetimes(timezones=st.just(UTC)))
def test_microseconds_are_in_the_order_of_their_instants(one: datetime, other: datetime) -> None:
    assert (micros(one) < micros(other)) == (one < other)


@pytest.mark.parametrize("never", ["0001-01-01T00:00:00", "9999-12-31T00:00:00", "9999-12-31T23:59:59.999999"])
def test_what_programs_write_for_never_is_no_date(never: str) -> None:
    assert sane(at(never)) is None
    assert all(from_local(naive(never), zone) is None for zone in ZONES)


@pytest.mark.parametrize("end", [FIRST, LAST])
@pytest.mark.parametrize("hours", [-14, 0, 14])
def test_the_first_and_the_last_date_count_in_every_zone_and_are_positions_of_lists(end: datetime, hours: int) -> None:
    found = from_local(end.replace(tzinfo=None), timezone(timedelta(hours=hours)))

    assert found == end - timedelta(hours=hours)
    assert FIRST_MICROS <= micros(found) <= LAST_MICROS


# ── the one ISO shape ──


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-31T00:00:00",
        "2026-12-31T23:59:59",
        "2024-02-29T12:00:00",
        "2000-02-29T12:00:00",
        "2026-04-30T09:00:00.5".ljust(26, "0"),
        "2026-04-30T09:00:00.000001",
        "2026-04-30T09:00:00.123456",
        "0002-01-01T00:00:00",
        "9998-12-31T23:59:59.999999",
    ],
)
def test_local_dates_of_the_shape_are_read_as_they_stand(text: str) -> None:
    assert read_iso(text, "iso", UTC) == at(text)
    assert write_iso(naive(text), "iso") == text


@pytest.mark.parametrize("text", ["2026-01-31T00:00:00.000Z", "2024-02-29T12:30:15.120Z", "9998-12-31T23:59:59.999Z"])
def test_utc_dates_of_the_shape_are_read_as_they_stand(text: str) -> None:
    assert read_iso(text, "iso_z", NEW_YORK) == datetime.fromisoformat(text)
    assert write_iso(naive(text.removesuffix("Z")), "iso_z") == text


NO_DAYS = [
    "2026-02-29",
    "2023-02-30",
    "1900-02-29",
    "2100-02-29",
    "2026-04-31",
    "2026-06-31",
    "2026-09-31",
    "2026-11-31",
    "2026-01-32",
    "2026-00-10",
    "2026-13-10",
    "2026-01-00",
    "0000-01-01",
    "0000-02-29",
    "0001-01-01",
    "9999-12-31",
    "9999-12-30",
    "26-01-01",
    "12026-01-01",
    "2026-1-1",
    "2026/01/01",
    "20260101",
    "2026-W01-1",
    "2026-001",
    "٢٠٢٦-01-01",
]


@pytest.mark.parametrize("day", NO_DAYS)
def test_a_day_that_no_calendar_has_or_no_store_means_is_no_date(day: str) -> None:
    assert read_iso(f"{day}T10:00:00", "iso", UTC) is None
    assert read_iso(f"{day}T10:00:00.000Z", "iso_z", UTC) is None


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("2026-01-31T10:00:00.120000Z", "iso"),
        ("2026-01-31T10:00:00Z", "iso"),
        ("2026-01-31T10:00:00+00:00", "iso"),
        ("2026-01-31T10:00:00.000000", "iso"),
        ("2026-01-31T10:00:00.12", "iso"),
        ("2026-01-31T10:00:00.1200000", "iso"),
        ("2026-01-31T10:00:00.", "iso"),
        ("2026-01-31T10:00:00,120000", "iso"),
        ("2026-01-31 10:00:00", "iso"),
        ("2026-01-31t10:00:00", "iso"),
        ("2026-01-31T24:00:00", "iso"),
        ("2026-01-31T10:60:00", "iso"),
        ("2026-01-31T10:00:60", "iso"),
        ("2026-01-31T10:00", "iso"),
        ("2026-01-31", "iso"),
        (" 2026-01-31T10:00:00", "iso"),
        ("2026-01-31T10:00:00\n", "iso"),
        ("", "iso"),
        ("2026-01-31T10:00:00Z", "iso_z"),
        ("2026-01-31T10:00:00.12Z", "iso_z"),
        ("2026-01-31T10:00:00.120000Z", "iso_z"),
        ("2026-01-31T10:00:00.120z", "iso_z"),
        ("2026-01-31T10:00:00.120", "iso_z"),
        ("2026-01-31T10:00:00.120+00:00", "iso_z"),
        ("2026-01-31T10:00:00.120Z\n", "iso_z"),
        ("", "iso_z"),
    ],
)
def test_any_other_spelling_is_no_date_since_it_would_not_compare_as_text(text: str, form: IsoForm) -> None:
    assert read_iso(text, form, UTC) is None


local_dates = st.datetimes(min_value=FIRST.replace(tzinfo=None), max_value=LAST.replace(tzinfo=None))


@given(local_dates, local_dates)
@example(naive("2026-01-01T00:00:00"), naive("2026-01-01T00:00:00.500000"))
@example(naive("2026-01-01T00:00:00.500000"), naive("2026-01-01T00:00:01"))
def test_texts_of_the_shape_are_in_the_order_of_their_dates(one: datetime, other: datetime) -> None:
    def cut(date: datetime) -> datetime:
        return date.replace(microsecond=date.microsecond // 1000 * 1000)

    assert (write_iso(one, "iso") < write_iso(other, "iso")) == (one < other)
    assert (write_iso(one, "iso_z") < write_iso(other, "iso_z")) == (cut(one) < cut(other))


@given(local_dates)
def test_every_date_that_is_written_is_read_again(date: datetime) -> None:
    assert read_iso(write_iso(date, "iso"), "iso", UTC) == date.replace(tzinfo=UTC)
    assert read_iso(write_iso(date, "iso_z"), "iso_z", UTC) is not None


# ── clocks ──


@pytest.mark.parametrize(
    ("zone", "local", "means"),
    [
        (UTC, "2026-03-08T02:30:00", "2026-03-08T02:30:00"),
        (NEW_YORK, "2026-01-15T12:00:00", "2026-01-15T17:00:00"),
        (NEW_YORK, "2026-07-15T12:00:00", "2026-07-15T16:00:00"),
        (COPENHAGEN, "2026-07-15T12:00:00", "2026-07-15T10:00:00"),
    ],
)
def test_a_date_that_the_clock_shows_once_means_that_instant(zone: ZoneInfo, local: str, means: str) -> None:
    assert from_local(naive(local), zone) == at(means)
    assert to_local(at(means), zone) == LocalBound(naive(local), exact=True)


@pytest.mark.parametrize(
    ("zone", "skipped", "end"),
    [
        (NEW_YORK, ["2026-03-08T02:00:00", "2026-03-08T02:30:00", "2026-03-08T02:59:59.999999"], "2026-03-08T07:00:00"),
        (COPENHAGEN, ["2026-03-29T02:00:00", "2026-03-29T02:59:59.999999"], "2026-03-29T01:00:00"),
    ],
)
def test_a_date_in_an_hour_that_the_clock_skips_means_its_end(zone: ZoneInfo, skipped: list[str], end: str) -> None:
    for local in skipped:
        assert from_local(naive(local), zone) == at(end)
    assert to_local(at(end), zone).exact
    assert from_local(to_local(at(end), zone).naive, zone) == at(end)


@pytest.mark.parametrize(
    ("zone", "local", "first", "second", "end"),
    [
        (NEW_YORK, "2026-11-01T01:30:00", "2026-11-01T05:30:00", "2026-11-01T06:30:00", "2026-11-01T02:00:00"),
        (COPENHAGEN, "2026-10-25T02:00:00", "2026-10-25T00:00:00", "2026-10-25T01:00:00", "2026-10-25T03:00:00"),
    ],
)
def test_of_an_hour_that_the_clock_shows_twice_the_first_is_meant(
    zone: ZoneInfo, local: str, first: str, second: str, end: str
) -> None:
    assert from_local(naive(local), zone) == at(first)
    assert to_local(at(first), zone) == LocalBound(naive(local), exact=True)
    assert to_local(at(second), zone) == LocalBound(naive(end), exact=False)


def test_a_time_shown_twice_need_not_end_at_a_full_quarter() -> None:
    """New York's clocks were put back by 3 minutes and 58 seconds in 1883."""
    asked = at("1883-11-18T17:02:00")

    assert to_local(asked, NEW_YORK) == LocalBound(naive("1883-11-18T12:03:58"), exact=False)


def test_an_instant_is_the_same_with_and_without_the_mark_of_a_second_showing_where_no_hour_is_shown_twice() -> None:
    asked = at("2026-01-01T00:00:00")

    for zone in ZONES:
        assert to_local(asked.replace(fold=1), zone) == to_local(asked, zone)


def test_a_date_stored_with_the_mark_of_the_second_showing_means_the_first_all_the_same() -> None:
    marked = naive("2026-11-01T01:30:00").replace(fold=1)

    assert from_local(marked, NEW_YORK) == at("2026-11-01T05:30:00")


# ── periods ──


def test_a_period_holds_its_start_and_not_its_end() -> None:
    period = Period(at("2026-01-01"), at("2026-02-01"))

    assert period.holds(at("2026-01-01"))
    assert period.holds(at("2026-01-31T23:59:59.999999"))
    assert not period.holds(at("2026-02-01"))
    assert not period.holds(at("2025-12-31"))


def test_a_period_may_be_open_at_either_end_or_empty() -> None:
    assert Period().holds(at("2026-01-01"))
    assert Period(end=at("2026-01-01")).holds(FIRST)
    assert Period(start=at("2026-01-01")).holds(LAST)
    assert not Period(at("2026-01-01"), at("2026-01-01")).holds(at("2026-01-01"))


def test_a_period_cannot_end_before_it_begins() -> None:
    with pytest.raises(BadInputError) as caught:
        Period(at("2026-02-01"), at("2026-01-01"))

    assert caught.value.extensions == {"code": "BAD_INPUT"}
