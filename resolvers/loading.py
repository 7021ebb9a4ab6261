"""Fields that come from a loader: declared, so that whoever plans a query knows what they need before they run."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from operator import attrgetter
from typing import Any

from domain.along import Along
from domain.columns import Columnar
from domain.errors import BadPageError
from domain.filters import Children
from domain.paging import Order, Page, PageArguments
from domain.records import Stats
from loaders.batched import EVERYTHING, Ask, followed
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

    def along(self, context: Context, given: Mapping[str, Any], picks: frozenset[str]) -> Iterator[Along]:
        """Say what may be asked for along with the parents."""
        if getattr(context.loaders, self.loader) is None:
            return
        arguments = self.arguments(**given) if self.arguments is not None else None
        if not isinstance(arguments, Most):
            yield Along(self.loader, arguments, picks if self.pick is None else frozenset({self.pick}))

    def column(
        self, context: Context, keys: list[Any], given: Mapping[str, Any], picks: frozenset[str]
    ) -> list[Any] | Awaitable[list[Any]]:
        """Answer the field of all parents that have *keys*, as `resolve` would.

        What fails for one is an exception in its place.
        """
        loader = getattr(context.loaders, self.loader)
        if loader is None:
            return [None] * len(keys)
        arguments = self.arguments(**given) if self.arguments is not None else None
        if isinstance(arguments, Most):
            arguments.check(context.limits.max_page)
        asked = [key for key in keys if key is not None] if None in keys else keys
        missing = self._picked(loader.missing(arguments)) if len(asked) < len(keys) else None
        if not asked:
            return [missing] * len(keys)
        picks = picks if self.pick is None else frozenset({self.pick})
        at_hand = loader.at_hand(asked, arguments, picks)
        if at_hand is not None:
            return self._column(keys, missing, at_hand)
        answers = loader.load_column(asked, arguments, picks)
        return followed(answers, partial(self._column, keys, missing))

    def _column(self, keys: Sequence[Any], missing: Any, answers: Sequence[Any]) -> list[Any]:
        if self.pick is not None and isinstance(answers, Columnar):
            answers = answers.column(self.pick)
        elif self.pick is not None:
            answers = _all_picked(answers, attrgetter(self.pick))
        if len(answers) < len(keys):
            return _spread(answers, keys, missing)
        return answers if isinstance(answers, list) else list(answers)

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
        return _connected(tenant, pages.load(Ask(key, Children(request, asked.chosen), EVERYTHING)), count)

    def along(self, context: Context, given: Mapping[str, Any], wanted: Wanted) -> Iterator[Along]:
        """Say what may be asked for along with the parents."""
        if getattr(context.loaders, self.pages) is None or getattr(context.loaders, self.counts) is None:
            return
        asked = self.arguments(**given)
        request = asked.page.request(asked.order, context.tenant, longest=context.limits.max_page)
        if wanted.page:
            yield Along(self.pages, Children(request, asked.chosen), wanted.picks or EVERYTHING)
        if wanted.count:
            yield Along(self.counts, asked.chosen, COUNT)

    def column(
        self, context: Context, keys: list[Any], given: Mapping[str, Any], wanted: Wanted
    ) -> list[Any] | Awaitable[list[Any]]:
        """Answer the lists of all parents that have *keys*, as `resolve` would.

        What fails for one is an exception in its place.
        """
        pages, counts = getattr(context.loaders, self.pages), getattr(context.loaders, self.counts)
        if pages is None or counts is None:
            return [None] * len(keys)
        asked, tenant = self.arguments(**given), context.tenant
        request = asked.page.request(asked.order, tenant, longest=context.limits.max_page)
        there = [key for key in keys if key is not None] if None in keys else keys
        if wanted.page and there and not wanted.count:
            at_hand = pages.at_hand(there, Children(request, asked.chosen), wanted.picks or EVERYTHING)
            if at_hand is not None:
                return _lists(tenant, keys, Page(request), None, at_hand)
        counted = begun(counts.load_column(there, asked.chosen, COUNT)) if wanted.count and there else None
        paged = (
            pages.load_column(there, Children(request, asked.chosen), wanted.picks or EVERYTHING)
            if wanted.page and there
            else None
        )
        if counted is None and paged is None:
            return [Connection(tenant, Page(request) if wanted.page else None, _nothing)] * len(keys)
        empty: Page[Any] | None = Page(request) if wanted.page else None
        if counted is None and paged is not None:
            return followed(paged, partial(_lists, tenant, keys, empty, None))
        return _column(tenant, keys, empty, paged, counted)


def _all_picked(answers: Sequence[Any], pick: Callable[[Any], Any]) -> list[Any]:
    """Pick a part of each answer; where that fails, it fails for that answer alone."""
    picked: list[Any] = []
    for one in answers:
        try:
            picked.append(one if one is None or isinstance(one, Exception) else pick(one))
        except Exception as error:  # noqa: BLE001 - stands in the place of the part
            picked.append(error)
    return picked


def _nothing() -> int:
    return 0


async def _column(
    tenant: str | None,
    keys: Sequence[Any],
    empty: Page[Any] | None,
    paged: Awaitable[list[Any]] | None,
    counted: Callable[[], Awaitable[list[Any]]] | None,
) -> list[Any]:
    """Make a list for each of *keys* of what was *paged* and *counted*; an *empty* one where there is no key."""
    there = len(keys) - keys.count(None)
    pages = [None] * there if paged is None else await paged
    # A count that fails is no reason for the page not to be there.
    stats = [None] * there if counted is None else await asyncio.gather(counted(), return_exceptions=True)
    if counted is not None:
        (stats,) = stats if isinstance(stats[0], list | Columnar) else ([stats[0]] * there,)
    return _lists(tenant, keys, empty, stats, pages)


def _lists(
    tenant: str | None,
    keys: Sequence[Any],
    empty: Page[Any] | None,
    stats: Sequence[Any] | None,
    pages: Sequence[Any],
) -> list[Any]:
    """Make a list for each of *keys* of its page and its stats; an *empty* one where there is no key."""
    counts: Sequence[Callable[[], int]] = (
        [_nothing] * len(pages) if stats is None else [partial(_counted, one) for one in stats]
    )
    made = [
        page if isinstance(page, Exception) else Connection(tenant, page, count)
        for page, count in zip(pages, counts, strict=True)
    ]
    return made if len(made) == len(keys) else _spread(made, keys, Connection(tenant, empty, _nothing))


def _counted(stats: Any) -> int:
    if isinstance(stats, BaseException):
        raise stats
    return 0 if stats is None else stats.count


def _spread(answers: Iterable[Any], keys: Sequence[Any], missing: Any) -> list[Any]:
    """Put *answers* where there are *keys*, and *missing* where there are none."""
    left = iter(answers)
    return [missing if key is None else next(left) for key in keys]


async def _connected(
    tenant: str | None, page: Awaitable[Page[Any]], count: Callable[[], Awaitable[int]]
) -> Connection[Any]:
    return Connection(tenant, await page, count)
