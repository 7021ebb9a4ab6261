"""Run a compiled operation: each field for all parents at once, a level at a time, whatever can run at once at once.

Nothing is completed before everything is there. Where all is as it should be, the answer is assembled in one go; where
anything is not, `completing` says exactly what graphql-core would have said of the same values.
"""

import asyncio
from collections.abc import Awaitable, Sequence
from functools import partial
from typing import Any

from graphql import ExecutionResult, GraphQLAbstractType, default_type_resolver, is_abstract_type
from graphql.pyutils import is_iterable
from orjson import Fragment

from domain.columns import Columnar, Heads, Part, RecordColumns, joined
from domain.written import WrittenAnswer
from schema.compiled.columns import awaited
from schema.compiled.completing import Completion, NulledError
from schema.compiled.levels import Found, Level
from schema.compiled.plan import Column, FieldPlan, Given, SelectionPlan
from schema.compiled.resolve_info import info_of

#: What lists come as.
_LISTS = {list, tuple, Heads, Part, RecordColumns}
#: What columns come as, where they need not be waited for.
_COLUMNS = {list, Heads, Part, RecordColumns}
_NONE = type(None)


async def run(plan: SelectionPlan, given: Given, *, serially: bool) -> ExecutionResult:
    """Answer the operation whose root is *plan*."""
    running = Run(given)
    root = Level(plan, [None])
    if serially:
        return await _serially(running, root)
    await running.all_of(root, range(len(plan.fields)))
    if not running.amiss:
        return ExecutionResult(root.finished()[0], None)
    completion = Completion(given)
    return completion.answer(lambda: completion.object(root, 0, None))


async def _serially(running: "Run", root: Level) -> ExecutionResult:
    """Run each root field, with all below it, before the next one begins; none after one that nulls the whole."""
    completion = Completion(running.given)

    async def each() -> dict[str, Any]:
        data: dict[str, Any] = {}
        for number, field in enumerate(root.plan.fields):
            await running.all_of(root, [number])
            found = root.found[number]
            if running.amiss or found is None:
                data[field.name] = completion.field(root, number, 0, None)
            else:
                data[field.name] = found.finished()[0]
        return data

    try:
        return ExecutionResult(await each(), completion.errors or None)
    except NulledError as error:
        return completion.nulled(error)


class Run:
    """Make columns, level by level; wait for those that have to be waited for."""

    __slots__ = ("_done", "_late", "_waiting", "amiss", "given")

    def __init__(self, given: Given) -> None:
        self.given = given
        #: Whether anything found is not what it should be.
        self.amiss = False
        self._waiting: set[asyncio.Future[Any]] = set()
        #: How many fields are waited for: several of them may wait for the same.
        self._late = 0
        self._done: asyncio.Future[None] | None = None

    async def all_of(self, level: Level, numbers: Sequence[int]) -> None:
        """Find the fields *numbers* of *level*, and all that is below them."""
        self._begin(level, numbers)
        if not self._late:
            return
        self._done = asyncio.get_running_loop().create_future()
        try:
            await self._done
        finally:
            self._done = None
            for future in tuple(self._waiting):
                future.cancel()

    def _begin(self, level: Level, numbers: Sequence[int]) -> None:
        for number in numbers:
            field = level.plan.fields[number]
            try:
                column = field.make(self.given, level.parents)
            except Exception as error:  # noqa: BLE001 - a field that fails is an error in the answer
                column = [error] * len(level.parents)
            if type(column) in _COLUMNS:
                self._settle(level, number, column)  # type: ignore[arg-type]  # as good as a list
            else:
                level.late.add(number)
                self._wait(level, number, column)  # type: ignore[arg-type]  # what is no list is awaitable

    def _wait(self, level: Level, number: int, column: Awaitable[Column]) -> None:
        future = asyncio.ensure_future(column)
        self._waiting.add(future)
        self._late += 1
        future.add_done_callback(partial(self._arrived, level, number))

    def _arrived(self, level: Level, number: int, future: asyncio.Future[Column]) -> None:
        self._waiting.discard(future)
        self._late -= 1
        done = self._done
        if done is None or done.done():
            return
        if future.cancelled():
            done.cancel()
            return
        error = future.exception()
        column = future.result() if error is None else [error] * len(level.parents)
        try:
            self._settle(level, number, column)
        except BaseException as unexpected:  # noqa: BLE001 - whoever waits is to learn of it
            # The one exception that a future does not take.
            done.set_exception(RuntimeError() if isinstance(unexpected, StopIteration) else unexpected)
            return
        if not self._late:
            done.set_result(None)

    def _settle(self, level: Level, number: int, column: Column) -> None:
        """Keep the *column* of a field, and begin what is below it."""
        field = level.plan.fields[number]
        if field.is_list and not set(map(type, column)) <= _LISTS:
            column = [list(value) if type(value) not in _LISTS and is_iterable(value) else value for value in column]
        found = Found(field, column)
        if field.write is not None:
            found.written = _written_lists(field, column) if field.is_list else field.write(column)
            if found.written is None:
                if self._waits_for_items(level, number, column) or self._waits_for_values(level, number, column):
                    return
                self.amiss = True
            level.found[number] = found
            return
        if len(column) == 1 and type(column[0]) is WrittenAnswer:
            found.written = [Fragment(column[0].json)]
            level.found[number] = found
            return
        values = self._values(found)
        if values is None:
            if self._waits_for_items(level, number, column):
                return
            values = self._places(found)
        level.found[number] = found
        self._descend(found, values)

    def _waits_for_items(self, level: Level, number: int, column: Column) -> bool:
        """Wait for items of lists that have to be waited for, if there are any, and settle the field then."""
        if not level.plan.fields[number].is_list or not _awaited_in(column):
            return False
        level.late.add(number)
        self._wait(level, number, _items_of(column))
        return True

    def _waits_for_values(self, level: Level, number: int, column: Column) -> bool:
        """Wait for leaves that have to be waited for, if there are any, and settle the field then."""
        all_of = awaited(column)
        if level.plan.fields[number].is_list or isinstance(all_of, list):
            return False
        level.late.add(number)
        self._wait(level, number, all_of)
        return True

    def _values(self, found: Found) -> Sequence[Any] | None:
        """List the objects of a column, where each value is one, or a list of nothing else."""
        field = found.plan
        column: Sequence[Any] = found.column
        if field.is_list:
            if not set(map(type, column)) <= _LISTS:
                return None
            column = joined(column)
        known = field.classes
        classes = set(map(type, column)) if not isinstance(column, Columnar) else {column.kind} if column else ()
        for class_ in classes:
            if class_ not in known:
                known[class_] = self._type_of(field, next(one for one in column if type(one) is class_))
            if known[class_] is None:
                return None
        return column

    def _places(self, found: Found) -> Sequence[Any]:
        """List the objects of a column in which some are missing, or amiss, and note where each stands."""
        field, count = found.plan, 0
        values: list[Any] = []
        order: dict[str, int] = {}

        def place(value: Any, *, required: bool) -> tuple[str, int] | None:
            nonlocal count
            class_ = type(value)
            if class_ not in field.classes:
                field.classes[class_] = self._type_of(field, value)
            name = field.classes[class_]
            if name is None:
                self.amiss = self.amiss or required or value is not None
                return None
            values.append(value)
            order[name] = order.get(name, -1) + 1
            return name, order[name]

        places: list[Any] = []
        for value in found.column:
            if not field.is_list:
                places.append(place(value, required=field.required))
            elif type(value) in _LISTS:
                places.append([place(item, required=field.items_required) for item in value])
            else:
                self.amiss = self.amiss or field.required or value is not None
                places.append(None)
        found.places = places
        return values

    def _descend(self, found: Found, values: Sequence[Any]) -> None:
        """Begin what is selected of *values*, which are of types that may be there."""
        field = found.plan
        by_type: dict[str, Sequence[Any]] = {}
        if len(field.below) == 1:
            by_type = {next(iter(field.below)): values} if values else {}
        else:
            names: list[str] = [field.classes[type(value)] or "" for value in values]
            parted: dict[str, list[Any]] = {name: [] for name in names}
            for name, value in zip(names, values, strict=True):
                parted[name].append(value)
            found.order = names
            by_type.update(parted)
        for name, objects in by_type.items():
            level = found.levels[name] = Level(field.below[name], objects)
            self._begin(level, range(len(level.plan.fields)))

    def _type_of(self, field: FieldPlan, value: Any) -> str | None:
        """Say of which type *value* is, as its class tells; None where it is of none that may be there."""
        if value is None or isinstance(value, BaseException) or hasattr(value, "__await__"):
            return None
        info = info_of(field, self.given)
        try:
            name: Any = field.named.name
            if is_abstract_type(field.named):
                abstract: GraphQLAbstractType = field.named
                name = (abstract.resolve_type or default_type_resolver)(value, info, abstract)
            below = field.below.get(name)
            if below is None or (below.type.is_type_of and not below.type.is_type_of(value, info)):
                return None
        except Exception:  # noqa: BLE001 - completion finds it again, with its place
            return None
        else:
            return str(name)


def _written_lists(field: FieldPlan, column: Column) -> Column | None:
    """Write lists of leaves, all of them at once."""
    assert field.write is not None
    classes = set(map(type, column))
    if not classes <= _LISTS and (field.required or not classes <= {*_LISTS, _NONE}):
        return None
    written = field.write([item for items in column if items is not None for item in items])
    if written is None:
        return None
    left = iter(written)
    return [None if items is None else [next(left) for _ in items] for items in column]


def _awaited_in(column: Column) -> bool:
    return any(hasattr(item, "__await__") for items in column if type(items) in _LISTS for item in items)


async def _items_of(column: Column) -> Column:
    """Wait for the items of lists that have to be waited for."""
    awaited = [item for items in column if type(items) in _LISTS for item in items if hasattr(item, "__await__")]
    found = iter(await asyncio.gather(*awaited, return_exceptions=True))
    return [
        [next(found) if hasattr(item, "__await__") else item for item in items] if type(items) in _LISTS else items
        for items in column
    ]
