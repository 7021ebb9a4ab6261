"""Stored totals as statements: compared with the live ones, set-based, for a whole tenant or for some customers.

Live are exactly the numbers that the API answers: every lead and every booking that the profile counts as the
customer's; accepted those that are CONFIRMED, IN_PROGRESS or COMPLETED; no-shows those that are NO_SHOW; the first
booking is the earliest start of an accepted one (its creation where it has no start); revenue is in the store's
currency only, rounded half up to its minor unit.

They are compared by value with what the column can hold: an integer holds revenue rounded half up, numeric(10, 1) one
decimal, timestamp(0) whole seconds, date the day where the store is; a double equals what it shows in 15 digits. NULL
is no count and no revenue, but it is the first booking of a customer who has none.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    CTE,
    ColumnElement,
    FromClause,
    Numeric,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    exists,
    false,
    func,
    literal_column,
    or_,
    select,
    type_coerce,
    union,
)
from sqlalchemy.dialects.postgresql import ARRAY

from domain.money import minor_digits
from domain.records import Key
from domain.time import Period
from sources.postgres_mapping import MappedTable
from sources.postgres_tables import Tables
from sources.postgres_time import TimeColumn
from sources.postgres_totals_columns import INTEGERS, TotalsTable, held_number, held_time
from sources.postgres_totals_live import SECTIONS, Live, live_totals
from sources.postgres_types import OTHER_TEXTS, TEXTS, KeyType
from sources.profile import Profile

#: Narrows the rows of a table, which has a name here, to those of some customers: their keys are of this type there.
Chosen = Callable[[str, ColumnElement[Any], KeyType], Sequence[ColumnElement[bool]]]


@dataclass(frozen=True, slots=True)
class _Compared:
    """Be one total: as it is *stored*, as it is *live*, and whether they *differ*."""

    role: str
    stored: ColumnElement[Any]
    live: ColumnElement[Any]
    differ: ColumnElement[bool]


class TotalsStatements:
    """Compose what is asked of the totals *stored*; *faults* lists those that cannot be counted, or not be held."""

    def __init__(self, profile: Profile, tables: Tables, stored: TotalsTable) -> None:
        assert tables.customers is not None
        self.stored = stored
        self.tables = tables
        self._mapped = stored.mapped
        self._profile = profile
        self._customers = tables.customers
        self._live = live_totals(profile, tables)
        self.faults: list[str] = []
        self.roles: list[str] = []
        for role in (role for role in SECTIONS if role in self._mapped):
            fault = stored.cannot_hold(role)
            if SECTIONS[role] not in self._live:
                fault = f"the profile does not say whose they are in [{SECTIONS[role]}]"
            if fault is None:
                self.roles.append(role)
            else:
                self.faults.append(f"customer.stored_totals.{role}: {fault}")

    @property
    def key_type(self) -> KeyType:
        return self._customers.mapped.key_type()

    # ── what is asked ──

    def some(self, recent: Period | None) -> Select[Any]:
        """Read `:examples` of the rows that differ; each with `changed_rows` and `missing_rows`, the count of all."""
        found = self._differing(self._of(recent)).subquery("found")
        counts = [
            func.count().filter(~found.c.missing).over().label("changed_rows"),
            func.count().filter(found.c.missing).over().label("missing_rows"),
        ]
        return select(found, *counts).order_by(found.c.missing, found.c.key).limit(bindparam("examples"))

    def keys(self, recent: Period | None) -> Select[Any]:
        """List the customers whose rows differ: `keys_found`, in their order, of those `missing` and of the others."""
        found = self._differing(self._of(recent)).subquery("found")
        keys = func.array_agg(found.c.key.distinct(), type_=ARRAY(self.key_type.type))
        return select(found.c.missing, keys.label("keys_found")).group_by(found.c.missing)

    def of(self) -> Select[Any]:
        """Read the rows that differ of the customers whose keys `values` were given."""
        return self._differing(
            lambda name, key, type_: [key == func.any(bindparam(f"{name}_keys", type_=ARRAY(type_.type)))]
        )

    def without_customer(self) -> Select[Any]:
        """Read the keys of `:examples` rows that name no customer; each with `rows_found`, the count of all."""
        owner, customers = self._mapped["owner"], self._customers.mapped
        same = _same(customers["key"], customers.key_type(), owner, self._mapped.key_type("owner"))
        named = exists().where(*_within("base", customers), same)
        query = select(owner.label("key"), func.count().over().label("rows_found"))
        return query.where(*self.within_stored(), ~named).order_by(owner).limit(bindparam("examples"))

    def values(self, tenant: str | None, keys: Collection[Key] | None = None) -> dict[str, Any]:
        """Give the statements their tenant, and `of` its *keys*, as each table writes them."""
        tables = {
            "base": (self._customers.mapped, self.key_type),
            "stored": (self._mapped, self._mapped.key_type("owner")),
            **{section: (live.rows, live.owner.type) for section, live in self._live.items()},
        }
        values: dict[str, Any] = {}
        for name, (mapped, type_) in tables.items():
            if mapped.has_tenant:
                values[f"{name}_tenant"] = None if tenant is None else mapped.tenant_type.parse(tenant)
            if keys is not None:
                values[f"{name}_keys"] = [parsed for key in keys if (parsed := type_.parse(key)) is not None]
        return values

    def within_stored(self) -> list[ColumnElement[bool]]:
        """Hold the rows of stored totals to the tenant."""
        return _within("stored", self._mapped)

    # ── how it is compared ──

    def _differing(self, chosen: Chosen) -> Select[Any]:
        from_, key, missing = self._base(chosen)
        totals = {}
        for section in {SECTIONS[role]: None for role in self.roles}:
            live = self._live[section]
            totals[section] = self._aggregated(live, chosen)
            same = _same(totals[section].c.owner, live.owner.type, key, self.key_type)
            from_ = from_.outerjoin(totals[section], same)
        compared = [self._compared(role, totals[SECTIONS[role]]) for role in self.roles]
        columns = [
            column
            for one in compared
            for column in (one.stored.label(f"stored_{one.role}"), one.live.label(f"live_{one.role}"))
        ]
        query = select(key.label("key"), missing.label("missing"), *columns).select_from(from_)
        if not self.stored.is_own:
            query = query.where(*_within("base", self._mapped), *chosen("base", key, self.key_type))
        return query.where(or_(missing, *(one.differ for one in compared)))

    def _base(self, chosen: Chosen) -> tuple[FromClause, ColumnElement[Any], ColumnElement[bool]]:
        """Say where the customers and their stored totals stand, what their key is, and who has none stored."""
        owner = self._mapped["owner"]
        if not self.stored.is_own:
            return self._mapped.table, owner, false()
        mapped = self._customers.mapped
        conditions = [*_within("base", mapped), *chosen("base", mapped["key"], self.key_type)]
        customers = select(mapped["key"].label("key")).where(*conditions).subquery("customer")
        same = _same(owner, self._mapped.key_type("owner"), customers.c.key, self.key_type)
        joined = customers.outerjoin(self._mapped.table, and_(same, *self.within_stored()))
        return joined, customers.c.key, owner.is_(None)

    def _aggregated(self, live: Live, chosen: Chosen) -> CTE:
        """Count and sum the rows of *live*, by their owner."""
        owner = live.owner
        wanted = [*live.conditions, owner.key.is_not(None), *chosen(live.section, owner.key, owner.type)]
        query = select(owner.key.label("owner"), *live.totals).select_from(owner.joined)
        query = query.where(*_within(live.section, live.rows), *wanted).group_by(owner.key)
        return query.cte(f"{live.section}_totals")

    def _compared(self, role: str, totals: CTE) -> _Compared:
        precision = self.stored.precision(role)
        if role == "first_booking_at":
            start = self._live["booking"].changes[0]
            stored = self._mapped.time(role)
            live = held_time(TimeColumn(totals.c[role], start.form, start.zone), stored, precision)
            return _Compared(role, stored.selected, live, stored.selected.is_distinct_from(live))
        total: ColumnElement[Any] = func.coalesce(cast(totals.c[role], Numeric), 0)
        if role == "revenue":
            total = self._money(total)
        live, read = held_number(type_coerce(total, Numeric), self._mapped.info(role).type, precision)
        number = type_coerce(self._mapped.number(role), Numeric)
        return _Compared(role, number, live, number.is_distinct_from(read))

    def _money(self, total: ColumnElement[Any]) -> ColumnElement[Any]:
        """Round *total*, which is in the unit of the profile's revenue, and say it in the unit of the stored one."""
        assert self._profile.revenue is not None
        digits = minor_digits(self._profile.store.currency)
        minor, as_minor = self._profile.revenue.unit == "minor", self.stored.totals.unit == "minor"
        rounded = func.round(total, 0 if minor else digits)
        if minor is as_minor:
            return rounded
        if as_minor:
            return func.round(rounded * literal_column(f"1{'0' * digits}::numeric"), 0)
        return func.round(rounded / literal_column(f"1{'0' * digits}::numeric"), digits)

    def _of(self, recent: Period | None) -> Chosen:
        """Choose all customers, or those with something that is dated in *recent*."""
        if recent is None:
            return lambda *_: []
        customers = self._customers.mapped
        alike = all(_alike(live.owner.type, self.key_type) for live in self._live.values())
        sources = [
            ("base", customers, customers["key"], customers.table, [self._customers.orders["CREATED_AT"]]),
            *((one.section, one.rows, one.owner.key, one.owner.joined, one.changes) for one in self._live.values()),
        ]
        news = [
            select((key if alike else cast(key, Text)).label("key"))
            .select_from(joined)
            .where(*_within(name, mapped), or_(*(and_(*time.within(recent)) for time in changes)))
            for name, mapped, key, joined, changes in sources
        ]
        found = union(*news).cte("recent")
        return lambda _, key, __: [(key if alike else cast(key, Text)).in_(select(found.c.key))]


def _within(name: str, mapped: MappedTable) -> list[ColumnElement[bool]]:
    """Hold *mapped*'s rows to the tenant, which each table may write in a type of its own."""
    if not mapped.has_tenant:
        return mapped.own_conditions
    tenant = bindparam(f"{name}_tenant", type_=mapped.tenant_type.type)
    return [mapped["tenant"] == tenant, *mapped.own_conditions]


def _alike(one: KeyType, other: KeyType) -> bool:
    texts = TEXTS | OTHER_TEXTS
    return one.name == other.name or any({one.name, other.name} <= family for family in (INTEGERS, texts))


def _same(
    key: ColumnElement[Any], type_: KeyType, other: ColumnElement[Any], other_type: KeyType
) -> ColumnElement[bool]:
    """Compare keys that columns of different types may hold."""
    return key == other if _alike(type_, other_type) else cast(key, Text) == cast(other, Text)
