"""What a user can do wrong in a mutation, as its payload tells it."""

from typing import Any

import strawberry

from domain import mutation_errors
from resolvers.customer_mutations import known_customer
from resolvers.link_mutations import linked_to_of, record_in_conflict
from schema.customer import Customer, CustomerRecord
from schema.enums import ErrorCode
from schema.fields import computed, plain


@strawberry.interface(description="What a user did wrong.")
class MutationError:
    code: ErrorCode = plain("What is wrong, stable for programs.")
    message: str = plain("What is wrong, for people.")
    path: list[str] = plain("Where in the input.")


@strawberry.type(description="What a user did wrong.")
class UserError(MutationError):
    @classmethod
    def is_type_of(cls, value: Any, _: Any) -> bool:
        return type(value) is mutation_errors.UserError


@strawberry.type(description="A record is linked to, or claimed by, another one.")
class LinkConflict(MutationError):  # noqa: N818 - data, never raised
    record: CustomerRecord = computed(record_in_conflict, "The record that cannot be linked so.")
    linked_to: Customer | None = computed(
        linked_to_of, "The customer whose record stands in the way; null where nobody can be named."
    )

    @classmethod
    def is_type_of(cls, value: Any, _: Any) -> bool:
        return isinstance(value, mutation_errors.LinkConflict)


@strawberry.type(description="A customer with this e-mail or phone is there already.")
class DuplicateCustomer(MutationError):  # noqa: N818 - data, never raised
    customer: Customer | None = computed(known_customer, "The customer who has it; null where nobody can be named.")

    @classmethod
    def is_type_of(cls, value: Any, _: Any) -> bool:
        return isinstance(value, mutation_errors.DuplicateCustomer)


@strawberry.type(
    description="The status cannot become this one from what it is; from, to and allowed are the store's words."
)
class InvalidTransition(MutationError):  # noqa: N818 - data, never raised
    from_: str | None = strawberry.field(name="from", description="What it is; null where the store has no word.")
    to: str = plain("What it was to become.")
    allowed: list[str] = plain("What it can become.")

    @classmethod
    def is_type_of(cls, value: Any, _: Any) -> bool:
        return isinstance(value, mutation_errors.InvalidTransition)
