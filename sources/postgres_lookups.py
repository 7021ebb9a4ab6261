"""Find customers of the CRM by what they have, where no index says who has it: by going through the table."""

from collections.abc import Sequence

from sqlalchemy import func, literal_column, or_, select

from domain.records import Key
from sources.postgres_reading import PostgresReading, Tenant

_MOST = 100
#: As many last digits of a phone number are the same however it is written.
_DIGITS = 7


class PostgresLookups(PostgresReading):
    """Look rows up by e-mail and phone."""

    async def customers_with(self, tenant: Tenant, email: str | None, phone: str | None) -> Sequence[Key]:
        """List the keys of rows that may have the normalised *email* or *phone*: to be read before that is believed."""
        statements, section = (await self._mapped("customer")).customers, self._profile.customer
        if statements is None or section is None:
            return []
        mapped, conditions = statements.mapped, []
        if email is not None and section.email is not None:
            conditions.append(func.lower(mapped.filled(section.email)) == email)
        if phone is not None and section.phone is not None:
            digits = func.regexp_replace(mapped.filled(section.phone), "[^0-9]", "", literal_column("'g'"))
            conditions.append(func.right(digits, _DIGITS) == phone[-_DIGITS:])
        if not conditions:
            return []
        query = select(mapped["key"].label("key")).where(*mapped.of_tenant(), or_(*conditions)).limit(_MOST)
        return [str(row.key) for row in await self._rows(tenant, mapped, query)]
