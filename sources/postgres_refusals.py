"""What the database refuses, told in words of the gateway."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from domain.mutation_errors import ErrorCode, RefusedError, UserError
from sources.postgres_places import Places, camel, where_of
from sources.profile import Rows

_NOT_NULL, _TOO_LONG, _UNIQUE, _TOO_LARGE = "23502", "22001", "23505", "22003"
#: Constraints, values that are none of their type, rules that triggers keep, rows that cannot be written at all.
_REFUSALS = ("23", "22", "P0001", "44", "428C9", "55000", "42809")


@dataclass(slots=True)
class Trying:
    """Say whether what was tried has met a number that was taken."""

    taken: bool = False


@asynccontextmanager
async def refusing(connection: AsyncConnection, rows: Rows, *, again: bool = False) -> AsyncIterator[Trying]:
    """Undo what is done within, and refuse, where the database says no to it.

    Where it may be tried *again*, a unique constraint says so alone.
    """
    trying = Trying()
    try:
        async with connection.begin_nested():
            yield trying
    except DBAPIError as error:
        state, column, constraint = _diagnosis(error)
        if again and state == _UNIQUE:
            trying.taken = True
            return
        if not state.startswith(_REFUSALS):
            raise
        raise RefusedError(_fault(rows, state, column, constraint)) from None


@contextmanager
def refusals() -> Iterator[None]:
    """Refuse where the database says no within, whatever it was about: constraints may wait until all is committed."""
    try:
        yield
    except DBAPIError as error:
        if not state_of(error).startswith(_REFUSALS):
            raise
        raise RefusedError(UserError(ErrorCode.CONSTRAINT, "The store refuses this.")) from error


def state_of(error: DBAPIError) -> str:
    """Say what PostgreSQL calls *error*."""
    return _diagnosis(error)[0]


def _diagnosis(error: DBAPIError) -> tuple[str, str | None, str | None]:
    cause = getattr(error.orig, "__cause__", None)
    state = getattr(cause, "sqlstate", None) or getattr(error.orig, "sqlstate", None)
    return str(state or ""), getattr(cause, "column_name", None), getattr(cause, "constraint_name", None)


def _fault(rows: Rows, state: str, column: str | None, constraint: str | None) -> UserError:
    named = Places(rows).names
    if state == _NOT_NULL and column is not None:
        if column in named:
            message = f"The store requires {camel(named[column])} (its column {column})."
            return UserError(ErrorCode.REQUIRED, message, where_of(named[column]))
        message = f"The store requires {column}, and the profile's insert does not say what to write."
        return UserError(ErrorCode.NOT_MAPPED, message, (column,))
    if state == _TOO_LONG:
        return UserError(ErrorCode.TOO_LONG, f"A text is longer than a column of {rows.name_of} holds.")
    if state == _TOO_LARGE:
        return UserError(ErrorCode.CONSTRAINT, f"A number is larger than a column of {rows.name_of} holds.")
    by = f": its constraint {constraint} is violated" if constraint else ""
    return UserError(ErrorCode.CONSTRAINT, f"The store refuses such a row of {rows.name_of}{by}.")
