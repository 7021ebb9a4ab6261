"""What every loader is: keys and arguments in, one call to a source for each argument, answers in key order."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Hashable, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from aiodataloader import DataLoader

from domain.records import Key
from sources.meter import batch

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
T = TypeVar("T")


NOTHING: frozenset[str] = frozenset()


class Ask(NamedTuple):
    """Ask for the *picks* of what belongs to *key*, narrowed by *arguments* (immutable, compared by value)."""

    key: Key
    arguments: Any = None
    picks: frozenset[str] = NOTHING


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

    async def batch_load_fn(self, keys: list[K]) -> list[Any]:
        with batch(self.name):
            return await self.fetch(keys)

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

    @staticmethod
    def ask(key: Any, arguments: Any, picks: frozenset[str]) -> Ask:
        return Ask(key, arguments, picks)

    def missing(self, arguments: Any) -> V:
        return self._missing(arguments)

    async def fetch(self, keys: list[Ask]) -> list[V | Exception]:
        owners: dict[Any, dict[Key, None]] = {}
        picks: dict[Any, frozenset[str]] = {}
        for asked in keys:
            owners.setdefault(asked.arguments, {})[asked.key] = None
            picks[asked.arguments] = picks.get(asked.arguments, NOTHING) | asked.picks
        answers = await asyncio.gather(
            *(self._source(list(found), arguments, picks[arguments]) for arguments, found in owners.items()),
            return_exceptions=True,  # arguments that cannot be answered take no others with them
        )
        found = {arguments: _kept(answer) for arguments, answer in zip(owners, answers, strict=True)}
        return [self._answer(found[asked.arguments], asked) for asked in keys]

    def _answer(self, found: Mapping[Key, V] | Exception, asked: Ask) -> V | Exception:
        if isinstance(found, Exception):
            return found
        answer = found.get(asked.key)
        return self._missing(asked.arguments) if answer is None else answer


def _kept(answer: T | BaseException) -> T | Exception:
    """Keep an exception in the place of *answer*; raise one that ends the whole operation, as cancelling does."""
    if isinstance(answer, BaseException) and not isinstance(answer, Exception):
        raise answer
    return answer
