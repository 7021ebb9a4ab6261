"""What every loader is: keys and arguments in, one call to a source for each argument, answers in key order."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Hashable, Iterable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from aiodataloader import DataLoader, Loader, dispatch_queue

from domain.columns import Keyed
from domain.records import Key
from sources.meter import batch

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
S = TypeVar("S")
T = TypeVar("T")


NOTHING: frozenset[str] = frozenset()
#: Pick all of what records have, whatever others pick of them in the same batch.
EVERYTHING: frozenset[str] = frozenset({"*"})


class Ask(NamedTuple):
    """Ask for the *picks* of what belongs to *key*, narrowed by *arguments* (immutable, compared by value)."""

    key: Key
    arguments: Any = None
    picks: frozenset[str] = NOTHING


class AskMany:
    """Ask for the *picks* of what belongs to each of *keys*, narrowed by *arguments*: a list of answers in their order.

    No two of these are the same, so that nothing is kept of them.
    """

    __slots__ = ("arguments", "keys", "picks")

    def __init__(self, keys: Sequence[Key], arguments: Any, picks: frozenset[str]) -> None:
        self.keys = keys
        self.arguments = arguments
        self.picks = picks


class Batched(DataLoader[K, Any], ABC, Generic[K]):
    """Count and name the batches of a loader; to be made inside the operation that uses it."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name

    @staticmethod
    def ask(key: Any, _: Any, __: frozenset[str]) -> Any:
        """Make what this loader is asked with of a key, of a field's arguments and of what it picks."""
        return key

    def do_resolve_reject(self, key: K, future: asyncio.Future[Any]) -> None:
        """Enqueue *key*, and see to it that the queue is dispatched when all who are to ask now have asked.

        That is as late as the library itself does it, which makes a task for it each time.
        """
        self._queue.append(Loader(key, future))
        if len(self._queue) == 1:
            self.loop.call_soon(self.loop.call_soon, dispatch_queue, self)

    def missing(self, _: Any) -> Any:
        """Answer for a parent that has no key."""
        return None

    def at_hand(self, _: Sequence[Any], __: Any, ___: frozenset[str]) -> Sequence[Any] | None:
        """Answer keys at once, where that is known; else None."""
        return None

    def load_column(self, keys: Sequence[Any], arguments: Any, picks: frozenset[str]) -> asyncio.Future[Sequence[Any]]:
        """Load what belongs to each of *keys*: what fails for one is an exception in its place."""
        asked: asyncio.Future[Any] = asyncio.gather(
            *(self.load(self.ask(key, arguments, picks)) for key in keys), return_exceptions=True
        )
        return asked

    async def batch_load_fn(self, keys: list[K]) -> list[Any]:
        with batch(self.name, self.size(keys)):
            return await self.fetch(keys)

    def size(self, keys: Sequence[K]) -> int:
        """Say how many keys are asked for by *keys*."""
        return len(keys)

    @abstractmethod
    async def fetch(self, keys: list[K]) -> list[Any]:
        """Answer *keys* in their order; an exception in the place of an answer concerns that key alone."""


class ByKey(Batched[K], Generic[K, V]):
    """Load single things by their key; None for what is not there."""

    def __init__(self, name: str, source: Callable[[Collection[K]], Awaitable[Mapping[K, V]]]) -> None:
        super().__init__(name)
        self._source = source

    async def fetch(self, keys: list[K]) -> list[V | None]:
        found = await self._source(keys)
        return [found.get(key) for key in keys]


class ByOwner(Batched[Ask], Generic[V]):
    """Load what belongs to keys: one call to *source* for all keys that are asked for with the same arguments.

    It is told all that any of them picks. *missing* makes the answer for a key that *source* says nothing of.
    """

    def __init__(
        self,
        name: str,
        source: Callable[[Collection[Key], Any, frozenset[str]], Awaitable[Mapping[Key, V]]],
        missing: Callable[[Any], V],
    ) -> None:
        super().__init__(name)
        self._source = source
        self._missing = missing
        #: What is known beforehand of keys, with all that is picked of it, by arguments.
        self._known: dict[Any, list[tuple[frozenset[str], frozenset[Key], Mapping[Key, V]]]] = {}
        #: What was asked for, by arguments and picks, with what comes of it: not to be asked for twice.
        self._asked: dict[tuple[Any, frozenset[str]], list[tuple[Sequence[Key], asyncio.Future[Sequence[Any]]]]] = {}

    @staticmethod
    def ask(key: Any, arguments: Any, picks: frozenset[str]) -> Ask:
        return Ask(key, arguments, picks)

    def missing(self, arguments: Any) -> V:
        return self._missing(arguments)

    def know(self, keys: Iterable[Key], arguments: Any, picks: frozenset[str], found: Mapping[Key, V]) -> None:
        """Know of *keys* what was *found* before anybody asks: all *picks* of it."""
        self._known.setdefault(arguments, []).append((picks, frozenset(keys), found))

    def at_hand(self, keys: Sequence[Key], arguments: Any, picks: frozenset[str]) -> Sequence[Any] | None:
        """Answer *keys* at once, where that is known."""
        if self._known:
            for known, owners, found in self._known.get(arguments, ()):
                if picks <= known and owners.issuperset(keys):
                    return self._answers(found, AskMany(keys, arguments, picks))
        return None

    def load(self, key: Ask | AskMany) -> asyncio.Future[Any]:
        if self._known and isinstance(key, Ask):
            answers = self.at_hand([key.key], key.arguments, key.picks)
            if answers is not None:
                return self._come(answers[0])
        return super().load(key)  # type: ignore[arg-type]  # columns of keys as well

    def load_column(self, keys: Sequence[Key], arguments: Any, picks: frozenset[str]) -> asyncio.Future[Sequence[Any]]:
        at_hand = self.at_hand(keys, arguments, picks)
        if at_hand is not None:
            return self._come(at_hand)
        before = self._asked.setdefault((arguments, picks), [])
        for known, answers in before:
            if known is keys:
                return answers
        if not before:
            return self._ask(keys, arguments, picks, before)
        places = {key: (answers, place) for known, answers in before for place, key in enumerate(known)}
        if unknown := [key for key in keys if key not in places]:
            answers = self._ask(unknown, arguments, picks, before)
            places.update((key, (answers, place)) for place, key in enumerate(unknown))
            if len(unknown) == len(keys):
                return answers
        return asyncio.ensure_future(_collected([places[key] for key in keys]))

    def _come(self, answer: T) -> asyncio.Future[T]:
        """Be an answer that need not be waited for."""
        come: asyncio.Future[T] = self.loop.create_future()
        come.set_result(answer)
        return come

    def _ask(
        self,
        keys: Sequence[Key],
        arguments: Any,
        picks: frozenset[str],
        before: list[tuple[Sequence[Key], asyncio.Future[Sequence[Any]]]],
    ) -> asyncio.Future[Sequence[Any]]:
        answers = self.load(AskMany(keys, arguments, picks))
        before.append((keys, answers))
        return answers

    def size(self, keys: Sequence[Ask | AskMany]) -> int:
        return sum(len(one.keys) if isinstance(one, AskMany) else 1 for one in keys)

    async def fetch(self, keys: list[Ask | AskMany]) -> list[Any]:  # type: ignore[override]  # columns of keys as well
        if len(keys) == 1 and isinstance(only := keys[0], AskMany):
            each = only.keys if len(set(only.keys)) == len(only.keys) else list(dict.fromkeys(only.keys))
            return [self._answers(await self._found(each, only.arguments, only.picks), only)]
        owners: dict[Any, dict[Key, None]] = {}
        picks: dict[Any, frozenset[str]] = {}
        for asked in keys:
            owned = owners.setdefault(asked.arguments, {})
            owned.update(dict.fromkeys(asked.keys) if isinstance(asked, AskMany) else {asked.key: None})
            picks[asked.arguments] = picks.get(asked.arguments, NOTHING) | asked.picks
        # Arguments that cannot be answered take no others with them.
        sources = [self._found(list(found), arguments, picks[arguments]) for arguments, found in owners.items()]
        answers = [await sources[0]] if len(sources) == 1 else await asyncio.gather(*sources)
        found = dict(zip(owners, answers, strict=True))
        return [self._answer(found[asked.arguments], asked) for asked in keys]

    async def _found(self, keys: Collection[Key], arguments: Any, picks: frozenset[str]) -> Mapping[Key, V] | Exception:
        try:
            return await self._source(keys, arguments, picks)
        except Exception as error:  # noqa: BLE001 - stands in the place of each answer
            return error

    def _answer(self, found: Mapping[Key, V] | Exception, asked: Ask | AskMany) -> Any:
        if isinstance(asked, AskMany):
            return self._answers(found, asked)
        if isinstance(found, Exception):
            return found
        answer = found.get(asked.key)
        return self._missing(asked.arguments) if answer is None else answer

    def _answers(self, found: Mapping[Key, V] | Exception, asked: AskMany) -> Sequence[Any]:
        if isinstance(found, Exception):
            return [found] * len(asked.keys)
        if isinstance(found, Keyed):
            return found.of(asked.keys, self._missing(asked.arguments))
        answers = list(map(found.get, asked.keys))
        if None in answers:
            missing = self._missing(asked.arguments)
            answers = [missing if answer is None else answer for answer in answers]
        return answers


async def _collected(places: Sequence[tuple[asyncio.Future[Sequence[Any]], int]]) -> list[Any]:
    """Collect answers that were asked for in several goes."""
    return [(await answers)[place] for answers, place in places]


def followed(future: asyncio.Future[S], make: Callable[[S], T]) -> asyncio.Future[T]:
    """Be what *make* makes of what *future* comes to, as soon as it has come: without a task that waits for it."""
    made: asyncio.Future[T] = future.get_loop().create_future()

    def come(done: asyncio.Future[S]) -> None:
        failed = None if done.cancelled() else done.exception()
        if made.done():
            return
        if done.cancelled():
            made.cancel()
        elif failed is not None:
            made.set_exception(failed)
        else:
            try:
                made.set_result(make(done.result()))
            except Exception as error:  # noqa: BLE001 - whoever waits is to learn of it
                made.set_exception(error)

    future.add_done_callback(come)
    return made
