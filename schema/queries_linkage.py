"""The root fields that tell how customers are linked, and what should be."""

from typing import Annotated, Any

import strawberry

from domain.access import READ_CUSTOMERS
from domain.paging import Direction, Order
from resolvers import linkage, suggestions
from resolvers.loading import PageOf
from resolvers.selection import selected
from schema.connections import Connection
from schema.enums import LinkCertainty
from schema.fields import Info, guarded, wanted_of
from schema.inputs import After, First, given, page_arguments
from schema.linkage import LinkageReport
from schema.suggestion import LinkSuggestion

CertaintyArgument = Annotated[
    list[LinkCertainty] | None, strawberry.argument(description="Only suggestions of these certainties.")
]


def link_suggestions(
    *,
    first: First = strawberry.UNSET,
    after: After = strawberry.UNSET,
    certainty: CertaintyArgument = strawberry.UNSET,
) -> tuple[PageOf, suggestions.Certainties]:
    """Read the arguments of the list of suggestions: by what matched."""
    page = page_arguments(first, after, None, None)
    order = Order("link suggestions", "EVIDENCE", Direction.ASC)
    return PageOf(page, None, order), suggestions.chosen(given(certainty))


async def _link_suggestions(info: Info, asked: tuple[PageOf, suggestions.Certainties]) -> Any:
    page, certainties = asked
    return await suggestions.find_suggestions(info.context, page, wanted_of(info), certainties)


def _linkage(info: Info) -> Any:
    return linkage.report(info.context, selected(info.context, info._raw_info))  # noqa: SLF001 - see wanted_of


@strawberry.type
class LinkageQueries:
    linkage: LinkageReport | None = guarded(READ_CUSTOMERS, _linkage, "How well the stores are linked.")
    link_suggestions: Connection[LinkSuggestion] | None = guarded(
        READ_CUSTOMERS,
        _link_suggestions,
        "Customers that may be one, by what they share. INDEX_MISSING where the index that finds them was never"
        " filled. A page may be short, with more behind it.",
        arguments=link_suggestions,
    )
