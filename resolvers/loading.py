"""Fields that come from a loader: declared, so that whoever plans a query knows what they need before they run."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from domain.errors import BadPageError
from domain.filters import Children
from domain.paging import Order, Page, PageArguments
from domain.records import Stats
from loaders.batched import Ask
from resolvers.connections import Connection, begun
from resolvers.context import Context
from resolvers.selection import Wanted

COUNT = frozenset({"count"})


class Most(int):
    """Ask for so many at most of a list that is not paged."""

    __slots__ = ()

    def check(self, longest: int) -> None:
        """Raise BadPageError where this is no size of a list."""
        if not 1 <= self <= longest:
            raise BadPageError(f"first is {int(self)}: this list holds 1 to {longest}.")


@dataclass(frozen=True, slots=True)
class Loaded:
    """Declare a field: *loader* by name, asked with the parent's *key* and what *arguments* makes of the field's own.

    The answer is null where the profile does not map what the loader loads. *pick* names the part of what was loaded
    that is the field's value.
    """

    loader: str
    key: Callable[[Any], Any]
    arguments: Callable[..., Any] | None = None
    pick: str | None = None

    def resolve(self, context: Context, parent: object, given: Mapping[str, Any], picks: frozenset[str]) -> Any:
        """Answer the field of *parent*: at once where nothing needs to be asked, else something to wait for.

        *picks* names the parts that are selected of what is loaded, where no one part is the field's value.
        """
        loader = getattr(context.loaders, self.loader)
        if loader is None:
            return None
        arguments = self.arguments(**given) if self.arguments is not None else None
        if isinstance(arguments, Most):
            arguments.check(context.limits.max_page)
        key = self.key(parent)
        if key is None:
            return self._picked(loader.missing(arguments))
        answer: Awaitable[Any] = loader.load(
            loader.ask(key, arguments, picks if self.pick is None else frozenset({self.pick}))
        )
        return answer if self.pick is None else self._pick(answer)

    async def _pick(self, answer: Awaitable[Any]) -> Any:
        return self._picked(await answer)

    def _picked(self, found: Any) -> Any:
        return found if self.pick is None or found is None else getattr(found, self.pick)


@dataclass(frozen=True, slots=True)
class PageOf:
    """Be what the arguments of a list field ask for: a page, of what *chosen* chooses, in an *order*."""

    page: PageArguments
    chosen: Any
    order: Order


@dataclass(frozen=True, slots=True)
class LoadedPage:
    """Declare a list field: its *pages* and its *counts* each from a loader, asked with the parent's *key*."""

    pages: str
    counts: str
    key: Callable[[Any], str | None]
    arguments: Callable[..., PageOf]

    def resolve(self, context: Context, parent: object, given: Mapping[str, Any], wanted: Wanted) -> Any:
        """Answer the list that belongs to *parent*; null where the profile cannot say whose is whose."""
        pages, counts = getattr(context.loaders, self.pages), getattr(context.loaders, self.counts)
        if pages is None or counts is None:
            return None
        asked, key, tenant = self.arguments(**given), self.key(parent), context.tenant
        request = asked.page.request(asked.order, tenant, longest=context.limits.max_page)
        stats: Callable[[], Awaitable[Stats]] | None = None
        if key is not None and wanted.count:
            stats = begun(counts.load(Ask(key, asked.chosen, COUNT)))

        async def count() -> int:
            return 0 if stats is None else (await stats()).count

        if key is None or not wanted.page:
            return Connection(tenant, Page(request) if wanted.page else None, count)
        return _connected(tenant, pages.load(Ask(key, Children(request, asked.chosen))), count)


async def _connected(
    tenant: str | None, page: Awaitable[Page[Any]], count: Callable[[], Awaitable[int]]
) -> Connection[Any]:
    return Connection(tenant, await page, count)
