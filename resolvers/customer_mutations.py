"""The mutations of customers: what a client gives becomes a use case, and what came of it is read anew."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from domain.errors import BadIdError, ReadOnlyError
from domain.ids import CUSTOMER, GlobalId, decode_id
from domain.mutation_errors import DuplicateCustomer, ErrorCode, UserError
from domain.records import Customer, RecordRef
from resolvers.context import Context
from resolvers.creating import Creating, NewCustomer
from resolvers.creating_accounts import CreatingAccounts
from resolvers.customers import customer_by_record
from resolvers.linking import Linked, refused
from resolvers.mutating import LONGEST_KEY, sent_of, subject_of, text_faults
from resolvers.updating import Change, Updating

#: In characters; a store may hold less, and says so.
_NO_MAIL = UserError(ErrorCode.NOT_MAPPED, "This gateway sends no mail.")
#: Of a key that is to be claimed: an index has to hold it.
_LONGEST_ID = 500
LONGEST = {"name": 500, "email": 320, "phone": 100, "source": 200, "address": 2_000, "area": 500}


async def create_customer(context: Context, new: NewCustomer, *, invite: bool, key: str | None) -> Linked:
    """Create *new*. Raises ReadOnlyError where this gateway only reads."""
    creating = Creating(**_on_behalf(context))
    new, faults = _cleaned(new), _text_faults(new, key)
    if not new.name and not faults:
        faults = [UserError(ErrorCode.REQUIRED, "A customer has a name.", ("name",))]
    if invite and not faults:
        faults = _invitation_faults(context, with_account=new.with_account)
    if faults:
        return refused(*faults)
    given = [new.name, new.email, new.phone, new.source, new.with_account, invite, dict(new.delivery or {})]
    sent = sent_of(context, "createCustomer", key, given)
    return _written(context, await creating.create_customer(new, sent, invite=invite))


async def create_account(
    context: Context, customer_id: str, email: str | None, *, invite: bool, key: str | None
) -> Linked:
    """Make an account for a customer. Raises ReadOnlyError where this gateway only reads."""
    creating = CreatingAccounts(**_on_behalf(context))
    email = _clean(email)
    faults = text_faults({"email": (email, LONGEST["email"]), "idempotencyKey": (key, LONGEST_KEY)})
    ref = _ref(context, customer_id, ("customerId",))
    if invite and not faults:
        faults = _invitation_faults(context, with_account=None)
    if faults or isinstance(ref, UserError):
        return refused(*faults, *([ref] if isinstance(ref, UserError) else []))
    sent = sent_of(context, "createAccount", key, [customer_id, email, invite])
    return _written(context, await creating.create_account(ref, email, sent, invite=invite))


async def update_customer(context: Context, id_: str, change: Change, key: str | None) -> Linked:
    """Change a customer. Raises ReadOnlyError where this gateway only reads."""
    updating = Updating(**_on_behalf(context))
    change = replace(change, texts={name: _clean(text) for name, text in change.texts.items()})
    texts = {name: (text, LONGEST[name]) for name, text in change.texts.items()}
    faults = text_faults({**texts, "idempotencyKey": (key, LONGEST_KEY)})
    ref = _ref(context, id_, ("id",))
    if not faults and change.change_login:
        faults = _login_faults(context, change.texts.get("email"))
    if faults or isinstance(ref, UserError):
        return refused(*faults, *([ref] if isinstance(ref, UserError) else []))
    status = None if change.status is None else [None if one is None else one.value for one in change.status]
    given = [id_, dict(change.texts), status, change.change_login]
    return _written(context, await updating.update(ref, change, sent_of(context, "updateCustomer", key, given)))


async def assign_courier(context: Context, customer_id: str, courier: str | None, key: str | None) -> Linked:
    """Let somebody deliver to a customer. Raises ReadOnlyError where this gateway only reads."""
    updating = Updating(**_on_behalf(context))
    faults = text_faults({"courierKey": (courier, _LONGEST_ID), "idempotencyKey": (key, LONGEST_KEY)})
    ref = _ref(context, customer_id, ("customerId",))
    if faults or isinstance(ref, UserError):
        return refused(*faults, *([ref] if isinstance(ref, UserError) else []))
    sent = sent_of(context, "assignCourier", key, [customer_id, courier])
    return _written(context, await updating.assign_courier(ref, courier, sent))


# ── what came of it ──


async def customer_of(context: Context, linked: Linked) -> Customer | None:
    """Find the customer that was written, as it is now."""
    return await customer_by_record(context, linked.records[0]) if linked.records else None


async def known_customer(context: Context, duplicate: DuplicateCustomer) -> Customer | None:
    return None if duplicate.record is None else await customer_by_record(context, duplicate.record)


# ── how ──


def _on_behalf(context: Context) -> dict[str, Any]:
    if context.operations is None:
        raise ReadOnlyError
    made: dict[str, Any] = {"stores": context.stores, "operations": context.operations, "tenant": context.tenant}
    return {**made, "by": subject_of(context)}


def _ref(context: Context, text: str, path: tuple[str, ...]) -> RecordRef | UserError:
    """Read the id of a customer."""
    try:
        given: GlobalId = decode_id(text, CUSTOMER)
    except BadIdError as error:
        return UserError(ErrorCode.INVALID, str(error), path)
    if given.tenant != context.tenant or text_faults({"id": (given.key, _LONGEST_ID)}):
        return UserError(ErrorCode.NOT_FOUND, "There is no such customer.", path)
    return given.record


def _clean(text: str | None) -> str | None:
    """Take what is blank for nothing."""
    return (text or "").strip() or None


def _cleaned(new: NewCustomer) -> NewCustomer:
    delivery = None if new.delivery is None else {name: _clean(text) for name, text in new.delivery.items()}
    email, phone, source = map(_clean, (new.email, new.phone, new.source))
    return replace(new, name=new.name.strip(), email=email, phone=phone, source=source, delivery=delivery)


def _text_faults(new: NewCustomer, key: str | None) -> list[UserError]:
    texts: dict[str, tuple[str | None, int]] = {
        name: (getattr(new, name), LONGEST[name]) for name in ("name", "email", "phone", "source")
    }
    faults = text_faults({**texts, "idempotencyKey": (key, LONGEST_KEY)})
    delivery: Mapping[str, str | None] = new.delivery or {}
    inner = text_faults({name: (text, LONGEST[name]) for name, text in delivery.items()})
    if new.delivery is not None and not _clean(delivery.get("address")):
        inner.append(UserError(ErrorCode.REQUIRED, "A delivery record has an address.", ("address",)))
    return [*faults, *(replace(fault, path=("delivery", *fault.path)) for fault in inner)]


def _invitation_faults(context: Context, *, with_account: bool | None) -> list[UserError]:
    """Say why nobody could be invited."""
    if with_account is False:
        return [UserError(ErrorCode.INVALID, "Without an account nobody can be invited to one.", ("invite",))]
    accounts = _accounts(context)
    fault = _NO_MAIL if accounts is None else accounts.mail_fault
    return [] if fault is None else [replace(fault, path=("invite",))]


def _login_faults(context: Context, email: str | None) -> list[UserError]:
    if email is None:
        return [UserError(ErrorCode.INVALID, "changeLogin goes with the new e-mail.", ("changeLogin",))]
    accounts = _accounts(context)
    fault = _NO_MAIL if accounts is None else accounts.login_fault
    return [] if fault is None else [replace(fault, path=("changeLogin",))]


def _accounts(context: Context) -> Any:
    return getattr(context, "accounts", None)


def _written(context: Context, linked: Linked) -> Linked:
    """Let what is told of *linked* be read anew."""
    context.forget()
    return linked
