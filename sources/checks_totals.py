"""Tell which stored totals are not what is counted live."""

from dataclasses import replace
from shlex import quote

from domain.findings import Check, Example, Finding
from sources.postgres_reading import Tenant
from sources.postgres_totals_reading import PostgresTotals

_WHERE = "customer.stored_totals"


async def uncountable_totals(totals: PostgresTotals) -> list[Finding]:
    """Find the stored totals that nothing live can be held against."""
    found = []
    for fault in (await totals.statements()).faults:
        where, _, message = fault.partition(": ")
        found.append(Finding(check=Check.CONTRADICTION, where=where, message=message))
    return found


async def drifted_totals(totals: PostgresTotals, tenant: Tenant, examples: int) -> list[Finding]:
    """Find the customers whose stored totals are others than the live ones, by how much, and those who have none."""
    drifts = await totals.drifts(tenant, examples=examples)
    told = (
        (Check.DRIFTED_TOTAL, "is not what is counted live", drifts.changed, False),
        (Check.MISSING_TOTAL, "has no stored totals", drifts.missing, True),
    )
    return [
        Finding(
            check=check,
            where=_WHERE,
            message=message,
            tenant=tenant,
            count=count,
            examples=tuple(Example(key=one.key, detail=str(one)) for one in drifts.examples if one.missing is missing),
            mends=f"python -m gateway refresh-totals{'' if tenant is None else f' --tenant {quote(tenant)}'} --live",
        )
        for check, message, count, missing in told
        if count
    ]


async def totals_without_customer(totals: PostgresTotals, tenant: Tenant, examples: int) -> list[Finding]:
    """Find stored totals of customers who are not there."""
    strays = await totals.without_customer(tenant, examples=examples)
    if not strays.count:
        return []
    message, shown = "belongs to no customer", tuple(Example(key=key) for key in strays.keys)
    finding = Finding(check=Check.TOTAL_WITHOUT_CUSTOMER, where=_WHERE, message=message, tenant=tenant)
    return [replace(finding, count=strays.count, examples=shown)]
