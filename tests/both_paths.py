"""Answer an operation on the compiled path and by graphql-core: from the same stores, with the same going wrong."""

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import orjson
from graphql import GraphQLError
from strawberry.types.execution import ExecutionResult

from domain.access import Access, Role, Viewer
from domain.errors import SourceUnavailableError
from domain.paging import Page
from domain.records import Booking, Lead
from gateway.opening import opened
from gateway.settings import Settings
from loaders.batched import Batched, ByKey, ByOwner
from loaders.request import Loaders
from resolvers.context import Context, Limits
from schema import Schema, build_schema
from schema.document_shape import DocumentLimits
from sources.meter import Meter, metered
from sources.profile_reading import read_profile
from sources.stores import Stores

LIMITS = DocumentLimits(cost=1 << 40, aliases=1000, root_fields=100, directives=500)
#: What is wrong with a record, for so many of 256.
AMISS: tuple[tuple[int, dict[str, Any]], ...] = (
    (30, {"status": None}),
    (50, {"created_at": "yesterday"}),
    (70, {"source": ["a", "list"], "key": None}),
)


@dataclass(frozen=True, slots=True)
class Answered:
    """Be an answer, as it would be sent: errors in no order, as the specification has none.

    Of errors that were carried up to a null above them it has only where that null is: which of several fields that
    fail side by side is the first to do so is chance.
    """

    data: bytes
    errors: tuple[tuple[str, str, str], ...]
    path: str


@dataclass(slots=True)
class BothPaths:
    stores: Stores
    tenant: str | None
    compiled: Schema
    plain: Schema

    async def ask(
        self, query: str, variables: dict[str, Any] | None = None, *, wrong: int | None = None
    ) -> tuple[Answered, Answered]:
        """Answer what the compiled path says, and what graphql-core says; *wrong* chooses what goes wrong."""
        return (
            await self._ask(self.compiled, query, variables, wrong),
            await self._ask(self.plain, query, variables, wrong),
        )

    async def _ask(self, schema: Schema, query: str, variables: dict[str, Any] | None, wrong: int | None) -> Answered:
        viewer = Viewer("tester", frozenset({Role.CLIENT_ADMIN}), self.tenant)
        access = Access(viewer, None, store_has_tenants=self.stores.profile.has_tenants)
        with metered(Meter()) as meter:
            context = Context(access, self.stores, Limits(), meter)
            if wrong is not None:
                spoil(context, wrong)
            result = await schema.answer(query, variables, context, None)
        return _answered(result, context)


def _answered(result: ExecutionResult, context: Context) -> Answered:
    errors = sorted({_error(error, result.data) for error in result.errors or ()})
    return Answered(orjson.dumps(result.data), tuple(errors), context.not_compiled or "compiled")


def _error(error: GraphQLError, data: Any) -> tuple[str, str, str]:
    path = error.path or []
    for depth, step in enumerate(path):
        if data is None:
            return str(path[:depth]), "carried up", ""
        data = data[step]
    return str(path), error.message, str(error.locations)


def spoil(context: Context, wrong: int) -> None:
    """Let loaders of *context* fail for some keys or for all, and records have nulls where none may be."""
    loaders = context.loaders
    for name in Loaders.__annotations__:
        loader = getattr(loaders, name)
        if isinstance(loader, ByOwner | ByKey):
            _spoil(loader, wrong)


def _chance(*parts: object) -> int:
    return hashlib.blake2b("|".join(map(str, parts)).encode(), digest_size=2).digest()[0]


def _spoil(loader: Batched[Any], wrong: int) -> None:
    source: Any = loader._source  # type: ignore[attr-defined]  # to stand between

    async def spoiled(keys: Any, *more: Any) -> Any:
        if _chance(wrong, loader.name) < 40:
            raise SourceUnavailableError("postgres")
        found = await source(keys, *more)
        return {key: _spoiled(value, wrong, loader.name, key) for key, value in found.items()}

    loader._source = spoiled  # type: ignore[attr-defined]  # to stand between
    if isinstance(loader, ByOwner):
        # What is found along with its owners would be known without asking.
        loader.know = lambda *_: None  # type: ignore[method-assign]


def _spoiled(value: Any, wrong: int, name: str, key: object) -> Any:
    if isinstance(value, Lead | Booking):
        chance = _chance(wrong, name, value.key)
        amiss: Any = next((wrong for most, wrong in AMISS if chance < most), {})
        return replace(value, **amiss)
    if isinstance(value, Page):
        return replace(value, items=tuple(_spoiled(item, wrong, name, key) for item in value.items))
    if _chance(wrong, name, key) < 25:
        return "nonsense"
    return value


@asynccontextmanager
async def both_paths(settings: Settings, tenant: str | None) -> AsyncIterator[BothPaths]:
    async with opened(read_profile(settings.profile), settings) as stores:
        yield BothPaths(stores, tenant, build_schema(LIMITS), build_schema(LIMITS, compiled=False))
