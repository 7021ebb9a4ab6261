"""What has to be written so that records become one customer, or one of them stands alone: planned before it is done.

A plan is made from a neighbourhood of two hops around the records concerned, as the link rules are, and is held against
these rules before it is believed: what they would not read back as meant is a conflict, and nothing is written.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from domain.identity import Identity, Members, Names
from domain.records import Key, RecordKind, RecordRef

_MONGO = (RecordKind.ACCOUNT, RecordKind.DELIVERY)
_OTHER = {RecordKind.ACCOUNT: RecordKind.DELIVERY, RecordKind.DELIVERY: RecordKind.ACCOUNT}


class LinkField(Enum):
    """The fields by which a record names others."""

    PARTNER = "partner"
    CRM = "crm"


#: The link fields that a profile maps, by the kind of record that has them.
LinkFields = Mapping[RecordKind, frozenset[LinkField]]


class Links(NamedTuple):
    """Be what records say of others, by kind and key, and the CRM rows that live."""

    names: Mapping[RecordKind, Mapping[Key, Names]]
    live: frozenset[Key]

    @property
    def identity(self) -> Identity:
        accounts, deliveries = (self.names.get(kind, {}) for kind in _MONGO)
        return Identity(accounts, deliveries, self.live)

    def has(self, ref: RecordRef) -> bool:
        return ref.key in (self.live if ref.kind is RecordKind.CRM else self.names.get(ref.kind, {}))

    def with_changes(self, changes: Iterable["Change"]) -> "Links":
        """Be the same after *changes*."""
        names = {kind: dict(self.names.get(kind, {})) for kind in _MONGO}
        for change in changes:
            said = names[change.record.kind][change.record.key]
            names[change.record.kind][change.record.key] = said._replace(**{change.field.value: change.after})
        return Links(names, self.live)


class LinksOfMany:
    """Be what many records say of each other, of which only some bear on any one of them."""

    def __init__(self, links: Links) -> None:
        self._links = links
        self._beside: dict[RecordRef, set[RecordRef]] = defaultdict(set)
        for kind, names in links.names.items():
            for key, said in names.items():
                ref = RecordRef(kind, key)
                for named in _named(ref, said):
                    self._beside[ref].add(named)
                    self._beside[named].add(ref)

    def around(self, refs: Iterable[RecordRef]) -> Links:
        """Be the links of *refs* and of whoever is named by them, or names them, however far that goes.

        The link rules decide on these as on all: they look at nobody else.
        """
        found, ahead = set[RecordRef](), list(refs)
        while ahead:
            ref = ahead.pop()
            if ref not in found:
                found.add(ref)
                ahead.extend(self._beside.get(ref, ()))
        names = {
            kind: {ref.key: said[ref.key] for ref in found if ref.kind is kind and ref.key in said}
            for kind, said in self._links.names.items()
        }
        rows = {ref.key for ref in found if ref.kind is RecordKind.CRM}
        return Links(names, self._links.live & rows)


@dataclass(frozen=True, slots=True)
class Change:
    """Let *record* name *after* (None: nobody) in *field*."""

    record: RecordRef
    field: LinkField
    after: Key | None


@dataclass(frozen=True, slots=True)
class Conflict(Exception):  # noqa: N818 - it answers a question more often than it is raised
    """Say that *record* cannot be linked so: *rival* is linked to it, or names it and would not let go."""

    record: RecordRef
    rival: RecordRef


class NoFieldError(Exception):
    """Say that the store has no field that could keep such a link."""


def plan_join(links: Links, fields: LinkFields, refs: Sequence[RecordRef]) -> list[Change]:
    """List the changes that make one customer of those that *refs* belong to, written on both sides.

    Nothing has to be changed where they are one already, each side saying so. Raises Conflict where two records of one
    kind would meet, or where another record claims one of them; NoFieldError where the store cannot keep such a link.
    """
    identity = links.identity
    united = _united([identity.members(ref) for ref in refs], refs)
    changes = _both_sides(links, fields, united)
    after = links.with_changes(changes)
    if after.identity.members(united[0]).refs != tuple(united):
        raise _claim(after, united) or NoFieldError
    return changes


def plan_cut(links: Links, fields: LinkFields, ref: RecordRef) -> list[Change]:
    """List the changes that cut every link of *ref*, refused and dangling ones too; the others stay linked.

    Who was linked to the others only through *ref* is linked to them directly, where the store has a field for it. A
    link that was refused only because of *ref* counts from then on.
    """
    rest = [other for other in links.identity.members(ref).refs if other != ref]
    changes = [*_of_itself(links, ref), *_of_namers(links, ref)]
    after = links.with_changes(changes)
    if rest and not set(rest) <= set(after.identity.members(rest[0]).refs):
        changes += _both_sides(after, fields, rest)
    return changes


def _united(customers: Sequence[Members], refs: Sequence[RecordRef]) -> list[RecordRef]:
    """List the records of all *customers*, one of each kind at most."""
    found: dict[RecordKind, RecordRef] = {}
    for members, ref in zip(customers, refs, strict=True):
        for member in members.refs:
            rival = found.setdefault(member.kind, member)
            if rival != member:
                raise Conflict(ref, rival if member == ref else member)
    return [found[kind] for kind in RecordKind if kind in found]


def _both_sides(links: Links, fields: LinkFields, united: Sequence[RecordRef]) -> list[Change]:
    """List what every record of *united* has to say so that each names all the others that it has a field for."""
    by_kind = {ref.kind: ref.key for ref in united}
    changes = []
    for ref in united:
        if ref.kind is RecordKind.CRM:
            continue
        said = links.names[ref.kind][ref.key]
        targets = {LinkField.PARTNER: by_kind.get(_OTHER[ref.kind]), LinkField.CRM: by_kind.get(RecordKind.CRM)}
        changes += [
            Change(ref, field, target)
            for field, target in targets.items()
            if target is not None and field in fields[ref.kind] and getattr(said, field.value) != target
        ]
    return changes


def _claim(links: Links, united: Sequence[RecordRef]) -> Conflict | None:
    """Find who else names one of *united*, and so keeps it from being linked."""
    for member in united:
        for namer in _namers(links, member):
            if namer not in united:
                return Conflict(member, namer)
    return None


def _named(ref: RecordRef, said: Names) -> Iterator[RecordRef]:
    if said.partner is not None:
        yield RecordRef(_OTHER[ref.kind], said.partner)
    if said.crm is not None:
        yield RecordRef(RecordKind.CRM, said.crm)


def _namers(links: Links, ref: RecordRef) -> list[RecordRef]:
    """List the records that name *ref*."""
    found = []
    for kind in _MONGO:
        if kind is ref.kind:
            continue
        field = LinkField.CRM if ref.kind is RecordKind.CRM else LinkField.PARTNER
        for key, said in links.names.get(kind, {}).items():
            if getattr(said, field.value) == ref.key:
                found.append(RecordRef(kind, key))
    return found


def _of_itself(links: Links, ref: RecordRef) -> list[Change]:
    if ref.kind is RecordKind.CRM:
        return []
    said = links.names[ref.kind][ref.key]
    return [Change(ref, field, None) for field in LinkField if getattr(said, field.value) is not None]


def _of_namers(links: Links, ref: RecordRef) -> list[Change]:
    field = LinkField.CRM if ref.kind is RecordKind.CRM else LinkField.PARTNER
    return [Change(namer, field, None) for namer in _namers(links, ref)]
