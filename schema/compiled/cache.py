"""Operations that were parsed, validated and compiled, kept by the text of their document."""

from collections import OrderedDict
from dataclasses import dataclass

from schema.compiled.operation import Operation

#: How many operations are kept.
KEPT = 200


@dataclass(slots=True)
class Counts:
    """Count what the cache was good for."""

    hits: int = 0
    misses: int = 0
    evicted: int = 0


class Operations:
    """Keep operations by what was sent, the latest used; no more than *most* of them."""

    def __init__(self, most: int = KEPT) -> None:
        self._most = most
        self._kept: OrderedDict[tuple[str, str | None], Operation] = OrderedDict()
        self.counts = Counts()

    def find(self, query: str, name: str | None) -> Operation | None:
        found = self._kept.get((query, name))
        if found is None:
            self.counts.misses += 1
            return None
        self.counts.hits += 1
        self._kept.move_to_end((query, name))
        return found

    def keep(self, query: str, name: str | None, operation: Operation) -> None:
        self._kept[query, name] = operation
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)
            self.counts.evicted += 1

    def __len__(self) -> int:
        return len(self._kept)
