"""Documents that are kept parsed and validated: the short ones, as clients send the same few again and again.

Strawberry shares what it keeps between requests. A document takes up to 300 times its length in memory once it is
parsed, and anybody may send one: so both how many are kept and how long each may be are bounded.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from strawberry.extensions import ParserCache, ValidationCache
from strawberry.types import ExecutionContext

#: How many documents are kept.
KEPT = 100
#: How many characters a document may have that is kept; a longer one is read anew whenever it comes.
LONGEST_KEPT = 16 * 1024


class ParsedDocuments(ParserCache):
    """Keep short documents parsed."""

    def __init__(self) -> None:
        super().__init__(KEPT)

    def on_parse(self) -> Iterator[None]:
        if _is_kept(self.execution_context):
            yield from super().on_parse()
        else:
            yield


class ValidatedDocuments(ValidationCache):
    """Keep what validation says of short documents."""

    def __init__(self) -> None:
        super().__init__(KEPT)

    def on_validate(self) -> Iterator[None]:
        if _is_kept(self.execution_context):
            yield from super().on_validate()
        else:
            yield


@dataclass(frozen=True, slots=True)
class CacheUse:
    """Say what a cache was good for, and how much is *kept* in it."""

    hits: int
    misses: int
    kept: int


def use_of_caches() -> Mapping[str, CacheUse]:
    """Tell what Strawberry keeps with `functools.lru_cache`: in this process, for all schemas."""
    caches: Mapping[str, Any] = {
        "parsed_documents": ParsedDocuments().cached_parse_document,
        "validated_documents": ValidatedDocuments().cached_validate_document,
    }
    told = {name: cache.cache_info() for name, cache in caches.items()}
    return {name: CacheUse(info.hits, info.misses, info.currsize) for name, info in told.items()}


def _is_kept(context: ExecutionContext) -> bool:
    return len(context.query or "") <= LONGEST_KEPT
