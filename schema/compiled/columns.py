"""How the column of a field is made: by what its declaration says, for all parents at once where that is possible."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from functools import partial
from operator import attrgetter
from typing import Any

from strawberry.types.field import StrawberryField

from domain.columns import Columnar, Part, RecordColumns
from resolvers.loading import Loaded, LoadedPage
from resolvers.selection import Wanted, wanted_in
from schema.compiled.arguments import Arguments
from schema.compiled.plan import AskAlong, Column, Given, MakeColumn
from schema.compiled.resolve_info import RawInfo
from schema.fields import ALONG, CUSTOMER_KEY, DECLARATION, Computed, Info


def column_maker(
    declared: StrawberryField,
    arguments: Arguments,
    names: frozenset[str],
    raw: Callable[[Given], RawInfo],
    picks: frozenset[str],
    *,
    is_leaf: bool,
) -> MakeColumn:
    """Answer what makes the columns of the field *declared*.

    *names* are selected below it, *picks* are needed of the records of a connection; *raw* tells a resolver about it.
    The values of a leaf may have to be waited for: that is seen where they are written.
    """
    declaration = declared.metadata.get(DECLARATION)
    if declared.base_resolver is None:
        return _attribute(declared.python_name)
    if isinstance(declaration, Computed):
        return _computed(declaration, is_leaf=is_leaf)
    if isinstance(declaration, Loaded):
        return _loaded(declaration, arguments, names)
    if isinstance(declaration, LoadedPage):
        return _loaded_page(declaration, arguments, wanted_in(names, picks))
    return _resolved(declared, arguments, raw)


def asks_of(
    declared: StrawberryField, arguments: Arguments, names: frozenset[str], picks: frozenset[str]
) -> AskAlong | None:
    """Answer what says what the field *declared* asks loaders for, where that is by the keys of customers alone."""
    declaration = declared.metadata.get(DECLARATION)
    along = declaration.along if isinstance(declaration, Computed) else declared.metadata.get(ALONG)
    if along:
        return lambda given: [one for one in along if getattr(given.context.loaders, one.loader) is not None]
    if isinstance(declaration, Loaded) and declaration.key == CUSTOMER_KEY:
        return lambda given: declaration.along(given.context, arguments.read(given), names)
    if isinstance(declaration, LoadedPage) and declaration.key == CUSTOMER_KEY:
        wanted = wanted_in(names, picks)
        return lambda given: declaration.along(given.context, arguments.read(given), wanted)
    return None


def is_same(declared: StrawberryField) -> bool:
    """Say whether what is selected below the field *declared* is of the same records."""
    declaration = declared.metadata.get(DECLARATION)
    return isinstance(declaration, Computed) and declaration.is_same


#: Records that are held as columns, of which an attribute is a column.
_OF_RECORDS = (RecordColumns, Part)


def constant(value: str) -> MakeColumn:
    return lambda _, parents: [value] * len(parents)


def _attribute(name: str) -> MakeColumn:
    get = attrgetter(name)

    def make(_: Given, parents: Sequence[Any]) -> Column | Awaitable[Column]:
        try:
            return parents.column(name) if isinstance(parents, _OF_RECORDS) else list(map(get, parents))
        except Exception:  # noqa: BLE001 - one by one then: what fails for one fails for that one alone
            return _each(parents, get)

    return make


def _computed(declaration: Computed, *, is_leaf: bool) -> MakeColumn:
    resolve, many = declaration.resolve, declaration.many

    def make(given: Given, parents: Sequence[Any]) -> Column | Columnar[Any] | Awaitable[Column]:
        if many is not None:
            with suppress(Exception):  # one by one then: what fails for one fails for that one alone
                found = many(given.context, parents)
                return found if is_leaf or isinstance(found, Columnar) else awaited(found)
        return _each(parents, partial(resolve, given.context))

    return make


def _loaded(declaration: Loaded, arguments: Arguments, names: frozenset[str]) -> MakeColumn:
    picks = frozenset[str]() if declaration.pick else names

    def make(given: Given, parents: Sequence[Any]) -> Column | Awaitable[Column]:
        return declaration.column(given.context, given.keys(declaration.key, parents), arguments.read(given), picks)

    return make


def _loaded_page(declaration: LoadedPage, arguments: Arguments, wanted: Wanted) -> MakeColumn:
    def make(given: Given, parents: Sequence[Any]) -> Column | Awaitable[Column]:
        return declaration.column(given.context, given.keys(declaration.key, parents), arguments.read(given), wanted)

    return make


def _resolved(declared: StrawberryField, arguments: Arguments, raw: Callable[[Given], RawInfo]) -> MakeColumn:
    """Ask the resolver itself, for each parent."""
    assert declared.base_resolver is not None
    resolver = declared.base_resolver
    call: Any = resolver.wrapped_func
    root, info = resolver.root_parameter or resolver.self_parameter, resolver.info_parameter

    def make(given: Given, parents: Sequence[Any]) -> Column | Awaitable[Column]:
        named = dict(arguments.read(given))
        if info is not None:
            named[info.name] = Info(_raw_info=raw(given), _field=declared)  # type: ignore[arg-type]  # it is like one
        if root is None:
            return _each(parents, lambda _: call(**named))
        return _each(parents, lambda parent: call(parent, **named))

    return make


def _each(parents: Sequence[Any], resolve: Callable[[Any], Any]) -> Column | Awaitable[Column]:
    """Resolve each of *parents*; what has to be waited for is waited for together."""
    column: Column = []
    for parent in parents:
        try:
            column.append(resolve(parent))
        except Exception as error:  # noqa: BLE001 - a field that fails is an error in the answer
            column.append(error)
    return awaited(column)


def awaited(column: Column) -> Column | Awaitable[Column]:
    """Wait for the values that have to be waited for, if there are any."""
    return _all_of(column) if any(hasattr(class_, "__await__") for class_ in set(map(type, column))) else column


async def _all_of(column: Column) -> Column:
    if len(column) == 1:
        try:
            return [await column[0]]
        except Exception as error:  # noqa: BLE001 - a field that fails is an error in the answer
            return [error]
    awaited = [number for number, value in enumerate(column) if hasattr(value, "__await__")]
    found = await asyncio.gather(*(column[number] for number in awaited), return_exceptions=True)
    for number, value in zip(awaited, found, strict=True):
        if isinstance(value, BaseException) and not isinstance(value, Exception):
            raise value
        column[number] = value
    return column
