"""What the gateway sends to PostgreSQL, as it sends it, and how the server would find it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sources.postgres_connection import PostgresConnection

#: Statements as SQL, with their arguments.
Sent = list[tuple[str, Sequence[Any]]]
#: How the database is, is looked at as well.
_LOOKED_AT = "to_regclass"


def recorded(sent: Sent) -> Callable[..., Any]:
    """Make what takes the place of the method that sends statements, and notes them in *sent*."""
    rows = PostgresConnection._rows

    async def send(self: PostgresConnection, sql: str, arguments: Sequence[Any], **how: Any) -> Any:
        if _LOOKED_AT not in sql:
            sent.append((sql, arguments))
        return await rows(self, sql, arguments, **how)

    return send


async def plan_of(planner: PostgresConnection, sql: str, arguments: Sequence[Any]) -> Mapping[str, Any]:
    """Ask for the plan, as EXPLAIN has it in JSON."""
    async with planner._pool.places:
        told = await planner._rows(f"EXPLAIN (FORMAT JSON) {sql}", arguments)
    plan: Mapping[str, Any] = told[0][0][0]["Plan"]
    return plan
