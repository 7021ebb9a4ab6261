"""Find candidates of a search: records whose names, e-mails and phone numbers, as the index has them, fulfil it."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import ColumnElement, and_, false, or_, select

from domain.identifiers import IndexedKind, IndexedRef
from domain.searching import AnyOf, Condition, Has
from sources.own.identifiers import identifiers, rows_of
from sources.own.operations import Tenant
from sources.own.store import OwnStore

#: A search that finds more is better answered by walking through the list itself: a page of it is full soon.
MOST_CANDIDATES = 10_000


@dataclass(frozen=True, slots=True)
class Candidates:
    """Be records that a search may mean; *complete* unless there are more of them."""

    refs: frozenset[IndexedRef]
    complete: bool


async def candidates(
    own: OwnStore,
    tenant: Tenant,
    kinds: Collection[IndexedKind],
    asked: Condition,
    *,
    most: int = MOST_CANDIDATES,
) -> Candidates:
    """Find the records of *kinds* whose text fulfils *asked*: up to *most* of them."""
    query = (
        select(identifiers.c.record, identifiers.c.key).where(rows_of(tenant, kinds), _condition(asked)).limit(most + 1)
    )
    rows = await own.rows(query)
    refs = frozenset(IndexedRef(IndexedKind(row.record), row.key) for row in rows[:most])
    return Candidates(refs, complete=len(rows) <= most)


def _condition(asked: Condition) -> ColumnElement[bool]:
    if isinstance(asked, Has):
        return identifiers.c.search.like(f"%{_escaped(asked.part)}%")
    parts = [_condition(one) for one in asked.conditions]
    return or_(false(), *parts) if isinstance(asked, AnyOf) else and_(*parts)


def _escaped(part: str) -> str:
    return part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
