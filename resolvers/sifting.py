"""Pages of what no statement can choose: rows are read in order, in growing parts, and each is looked at."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar

from domain.paging import Page, PageRequest, Position, page_of

T = TypeVar("T")
SMALLEST_PART = 256
MOST_ROUNDS = 6


async def sifted(
    read: Callable[[PageRequest], Awaitable[Page[T]]], holds: Callable[[T], bool], request: PageRequest
) -> Page[T]:
    """Make a page of those that *read* reads and for which *holds*.

    After some rounds it ends before it is full; its cursor is then the position reached.
    """
    found: list[tuple[Position, T]] = []
    position, size = request.position, max(SMALLEST_PART, request.size + 1)
    for _ in range(MOST_ROUNDS):
        part = await read(replace(request, size=size, position=position))
        rows = list(zip(part.positions, part.items, strict=True))
        found += [row for row in (reversed(rows) if request.backwards else rows) if holds(row[1])]
        if not part.more or len(found) > request.size:
            break
        position, size = part.start if request.backwards else part.end, size * 2
    page = page_of(request, found)
    if page.more or not part.more:
        return page
    return replace(page, more=True, frontier=part.start if request.backwards else part.end)
