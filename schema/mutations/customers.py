"""The mutations of customers: their inputs and payloads."""

from typing import Annotated, Any

import strawberry

from domain.access import WRITE_CUSTOMERS
from resolvers import customer_mutations
from resolvers.creating import NewCustomer
from resolvers.updating import Change
from schema.customer import Customer
from schema.enums import CustomerStatus
from schema.fields import Info, computed, guarded, plain
from schema.inputs import given
from schema.mutation_error import MutationError
from schema.mutations.sent import IDEMPOTENCY_KEY
from schema.operation import Operation


@strawberry.input(description="The delivery record of a new customer.")
class DeliveryInput:
    address: str = strawberry.field(description="Where to deliver to. Up to 2,000 characters.")
    area: str | None = strawberry.field(
        default=strawberry.UNSET, description="The delivery area. Up to 500 characters."
    )


@strawberry.input(description="A customer that is to be created.")
class CreateCustomerInput:
    name: str = strawberry.field(description="What they are called. Up to 500 characters.")
    email: str | None = strawberry.field(default=strawberry.UNSET, description="Their e-mail. Up to 320 characters.")
    phone: str | None = strawberry.field(
        default=strawberry.UNSET, description="Their phone number. Up to 100 characters."
    )
    source: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Where the first contact came from, in the store's words. Up to 200 characters.",
    )
    with_account: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether they get a login account: by default where the store has them."
    )
    invite: bool | None = strawberry.field(
        default=False, description="Whether they are mailed a link to set a password."
    )
    delivery: DeliveryInput | None = strawberry.field(
        default=strawberry.UNSET, description="Their delivery record, where they are to have one."
    )
    idempotency_key: str | None = strawberry.field(default=strawberry.UNSET, description=IDEMPOTENCY_KEY)


@strawberry.input(description="What is to change of a customer. Left out: kept; null: cleared.")
class UpdateCustomerInput:
    id: strawberry.ID = strawberry.field(description="Which customer: the id of any of its records.")
    name: str | None = strawberry.field(
        default=strawberry.UNSET, description="In every record that has a name. Up to 500 characters."
    )
    email: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="In the CRM and the delivery record; not what they log in with. Up to 320 characters.",
    )
    phone: str | None = strawberry.field(
        default=strawberry.UNSET, description="In every record that has a phone. Up to 100 characters."
    )
    status: CustomerStatus | None = strawberry.field(
        default=strawberry.UNSET, description="In the record that it is read from."
    )
    change_login: bool | None = strawberry.field(
        default=False, description="Whether they are to log in with the e-mail, once the new address has confirmed."
    )
    idempotency_key: str | None = strawberry.field(default=strawberry.UNSET, description=IDEMPOTENCY_KEY)


@strawberry.input(description="A login account for a customer that has none.")
class CreateAccountInput:
    customer_id: strawberry.ID = strawberry.field(description="Which customer.")
    email: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="What they log in with: by default the e-mail that they have. Up to 320 characters.",
    )
    invite: bool = strawberry.field(default=False, description="Whether they are mailed a link to set a password.")
    idempotency_key: str | None = strawberry.field(default=strawberry.UNSET, description=IDEMPOTENCY_KEY)


@strawberry.input(description="Who is to deliver to a customer.")
class AssignCourierInput:
    customer_id: strawberry.ID = strawberry.field(description="Which customer.")
    courier_key: str | None = strawberry.field(default=strawberry.UNSET, description="Which courier; null: nobody.")
    idempotency_key: str | None = strawberry.field(default=strawberry.UNSET, description=IDEMPOTENCY_KEY)


@strawberry.type(description="What came of writing a customer.")
class CustomerPayload:
    customer: Customer | None = computed(
        customer_mutations.customer_of, "The customer, as it is now; null where there is none to tell of."
    )
    operation: Operation | None = plain("How it was written; null where nothing had to be.")
    errors: list[MutationError] = plain("What is wrong; empty where nothing is.")


CreateCustomerArgument = Annotated[CreateCustomerInput, strawberry.argument(description="Who.")]
UpdateCustomerArgument = Annotated[UpdateCustomerInput, strawberry.argument(description="Who, and what changes.")]
CreateAccountArgument = Annotated[CreateAccountInput, strawberry.argument(description="For whom.")]
AssignCourierArgument = Annotated[AssignCourierInput, strawberry.argument(description="Who, and to whom.")]


def _create_customer(info: Info, input: CreateCustomerArgument) -> Any:  # noqa: A002 - the contract's name
    delivery = given(input.delivery)
    new = NewCustomer(
        name=input.name,
        email=given(input.email),
        phone=given(input.phone),
        source=given(input.source),
        with_account=given(input.with_account),
        delivery=None if delivery is None else {"address": delivery.address, "area": given(delivery.area)},
    )
    key = given(input.idempotency_key)
    return customer_mutations.create_customer(info.context, new, invite=bool(input.invite), key=key)


def _update_customer(info: Info, input: UpdateCustomerArgument) -> Any:  # noqa: A002 - the contract's name
    texts = {name: getattr(input, name) for name in ("name", "email", "phone")}
    change = Change(
        texts={name: text for name, text in texts.items() if text is not strawberry.UNSET},
        status=None if input.status is strawberry.UNSET else (input.status,),
        change_login=bool(input.change_login),
    )
    return customer_mutations.update_customer(info.context, input.id, change, given(input.idempotency_key))


def _create_account(info: Info, input: CreateAccountArgument) -> Any:  # noqa: A002 - the contract's name
    email, key = given(input.email), given(input.idempotency_key)
    return customer_mutations.create_account(info.context, input.customer_id, email, invite=input.invite, key=key)


def _assign_courier(info: Info, input: AssignCourierArgument) -> Any:  # noqa: A002 - the contract's name
    courier, key = given(input.courier_key), given(input.idempotency_key)
    return customer_mutations.assign_courier(info.context, input.customer_id, courier, key)


@strawberry.type
class CustomerMutations:
    create_customer: CustomerPayload | None = guarded(
        WRITE_CUSTOMERS,
        _create_customer,
        "Creates a customer in every store that is to have one, linked; or nothing at all.",
    )
    update_customer: CustomerPayload | None = guarded(
        WRITE_CUSTOMERS,
        _update_customer,
        "Changes a customer in every record that says such a thing; or nothing at all.",
    )
    create_account: CustomerPayload | None = guarded(
        WRITE_CUSTOMERS, _create_account, "Makes a login account, without a password, for a customer that has none."
    )
    assign_courier: CustomerPayload | None = guarded(
        WRITE_CUSTOMERS, _assign_courier, "Says who delivers to a customer."
    )
