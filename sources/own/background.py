"""What stands of the work that gateways do by themselves: how old the index is, which operations are unfinished."""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import func, select

from sources.own.index_passes import passes
from sources.own.operations import UNFINISHED
from sources.own.store import OwnStore
from sources.own.tables import operations

_WHOLE = (
    select(func.max(passes.c.whole_at).label("at")).where(passes.c.whole_at.is_not(None)).group_by(passes.c.tenant)
).subquery()
_AGE = select(func.clock_timestamp() - func.min(_WHOLE.c.at))
_WAITING = (
    select(func.count().label("number"), (func.clock_timestamp() - func.min(operations.c.created_at)).label("oldest"))
    .select_from(operations)
    .where(UNFINISHED)
)


@dataclass(frozen=True, slots=True)
class Background:
    """Say how long ago the last whole pass of the index began, where it is longest ago; None where there was none.

    *unfinished* operations wait, or somebody is at work on them; the *oldest* was begun so long ago.
    """

    index_age: timedelta | None
    unfinished: int
    oldest: timedelta


async def background_of(own: OwnStore) -> Background:
    """Raises SourceUnavailableError, and ReadOnlyError where the tables are not there."""
    age = (await own.rows(_AGE))[0][0]
    waiting = (await own.rows(_WAITING))[0]
    return Background(age, waiting.number, waiting.oldest or timedelta())
