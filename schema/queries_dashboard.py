"""The root field for dashboards."""

from typing import Annotated, Any

import strawberry

from domain.access import READ_CUSTOMERS
from domain.dashboard import Scope
from resolvers import dashboard
from schema.dashboard import Dashboard
from schema.fields import Info, guarded, selected_of
from schema.inputs import PeriodArgument, given, period_of

LocationArgument = Annotated[
    str | None, strawberry.argument(description="Only what is known to be at this location, as bookings name it.")
]


def _scope(*, period: PeriodArgument = strawberry.UNSET, location: LocationArgument = strawberry.UNSET) -> Scope:
    """Read what a dashboard is about."""
    return Scope(period_of(given(period)), given(location))


async def _dashboard(info: Info, scope: Scope) -> Any:
    return await dashboard.dashboard(info.context, scope, selected_of(info))


@strawberry.type
class DashboardQueries:
    dashboard: Dashboard | None = guarded(
        READ_CUSTOMERS,
        _dashboard,
        "Figures for dashboards, of a period or of all time. UNKNOWN_LOCATION where no booking is at the location.",
        arguments=_scope,
    )
