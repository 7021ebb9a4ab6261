"""Find the records that an e-mail or a phone number belongs to already, for whoever is about to write it."""

import asyncio
from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import phonenumbers
from phonenumbers import PhoneNumberFormat

from domain.errors import IndexMissingError
from domain.identifiers import CUSTOMER_KINDS, IdentifierKind, IndexedKind, comparable, identifiers_of
from domain.mutation_errors import DuplicateCustomer, ErrorCode, UserError
from domain.records import Record, RecordKind, RecordRef
from resolvers.indexing import require_index
from sources.mail import is_mailable
from sources.mongo_documents import MongoDocuments
from sources.own.identifiers import records_with
from sources.stores import Stores

_MOST = 25
_CALLED = {IdentifierKind.EMAIL: "e-mail", IdentifierKind.PHONE: "phone"}
_PATHS = {IdentifierKind.EMAIL: ("email",), IdentifierKind.PHONE: ("phone",)}


@dataclass(frozen=True, slots=True)
class Contact:
    """Be how somebody is reached, as it is written, and as it compares."""

    email: str | None
    phone: str | None
    normal: Mapping[IdentifierKind, str]

    @property
    def things(self) -> frozenset[str]:
        """What is to be claimed so that nobody else comes to have the same meanwhile."""
        return frozenset(f"{kind.value}:{value}" for kind, value in self.normal.items())


def contact_of(stores: Stores, email: str | None, phone: str | None) -> tuple[Contact, list[UserError]]:
    """Read an *email* and a *phone* as somebody gave them, and say what is wrong with them."""
    region, normal, faults = stores.profile.store.phone_region, {}, []
    if email is not None:
        value = comparable(IdentifierKind.EMAIL, email, region)
        if value is None or not is_mailable(email):
            faults.append(UserError(ErrorCode.INVALID, "This is no e-mail address.", ("email",)))
        else:
            normal[IdentifierKind.EMAIL] = value
    if phone is not None:
        value = comparable(IdentifierKind.PHONE, phone, region)
        # Without a country of its own, a store has numbers that nobody can tell.
        if value is not None:
            normal[IdentifierKind.PHONE] = value
        elif region is not None or not any(one.isdigit() for one in phone):
            faults.append(UserError(ErrorCode.INVALID, "This is no phone number.", ("phone",)))
    return Contact(email, phone, normal), faults


async def duplicates(
    stores: Stores,
    documents: MongoDocuments,
    tenant: str | None,
    contact: Contact,
    *,
    but: Iterable[RecordRef] = (),
    kinds: Iterable[RecordKind] = tuple(RecordKind),
) -> list[UserError]:
    """Say whose *contact* is already: of all records of *kinds*, those in *but* left out.

    To be asked under the claims of `Contact.things`. Every record is read again before it is believed.
    """
    candidates = await _candidates(stores, documents, tenant, contact)
    wanted = {ref for ref in candidates if ref.kind in kinds} - set(but)
    region = stores.profile.store.phone_region
    found: dict[IdentifierKind, list[RecordRef]] = {}
    for ref, record in (await read_records(stores, tenant, wanted)).items():
        has = identifiers_of(record, region)
        told = {IdentifierKind.EMAIL: has.email, IdentifierKind.PHONE: has.phone}
        for kind, value in contact.normal.items():
            if told[kind] == value:
                found.setdefault(kind, []).append(ref)
    return [_duplicate(kind, refs) for kind, refs in found.items()]


def _duplicate(kind: IdentifierKind, refs: Iterable[RecordRef]) -> DuplicateCustomer:
    """Say that *refs* have the same identifier of *kind*."""
    message = f"A customer with this {_CALLED[kind]} is there already."
    first = min(refs, key=lambda ref: (ref.kind.rank, ref.key))
    return DuplicateCustomer(ErrorCode.DUPLICATE, message, _PATHS[kind], first)


#: Who has an e-mail or a phone number, by what is to be claimed of these.
Holders = Mapping[str, AbstractSet[RecordRef]]


async def holders_of(
    stores: Stores, tenant: str | None, contacts: Iterable[Contact], kinds: Collection[RecordKind]
) -> Holders:
    """Say which records of *kinds* have what *contacts* have. Raises IndexMissingError.

    What `duplicates` finds, for many at once and by the index alone.
    """
    own, region = await require_index(stores, tenant), stores.profile.store.phone_region
    asked = [IndexedKind.of(kind) for kind in kinds]
    candidates: dict[tuple[IdentifierKind, str], set[RecordRef]] = {}
    for rule, values in _values(contacts).items():
        held = await records_with(own, tenant, rule, values, kinds=asked, most=_MOST)
        candidates |= {(rule, value): {ref.record for ref in refs} for value, refs in held.items()}
    wanted = {ref for refs in candidates.values() for ref in refs if ref.kind in stores.kinds}
    has: dict[tuple[IdentifierKind, str | None], set[RecordRef]] = {}
    for ref, record in (await read_records(stores, tenant, wanted)).items():
        read = identifiers_of(record, region)
        for told in ((IdentifierKind.EMAIL, read.email), (IdentifierKind.PHONE, read.phone)):
            has.setdefault(told, set()).add(ref)
    return {f"{rule.value}:{value}": refs & has.get((rule, value), set()) for (rule, value), refs in candidates.items()}


def _values(contacts: Iterable[Contact]) -> dict[IdentifierKind, set[str]]:
    found: dict[IdentifierKind, set[str]] = {}
    for contact in contacts:
        for rule, value in contact.normal.items():
            found.setdefault(rule, set()).add(value)
    return found


def duplicates_among(holders: Holders, contact: Contact, *, but: Iterable[RecordRef] = ()) -> list[UserError]:
    """Say whose *contact* is already, as `duplicates` does, from what was found."""
    found = {rule: holders.get(f"{rule.value}:{value}", set()) - set(but) for rule, value in contact.normal.items()}
    return [_duplicate(rule, refs) for rule, refs in found.items() if refs]


async def read_records(stores: Stores, tenant: str | None, refs: Iterable[RecordRef]) -> dict[RecordRef, Record]:
    """Read the records *refs*; those that are not there are left out."""
    keys = {kind: {ref.key for ref in refs if ref.kind is kind} for kind in stores.kinds}
    found: dict[RecordRef, Record] = {}
    if keys.get(RecordKind.CRM):
        rows = await stores.crm.customers_by_key(tenant, keys[RecordKind.CRM])
        found |= {RecordRef(RecordKind.CRM, key): row for key, row in rows.items()}
    for kind in stores.mongo_kinds:
        if keys[kind]:
            read = await stores.documents.by_key(tenant, kind, keys[kind])
            found |= {RecordRef(kind, one.record.key): one.record for one in read}
    return found


async def _candidates(
    stores: Stores, documents: MongoDocuments, tenant: str | None, contact: Contact
) -> set[RecordRef]:
    """Ask the index; where there is none yet, the stores, as far as they can be asked."""
    assert stores.own is not None
    found: set[RecordRef] = set()
    for kind, value in contact.normal.items():
        refs = await records_with(stores.own, tenant, kind, [value], kinds=CUSTOMER_KINDS, most=_MOST)
        found |= {ref.record for ref in refs.get(value, ()) if ref.record.kind in stores.kinds}
    try:
        await require_index(stores, tenant)
    except IndexMissingError:
        found |= await _asked_directly(stores, documents, tenant, contact)
    return found


async def _asked_directly(
    stores: Stores, documents: MongoDocuments, tenant: str | None, contact: Contact
) -> set[RecordRef]:
    email, phone = contact.normal.get(IdentifierKind.EMAIL), contact.normal.get(IdentifierKind.PHONE)
    found: set[RecordRef] = set()
    if stores.profile.customer is not None:
        found |= {RecordRef(RecordKind.CRM, key) for key in await stores.crm.customers_with(tenant, email, phone)}
    texts = {"email": _spelled_email(contact.email, email), "phone": _spelled_phone(contact.phone, phone)}
    for kind in stores.mongo_kinds:
        asked = [documents.with_texts(tenant, kind, name, spelled) for name, spelled in texts.items() if spelled]
        found |= {RecordRef(kind, key) for keys in await asyncio.gather(*asked) for key in keys}
    return found


def _spelled_email(given: str | None, normal: str | None) -> set[str]:
    return set() if given is None or normal is None else {given, normal, given.lower(), given.upper()}


def _spelled_phone(given: str | None, normal: str | None) -> set[str]:
    """List the ways in which a number is mostly written."""
    if given is None or normal is None:
        return set()
    number = phonenumbers.parse(normal)
    formats = (PhoneNumberFormat.E164, PhoneNumberFormat.INTERNATIONAL, PhoneNumberFormat.NATIONAL)
    spelled = {phonenumbers.format_number(number, one) for one in formats}
    digits = {"".join(one for one in text if one.isdigit()) for text in spelled}
    return {given, *spelled, *digits, str(number.national_number), f"0{number.national_number}"}
