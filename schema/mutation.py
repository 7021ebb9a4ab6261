"""The mutations: each with its rule, decided before anything is read. What a user can do wrong is in the payload."""

import strawberry

from schema.mutation_error import DuplicateCustomer, InvalidTransition, LinkConflict, UserError
from schema.mutations.accounts import AccountMutations
from schema.mutations.bookings import BookingMutations
from schema.mutations.customers import CustomerMutations
from schema.mutations.leads import LeadMutations
from schema.mutations.links import LinkMutations
from schema.mutations.notes import NoteMutations
from schema.mutations.plans import PlanMutations
from schema.mutations.statuses import StatusMutations

#: The types behind MutationError, which no field names itself.
ERROR_TYPES = (UserError, LinkConflict, DuplicateCustomer, InvalidTransition)


@strawberry.type(
    description="What can be written; by whom, the roles say. What a user can do wrong is in the payload's errors."
    " The payload is null where nothing was tried, with an error beside it whose extensions.code says why"
    " (FORBIDDEN, READ_ONLY …)."
)
class Mutation(
    CustomerMutations,
    NoteMutations,
    LeadMutations,
    BookingMutations,
    StatusMutations,
    LinkMutations,
    PlanMutations,
    AccountMutations,
):
    """Be all of them together."""
