"""Read as much around some records as it takes to decide, exactly, which customers they belong to.

Every link rule looks only at what records name, at whether that lives and at how many name it. So two hops suffice:
the records that the seeds name or that name them, then whoever else names those or their CRM rows.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Coroutine, Iterable, Sequence
from operator import attrgetter
from typing import Any

from domain.errors import SourceError, SourceUnavailableError
from domain.identity import Identity, Members
from domain.link_plans import Links
from domain.records import (
    UNLINKED,
    AccountRecord,
    CrmRecord,
    Customer,
    DeliveryRecord,
    Key,
    Linked,
    RecordKind,
    RecordRef,
)
from sources.mongo_records import Found
from sources.stores import Stores

#: What each question finds records by.
_ASKED_BY = {"key": attrgetter("record.key"), "partner": attrgetter("names.partner"), "crm": attrgetter("names.crm")}
#: What was read of a kind by what it is called or what it names, by that.
Held = dict[tuple[str, RecordKind], dict[Key, list[Found]]]
_OTHER = {RecordKind.ACCOUNT: RecordKind.DELIVERY, RecordKind.DELIVERY: RecordKind.ACCOUNT}


class Neighbourhood:
    """Gather the records of *tenant* around some seeds, statement by statement, none asked twice."""

    def __init__(self, stores: Stores, tenant: str | None, held: Held | None = None) -> None:
        self._stores = stores
        self._tenant = tenant
        self._found: dict[RecordKind, dict[Key, Found]] = {kind: {} for kind in stores.mongo_kinds}
        self._asked: dict[tuple[str, RecordKind], set[Key]] = defaultdict(set)
        #: What was read before its turn came, by what was asked for: it counts as read when its turn comes.
        self._held: Held = defaultdict(dict, held or {})
        self._live: set[Key] = set()
        #: The CRM could not say which rows live: all that are named are taken to.
        self.crm_down = False
        self._identity: Identity | None = None

    def add(self, kind: RecordKind, found: Iterable[Found]) -> None:
        """Take in the records *found* of *kind*."""
        self._found[kind].update((one.record.key, one) for one in found)

    def add_live(self, rows: Iterable[Key]) -> None:
        """Take in CRM rows that were read and so live."""
        self._live.update(rows)

    async def read_records(self, refs: Iterable[RecordRef]) -> None:
        """Read the accounts and delivery records *refs*."""
        await asyncio.gather(
            *(self._ask("key", kind, {ref.key for ref in refs if ref.kind is kind}) for kind in self._found)
        )

    async def read_namers(self, rows: Iterable[Key]) -> None:
        """Read the records that name the CRM *rows*."""
        keys = set(rows)
        await asyncio.gather(*(self._ask("crm", kind, keys) for kind in self._found))

    async def hop(self, *, last: bool, ahead: Collection[Key] = ()) -> None:
        """Read what the records found so far name and what names them; on the *last* hop also who names their rows.

        Who names those that they name is asked by the hop before, by the same statement, and held until the last. Where
        it is to be known of rows *ahead* who names them, see `beside`, that is asked of all rows then.
        """
        reads: list[Coroutine[Any, Any, None]] = []
        rows = {found.names.crm for records in self._found.values() for found in records.values()} - {None}
        named = {kind: self._named(kind) for kind in _OTHER}
        for kind, other in _OTHER.items():
            if kind not in self._found or other not in self._found:
                continue
            others = self._found[other].keys()
            reads.append(self._ask("key", kind, named[kind]))
            reads.append(self._ask("partner", kind, others, named[other] if others and not last else ()))
        if last:
            reads += [self._ask("crm", kind, rows) for kind in self._found]
            reads.append(self._look_for_life({row for row in rows if row is not None} - self._live))
        elif ahead:
            reads += [self._ask("crm", kind, (), {*rows, *ahead}) for kind in self._found]
        await asyncio.gather(*reads)

    def beside(self) -> "Neighbourhood":
        """Be another one, that need not ask who names those rows of which this has asked ahead."""
        held = {asked: dict(known) for asked, known in self._held.items() if asked[0] == "crm"}
        return Neighbourhood(self._stores, self._tenant, held)

    def _named(self, kind: RecordKind) -> set[Key]:
        """List the records of *kind* that those of the other kind name, and that were not found."""
        others = self._found.get(_OTHER[kind], {})
        return {key for key in (found.names.partner for found in others.values()) if key is not None} - (
            self._found.get(kind, {}).keys()
        )

    async def _ask(
        self, by: str, kind: RecordKind, keys: Iterable[Key | None], ahead: Iterable[Key | None] = ()
    ) -> None:
        """Take in the records of *kind* that are, or name, one of *keys*; read those *ahead* as well, and hold them."""
        asked, held = self._asked[by, kind], self._held[by, kind]
        wanted = {key for key in keys if key is not None} - asked
        asked |= wanted
        for key in wanted & held.keys():
            self.add(kind, held[key])
        wanted -= held.keys()
        early = {key for key in ahead if key is not None} - asked - held.keys()
        if not wanted and not early:
            return
        documents = self._stores.documents
        read = {"key": documents.by_key, "partner": documents.by_partner, "crm": documents.by_crm}[by]
        key_of = _ASKED_BY[by]
        found = await read(self._tenant, kind, wanted | early)
        held |= {key: [] for key in early}
        for one in found:
            if (key := key_of(one)) in early:
                held[key].append(one)
        self.add(kind, (one for one in found if key_of(one) in wanted))

    async def _look_for_life(self, rows: set[Key]) -> None:
        if not rows or self._stores.profile.customer is None:
            return
        try:
            self._live |= await self._stores.crm.living_customers(self._tenant, rows)
        except SourceError:
            self.crm_down = True
            self._live |= rows

    # ── what it decides ──

    @property
    def identity(self) -> Identity:
        """Decide over what was gathered: right for the seeds once two hops are read."""
        if self._identity is None:
            accounts, deliveries = (self._names(kind) for kind in _OTHER)
            self._identity = Identity(accounts, deliveries, self._live)
        return self._identity

    def _names(self, kind: RecordKind) -> dict[Key, Any]:
        return {key: found.names for key, found in self._found.get(kind, {}).items()}

    @property
    def links(self) -> Links:
        """Be what the records that were gathered say of each other, and the rows that live."""
        return Links({kind: self._names(kind) for kind in self._found}, frozenset(self._live))

    def has(self, ref: RecordRef) -> bool:
        return ref.key in self._found.get(ref.kind, {})

    def members(self, ref: RecordRef) -> Members:
        return self.identity.members(ref)

    def names_a_row(self, members: Members) -> bool:
        """Say whether a record among *members* names a CRM row, or only CRM rows part it from one that does."""
        refs = {ref for ref in members.refs if ref.kind is not RecordKind.CRM}
        partners = {partner for partner in map(self.identity.partner_by_names, refs) if partner is not None}
        return any(self._found[ref.kind][ref.key].names.crm is not None for ref in refs | partners)

    def linked(self, members: Members) -> Linked:
        """Answer what was read of *members*, the CRM row apart."""
        account = self._record(RecordKind.ACCOUNT, members.account)
        delivery = self._record(RecordKind.DELIVERY, members.delivery)
        assert account is None or isinstance(account, AccountRecord)
        assert delivery is None or isinstance(delivery, DeliveryRecord)
        return Linked(account, delivery, conflict=self.identity.contradicts(members))

    def linked_to(self, row: Key) -> Linked:
        """Answer what was read of whoever the living CRM *row* heads."""
        return self.linked(self.members(RecordRef(RecordKind.CRM, row))) if self.identity.is_named(row) else UNLINKED

    def customer(self, members: Members, crm: CrmRecord | None = None) -> Customer:
        return Customer(head=members.head, crm=crm, linked=self.linked(members), crm_down=self.crm_down)

    def record(self, ref: RecordRef) -> AccountRecord | DeliveryRecord:
        """Be the account or delivery record *ref*, which was read."""
        return self._found[ref.kind][ref.key].record

    def _record(self, kind: RecordKind, key: Key | None) -> AccountRecord | DeliveryRecord | None:
        return None if key is None else self._found[kind][key].record


async def around_records(stores: Stores, tenant: str | None, refs: Sequence[RecordRef]) -> Neighbourhood:
    """Gather what decides, of the accounts and delivery records *refs*, the whole customers they belong to."""
    around = Neighbourhood(stores, tenant)
    await around.read_records(refs)
    await around.hop(last=True)
    await around.hop(last=True)
    return around


async def around_rows(
    stores: Stores, tenant: str | None, rows: Sequence[Key], *, read: Neighbourhood | None = None
) -> Neighbourhood:
    """Gather what decides, of the living CRM *rows*, the whole customers that they head; *read* was read before."""
    around = Neighbourhood(stores, tenant) if read is None else read.beside()
    around.add_live(rows)
    await around.read_namers(rows)
    await around.hop(last=True)
    await around.hop(last=True)
    return around


async def around_all(stores: Stores, tenant: str | None, refs: Sequence[RecordRef]) -> Neighbourhood:
    """Gather what decides, of records of any kind, the whole customers that they belong to.

    Rows of the CRM that are not there are left out. Raises SourceUnavailableError where any store does not answer.
    """
    around = Neighbourhood(stores, tenant)
    rows = [ref.key for ref in refs if ref.kind is RecordKind.CRM]
    if rows and stores.profile.customer is not None:
        around.add_live(await stores.crm.living_customers(tenant, rows))
    await around.read_records([ref for ref in refs if ref.kind is not RecordKind.CRM])
    await around.read_namers(rows)
    await around.hop(last=True)
    await around.hop(last=True)
    if around.crm_down:
        raise SourceUnavailableError("postgres", "could not say which rows live")
    return around
