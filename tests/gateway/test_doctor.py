"""What doctor tells of the stores as they are, through the command line."""

import json
from typing import Any

import pytest

from tests.commanding import run_command
from tests.loading import EXPECTED, existing_store
from tests.servers import Servers

SPA, NAILS = EXPECTED["platform"]["tenants"]
#: The stores, and whether they have tenants.
STORES = {"renos": False, "bikes": False, "delivery": False, "salon": True, "platform": True, "grocer": True}
Findings = list[dict[str, Any]]


@pytest.fixture(scope="module")
async def reports(servers: Servers) -> dict[str, dict[str, Any]]:
    """What the command tells of each of the six stores, as JSON."""
    found = {}
    for name, has_tenants in STORES.items():
        settings = await existing_store(servers, name, f"doctor_{name}")
        ran = await run_command(settings, "doctor", "--json", *(["--all-tenants"] if has_tenants else []))
        assert not ran.err
        found[name] = ran.json
        assert ran.status == (0 if found[name]["ok"] else 1)
    return found


def told(report: dict[str, Any], check: str, **wanted: object) -> Findings:
    return [
        one for one in report["findings"] if one["check"] == check and all(one[key] == wanted[key] for key in wanted)
    ]


def keys(findings: Findings) -> set[str]:
    return {example["key"] for one in findings for example in one["examples"]}


def checks(report: dict[str, Any]) -> set[str]:
    return {one["check"] for one in report["findings"]} - {"missing-index"}


# ── the six stores ──


def test_renos_has_leads_without_customer(reports: dict[str, Any]) -> None:
    orphans = EXPECTED["renos"]["orphanLeads"]
    expected = {*orphans["linkable"], *orphans["createCustomer"], *orphans["unresolvable"]}
    (found,) = told(reports["renos"], "orphaned-lead")
    assert (found["count"], keys([found]), found["where"]) == (4, expected, "lead.customer")
    assert checks(reports["renos"]) == {"orphaned-lead", "drifted-total"}


def test_bikes_has_a_status_that_nobody_mapped(reports: dict[str, Any]) -> None:
    (found,) = told(reports["bikes"], "unmapped-status")
    assert (found["where"], found["count"]) == ("lead.status", 1)
    assert keys([found]) == {EXPECTED["bikes"]["leadWithUnknownStatus"]}
    assert "'НОВЫЙ'" in found["message"]
    assert checks(reports["bikes"]) == {"unmapped-status"}


def test_renos_totals_are_stale(reports: dict[str, Any]) -> None:
    (found,) = told(reports["renos"], "drifted-total")
    assert keys([found]) == set(EXPECTED["renos"]["storedTotalsThatDrifted"])
    assert "totalBookings 0 → 12 (+12)" in found["examples"][0]["detail"]
    assert found["mends"] == "python -m gateway refresh-totals --live"


def test_salons_totals_are_stale_missing_and_of_nobody(reports: dict[str, Any]) -> None:
    report = reports["salon"]
    drifted = {(one["tenant"], key) for one in told(report, "drifted-total") for key in keys([one])}
    assert drifted == {tuple(one) for one in EXPECTED["salon"]["storedTotalsThatDrifted"]}
    strays = {(one["tenant"], key) for one in told(report, "total-without-customer") for key in keys([one])}
    assert strays == {tuple(one) for one in EXPECTED["salon"]["storedTotalsWithoutCustomer"]}
    first, second = EXPECTED["salon"]["tenants"]
    missing = {(one["tenant"], key) for one in told(report, "missing-total") for key in keys([one])}
    assert missing == {(first, "SQ3"), (second, "SQ1")}


def test_salons_keep_the_same_key_twice_and_nothing_is_wrong_with_that(reports: dict[str, Any]) -> None:
    assert checks(reports["salon"]) == {"drifted-total", "missing-total", "total-without-customer"}
    assert reports["salon"]["tenants"] == sorted(EXPECTED["salon"]["tenants"])


def test_platforms_leads_without_client_are_open_and_its_booking_without_one_is_not(reports: dict[str, Any]) -> None:
    (found,) = told(reports["platform"], "orphaned-booking")
    assert (found["tenant"], keys([found])) == (SPA, {"f0000000-0000-4000-8000-000000000017"})
    assert checks(reports["platform"]) == {"orphaned-booking"}


def test_deliverys_links_and_phones(reports: dict[str, Any]) -> None:
    report = reports["delivery"]
    assert keys(told(report, "one-way-link")) == {EXPECTED["delivery"]["linkedOneWay"][0][0]}
    assert keys(told(report, "dangling-link")) == set(EXPECTED["delivery"]["danglingLinks"])
    (shared,) = told(report, "duplicate-identifier")
    assert (shared["where"], shared["count"]) == ("delivery.phone", 2)
    assert shared["examples"] == [{"key": "cust-6", "detail": "with cust-7"}]
    assert checks(report) == {"one-way-link", "dangling-link", "duplicate-identifier"}


def test_grocers_links_of_every_shape(reports: dict[str, Any]) -> None:
    report = reports["grocer"]
    assert {one["tenant"] for one in report["findings"] if one["check"] != "missing-index"} == {"north"}
    assert keys(told(report, "one-way-link")) == {"A3", "D11"}
    (dangling,) = told(report, "dangling-link")
    assert dangling["examples"] == [{"key": "A13", "detail": "names 999"}]
    (refused,) = told(report, "contradictory-link")
    pairs = {(one["key"].split()[1], one["detail"].split()[2]) for one in refused["examples"]}
    assert pairs == {tuple(pair) for pair in EXPECTED["grocer"]["tenants"]["north"]["refused"]}
    assert checks(report) == {"one-way-link", "dangling-link", "contradictory-link"}


def test_what_one_tenant_lacks_and_another_has_is_not_told(reports: dict[str, Any]) -> None:
    """South has no delivery records, and its account no link to one."""
    assert {one["check"] for one in reports["grocer"]["notes"]} == {"unique-index"}
    (unseen,) = (one for one in reports["delivery"]["notes"] if one["check"] == "empty-mapping")
    assert unseen["where"] == "delivery.links.account"


@pytest.mark.parametrize("name", ["renos", "bikes", "platform"])
def test_references_without_index_are_found_with_the_statement_that_makes_one(
    reports: dict[str, Any], name: str
) -> None:
    made = [one["mends"] for one in told(reports[name], "missing-index")]
    for reference in EXPECTED[name]["missingIndexes"]["references"]:
        table, column = reference.split(".")
        tenant = '"tenant_id", ' if name == "platform" else ""
        assert any(f'ON "{table}" ({tenant}"{column}"' in statement for statement in made), reference


@pytest.mark.parametrize("name", STORES)
def test_no_personal_data_is_told(reports: dict[str, Any], name: str) -> None:
    text = json.dumps(reports[name], ensure_ascii=False)
    for private in ("@home.example", "9876543206", "Twin", "@grocer.example", "@anker.example", "Spa Nord"):
        assert private not in text
