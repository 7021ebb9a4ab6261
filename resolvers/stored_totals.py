"""Say what is wrong in the totals that a store keeps: those that drifted from the live ones, those of nobody."""

import shlex

from domain.findings import Check, Example, Finding
from sources.postgres_reading import Tenant
from sources.postgres_totals_reading import PostgresTotals

_WHERE = "customer.stored_totals"
_COMMAND = "python -m gateway refresh-totals"


async def findings_of_totals(totals: PostgresTotals, tenant: Tenant, *, examples: int) -> list[Finding]:
    """Find the rows whose totals drifted and those that name no customer, with *examples* of each.

    A total that cannot be compared, as the profile or its column is, is a contradiction. A customer without a row has
    nothing stored that could be wrong.
    """
    found = [
        Finding(check=Check.CONTRADICTION, where=_WHERE, message=fault, tenant=tenant)
        for fault in (await totals.statements()).faults
    ]
    drifts = await totals.drifts(tenant, examples=examples)
    if drifts.changed:
        drifted = Finding(
            check=Check.DRIFTED_TOTAL,
            where=_WHERE,
            message="Stored totals are not what is counted live.",
            tenant=tenant,
            count=drifts.changed,
            examples=tuple(Example(key=one.key, detail=str(one)) for one in drifts.examples if not one.missing),
            mends=f"{_COMMAND} --live" if tenant is None else f"{_COMMAND} --tenant {shlex.quote(tenant)} --live",
        )
        found.append(drifted)
    strays = await totals.without_customer(tenant, examples=examples)
    if strays.count:
        nobodys = Finding(
            check=Check.TOTAL_WITHOUT_CUSTOMER,
            where=_WHERE,
            message="Stored totals name no customer.",
            tenant=tenant,
            count=strays.count,
            examples=tuple(Example(key=key) for key in strays.keys),
        )
        found.append(nobodys)
    return found
