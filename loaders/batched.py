"""What every loader is: keys and arguments in, one call to a source for each argument, answers in key order."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping, Sequence
from typing import Any, Generic, NamedTuple, TypeVar

from aiodataloader import DataLoader

from domain.records import Key
from sources.meter import batch

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
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

    def missing(self, _: Any) -> Any:
        """Answer for a parent that has no key."""
        return None

    def load_column(self, keys: Sequence[Any], arguments: Any, picks: frozenset[str]) -> Awaitable[list[Any]]:
        """Load what belongs to each of *keys*: what fails for one is an exception in its place."""
        return asyncio.gather(*(self.load(self.ask(key, arguments, picks)) for key in keys), return_exceptions=True)

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
        #: Where the answers for keys are, or will be, by arguments and picks: not to be asked for twice.
        self._places: dict[tuple[Any, frozenset[str]], dict[Key, tuple[asyncio.Future[list[Any]], int]]] = {}

    @staticmethod
    def ask(key: Any, arguments: Any, picks: frozenset[str]) -> Ask:
        return Ask(key, arguments, picks)

    def missing(self, arguments: Any) -> V:
        return self._missing(arguments)

    def load_column(self, keys: Sequence[Key], arguments: Any, picks: frozenset[str]) -> Awaitable[list[Any]]:
        places = self._places.setdefault((arguments, picks), {})
        unknown = [key for key in keys if key not in places] if places else keys
        if unknown:
            asked: Any = AskMany(unknown, arguments, picks)
            answers = self.load(asked)
            places.update((key, (answers, place)) for place, key in enumerate(unknown))
            if len(unknown) == len(keys):
                return answers
        return _collected([places[key] for key in keys])

    def size(self, keys: Sequence[Ask | AskMany]) -> int:
        return sum(len(one.keys) if isinstance(one, AskMany) else 1 for one in keys)

    async def fetch(self, keys: list[Ask | AskMany]) -> list[Any]:  # type: ignore[override]  # columns of keys as well
        owners: dict[Any, dict[Key, None]] = {}
        picks: dict[Any, frozenset[str]] = {}
        for asked in keys:
            owned = owners.setdefault(asked.arguments, {})
            owned.update(dict.fromkeys(asked.keys) if isinstance(asked, AskMany) else {asked.key: None})
            picks[asked.arguments] = picks.get(asked.arguments, NOTHING) | asked.picks
        answers = await asyncio.gather(
            *(self._source(list(found), arguments, picks[arguments]) for arguments, found in owners.items()),
            return_exceptions=True,  # arguments that cannot be answered take no others with them
        )
        found = {arguments: _kept(answer) for arguments, answer in zip(owners, answers, strict=True)}
        return [self._answer(found[asked.arguments], asked) for asked in keys]

    def _answer(self, found: Mapping[Key, V] | Exception, asked: Ask | AskMany) -> Any:
        if isinstance(asked, AskMany):
            return self._answers(found, asked)
        if isinstance(found, Exception):
            return found
        answer = found.get(asked.key)
        return self._missing(asked.arguments) if answer is None else answer

    def _answers(self, found: Mapping[Key, V] | Exception, asked: AskMany) -> list[Any]:
        if isinstance(found, Exception):
            return [found] * len(asked.keys)
        answers = list(map(found.get, asked.keys))
        if None in answers:
            missing = self._missing(asked.arguments)
            answers = [missing if answer is None else answer for answer in answers]
        return answers


async def _collected(places: Sequence[tuple[asyncio.Future[list[Any]], int]]) -> list[Any]:
    """Collect answers that were asked for in several goes."""
    return [(await answers)[place] for answers, place in places]


def _kept(answer: T | BaseException) -> T | Exception:
    """Keep an exception in the place of *answer*; raise one that ends the whole operation, as cancelling does."""
    if isinstance(answer, BaseException) and not isinstance(answer, Exception):
        raise answer
    return answer
