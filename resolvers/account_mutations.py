"""The mutations of accounts: what a client gives becomes a use case, and what it did wrong an error in the payload."""

from collections.abc import Awaitable
from dataclasses import dataclass
from datetime import datetime

from domain.errors import BadIdError, BadInputError, ReadOnlyError
from domain.ids import CUSTOMER, decode_id
from domain.mutation_errors import ErrorCode, RefusedError, UserError
from domain.passwords import LONGEST
from resolvers.accounts import Accounts
from resolvers.context import Context
from resolvers.customers import customer_of, linked_of
from resolvers.mutating import text_faults
from sources.storable import is_storable

_LONGEST_EMAIL = 1000
_NO_CUSTOMER = UserError(ErrorCode.NOT_FOUND, "There is no such customer.", ("customerId",))


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    url: str | None = None
    expires_at: datetime | None = None
    errors: tuple[UserError, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    ok: bool
    errors: tuple[UserError, ...] = ()


async def create_invitation(context: Context, customer_id: str) -> Invited:
    """Make a link by which the customer *customer_id* sets a password. Raises ReadOnlyError."""
    accounts = _accounts(context)
    try:
        given = decode_id(customer_id, CUSTOMER)
    except BadIdError as error:
        return Invited(errors=(UserError(ErrorCode.INVALID, str(error), ("customerId",)),))
    customer = await customer_of(context, given)
    if customer is None:
        return Invited(errors=(_NO_CUSTOMER,))
    if context.stores.profile.account is None:
        return Invited(errors=(UserError(ErrorCode.NOT_MAPPED, "The store maps no accounts.", ("customerId",)),))
    account = (await linked_of(context, customer)).account
    if account is None:
        return Invited(
            errors=(UserError(ErrorCode.REQUIRED, "The customer has no account: make one first.", ("customerId",)),)
        )
    try:
        made = await accounts.invitation(context.tenant, account.key)
    except RefusedError as refusal:
        return Invited(errors=refusal.errors)
    return Invited(url=made.url, expires_at=made.expires_at)


async def request_password_reset(context: Context, email: str) -> bool:
    """Answer true, whether or not anybody is mailed. Raises ReadOnlyError, RateLimitedError, NotMappedError."""
    accounts = _accounts(context)
    if len(email) > _LONGEST_EMAIL or not is_storable(email):
        raise BadInputError("email is no address.")
    await accounts.request_reset(context.access.open_tenant, email, _client(context))
    return True


async def reset_password(context: Context, token: str, new_password: str) -> Done:
    """Set a password by *token*. Raises ReadOnlyError."""
    accounts, tenant = _accounts(context), context.access.open_tenant
    if faults := text_faults({"newPassword": (new_password, LONGEST)}):
        return Done(ok=False, errors=tuple(faults))
    return await _done(accounts.reset_password(tenant, token, new_password, _client(context)))


async def confirm_login(context: Context, token: str) -> Done:
    """Write a new login by *token*. Raises ReadOnlyError."""
    accounts, tenant = _accounts(context), context.access.open_tenant
    return await _done(accounts.confirm_login(tenant, token, _client(context)))


async def _done(doing: Awaitable[None]) -> Done:
    try:
        await doing
    except RefusedError as refusal:
        return Done(ok=False, errors=refusal.errors)
    return Done(ok=True)


def _accounts(context: Context) -> Accounts:
    if context.accounts is None:
        raise ReadOnlyError
    return context.accounts


def _client(context: Context) -> tuple[str, str]:
    """Say whom to count: whoever has signed in, else wherever the request comes from."""
    viewer = context.access.viewer
    return ("address", context.client) if viewer is None else ("subject", viewer.subject)
