"""What a dashboard asks the stores: only what is selected, a table once, afresh every time."""

from collections.abc import AsyncIterator

import pytest

from tests.loading import add_to_mongo, existing_store, expected_tenants, run_sql
from tests.running import Gateway, running
from tests.servers import Servers

ALONE = "{ dashboard { customers { total } bookings { total conversionRate } topCustomers { name } } }"


@pytest.fixture(scope="module")
async def platform(servers: Servers) -> AsyncIterator[Gateway]:
    async with running(await existing_store(servers, "platform", "asked_platform")) as gateway:
        yield gateway


@pytest.mark.parametrize(
    ("selected", "statements"),
    [
        ("__typename", 0),
        ("customers { __typename }", 0),
        ("customers { inCrm created active bySource { count } }", 1),
        ("leads { total byStatus { count } bySource { count } followUpsDue }", 1),
        ("bookings { total awaiting noShowRate conversionRate byStatus { count } }", 1),
        ("bookings { __typename }", 0),
        ("revenue { amount } unattributedRevenue { amount } otherCurrencies { amount }", 1),
        ("series { bookings leads revenue { amount } }", 3),
        ("series { bookings } months: series(interval: MONTH) { bookings }", 2),
        ("topCustomers { name totalRevenue { amount } totalBookings }", 4),
    ],
)
async def test_each_table_is_asked_once_for_what_is_selected(platform: Gateway, selected: str, statements: int) -> None:
    tenant = expected_tenants("platform")[0]
    query = f'{{ dashboard(period: {{from: "2026-01-01"}}) {{ {selected} }} }}'
    asked = (await platform.explained(query, tenant=tenant))["postgres"]
    assert asked["statements"] == statements


@pytest.mark.parametrize(
    ("selected", "postgres", "goes_through"),
    [
        ("inCrm", 1, False),
        ("new", 1, False),
        ("accounts deliveryProfiles", 0, True),
        ("total inCrm linked created accounts deliveryProfiles bySource { count }", 2, True),
        ("total inCrm linked created accounts deliveryProfiles bySource { count } active", 4, True),
    ],
)
async def test_the_documents_are_gone_through_once_however_many_figures_are_made_of_them(
    grocer: Gateway, selected: str, postgres: int, *, goes_through: bool
) -> None:
    await grocer.data("{ customers { nodes { account { key } } } }", tenant="north")  # what is learnt of keys once
    query = '{ dashboard(period: {from: "2026-01-01"}) { customers { %s } } }'
    linked, asked = [await grocer.explained(query % one, tenant="north") for one in ("linked", selected)]
    assert linked["postgres"]["statements"] == 1
    assert asked["postgres"]["statements"] == postgres
    assert asked["mongo"]["statements"] == (linked["mongo"]["statements"] if goes_through else 0)


async def test_parts_with_other_selections_do_not_disturb_each_other(platform: Gateway) -> None:
    query = """{ dashboard {
      one: customers { total } other: customers { inCrm bySource { count } } nothing: customers { __typename }
      all: bookings { total conversionRate } none: bookings { __typename }
      days: series { start bookings } months: series(interval: MONTH) { start bookings leads }
      first: topCustomers(first: 1) { name } three: topCustomers(first: 3) { name }
    } }"""
    tenant = expected_tenants("platform")[0]
    found = (await platform.data(query, tenant=tenant))["dashboard"]
    alone = (await platform.data(ALONE, tenant=tenant))["dashboard"]
    assert found["one"] == {"total": alone["customers"]["total"]}
    assert found["other"]["inCrm"] == sum(one["count"] for one in found["other"]["bySource"]) == found["one"]["total"]
    assert found["nothing"] == {"__typename": "CustomerCounts"}
    assert found["none"] == {"__typename": "BookingCounts"}
    assert found["all"] == {name: alone["bookings"][name] for name in ("total", "conversionRate")}
    for series in ("days", "months"):
        assert sum(point["bookings"] for point in found[series]) == found["all"]["total"]
    assert found["first"] == found["three"][:1]
    assert [one["name"] for one in alone["topCustomers"][:3]] == [one["name"] for one in found["three"]]


async def test_a_row_that_has_come_counts_in_the_next_answer(servers: Servers) -> None:
    settings = await existing_store(servers, "grocer", "board_live")
    query = """{ dashboard { customers { total accounts } leads { total } }
      customers { totalCount } customerBy(key: {crm: "1"}) { totalLeads lastContactAt } }"""
    assert settings.postgres_url is not None
    assert settings.mongo_url is not None
    async with running(settings) as gateway:
        before = await gateway.data(query, tenant="north")
        await run_sql(
            settings.postgres_url,
            "INSERT INTO leads (org, id, customer_id, created_at) VALUES ('north', 99, 1, '2098-01-01Z')",
        )
        add_to_mongo(settings.mongo_url, {"users": [{"org": "north", "id": "A99", "role": "customer"}]})
        after = await gateway.data(query, tenant="north")
    assert after["dashboard"]["leads"]["total"] == before["dashboard"]["leads"]["total"] + 1
    assert after["dashboard"]["customers"] == {name: n + 1 for name, n in before["dashboard"]["customers"].items()}
    assert after["customers"]["totalCount"] == before["customers"]["totalCount"] + 1
    assert after["customerBy"]["totalLeads"] == before["customerBy"]["totalLeads"] + 1
    assert after["customerBy"]["lastContactAt"].startswith("2098-01-01")


async def test_aliases_with_other_periods_do_not_disturb_each_other(platform: Gateway) -> None:
    query = """{
      all: dashboard { bookings { total } revenue { amount } }
      early: dashboard(period: {to: "1990-01-01"}) { bookings { total } revenue { amount } }
      october: dashboard(period: {from: "2026-10-01", to: "2026-11-01"}) { bookings { total } revenue { amount } }
    }"""
    found = await platform.data(query, tenant=expected_tenants("platform")[0])
    assert found == {
        "all": {"bookings": {"total": 17}, "revenue": {"amount": "271.00"}},
        "early": {"bookings": {"total": 0}, "revenue": {"amount": "0.00"}},
        "october": {"bookings": {"total": 10}, "revenue": {"amount": "134.00"}},
    }
