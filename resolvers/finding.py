"""Find the one customer that a key names: of one of its records, at an outside provider, or an e-mail or phone."""

import asyncio
from collections.abc import Sequence

from domain.errors import AmbiguousError, BadInputError
from domain.identifiers import Identifier, IdentifierKind, comparable, identifiers_of
from domain.records import UNLINKED, Customer, ExternalId, RecordKind, RecordRef
from resolvers.context import Context
from resolvers.customers import customer_by_record
from resolvers.indexing import require_index
from sources.own.identifiers import records_with

CustomerKey = RecordRef | ExternalId | Identifier
#: Of each kind of record: an identifier on more than these is nobody's, and whoever asks cannot mean one of them.
_MOST = 25
_CALLED = {IdentifierKind.EMAIL: "e-mail", IdentifierKind.PHONE: "phone"}


async def customer_by(context: Context, keys: Sequence[CustomerKey]) -> Customer | None:
    """Find the customer that the one key in *keys* names; None where there is none.

    Raises AmbiguousError where several have it, IndexMissingError where nothing could be found by e-mail and phone.
    """
    if len(keys) != 1:
        raise BadInputError("Name exactly one key.")
    (key,) = keys
    if isinstance(key, RecordRef):
        return await customer_by_record(context, key)
    if isinstance(key, Identifier):
        return await _by_identifier(context, key)
    if context.loaders.customers_by_external_id is None:
        return None
    owners = await context.loaders.customers_by_external_id.load(key)
    if owners is not None and len(owners) > 1:
        raise AmbiguousError("customers", "id at this provider")
    return await customer_by_record(context, RecordRef(RecordKind.CRM, owners[0])) if owners else None


async def _by_identifier(context: Context, key: Identifier) -> Customer | None:
    """Look at every record that the index has with this identifier: it counts only where the record itself has it."""
    region = context.stores.profile.store.phone_region
    value = comparable(key.kind, key.text, region)
    if value is None:
        raise BadInputError(_refusal(key.kind, region))
    own = await require_index(context.stores, context.tenant)
    refs = (await records_with(own, context.tenant, key.kind, [value], most=_MOST)).get(value, [])
    found = await asyncio.gather(*(_owner(context, ref.record, key.kind, value) for ref in refs))
    heads = {customer.head: customer for customer in found if customer is not None}
    if len(heads) > 1:
        raise AmbiguousError("customers", _CALLED[key.kind])
    return next(iter(heads.values()), None)


async def _owner(context: Context, ref: RecordRef, kind: IdentifierKind, value: str) -> Customer | None:
    """Find whom the record *ref* belongs to; None where it is gone, or has not got *value* any more."""
    customer = await customer_by_record(context, ref)
    if customer is None:
        return None
    linked = customer.linked or UNLINKED
    record = {
        RecordKind.CRM: customer.crm,
        RecordKind.ACCOUNT: linked.account,
        RecordKind.DELIVERY: linked.delivery,
    }[ref.kind]
    if record is None or record.key != ref.key:
        return None
    read = identifiers_of(record, context.stores.profile.store.phone_region)
    return customer if value == (read.email if kind is IdentifierKind.EMAIL else read.phone) else None


def _refusal(kind: IdentifierKind, region: str | None) -> str:
    if kind is IdentifierKind.EMAIL:
        return "This is no e-mail address."
    abroad = "" if region else ": this store has no country of its own, so that a number begins with + and its country"
    return f"This is no phone number{abroad}."
