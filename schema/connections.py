"""Relay's connections: pages by keyset, with counts only where they are selected."""

from typing import Any, Generic, TypeVar

import strawberry

from resolvers import connections
from resolvers.context import Context
from schema.fields import computed, plain

NodeT = TypeVar("NodeT")


def _count(_: Context, connection: connections.Connection[object]) -> Any:
    assert connection.count is not None
    return connection.count()


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    has_next_page: bool = plain("Whether there is more after this page: exact when paging forwards.")
    has_previous_page: bool = plain("Whether there is more before this page: exact when paging backwards.")
    start_cursor: str | None = plain(
        "What to give as before for the page before this one; null where there is none to begin from."
    )
    end_cursor: str | None = plain(
        "What to give as after for the page after this one; there even if this page is empty, while more"
        " follows; else null."
    )


@strawberry.type(description="One item of a list.")
class Edge(Generic[NodeT]):
    cursor: str = plain("The position of this item: for after and before.")
    node: NodeT = plain("The item.")


@strawberry.type(description="A page of a list.")
class Connection(Generic[NodeT]):
    total_count: int | None = computed(
        _count,
        "How many there are in all pages. Counted only where it is selected; null where a store that it takes is down.",
    )
    edges: list[Edge[NodeT]] = plain("The items of this page, each with its cursor.")
    nodes: list[NodeT] = plain("The items of this page.")
    page_info: PageInfo = plain("Where this page lies in the list.")
