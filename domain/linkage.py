"""How well the records of all stores are linked, in figures."""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum

from domain.identity import Identity, Names
from domain.link_findings import Links, lost_partners, lost_rows, one_way
from domain.records import Key, RecordKind, RecordRef


class LinkageHealth(Enum):
    HEALTHY = "HEALTHY"
    NEEDS_ATTENTION = "NEEDS_ATTENTION"


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkCounts:
    """Count what link fields say; *beyond* are the customers that no CRM row heads."""

    accounts: int
    deliveries: int
    beyond: int
    linked_accounts: int
    linked_deliveries: int
    one_way: int
    dangling: int
    contradictions: int

    def pairs(self, rows: int) -> int:
        """Count the links there are, with *rows* in the CRM: a customer of n records has n - 1."""
        return rows + self.accounts + self.deliveries - self.unique(rows)

    def unique(self, rows: int) -> int:
        return rows + self.beyond


def link_counts(links: Links, identity: Identity, live: Collection[Key], *, both_name: bool) -> LinkCounts:
    """Count over *links*, each record's by kind and key, as *identity* decides over them.

    Only where *both_name* is a link one-way that one side alone says: see `link_findings`.
    """
    dangling = one = 0
    for kind in links:
        dangling += _number(lost_partners(kind, links)) + _number(lost_rows(links[kind], live))
        one += _number(one_way(kind, links, identity)) if both_name else 0
    accounts, deliveries = (links.get(kind, {}) for kind in (RecordKind.ACCOUNT, RecordKind.DELIVERY))
    return LinkCounts(
        accounts=len(accounts),
        deliveries=len(deliveries),
        beyond=identity.count_beyond_crm(),
        linked_accounts=_linked(accounts, RecordKind.ACCOUNT, identity),
        linked_deliveries=_linked(deliveries, RecordKind.DELIVERY, identity),
        one_way=one,
        dangling=dangling,
        contradictions=len(identity.refused),
    )


def reached(identity: Identity, with_email: Mapping[RecordKind, Collection[Key]]) -> tuple[int, set[Key]]:
    """Count the customers without CRM row and e-mail, and list the CRM rows that a record *with_email* joins."""
    beyond = 0
    for head in identity.heads_beyond_crm():
        refs = identity.members(head).refs
        beyond += not any(ref.key in with_email.get(ref.kind, ()) for ref in refs)
    rows = {
        row
        for kind, keys in with_email.items()
        for key in keys
        if (row := identity.members(RecordRef(kind, key)).crm) is not None
    }
    return beyond, rows


def completeness(pairs: int, missing: int) -> float:
    """Say which part of all pairs is linked, to four places: 1 where there are none."""
    return round(pairs / (pairs + missing), 4) if pairs + missing else 1.0


def _linked(names: Mapping[Key, Names], kind: RecordKind, identity: Identity) -> int:
    return sum(1 for key in names if len(identity.members(RecordRef(kind, key)).refs) > 1)


def _number(found: Iterator[object]) -> int:
    return sum(1 for _ in found)
