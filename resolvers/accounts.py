"""Let accounts log in: invitations, new passwords, new addresses, each by a token that is used once."""

import logging
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import delete

from domain.account_links import FOR_LOGIN, FOR_PASSWORD, AccountLinks
from domain.errors import GatewayError
from domain.identifiers import IdentifierKind, IndexedKind, comparable_email, identifiers_of
from domain.mutation_errors import ErrorCode, RefusedError, UserError
from domain.operations import Operation, written
from domain.passwords import password_faults
from domain.records import Key, RecordKind, RecordRef
from resolvers.later import Later
from resolvers.letters import confirmation_letter, invitation_letter, reset_letter
from sources.hashing import Hashing
from sources.mail import Letter, Mailer, MailError, is_mailable
from sources.mongo_accounts import MongoAccounts, StoredAccount
from sources.mongo_documents import MongoDocuments
from sources.own import tokens
from sources.own.identifiers import put, records_with
from sources.own.operations import own_tenant, take_claims
from sources.own.rates import Rate, allows
from sources.own.store import OwnStore
from sources.own.tables import claims
from sources.own.tokens import Token, TokenPurpose
from sources.stores import Stores

log = logging.getLogger("gateway")
#: Of the key of an account that is to have a token: an index has to hold it.
_LONGEST_KEY = 500
_OF_CLIENT = Rate("client", 30, timedelta(minutes=15))
_OF_ADDRESS = Rate("address", 3, timedelta(hours=1))

INVALID_TOKEN = UserError(
    ErrorCode.TOKEN_INVALID, "The link is not valid any more, or was used already: ask for a new one.", ("token",)
)
CHANGED = UserError(ErrorCode.ALREADY_CHANGED, "The account has been changed meanwhile: ask for a new link.")
NO_MAIL = UserError(ErrorCode.NOT_MAPPED, "This gateway sends no mail: GATEWAY_SMTP_URL is not set.")
NO_PASSWORD = UserError(ErrorCode.NOT_MAPPED, "The store maps no password that could be set.")
NO_EMAIL = UserError(ErrorCode.NOT_MAPPED, "The store maps no e-mail to log in with.")
TOO_OFTEN = UserError(ErrorCode.RATE_LIMITED, "That was asked too often: wait a while.")


class RateLimitedError(GatewayError):
    code = "RATE_LIMITED"

    def __init__(self) -> None:
        super().__init__(TOO_OFTEN.message)


class NotMappedError(GatewayError):
    """Say what this gateway cannot do, for whomever."""

    code = "NOT_MAPPED"


@dataclass(frozen=True, slots=True)
class Invitation:
    url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """Write to the accounts of *stores*; *documents* is None where no accounts are mapped, *mailer* without mail."""

    stores: Stores
    own: OwnStore
    links: AccountLinks
    later: Later
    documents: MongoAccounts | None = None
    hashing: Hashing | None = None
    mailer: Mailer | None = None

    # ── what others may ask for once an account was written ──

    @property
    def mail_fault(self) -> UserError | None:
        """Say why nobody can be mailed a link to set a password, if so: to be asked before anything is written."""
        return NO_PASSWORD if self.hashing is None else NO_MAIL if self.mailer is None else None

    @property
    def login_fault(self) -> UserError | None:
        """Say why no login can be changed, if so: to be asked before anything is written."""
        section = self.stores.profile.account
        return NO_EMAIL if section is None or not section.email else NO_MAIL if self.mailer is None else None

    def invite(self, tenant: str | None, account: Key) -> None:
        """Mail the account *account* an invitation, soon; nothing where it has no address, or none that is real."""
        self.later.put(lambda: self._mail_password(tenant, account, TokenPurpose.INVITE))

    async def invite_now(self, tenant: str | None, account: Key) -> None:
        """Mail the account *account* an invitation, and wait until it is sent, so that many do not pile up.

        One that is not taken is tried again later, like those of `invite`.
        """
        try:
            await self._mail_password(tenant, account, TokenPurpose.INVITE)
        except MailError:
            self.invite(tenant, account)

    def confirm_change(self, tenant: str | None, account: Key, email: str) -> None:
        """Ask *email*, by mail and soon, whether it is to be the login of *account*; `confirm_login` then writes it."""
        self.later.put(lambda: self._mail_confirmation(tenant, account, email))

    def post(self, operation: Operation) -> None:
        """Mail, soon, what *operation* says that is to be mailed once it is applied."""
        mail = operation.mail
        if mail is None:
            return
        if self.mailer is None:
            log.warning("Operation %s is applied, and nobody is mailed: this gateway sends no mail", operation.id)
        elif mail.email is None:
            self.invite(operation.tenant, mail.account)
        else:
            self.confirm_change(operation.tenant, mail.account, mail.email)

    # ── the use cases ──

    async def invitation(self, tenant: str | None, account: Key) -> Invitation:
        """Make a link for somebody to hand over. Raises RefusedError."""
        if self.hashing is None:
            raise RefusedError(replace(NO_PASSWORD, path=("customerId",)))
        found = await self._living(tenant, account)
        if found is None:
            message = "The customer's account is not active, or cannot be told from others."
            raise RefusedError(UserError(ErrorCode.INVALID, message, ("customerId",)))
        issued = await tokens.issue(self.own, tenant, account, TokenPurpose.INVITE)
        return Invitation(self.links.link(issued.text, FOR_PASSWORD, tenant), issued.expires_at)

    async def request_reset(self, tenant: str | None, email: str, client: Sequence[str]) -> None:
        """Mail a link to set a new password to whomever *email* is the login of, if to anybody.

        What is looked up, and mailed, is so after the answer. Raises RateLimitedError, for known addresses and for
        others alike, and NotMappedError where nobody's password can be reset.
        """
        if self.mail_fault is not None:
            raise NotMappedError(self.mail_fault.message)
        address = comparable_email(email)
        for rate, who in ((_OF_CLIENT, client), (_OF_ADDRESS, (tenant or "", address or ""))):
            if not await allows(self.own, rate, *who):
                raise RateLimitedError
        self.later.put(lambda: self._find_and_mail(tenant, email, address))

    async def reset_password(self, tenant: str | None, token: str, password: str, client: Sequence[str]) -> None:
        """Set *password* for the account that *token* was made for. Raises RefusedError."""
        if self.hashing is None or self.documents is None:
            raise RefusedError(NO_PASSWORD)
        if faults := password_faults(password, "newPassword", most_bytes=self.hashing.most_bytes):
            raise RefusedError(*faults)
        given, account = await self._given(tenant, token, tokens.FOR_PASSWORD, client)
        hash_ = await self.hashing.hash(password)
        # Whoever is later waits here, and then finds the token used; where the store fails, nobody has used it.
        async with self.own.transaction() as connection:
            if not await tokens.use(connection, given):
                raise RefusedError(INVALID_TOKEN)
            if not await self.documents.set_password(tenant, account, hash_):
                raise RefusedError(CHANGED)

    async def confirm_login(self, tenant: str | None, token: str, client: Sequence[str]) -> None:
        """Write the address that *token* was mailed to as the login that it was made for. Raises RefusedError."""
        if self.documents is None:
            raise RefusedError(NO_EMAIL)
        given, account = await self._given(tenant, token, (TokenPurpose.CONFIRM_LOGIN,), client)
        before, after = given.details["before"], given.details["after"]
        if account.record.email != before:
            raise RefusedError(CHANGED)
        comparable = comparable_email(after)
        ref, claimant = RecordRef(RecordKind.ACCOUNT, given.account), uuid.uuid4()
        async with self.own.transaction() as connection:
            if not await tokens.use(connection, given):
                raise RefusedError(INVALID_TOKEN)
            # Held until the end of this transaction, and seen by nobody: what an operation claims, it waits for.
            things = {written(ref), f"{IdentifierKind.EMAIL.value}:{comparable}"}
            if await take_claims(connection, tenant, things, claimant) is not None:
                raise RefusedError(CHANGED)
            others = [other for other in await self._with_email(tenant, after) if other.record.key != given.account]
            spelled = {after, after.lower(), after.casefold()}
            if others or (await self._logins.taken(tenant, spelled)).by_others(spelled):
                message = "Another account has this address already."
                raise RefusedError(UserError(ErrorCode.DUPLICATE, message, ("token",)))
            if not await self.documents.set_email(tenant, account, after):
                raise RefusedError(CHANGED)
            found_by = identifiers_of(replace(account.record, email=after), self.stores.profile.store.phone_region)
            await put(connection, tenant, IndexedKind.ACCOUNT, given.account, found_by)
            held = (claims.c.tenant == own_tenant(tenant), claims.c.operation == claimant)
            await connection.execute(delete(claims).where(*held))

    # ── how ──

    @property
    def _logins(self) -> MongoDocuments:
        return MongoDocuments(self.stores.profile, self.stores.mongo)

    async def _given(
        self, tenant: str | None, token: str, purposes: tuple[TokenPurpose, ...], client: Sequence[str]
    ) -> tuple[Token, StoredAccount]:
        """Find the account that *token* was made for, if both are still good. Raises RefusedError."""
        if not await allows(self.own, _OF_CLIENT, *client):
            raise RefusedError(TOO_OFTEN)
        given = await tokens.find(self.own, tenant, token, purposes)
        account = None if given is None else await self._living(tenant, given.account)
        if given is None or account is None:
            raise RefusedError(INVALID_TOKEN)
        return given, account

    async def _living(self, tenant: str | None, key: Key) -> StoredAccount | None:
        if self.documents is None or len(key) > _LONGEST_KEY:
            return None
        found = await self.documents.by_key(tenant, key)
        return found if found is not None and found.record.is_active else None

    async def _with_email(self, tenant: str | None, email: str) -> list[StoredAccount]:
        """Read the accounts that have *email*, in whatever spelling the index or the store itself finds."""
        assert self.documents is not None
        address = comparable_email(email)
        if address is None:
            return []
        found = {one.id: one for one in await self.documents.by_email(tenant, {email.strip(), email.lower(), address})}
        kinds = [IndexedKind.ACCOUNT]
        refs = await records_with(self.own, tenant, IdentifierKind.EMAIL, [address], kinds=kinds, most=2)
        for ref in refs.get(address, ()):
            one = await self.documents.by_key(tenant, ref.key)
            found |= {} if one is None else {one.id: one}
        return [one for one in found.values() if one.record.email and comparable_email(one.record.email) == address]

    async def _find_and_mail(self, tenant: str | None, email: str, address: str | None) -> None:
        if address is None:
            return
        found = await self._with_email(tenant, email)
        if len(found) > 1:
            log.warning("Nobody was mailed a link to reset a password: %d accounts have the address", len(found))
            return
        for one in found:
            await self._mail_password(tenant, one.record.key, TokenPurpose.RESET)

    async def _mail_password(self, tenant: str | None, key: Key, purpose: TokenPurpose) -> None:
        account = await self._living(tenant, key)
        to = None if account is None else account.record.email
        if account is None or to is None or account.record.email_is_placeholder or not is_mailable(to):
            return
        issued = await tokens.issue(self.own, tenant, key, purpose)
        write = invitation_letter if purpose is TokenPurpose.INVITE else reset_letter
        await self._send(write, to, self.links.link(issued.text, FOR_PASSWORD, tenant))

    async def _mail_confirmation(self, tenant: str | None, key: Key, email: str) -> None:
        account = await self._living(tenant, key)
        if account is None or not is_mailable(email):
            return
        details = {"before": account.record.email, "after": email}
        issued = await tokens.issue(self.own, tenant, key, TokenPurpose.CONFIRM_LOGIN, details)
        await self._send(confirmation_letter, email, self.links.link(issued.text, FOR_LOGIN, tenant))

    async def _send(self, write: Callable[[str, str, str], Letter], to: str, link: str) -> None:
        if self.mailer is not None:
            await self.mailer.send(write(to, self.stores.profile.store.name, link))


def accounts_of(stores: Stores, later: Later, links: AccountLinks, mailer: Mailer | None) -> Accounts | None:
    """Make what lets accounts of *stores* log in; None where the gateway has no tables of its own."""
    section = stores.profile.account
    if stores.own is None:
        return None
    if section is None or stores.mongo is None:
        return Accounts(stores=stores, own=stores.own, links=links, later=later, mailer=mailer)
    return Accounts(
        stores=stores,
        own=stores.own,
        links=links,
        later=later,
        documents=MongoAccounts(stores.mongo, section),
        hashing=None if section.password_hash is None else Hashing(section.password_scheme),
        mailer=mailer,
    )
