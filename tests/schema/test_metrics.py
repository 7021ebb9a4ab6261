"""docs/metrics.md defines every figure that the schema has, and none besides."""

import re
from pathlib import Path

import graphql
import pytest

import schema

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
    ],
)
def test_graphiql_says_the_same(of: str, words: str) -> None:
    name, field = of.split(".")
    type_ = CONTRACT.type_map[name]
    assert isinstance(type_, graphql.GraphQLObjectType)
    assert words in (type_.fields[field].description or "")
