"""Find the rows that an input names by id, for whoever is to refer to them."""

from domain.errors import BadIdError
from domain.ids import LEAD
from domain.mutation_errors import ErrorCode, RefusedError, UserError
from domain.records import Key, Lead
from resolvers.context import Context
from resolvers.customers import customer_by_id
from resolvers.leads import lead_by_id
from resolvers.status_changes import key_in, not_found

_CUSTOMER, _LEAD = ("customerId",), ("leadId",)


async def crm_key_of(context: Context, customer_id: str) -> Key:
    """Find the CRM row of a customer. Raises RefusedError where there is none."""
    try:
        customer = await customer_by_id(context, customer_id)
    except BadIdError as error:
        raise RefusedError(UserError(ErrorCode.INVALID, str(error), _CUSTOMER)) from None
    if customer is None:
        raise RefusedError(not_found("customer", _CUSTOMER))
    if customer.crm_key is None:
        message = "This customer has no row in the CRM that could be named."
        raise RefusedError(UserError(ErrorCode.CONSTRAINT, message, _CUSTOMER))
    return customer.crm_key


async def lead_named(context: Context, lead_id: str) -> Lead:
    """Find a lead. Raises RefusedError where there is none."""
    key_in(context, lead_id, LEAD, _LEAD)
    lead = await lead_by_id(context, lead_id)
    if lead is None:
        raise RefusedError(not_found("lead", _LEAD))
    return lead
