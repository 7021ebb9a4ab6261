"""Look in PostgreSQL for what is wrong in the rows, and never write: the server would refuse."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, Select, Text, func, literal, not_, or_, select
from sqlalchemy.dialects.postgresql import ARRAY

from domain.findings import Check, Example, Finding
from domain.money import currencies
from domain.records import Key
from sources.checks_indexes import IndexChecks
from sources.checks_sql import (
    by_word,
    counted,
    first_of_each_word,
    is_empty,
    is_no_number,
    names_nobody,
    row_key,
    rows_of,
    twice,
)
from sources.index_statements import name_of
from sources.postgres import PostgresSource
from sources.postgres_mapping import MappedTable
from sources.postgres_reading import Tenant
from sources.postgres_tables import Tables
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
_NO_CUSTOMER = "names a customer that is not there"
Contact = tuple[Key, str | None, str | None]


@dataclass(frozen=True, slots=True)
class Odd:
    """Be the *rows* that a *check* looks for, and what is told where there are some."""

    check: Check
    where: str
    message: str
    rows: Select[Any]


class PostgresChecks(PostgresSource):
    """Look for what is wrong in the rows of a section.

    Every method takes the tenant first, None where the store has none, and tells the first *examples*.
    """

    options: ClassVar[Mapping[str, str]] = {"default_transaction_read_only": "on", "application_name": "gateway-doctor"}

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

    # ── what rows refer to ──

    async def orphaned_leads(self, tenant: Tenant, examples: int) -> list[Finding]:
        """Find leads of no customer, where the profile says that this is a fault, and of one that is not there."""
        tables, section = await self._mapped("lead"), self._profile.lead
        assert section is not None
        assert tables.leads is not None
        mapped, key = tables.leads.mapped, tables.leads.mapped.ordered_key()
        odd = partial(Odd, Check.ORPHANED_LEAD, "lead.customer")
        asked = []
        if section.unattached == "orphaned":
            asked.append(odd("has no customer", rows_of(mapped, key, is_empty(mapped, "customer"), shown=None)))
        if (customers := self._customers()) is not None:
            asked.append(odd(_NO_CUSTOMER, names_nobody(mapped, "customer", customers, key)))
        return await self._found(tenant, mapped, asked, examples)

    async def orphaned_bookings(self, tenant: Tenant, examples: int) -> list[Finding]:
        """Find bookings that reach no customer, directly or through a lead, and those of a lead that is not there."""
        tables, section = await self._mapped("booking"), self._profile.booking
        assert section is not None
        assert tables.bookings is not None
        mapped, key = tables.bookings.mapped, tables.bookings.mapped.ordered_key()
        odd = partial(Odd, Check.ORPHANED_BOOKING, "booking.customer")
        through = section.customer is not None and section.customer.through is not None
        asked = []
        if section.customer is not None:
            message = "has no lead, and so no customer" if through else "has no customer"
            asked.append(odd(message, rows_of(mapped, key, is_empty(mapped, "customer"), shown=None)))
        if through:
            asked += [odd(message, rows) for message, rows in self._through_leads(tables, key).items()]
        elif section.customer is not None and (customers := self._customers()) is not None:
            asked.append(odd(_NO_CUSTOMER, names_nobody(mapped, "customer", customers, key)))
        role = "customer" if through else "lead"
        if role in mapped and tables.leads is not None and not tables.faults_of("lead"):
            lost = names_nobody(mapped, role, tables.leads.mapped, key)
            asked.append(Odd(Check.ORPHANED_BOOKING, "booking.lead", "names a lead that is not there", lost))
        return await self._found(tenant, mapped, asked, examples)

    def _through_leads(self, tables: Tables, key: ColumnElement[Any]) -> Mapping[str, Select[Any]]:
        """Ask for the bookings whose lead is there, and has no customer, or one that is not there."""
        assert tables.leads is not None
        assert tables.bookings is not None
        assert tables.bookings.owner is not None
        leads, mapped, joined = tables.leads.mapped, tables.bookings.mapped, tables.bookings.owner.joined
        rows = select(key.label("key"), literal(None, Text).label("detail")).where(*mapped.of_tenant())
        alone = rows.select_from(joined).where(leads["key"].is_not(None), is_empty(leads, "customer"))
        asked = {"has a lead without customer": alone}
        if (customers := self._customers()) is not None:
            lost = names_nobody(leads, "customer", customers, leads["key"]).subquery("lost")
            named = rows.select_from(joined.join(lost, lost.c.key == leads["key"]))
            asked["has a lead whose customer is not there"] = named
        return asked

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

    async def _found(self, tenant: Tenant, mapped: MappedTable, asked: Sequence[Odd], examples: int) -> list[Finding]:
        """Count the rows of each that is *asked* for, and tell the first of them; nothing of what is not there."""
        findings = []
        for odd in asked:
            found = await self._rows(tenant, mapped, counted(odd.rows, max(examples, 1)))
            if found:
                shown = tuple(Example(key=str(row.key), detail=row.detail or "") for row in found[:examples])
                finding = Finding(check=odd.check, where=odd.where, message=odd.message, tenant=tenant)
                findings.append(replace(finding, count=found[0].count, examples=shown))
        return findings

    async def _section(self, section: str) -> MappedTable:
        mapped = table_of(await self._mapped(section), section)
        assert mapped is not None
        return mapped

    async def _section_and_key(self, section: str) -> tuple[MappedTable, ColumnElement[Any]]:
        tables = await self._mapped(section)
        mapped = table_of(tables, section)
        assert mapped is not None
        return mapped, row_key(mapped, tables.reflected)

    def _customers(self) -> MappedTable | None:
        """Find the customers' table; None where the profile has none, or the database contradicts it."""
        tables = self._tables
        if tables is None or tables.customers is None or tables.faults_of("customer"):
            return None
        return tables.customers.mapped

    def _status(self, section: str) -> StatusMap[Any]:
        status: StatusMap[Any] | None = getattr(self._profile, section).status
        assert status is not None
        return status


def table_of(tables: Tables, section: str) -> MappedTable | None:
    """Find the table of *section* among *tables*; None where the profile has no such section."""
    parent, _, part = section.partition(".")
    statements: Mapping[str, Any] = {
        "customer": tables.customers,
        "lead": tables.leads,
        "booking": tables.bookings,
        "revenue": tables.revenue,
        "customer.external": tables.external,
        "booking.shipments": tables.shipments,
        f"{parent}.history": tables.histories.get(parent),
        f"{parent}.snapshot": tables.snapshots.get(parent),
    }
    if part in ("stored_totals", "referrer"):
        return tables.totals if part == "stored_totals" else tables.referrers
    found = statements.get(section)
    return None if found is None else found.mapped


def _about(word: str | None) -> str:
    if word is None:
        return "has no status"
    return f"has the word {word[:80]!r}, which is mapped to no status and reads as UNKNOWN"
