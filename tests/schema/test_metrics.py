"""docs/metrics.md defines every figure that the schema has, and none besides."""

import re
from pathlib import Path

import graphql
import pytest

import schema
from sources.profile import Segments

PAGE = (Path(__file__).parents[2] / "docs" / "metrics.md").read_text()
CONTRACT = graphql.build_schema(schema.sdl())
OF_CUSTOMERS = {"totalLeads", "totalBookings", "totalRevenue", "lastContactAt", "revenue"}


def fields(name: str) -> set[str]:
    type_ = CONTRACT.type_map[name]
    assert isinstance(type_, graphql.GraphQLObjectType)
    return set(type_.fields)


def defined(heading: str) -> list[str]:
    """List the figures that the table under *heading* defines."""
    section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
    return re.findall(r"^\| `([A-Za-z.]+)`", section, re.MULTILINE)


def of_dashboards() -> set[str]:
    parts = {"customers": "CustomerCounts", "leads": "LeadCounts", "bookings": "BookingCounts"}
    figures = {f"{part}.{field}" for part, type_ in parts.items() for field in fields(type_)}
    figures |= {f"series.{field}" for field in fields("DashboardPoint") - {"start", "location"}}
    return figures | fields("Dashboard") - {*parts, "series"}


@pytest.mark.parametrize(
    ("heading", "figures"),
    [("A customer", OF_CUSTOMERS | fields("CustomerAnalytics")), ("A dashboard", of_dashboards())],
)
def test_each_figure_is_defined_once(heading: str, figures: set[str]) -> None:
    assert sorted(defined(heading)) == sorted(figures)


# ── GraphiQL says the same ──

#: What a description says where the page names a status or a date; a segment is made of accepted bookings' starts.
STATUSES = {"accepted": "accepted|CONFIRMED|segment", "NO_SHOW": "NO_SHOW|[Nn]o-shows"}
DATES = {"creation": "created", "start": r"\bstart|segment", "revenue.at": "[Rr]evenue", "update": "updated"}
TYPES = {"customers": "CustomerCounts", "leads": "LeadCounts", "bookings": "BookingCounts", "series": "DashboardPoint"}


def object_type(name: str) -> graphql.GraphQLObjectType:
    type_ = CONTRACT.type_map[name]
    assert isinstance(type_, graphql.GraphQLObjectType)
    return type_


def described(heading: str, figure: str) -> str:
    """Find what GraphiQL shows of *figure*: its field, the type that it stands in, and what its value can be."""
    part, _, name = figure.rpartition(".")
    holder = TYPES[part] if part else "Dashboard"
    if heading == "A customer":
        holder = "Customer" if figure in OF_CUSTOMERS else "CustomerAnalytics"
    type_ = object_type(holder)
    field = type_.fields[name]
    value = graphql.get_named_type(field.type)
    values = value.values.values() if isinstance(value, graphql.GraphQLEnumType) else ()
    said = (field.description, type_.description, value.description, *(one.description for one in values))
    return " ".join(filter(None, said))


def defined_rows() -> list[tuple[str, str, str, str]]:
    """List the heading, the figure, its statuses and its date, as the page has them."""
    found = []
    for heading in ("A customer", "A dashboard"):
        section = PAGE.split(f"## {heading}\n")[1].split("\n## ")[0]
        rows = re.findall(r"^\| `([A-Za-z.]+)` \|.*\| ([^|]+) \| ([^|]+) \|$", section, re.MULTILINE)
        found += [(heading, *row) for row in rows]
    return found


@pytest.mark.parametrize(("heading", "figure", "statuses", "date"), defined_rows(), ids=lambda value: value.strip("`"))
def test_a_description_names_the_statuses_and_the_date(heading: str, figure: str, statuses: str, date: str) -> None:
    said = described(heading, figure)
    for status in re.findall("accepted|[A-Z_]{3,}", statuses):
        assert re.search(STATUSES.get(status, status), said), said
    for name in re.findall(r"[a-z.]+", date):
        assert re.search(DATES[name], said), said
    if date == "-" and heading == "A customer":
        assert "period" not in said


def test_every_figure_of_the_page_is_looked_at() -> None:
    headings = ("A customer", "A dashboard")
    assert [row[1] for row in defined_rows()] == [figure for heading in headings for figure in defined(heading)]


def test_what_ignores_the_period_is_named_in_both() -> None:
    (named,) = re.findall(r"^Of the customers, (.*) ignore the period\.$", PAGE, re.MULTILINE)
    (told,) = re.findall(r"\. (total, .*) are of all", object_type("CustomerCounts").description or "")
    assert re.findall(r"`(\w+)`", named) == re.split(", | and ", told)


def test_segments_are_of_the_same_days_everywhere() -> None:
    segment = CONTRACT.type_map["Segment"]
    assert isinstance(segment, graphql.GraphQLEnumType)
    days = [getattr(Segments(), name) for name in ("new", "active", "at_risk")]
    told = (re.findall(r"\d+", segment.values[name].description or "") for name in ("NEW", "ACTIVE", "AT_RISK"))
    assert [int(number) for numbers in told for number in numbers] == days
    (row,) = re.findall(r"^\| `segment` \| (.*)$", PAGE, re.MULTILINE)
    assert [int(number) for number in re.findall(r"within (\d+)", row)] == days


@pytest.mark.parametrize(
    ("of", "words"),
    [
        ("CustomerAnalytics.acceptedBookings", "CONFIRMED, IN_PROGRESS or COMPLETED"),
        ("CustomerAnalytics.noShowRate", "accepted bookings and no-shows, to four places"),
        ("CustomerCounts.active", "whose status is ACTIVE; where the CRM keeps no status"),
        ("CustomerCounts.new", "whose first accepted booking starts in the period"),
        ("BookingCounts.conversionRate", "COMPLETED over all bookings created in the period"),
        ("BookingCounts.awaiting", "REQUESTED"),
        ("LeadCounts.followUpsDue", "neither WON nor LOST"),
        ("BookingCounts.conversionRate", "to four places; null where there are none"),
        ("BookingCounts.noShowRate", "to four places; null where there are none"),
        ("Money.amount", "rounded half up to the currency's minor unit"),
        ("MonthlyRevenue.month", "months begin and end where the store is"),
        ("DashboardPoint.start", "where the store is; weeks begin on Monday"),
        ("Revenue.otherCurrencies", "summed apart, never converted"),
        ("Dashboard.otherCurrencies", "summed apart, never converted"),
        ("Dashboard.topCustomers", "the most first, then by key; none without"),
    ],
)
def test_graphiql_says_the_same(of: str, words: str) -> None:
    name, field = of.split(".")
    type_ = CONTRACT.type_map[name]
    assert isinstance(type_, graphql.GraphQLObjectType)
    assert words in (type_.fields[field].description or "")
