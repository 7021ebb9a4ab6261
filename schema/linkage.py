"""How well the stores are linked, in figures."""

from typing import Any

import strawberry

from resolvers import linkage
from schema.enums import LinkageHealth
from schema.fields import FIGURE, computed


def _figure(answer: Any, description: str) -> Any:
    return computed(lambda _, report: answer(report), description, weight=FIGURE)


def _counted(attribute: str, description: str) -> Any:
    """Declare a figure that is counted from what all records say of each other."""

    async def count(report: linkage.Linkage) -> int:
        found: int = getattr(await report.counts(), attribute)
        return found

    return _figure(count, description)


@strawberry.type(
    description="How well the stores are linked. Only what is selected is counted: 0 where the profile maps nothing for"
    " it, null where it could not be counted, with an error that says why."
)
class LinkageReport:
    crm_records: int | None = _figure(linkage.Linkage.rows, "Rows of customers in the CRM.")
    accounts: int | None = _counted("accounts", "Login accounts of customers.")
    delivery_profiles: int | None = _counted("deliveries", "Delivery and billing records.")
    unique_customers: int | None = _figure(linkage.unique_customers, "Customers, each once.")
    linked_accounts: int | None = _counted("linked_accounts", "Accounts that are linked to another record.")
    linked_delivery_profiles: int | None = _counted(
        "linked_deliveries", "Delivery records that are linked to another record."
    )
    orphaned_accounts: int | None = _figure(linkage.orphaned_accounts, "Accounts that are linked to nothing.")
    orphaned_delivery_profiles: int | None = _figure(
        linkage.orphaned_deliveries, "Delivery records that are linked to nothing."
    )
    can_log_in: int | None = _figure(
        linkage.can_log_in,
        "Customers, not accounts: canLogIn and cannotLogIn add up to uniqueCustomers.",
    )
    cannot_log_in: int | None = _figure(linkage.cannot_log_in, "Customers without an account that lets them in.")
    without_email: int | None = _figure(linkage.Linkage.without_email, "Customers none of whose records has an e-mail.")
    orphaned_leads: int | None = _figure(
        linkage.Linkage.orphaned_leads, "Leads of no customer, unless the profile calls such leads open."
    )
    one_way_links: int | None = _counted("one_way", "Links that only one side says.")
    dangling_links: int | None = _counted("dangling", "Links that name a record which is not there.")
    contradictions: int | None = _counted("contradictions", "Links that other links speak against.")
    ambiguous: int | None = _figure(linkage.ambiguous, "Suggestions with several candidates.")
    completeness: float | None = _figure(
        linkage.complete,
        "Of linked records a customer of n has n - 1 pairs: those over themselves plus what CERTAIN and LIKELY"
        " suggestions would link, to four places; 1 where there are none.",
    )
    status: LinkageHealth | None = _figure(
        linkage.health,
        "HEALTHY: completeness is 1 and nothing is one-way, dangling, contradictory, ambiguous or an orphaned lead.",
    )
