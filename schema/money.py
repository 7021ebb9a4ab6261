"""Money and sums of it."""

from datetime import date
from decimal import Decimal

import strawberry

from schema.fields import plain


@strawberry.type(description="An amount in one currency.")
class Money:
    amount: Decimal = plain("In major units, rounded half up to the currency's minor unit.")
    currency: str = plain("As ISO 4217 writes it: EUR.")


@strawberry.type(description="The revenue of one month.")
class MonthlyRevenue:
    month: date = plain("Its first day; months begin and end where the store is.")
    total: Money = plain("In the store's currency.")
    count: int = plain("Of the rows that made it.")


@strawberry.type(description="What the profile counts as revenue, summed exactly from the rows as they are now.")
class Revenue:
    total: Money = plain("In the store's currency.")
    count: int = plain("Of the rows that made it, be they payments, accepted quotes or closed orders.")
    average: Money | None = plain("Total over count; null where there are none.")
    by_month: list[MonthlyRevenue] = plain(
        "By month where the store is, oldest first: the months that have any, in the store's currency."
    )
    other_currencies: list[Money] = plain("Revenue in other currencies, summed apart, never converted.")
