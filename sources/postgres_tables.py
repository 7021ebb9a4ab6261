"""A profile, mapped onto the database as it is."""

from collections.abc import Sequence

from sources.postgres_bookings import booking_statements
from sources.postgres_customers import customer_statements
from sources.postgres_leads import lead_statements, lead_table
from sources.postgres_mapping import Reflected, quoted
from sources.postgres_revenue import revenue_statements
from sources.postgres_sections import Sections
from sources.profile import Profile, Rows


def tables_of(profile: Profile) -> list[str]:
    """List, as quoted identifiers, the tables that *profile* reads records from."""
    sections: list[Rows | None] = [profile.customer, profile.lead, profile.booking, profile.revenue]
    return sorted({quoted(section.name_of) for section in sections if section is not None})


class Tables:
    """Be the statements of each section that *profile* has; *faults* lists what the database contradicts."""

    def __init__(self, profile: Profile, reflected: Reflected) -> None:
        sections = Sections(profile, reflected)
        lead, booking, revenue = profile.lead, profile.booking, profile.revenue
        leads = lead_table(sections, lead) if lead else None
        self.reflected = reflected
        self.customers = customer_statements(sections, profile.customer) if profile.customer else None
        self.leads = lead_statements(sections, lead, leads) if lead and leads else None
        self.bookings = booking_statements(sections, booking, leads) if booking else None
        self.revenue = revenue_statements(sections, revenue, leads) if revenue else None
        self.faults: Sequence[str] = tuple(dict.fromkeys(sections.faults.found))
        self._through_lead = {
            name
            for name, section in (("booking", booking), ("revenue", revenue))
            if section is not None and section.customer is not None and section.customer.through
        }

    def faults_of(self, section: str) -> list[str]:
        """List what the database contradicts in *section*, and in the leads through which it is read."""
        names = (section, "lead") if section in self._through_lead else (section,)
        return [
            fault for fault in self.faults if fault.startswith(tuple(f"{name}{end}" for name in names for end in ".:"))
        ]
