"""Which records make one customer: decided from the link fields alone.

The rules (docs/decisions/0001-link-rules.md tells why):

1. A link that names no live record counts as absent.
2. CRM links come first. A CRM row named by two accounts, or by two delivery records, is linked to neither of them.
3. An account and a delivery record are linked if at least one names the other, unless one of them names another live
   record of the other's kind; or the one that names none is named by several; or both name a live CRM row and are not
   both linked to the same one; or only one names a CRM row, is linked to it, and another record of the other's kind
   names that row too.
4. A linked record that names no live CRM row belongs to its partner's CRM row.

A link refused by 2 or 3 is a contradiction of both its ends.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from domain.records import Key, LinkState, RecordKind, RecordRef


class Names(NamedTuple):
    """Be what an account or a delivery record says of others: its partner's key and its CRM row's."""

    partner: Key | None = None
    crm: Key | None = None


class Members(NamedTuple):
    """Be the records of one customer; at least one of them is there."""

    crm: Key | None = None
    account: Key | None = None
    delivery: Key | None = None

    @property
    def head(self) -> RecordRef:
        if self.crm is not None:
            return RecordRef(RecordKind.CRM, self.crm)
        if self.account is not None:
            return RecordRef(RecordKind.ACCOUNT, self.account)
        assert self.delivery is not None
        return RecordRef(RecordKind.DELIVERY, self.delivery)

    @property
    def refs(self) -> tuple[RecordRef, ...]:
        return tuple(RecordRef(kind, key) for kind, key in zip(RecordKind, self, strict=True) if key is not None)


@dataclass(slots=True)
class Side:
    """Be one kind of record, seen from the link rules: who names what, and what came of it."""

    names: Mapping[Key, Names]
    #: The records of this side that name a CRM row, live or not.
    naming_crm: dict[Key, list[Key]] = field(default_factory=lambda: defaultdict(list))
    #: The records of this side that name a record of the other side, live or not.
    naming_partner: dict[Key, list[Key]] = field(default_factory=lambda: defaultdict(list))
    #: Accepted links.
    crm_of: dict[Key, Key] = field(default_factory=dict)
    of_crm: dict[Key, Key] = field(default_factory=dict)
    partner_of: dict[Key, Key] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for key, names in self.names.items():
            if names.crm is not None:
                self.naming_crm[names.crm].append(key)
            if names.partner is not None:
                self.naming_partner[names.partner].append(key)

    def namers_of_partner(self, key: Key) -> list[Key]:
        return self.naming_partner.get(key, [])

    def namers_of_crm(self, key: Key) -> list[Key]:
        return self.naming_crm.get(key, [])


class Identity:
    """Decide over *accounts*, *deliveries* and *live*, the CRM rows that exist among those that are named.

    Given a neighbourhood of two hops around a record, what is decided of that record is what the whole store decides:
    every rule looks only at names, at liveness and at the number of namers.
    """

    def __init__(self, accounts: Mapping[Key, Names], deliveries: Mapping[Key, Names], live: Collection[Key]) -> None:
        self._accounts = Side(accounts)
        self._deliveries = Side(deliveries)
        self._live = live
        #: Both ends of every refused link.
        self.refused: set[tuple[RecordRef, RecordRef]] = set()
        self._link_crm(self._accounts, RecordKind.ACCOUNT)
        self._link_crm(self._deliveries, RecordKind.DELIVERY)
        for account, delivery in self._pairs():
            if self._is_refused(account, delivery):
                self.refused.add((RecordRef(RecordKind.ACCOUNT, account), RecordRef(RecordKind.DELIVERY, delivery)))
            else:
                self._accounts.partner_of[account] = delivery
                self._deliveries.partner_of[delivery] = account
        self.contradicted = {end for link in self.refused for end in link}

    def members(self, ref: RecordRef) -> Members:
        """Name the records of the customer that *ref* belongs to, *ref* being live."""
        accounts, deliveries = self._accounts, self._deliveries
        if ref.kind is RecordKind.ACCOUNT:
            crm = self._crm_of(ref.key, accounts, deliveries)
            if crm is None:
                return Members(None, ref.key, accounts.partner_of.get(ref.key))
        elif ref.kind is RecordKind.DELIVERY:
            crm = self._crm_of(ref.key, deliveries, accounts)
            if crm is None:
                return Members(None, deliveries.partner_of.get(ref.key), ref.key)
        else:
            crm = ref.key
        account, delivery = accounts.of_crm.get(crm), deliveries.of_crm.get(crm)
        if account is None and delivery is not None:
            account = self._follower(delivery, deliveries, accounts)
        elif delivery is None and account is not None:
            delivery = self._follower(account, accounts, deliveries)
        return Members(crm, account, delivery)

    def is_named(self, row: Key) -> bool:
        """Say whether any record names the CRM *row*: nothing is linked to it else, or speaks against that."""
        return bool(self._accounts.namers_of_crm(row) or self._deliveries.namers_of_crm(row))

    def partner_by_names(self, ref: RecordRef) -> RecordRef | None:
        """Find the one record that *ref* is linked to unless CRM rows speak against it."""
        is_account = ref.kind is RecordKind.ACCOUNT
        side, other = (self._accounts, self._deliveries) if is_account else (self._deliveries, self._accounts)
        named = side.names[ref.key].partner
        for partner in (named, *other.namers_of_partner(ref.key)):
            if partner is not None and partner in other.names and not self._names_refuse(ref.key, partner, side, other):
                return RecordRef(RecordKind.DELIVERY if is_account else RecordKind.ACCOUNT, partner)
        return None

    def are_linked(self, account: Key, delivery: Key) -> bool:
        return self._accounts.partner_of.get(account) == delivery

    def contradicts(self, members: Members) -> bool:
        """Say whether a refused link ends at one of *members*."""
        return any(ref in self.contradicted for ref in members.refs)

    def count_beyond_crm(self) -> int:
        """Count the customers that no CRM row heads: records, less accepted CRM links, less pairs not so joined."""
        accounts, deliveries = self._accounts, self._deliveries
        apart = sum(1 for key in accounts.names if self._crm_of(key, accounts, deliveries) is None)
        apart += sum(1 for key in deliveries.names if self._crm_of(key, deliveries, accounts) is None)
        return apart - self._pairs_beyond_crm()

    def count_linked(self) -> int:
        """Count the customers that have more than one record."""
        return len(self._accounts.of_crm.keys() | self._deliveries.of_crm.keys()) + self._pairs_beyond_crm()

    def _pairs_beyond_crm(self) -> int:
        return sum(
            1 for key in self._accounts.partner_of if self._crm_of(key, self._accounts, self._deliveries) is None
        )

    def heads_beyond_crm(self) -> Iterator[RecordRef]:
        """Go through the heads of the customers that no CRM row heads."""
        for key in self._accounts.names:
            if self._crm_of(key, self._accounts, self._deliveries) is None:
                yield RecordRef(RecordKind.ACCOUNT, key)
        for key in self._deliveries.names:
            is_head = key not in self._deliveries.partner_of
            if is_head and self._crm_of(key, self._deliveries, self._accounts) is None:
                yield RecordRef(RecordKind.DELIVERY, key)

    def _link_crm(self, side: Side, kind: RecordKind) -> None:
        for crm, namers in side.naming_crm.items():
            if crm not in self._live:
                continue
            if len(namers) == 1:
                side.crm_of[namers[0]] = crm
                side.of_crm[crm] = namers[0]
            else:
                self.refused.update((RecordRef(kind, namer), RecordRef(RecordKind.CRM, crm)) for namer in namers)

    def _pairs(self) -> set[tuple[Key, Key]]:
        accounts, deliveries = self._accounts.names, self._deliveries.names
        pairs = {(key, n.partner) for key, n in accounts.items() if n.partner is not None and n.partner in deliveries}
        pairs |= {(n.partner, key) for key, n in deliveries.items() if n.partner is not None and n.partner in accounts}
        return pairs

    def _is_refused(self, account: Key, delivery: Key) -> bool:
        accounts, deliveries = self._accounts, self._deliveries
        return self._names_refuse(account, delivery, accounts, deliveries) or self._rows_disagree(account, delivery)

    def _names_refuse(self, key: Key, partner: Key, side: Side, other: Side) -> bool:
        return self._names_another(key, partner, side, other) or self._names_another(partner, key, other, side)

    def _names_another(self, key: Key, partner: Key, side: Side, other: Side) -> bool:
        """Say whether *key* names another than *partner*, or names none and is named by several."""
        named = side.names[key].partner
        if named is not None and named in other.names:
            return named != partner
        return len(other.namers_of_partner(key)) > 1

    def _rows_disagree(self, account: Key, delivery: Key) -> bool:
        accounts, deliveries = self._accounts, self._deliveries
        account_row = self._live_row(accounts.names[account])
        delivery_row = self._live_row(deliveries.names[delivery])
        if account_row is not None and delivery_row is not None:
            linked = accounts.crm_of.get(account)
            return linked is None or linked != deliveries.crm_of.get(delivery)
        if account_row is not None and account in accounts.crm_of:
            return bool(deliveries.namers_of_crm(account_row))
        if delivery_row is not None and delivery in deliveries.crm_of:
            return bool(accounts.namers_of_crm(delivery_row))
        return False

    def _live_row(self, names: Names) -> Key | None:
        return names.crm if names.crm is not None and names.crm in self._live else None

    def _crm_of(self, key: Key, side: Side, other: Side) -> Key | None:
        """Find the CRM row that *key* belongs to, by its own name or by its partner's."""
        if self._live_row(side.names[key]) is not None:
            return side.crm_of.get(key)
        partner = side.partner_of.get(key)
        return None if partner is None else other.crm_of.get(partner)

    def _follower(self, key: Key, side: Side, other: Side) -> Key | None:
        """Find the partner that belongs to *key*'s CRM row only because *key* does."""
        partner = side.partner_of.get(key)
        if partner is None or self._live_row(other.names[partner]) is not None:
            return None
        return partner


def link_state(members: Members, mapped: Collection[RecordKind], *, contradicted: bool) -> LinkState:
    """Say how far *members* are linked, of the kinds that the profile has *mapped*."""
    if contradicted:
        return LinkState.CONFLICT
    if len(members.refs) == len(mapped):
        return LinkState.COMPLETE
    return LinkState.UNLINKED if len(members.refs) == 1 else LinkState.PARTIAL
