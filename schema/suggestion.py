"""Suggestions: customers that may be one."""

import strawberry

from resolvers import suggestions
from schema.customer import Customer, CustomerRecord
from schema.enums import LinkCertainty, LinkRule
from schema.fields import computed, plain


@strawberry.type(description="Why records may be one customer's.")
class LinkEvidence:
    rule: LinkRule = plain("What they share.")
    value: str = plain("The normalised value.")


@strawberry.type(description="Customers that may be one, with why.")
class LinkSuggestion:
    id: strawberry.ID = computed(suggestions.suggestion_id, "Opaque, over its records: it is another one for others.")
    records: list[CustomerRecord] = computed(suggestions.records_of, "All records of the customers, as they are now.")
    customers: list[Customer] = computed(suggestions.customers_of, "The customers that may be one.")
    certainty: LinkCertainty = plain("How certain that is.")
    evidence: list[LinkEvidence] = plain("The rule and the normalised value of each match.")
