"""The mutations by which accounts can log in."""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from domain.access import OPEN, WRITE_CUSTOMERS
from resolvers import account_mutations
from schema.fields import Info, guarded, plain
from schema.mutation_error import MutationError

_WRONG = "What is wrong; empty where nothing is."


@strawberry.input(description="Whom a link is for.")
class CreateInvitationInput:
    customer_id: strawberry.ID = strawberry.field(description="Which customer.")


@strawberry.type(description="A link to set a password; nobody but its receiver is to see it.")
class InvitationPayload:
    url: str | None = plain("The link; it works once. Null where there are errors.")
    expires_at: datetime | None = plain("When it works no longer; null where there are errors.")
    errors: list[MutationError] = plain(_WRONG)


@strawberry.type(description="What came of a token.")
class PasswordPayload:
    ok: bool = plain("Whether it was done.")
    errors: list[MutationError] = plain(_WRONG)


InvitationArgument = Annotated[CreateInvitationInput, strawberry.argument(description="Whom the link is for.")]
EmailArgument = Annotated[str, strawberry.argument(description="The address that somebody logs in with.")]
TokenArgument = Annotated[str, strawberry.argument(description="The token of the link.")]
PasswordArgument = Annotated[str, strawberry.argument(description="Of 8 characters at least.")]


def _create_invitation(info: Info, input: InvitationArgument) -> Any:  # noqa: A002 - the contract's name
    return account_mutations.create_invitation(info.context, input.customer_id)


def _request_password_reset(info: Info, email: EmailArgument) -> Any:
    return account_mutations.request_password_reset(info.context, email)


def _reset_password(info: Info, token: TokenArgument, new_password: PasswordArgument) -> Any:
    return account_mutations.reset_password(info.context, token, new_password)


def _confirm_login(info: Info, token: TokenArgument) -> Any:
    return account_mutations.confirm_login(info.context, token)


@strawberry.type
class AccountMutations:
    create_invitation: InvitationPayload | None = guarded(
        WRITE_CUSTOMERS, _create_invitation, "A link to set a password, for an admin to hand over by any channel."
    )
    request_password_reset: bool | None = guarded(
        OPEN,
        _request_password_reset,
        "Open to everyone: mails a link to set a password. Answers true, whether or not the e-mail is known;"
        " NOT_MAPPED where the gateway sends no mail.",
    )
    reset_password: PasswordPayload | None = guarded(
        OPEN, _reset_password, "Open to everyone: the password of the account that the token is for becomes this one."
    )
    confirm_login: PasswordPayload | None = guarded(
        OPEN, _confirm_login, "Open to everyone: the address that changeLogin wrote to becomes the login."
    )
