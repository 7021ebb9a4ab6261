"""Look in PostgreSQL for what is wrong in the rows, and never write: the server would refuse."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

from sqlalchemy import ColumnElement, Text, func, literal, not_, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from domain.findings import Check, Example, Finding
from domain.money import currencies
from domain.records import Key
from sources.checks_indexes import IndexChecks
from sources.checks_references import ReferenceChecks
from sources.checks_rows import Odd, table_of
from sources.checks_sql import (
    by_word,
    first_of_each_word,
    is_no_number,
    row_key,
    rows_of,
    twice,
)
from sources.index_statements import name_of
from sources.postgres_mapping import MappedTable
from sources.postgres_reading import Tenant
from sources.postgres_totals_columns import REFLECT_UNIQUE
from sources.postgres_totals_reading import PostgresTotals
from sources.profile import Profile, StatusMap

#: The dates, and the amounts, of each section by role.
DATES: Mapping[str, tuple[str, ...]] = {
    "customer": ("created_at", "last_contact_at"),
    "lead": ("created_at", "updated_at", "next_follow_up_at"),
    "booking": ("created_at", "start_at", "end_at"),
    "revenue": ("at",),
    "lead.history": ("at",),
    "booking.history": ("at",),
    "booking.shipments": ("estimated_delivery", "created_at"),
    "customer.stored_totals": ("first_booking_at",),
}
AMOUNTS: Mapping[str, tuple[str, ...]] = {
    "booking": ("amount",),
    "revenue": ("amount",),
    "customer.stored_totals": ("revenue",),
}
CURRENCIES = ("booking", "revenue")
STATUSES = ("customer", "lead", "booking")
KEYED = ("customer", "lead", "booking")
#: More words than these are no vocabulary: they are told as one.
_MOST_WORDS = 20
Contact = tuple[Key, str | None, str | None]


class PostgresChecks(ReferenceChecks):
    """Look for what is wrong in the rows of a section.

    Every method takes the tenant first, None where the store has none, and tells the first *examples*.
    """

    def __init__(self, profile: Profile, url: str, *, seconds: float) -> None:
        super().__init__(profile, url, seconds=seconds)
        self.indexes = IndexChecks(profile, url, seconds=seconds)
        self.totals = PostgresTotals(profile, url, seconds=seconds)

    async def close(self) -> None:
        await super().close()
        await self.indexes.close()
        await self.totals.close()

    # ── what rows say ──

    async def unmapped_statuses(self, tenant: Tenant, section: str, examples: int) -> list[Finding]:
        """Count the rows of *section* by each word that the profile maps to no status."""
        mapped, status = await self._section(section), self._status(section)
        word = mapped.text("status")
        known = [text for listed in status.words.values() for text in listed]
        condition = or_(word.is_(None), not_(word == func.any(literal(known, ARRAY(Text)))))
        found = await self._rows(tenant, mapped, by_word(mapped, word, condition, _MOST_WORDS))
        keys: dict[str | None, list[Key]] = {}
        if found and examples:
            words = [row.word for row in found if row.word is not None] or [""]
            query = first_of_each_word(mapped, word, condition, examples)
            for row in await self._rows(tenant, mapped, query, words=words):
                keys.setdefault(row.word, []).append(row.key)
        findings = [
            Finding(
                check=Check.UNMAPPED_STATUS,
                where=f"{section}.status",
                tenant=tenant,
                message=_about(row.word),
                count=row.count,
                examples=tuple(Example(key=key) for key in keys.get(row.word, ())),
            )
            for row in found
        ]
        left = found[0].rows - sum(row.count for row in found) if found else 0
        if left:
            message = f"{found[0].words - len(found)} more words are mapped to no status"
            where = f"{section}.status"
            findings.append(
                Finding(check=Check.UNMAPPED_STATUS, where=where, tenant=tenant, message=message, count=left)
            )
        return findings

    async def odd_dates(self, tenant: Tenant, section: str, examples: int) -> list[Finding]:
        """Find dates that are not of the profile's form, or out of the calendar: they count as none."""
        mapped, key = await self._section_and_key(section)
        message = "is no date of the form that the profile says, and counts as none"
        asked = []
        for role, time in mapped.times(*DATES[section]).items():
            stored = time.expression
            rows = rows_of(mapped, key, stored.is_not(None), not_(time.has_value), shown=stored)
            asked.append(Odd(Check.ODD_DATE, f"{section}.{role}", message, rows))
        return await self._found(tenant, mapped, asked, examples)

    async def odd_money(self, tenant: Tenant, section: str, examples: int) -> list[Finding]:
        """Find amounts that are no numbers, which count as nothing, and currencies that ISO 4217 does not have."""
        mapped, key = await self._section_and_key(section)
        asked = []
        for role in AMOUNTS[section]:
            no_number = is_no_number(mapped, role) if role in mapped else None
            if no_number is not None:
                rows = rows_of(mapped, key, no_number, shown=mapped[role])
                asked.append(Odd(Check.ODD_MONEY, f"{section}.{role}", "is no number, and counts as nothing", rows))
        if section in CURRENCIES and "currency" in mapped:
            code = func.upper(func.btrim(mapped.text("currency")))
            rows = rows_of(mapped, key, code.not_in(["", *sorted(currencies())]), shown=code)
            asked.append(Odd(Check.ODD_MONEY, f"{section}.currency", "is no currency of ISO 4217", rows))
        return await self._found(tenant, mapped, asked, examples)

    async def duplicate_keys(self, tenant: Tenant, section: str, examples: int) -> list[Finding]:
        """Find keys that several rows of *section* have: the gateway shows one of them."""
        mapped = await self._section(section)
        own = [mapped.column(role).name for role in ("key", "tenant") if role in mapped]
        if await self._connection.rows(REFLECT_UNIQUE, {"name": name_of(mapped), "columns": own}):
            return []
        message = "has several rows within the tenant" if mapped.has_tenant else "has several rows"
        odd = Odd(Check.DUPLICATE_KEY, f"{section}.key", message, twice(mapped))
        return await self._found(tenant, mapped, [odd], examples)

    # ── who customers are ──

    async def contacts(self, tenant: Tenant) -> AsyncIterator[list[Contact]]:
        """Go through key, e-mail and phone of all customers, some thousands at a time."""
        mapped, section = await self._section("customer"), self._profile.customer
        assert section is not None
        columns = mapped.first_of_each({"email": section.email, "phone": section.phone})
        query = select(mapped["key"].label("key"), *columns).where(*mapped.of_tenant())
        values = {} if not mapped.has_tenant else {"tenant": mapped.tenant_type.parse(tenant or "")}
        if mapped.has_tenant and values["tenant"] is None:
            return
        async for rows in self._connection.stream(query, values):
            yield [(str(row.key), row.email, row.phone) for row in rows]

    # ── how ──

    async def _section_and_key(self, section: str) -> tuple[MappedTable, ColumnElement[Any]]:
        tables = await self._mapped(section)
        mapped = table_of(tables, section)
        assert mapped is not None
        return mapped, row_key(mapped, tables.reflected)

    def _status(self, section: str) -> StatusMap[Any]:
        status: StatusMap[Any] | None = getattr(self._profile, section).status
        assert status is not None
        return status


def _about(word: str | None) -> str:
    if word is None:
        return "has no status"
    return f"has the word {word[:80]!r}, which is mapped to no status and reads as UNKNOWN"
