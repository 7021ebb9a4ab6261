"""Count, over what all accounts and delivery records say of each other, the customers that they make."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from domain.identity import Identity, Names
from domain.records import Key, RecordKind, RecordRef
from domain.status import CustomerStatus


@dataclass(slots=True)
class Heard:
    """Be what records say: their *names* by kind, which were created *within* a period, how delivery records stand."""

    names: dict[RecordKind, dict[Key, Names]]
    within: dict[RecordKind, set[Key]]
    statuses: dict[Key, CustomerStatus] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Census:
    """Count customers: those *linked*, and of those that no CRM row heads all, the *created* and the *active* ones.

    *standing* says of the CRM rows whose delivery record has a status whether that is ACTIVE.
    """

    linked: int = 0
    beyond: int = 0
    created: int = 0
    active: int = 0
    standing: Mapping[Key, bool] = field(default_factory=dict)


def census(heard: Heard, live: Collection[Key]) -> Census:
    """Count the customers that the records *heard* make with the CRM rows that are *live*."""
    names = heard.names
    identity = Identity(names.get(RecordKind.ACCOUNT, {}), names.get(RecordKind.DELIVERY, {}), live)
    beyond = created = active = 0
    for head in identity.heads_beyond_crm():
        beyond += 1
        created += head.key in heard.within[head.kind]
    standing: dict[Key, bool] = {}
    for key, status in heard.statuses.items():
        row = identity.members(RecordRef(RecordKind.DELIVERY, key)).crm
        if row is not None:
            standing[row] = status is CustomerStatus.ACTIVE
        else:
            active += status is CustomerStatus.ACTIVE
    return Census(identity.count_linked(), beyond, created, active, standing)
