"""What doctor says of stored totals, on the stores as they are."""

import pytest

from domain.findings import Check, Finding
from gateway.embedded import EmbeddedStores
from resolvers.stored_totals import findings_of_totals
from sources.postgres_totals_reading import PostgresTotals
from sources.profile_reading import read_profile
from tests.loading import EXPECTED, existing_store


async def findings(servers: EmbeddedStores, name: str, tenant: str | None, *, examples: int = 10) -> list[Finding]:
    settings = await existing_store(servers, name, f"{name}_found")
    totals = PostgresTotals(read_profile(name), settings.postgres_url or "", seconds=30)
    try:
        return await findings_of_totals(totals, tenant, examples=examples)
    finally:
        await totals.close()


async def test_drifted_totals_are_told_with_what_they_ought_to_be(servers: EmbeddedStores) -> None:
    (found,) = await findings(servers, "renos", None)
    assert (found.check, found.where, found.count) == (Check.DRIFTED_TOTAL, "customer.stored_totals", 3)
    assert [one.key for one in found.examples] == EXPECTED["renos"]["storedTotalsThatDrifted"]
    assert found.examples[0].detail == "totalBookings 0 → 12 (+12), totalRevenue 0 → 48004.80 (+48004.80)"
    assert found.mends == "python -m gateway refresh-totals --live"


@pytest.mark.parametrize("tenant", sorted(EXPECTED["salon"]["tenants"]))
async def test_totals_of_nobody_are_told_and_missing_ones_are_no_drift(servers: EmbeddedStores, tenant: str) -> None:
    found = {
        (tenant, one.key, each.check) for each in await findings(servers, "salon", tenant) for one in each.examples
    }
    expected = EXPECTED["salon"]
    assert found == {
        (of, key, check)
        for check, keys in (
            (Check.DRIFTED_TOTAL, expected["storedTotalsThatDrifted"]),
            (Check.TOTAL_WITHOUT_CUSTOMER, expected["storedTotalsWithoutCustomer"]),
        )
        for of, key in keys
        if of == tenant
    }


@pytest.mark.parametrize("examples", [0, 1])
async def test_all_are_counted_and_as_many_told_as_are_asked_for(servers: EmbeddedStores, examples: int) -> None:
    (found,) = await findings(servers, "renos", None, examples=examples)
    assert (found.count, len(found.examples)) == (3, examples)
