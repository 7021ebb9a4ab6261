"""What a list field answers: a page where one is selected, and a count where that is."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.paging import Page, encode_cursor

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Edge(Generic[T]):
    """Be an item with its *cursor*."""

    cursor: str
    node: T


@dataclass(frozen=True, slots=True)
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(frozen=True, slots=True)
class Connection(Generic[T]):
    """Be a list of *tenant*: *page* and *count* are None where nothing of them was selected."""

    tenant: str | None
    page: Page[T] | None
    count: Callable[[], Awaitable[int] | int] | None

    @property
    def nodes(self) -> Sequence[T]:
        return self._page.items

    @property
    def edges(self) -> list[Edge[T]]:
        page = self._page
        return [
            Edge(encode_cursor(page.request.order, self.tenant, position), item)
            for position, item in zip(page.positions, page.items, strict=True)
        ]

    @property
    def page_info(self) -> PageInfo:
        page = self._page
        start, end = (
            None if position is None else encode_cursor(page.request.order, self.tenant, position)
            for position in (page.start, page.end)
        )
        return PageInfo(page.has_next, page.has_previous, start, end)

    @property
    def missing_stores(self) -> list[str]:
        return list(self._page.missing_stores)

    @property
    def _page(self) -> Page[T]:
        assert self.page is not None
        return self.page


def begun(asked: Awaitable[T]) -> Callable[[], Awaitable[T]]:
    """Let *asked* begin now, at the same time as a page, and answer how to wait for it.

    Where the page fails nobody waits: then it may fail unseen.
    """
    future = asyncio.ensure_future(asked)
    future.add_done_callback(lambda done: done.cancelled() or done.exception())
    return lambda: future
