"""Decide whether a customer is one of those that a filter chooses, from what is known of it so far.

The values are those that are shown: the first of CRM, ACCOUNT, DELIVERY that says something. What no store maps is
known of nobody: filters that ask for it choose nobody, one way or the other.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from domain.filters import CustomerFilter
from domain.identity import Members, link_state
from domain.records import UNLINKED, AccountRecord, CrmRecord, Customer, Linked, LinkState, Record, RecordKind
from domain.searching import Condition, matches
from domain.status import Segment

CRM, ACCOUNT, DELIVERY = RecordKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Be what can be known of customers: the *kinds* of records, those that map a field, what is counted for rows."""

    kinds: frozenset[RecordKind]
    status: frozenset[RecordKind] = frozenset()
    email: frozenset[RecordKind] = frozenset()
    area: frozenset[RecordKind] = frozenset()
    bookings: bool = False
    revenue: bool = False
    region: str | None = None


@dataclass(frozen=True, slots=True)
class Choice:
    """Be what *chosen* means where so much is *known*; *search* is what its text asks for."""

    chosen: CustomerFilter
    known: Known
    search: Condition | None = None

    @property
    def heads(self) -> tuple[RecordKind, ...]:
        """List the kinds of records that can head a customer who is chosen."""
        chosen, known = self.chosen, self.known
        if not self._is_possible():
            return ()
        has, lacks = set(chosen.has or ()), set(chosen.lacks or ())
        kinds = [kind for kind in RecordKind if kind in known.kinds and kind not in lacks]
        if CRM in has or not self._is_without_row():
            kinds = [kind for kind in kinds if kind is CRM]
        if ACCOUNT in has or chosen.can_log_in:
            kinds = [kind for kind in kinds if kind is not DELIVERY]
        return tuple(kinds)

    @property
    def asks_links(self) -> bool:
        """Say whether it can take the other records of a CRM row to decide about it."""
        chosen, known = self.chosen, self.known
        others = known.kinds - {CRM}
        asked = (
            chosen.status is not None and known.status - {CRM},
            chosen.email_missing is not None and known.email - {CRM},
            chosen.area is not None and known.area - {CRM},
            chosen.can_log_in is not None,
            {*(chosen.has or ()), *(chosen.lacks or ())} - {CRM},
            chosen.linkage is not None,
            self.search is not None,
        )
        return bool(others) and any(asked)

    @property
    def is_exact_in_rows(self) -> bool:
        """Say whether a statement over the CRM's rows decides alone."""
        return not self.asks_links and self.search is None

    def row(self, row: CrmRecord) -> bool | None:
        """Decide about the customer of *row*; None where that takes its other records."""
        return _all(self._of_row(row))

    def customer(self, customer: Customer) -> bool:
        """Decide about *customer*, all of whose records are at hand."""
        linked = customer.linked or UNLINKED
        records: list[Record] = [
            record for record in (customer.crm, linked.account, linked.delivery) if record is not None
        ]
        members = members_of(customer, linked)
        return (customer.crm is not None or self._is_without_row()) and all(self._of(records, members, linked))

    def _of_row(self, row: CrmRecord) -> Iterable[bool | None]:
        chosen, known = self.chosen, self.known
        others = bool(known.kinds - {CRM})
        if chosen.status is not None:
            yield _among(row.status, chosen.status, open_=bool(known.status - {CRM}))
        if chosen.area is not None:
            yield _among(row.area, chosen.area, open_=bool(known.area - {CRM}))
        if chosen.email_missing is not None:
            open_ = row.email is None and known.email - {CRM}
            yield None if open_ else chosen.email_missing is (row.email is None)
        if chosen.can_log_in is not None:
            yield None
        if set(chosen.has or ()) - {CRM} or set(chosen.lacks or ()) - {CRM}:
            yield None
        if chosen.linkage is not None:
            yield None if others else LinkState.COMPLETE in chosen.linkage
        if self.search is not None:
            yield self._is_found(row) or (None if others else False)

    def _of(self, records: list[Record], members: Members, linked: Linked) -> Iterable[bool]:
        chosen = self.chosen
        if chosen.status is not None:
            yield _first(records, "status") in chosen.status
        if chosen.area is not None:
            yield _first(records, "area") in chosen.area
        if chosen.email_missing is not None:
            yield chosen.email_missing is not any(map(_has_email, records))
        if chosen.can_log_in is not None:
            yield chosen.can_log_in is (linked.account is not None and linked.account.can_log_in)
        if chosen.has is not None or chosen.lacks is not None:
            there = {ref.kind for ref in members.refs}
            yield there.issuperset(chosen.has or ()) and there.isdisjoint(chosen.lacks or ())
        if chosen.linkage is not None:
            yield link_state(members, self.known.kinds, contradicted=linked.conflict) in chosen.linkage
        if self.search is not None:
            yield any(self._is_found(record) for record in records)

    def _is_found(self, record: Record) -> bool:
        assert self.search is not None
        return matches(self.search, record.name, record.email, record.phone, self.known.region)

    def _is_possible(self) -> bool:
        """Say whether anybody can be chosen: what is asked for is mapped, and no choice is empty."""
        chosen, known = self.chosen, self.known
        asked = (
            (chosen.status, known.status),
            (chosen.area, known.area),
            (None if chosen.email_missing is None else True, known.email),
            (None if chosen.can_log_in is None else True, known.kinds & {ACCOUNT}),
            (chosen.linkage, known.kinds),
            (chosen.source, known.kinds & {CRM}),
            (chosen.segment, known.bookings),
            (None if chosen.first_booking_in is None else True, known.bookings),
            (None if chosen.min_revenue is None else True, known.revenue),
        )
        named = {*(chosen.has or ()), *(chosen.lacks or ())}
        if len(known.kinds) == 1 and chosen.linkage is not None and LinkState.COMPLETE not in chosen.linkage:
            return False
        return named <= known.kinds and all(choices is None or (choices and mapped) for choices, mapped in asked)

    def _is_without_row(self) -> bool:
        """Say whether somebody can be chosen whom no CRM row heads: without source or booking, with no revenue."""
        chosen = self.chosen
        return (
            chosen.source is None
            and chosen.first_booking_in is None
            and (chosen.segment is None or Segment.PROSPECT in chosen.segment)
            and (chosen.min_revenue is None or chosen.min_revenue <= Decimal(0))
        )


def members_of(customer: Customer, linked: Linked) -> Members:
    """Name the records of *customer*, to whom *linked* belongs."""
    account, delivery = (None if one is None else one.key for one in (linked.account, linked.delivery))
    return Members(customer.crm_key, account, delivery)


def _has_email(record: Record) -> bool:
    """Say whether *record* has an e-mail that reaches somebody: one that was made up for an account does not."""
    return record.email is not None and not (isinstance(record, AccountRecord) and record.email_is_placeholder)


def _first(records: Iterable[Record], attribute: str) -> object:
    said = (getattr(record, attribute) for record in records)
    return next((one for one in said if one is not None), None)


def _among(value: object, choices: tuple[object, ...], *, open_: bool) -> bool | None:
    """Say whether *value* is one of *choices*; of no value nothing is said yet where another record may have one."""
    if value is None and open_:
        return None
    return value in choices


def _all(answers: Iterable[bool | None]) -> bool | None:
    """Join *answers*: one that is false decides, else one that is open leaves all open."""
    is_open = False
    for answer in answers:
        if answer is False:
            return False
        is_open = is_open or answer is None
    return None if is_open else True
