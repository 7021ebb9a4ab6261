"""What the sections of a profile have in common as tables: how they are mapped, whose rows are, and their filters."""

from collections.abc import Collection, Mapping, Sequence
from enum import Enum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Text,
    and_,
    bindparam,
    case,
    exists,
    false,
    func,
    literal_column,
    not_,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY

from sources.postgres_faults import MappingFaults
from sources.postgres_mapping import MappedTable, Reflected
from sources.postgres_rows import Owner
from sources.postgres_types import TEXTS
from sources.profile import Field, Join, Path, Profile, Ref, Rows, StatusMap
from sources.storable import is_storable

S = TypeVar("S", bound=Enum)


class Sections:
    """Map sections of *profile* onto the database as *reflected* shows it; *faults* collects what it contradicts."""

    def __init__(self, profile: Profile, reflected: Reflected) -> None:
        self.profile = profile
        self.reflected = reflected
        self.faults = MappingFaults()
        self.zone = ZoneInfo(profile.store.timezone)

    def map(
        self, name: str, section: Rows, roles: Mapping[str, str], fields: Sequence[Field | Join | None] = ()
    ) -> MappedTable:
        """Map *section*, called *name*: its columns by role, and the columns that *fields* read."""
        paths = [path for field in fields if field is not None for path in _paths(field)]
        return MappedTable(name, section, roles, paths, reflected=self.reflected, zone=self.zone, faults=self.faults)

    def owner(self, mapped: MappedTable, ref: Ref | None, leads: MappedTable | None) -> Owner | None:
        """Say which customer a row of *mapped* belongs to: by *ref*, directly or through one of *leads*."""
        if ref is None:
            return None
        if ref.through is None:
            return Owner(mapped["customer"], mapped.key_type("customer"), mapped.table)
        assert leads is not None
        named, key = comparable(mapped, "customer", leads, "key")
        same = [named == key]
        if mapped.has_tenant and leads.has_tenant:
            tenant, other = comparable(mapped, "tenant", leads, "tenant")
            same.append(tenant == other)
        joined = mapped.table.outerjoin(leads.table, and_(*same, *leads.own_conditions))
        return Owner(leads["customer"], leads.key_type("customer"), joined, (named, key))


def comparable(
    mapped: MappedTable, role: str, other: MappedTable, other_role: str
) -> tuple[ColumnElement[Any], ColumnElement[Any]]:
    """Be two columns that hold the same keys: as text where they are of different types."""
    if mapped.info(role).type == other.info(other_role).type:
        return mapped[role], other[other_role]
    return mapped.text(role), other.text(other_role)


def roles(**named: str | None) -> dict[str, str]:
    """Leave out the roles that the profile does not map."""
    return {role: column for role, column in named.items() if column is not None}


def _paths(field: Field | Join) -> tuple[Path, ...]:
    return field.parts if isinstance(field, Join) else field


# ── what rows are narrowed by ──


def one_of(mapped: MappedTable, field: Field | None, chosen: Sequence[str] | None) -> list[ColumnElement[bool]]:
    """Hold *field* to one of the texts *chosen*; nothing is so where the profile does not map it."""
    if chosen is None:
        return []
    if field is None:
        return [false()]
    return [mapped.filled(field) == func.any(_texts([text for text in chosen if is_storable(text)]))]


def among_keys(mapped: MappedTable, keys: Collection[str] | None) -> list[ColumnElement[bool]]:
    """Hold rows to those that have one of *keys*; a key that the column cannot hold is no row's."""
    if keys is None:
        return []
    type_ = mapped.key_type()
    values = [value for value in map(type_.parse, sorted(keys)) if value is not None]
    return [mapped["key"] == func.any(bindparam(None, values, type_=ARRAY(type_.type), unique=True))]


def says_nothing(mapped: MappedTable, field: Field) -> ColumnElement[bool]:
    """Say which rows have nothing in *field* that shows."""
    return func.coalesce(mapped.filled(field), "").bool_op("!~")(literal_column("'[^[:space:]]'"))


def in_words(mapped: MappedTable, chosen: Sequence[str] | None) -> list[ColumnElement[bool]]:
    """Hold the store's own word for the status to one of *chosen*."""
    if chosen is None:
        return []
    return [mapped.text("status") == func.any(_texts([text for text in chosen if is_storable(text)]))]


def names_one(mapped: MappedTable, role: str, others: MappedTable) -> ColumnElement[bool]:
    """Say which rows name in *role* a row of *others* that is there, and of their tenant."""
    named, key = comparable(mapped, role, others, "key")
    living = select(key.label("key")).where(*others.own_conditions)
    if not (mapped.has_tenant and others.has_tenant):
        there = living.subquery("living")
        return exists().where(there.c.key == named)
    tenant, other = comparable(mapped, "tenant", others, "tenant")
    there = living.add_columns(other.label("tenant")).subquery("living")
    return exists().where(there.c.key == named, there.c.tenant == tenant)


def is_empty(mapped: MappedTable, role: str) -> ColumnElement[bool]:
    """Say which rows hold nothing in *role*; a text of spaces is nothing."""
    stored = mapped[role]
    return or_(stored.is_(None), func.btrim(stored) == "") if mapped.info(role).type in TEXTS else stored.is_(None)


def in_status(
    mapped: MappedTable, words: StatusMap[S], chosen: Sequence[S] | None, unknown: S
) -> list[ColumnElement[bool]]:
    """Hold the status to one of *chosen*, of which *unknown* is every word that the profile does not map."""
    if chosen is None:
        return []
    stored = mapped.text("status")
    listed = [word for status in chosen if status is not unknown for word in words.words.get(status, ())]
    known = stored == func.any(_texts(listed))
    if unknown not in chosen:
        return [known]
    every = [word for mapped_words in words.words.values() for word in mapped_words]
    return [or_(known, stored.is_(None), not_(stored == func.any(_texts(every))))]


def status_word(mapped: MappedTable, words: StatusMap[S], unknown: S) -> ColumnElement[Any]:
    """Be the name of the status that the store's word means: *unknown* for one that the profile does not map."""
    stored = mapped.text("status")
    meanings: list[tuple[ColumnElement[bool], ColumnElement[Any]]] = [
        (stored == func.any(_texts(listed)), literal_column(f"'{status.value}'"))
        for status, listed in words.words.items()
        if listed
    ]
    return case(*meanings, else_=literal_column(f"'{unknown.value}'"))


def _texts(values: Sequence[str]) -> ColumnElement[Any]:
    return bindparam(None, list(values), type_=ARRAY(Text), unique=True)
