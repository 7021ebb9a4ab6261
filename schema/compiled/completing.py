"""Complete what was found exactly as graphql-core would: errors with their places, nulls carried up.

Only for answers in which something is amiss: this goes value by value.
"""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLList,
    GraphQLNonNull,
    GraphQLOutputType,
    default_type_resolver,
    is_abstract_type,
    is_leaf_type,
    located_error,
)
from graphql.execution.executor import CollectedErrors, Executor, invalid_return_type_error
from graphql.pyutils import Path, Undefined, inspect, is_iterable

from schema.compiled.levels import Found, Level
from schema.compiled.plan import FieldPlan, Given
from schema.compiled.resolve_info import info_of


class NulledError(Exception):
    """Say that a null, where none may be, is carried up: what is above is to be null instead."""

    def __init__(self, error: GraphQLError) -> None:
        self.error = error


class Completion:
    """Complete values, and collect the *errors*."""

    def __init__(self, given: Given) -> None:
        self._given = given
        self._collected = CollectedErrors()

    @property
    def errors(self) -> list[GraphQLError]:
        return self._collected.errors

    def answer(self, complete: Callable[[], dict[str, Any]]) -> ExecutionResult:
        try:
            data = complete()
        except NulledError as error:
            return self.nulled(error)
        return ExecutionResult(data, self.errors or None)

    def nulled(self, error: NulledError) -> ExecutionResult:
        """Answer nothing but errors."""
        self._collected.add(error.error, None)
        return ExecutionResult(None, self.errors)

    def object(self, level: Level, number: int, path: Path | None) -> dict[str, Any]:
        """Complete the fields of the parent *number*: first those that were at hand, as graphql-core does."""
        fields = level.plan.fields
        done: dict[int, Any] = {}
        for late in (False, True):
            for each in range(len(fields)):
                if (each in level.late) is late:
                    done[each] = self.field(level, each, number, path)
        return {field.name: done[each] for each, field in enumerate(fields)}

    def field(self, level: Level, each: int, number: int, path: Path | None) -> Any:
        found = level.found[each]
        assert found is not None
        field = found.plan
        if field.write is None and found.written is not None:
            return found.written[number]
        place = Path(path, field.name, field.parent.name)
        try:
            return self._value(field.returns, found, found.column[number], (number, None), place)
        except NulledError as error:
            self._catch(error.error, field.returns, field, place)
        except Exception as error:  # noqa: BLE001 - whatever it is becomes an error of the answer
            self._catch(error, field.returns, field, place)
        return None

    def _catch(self, error: Exception, type_: GraphQLOutputType, field: FieldPlan, path: Path) -> None:
        """Note *error* where a null may stand; else carry it up."""
        located = located_error(error, [detail.node for detail in field.details], path.as_list())
        if isinstance(type_, GraphQLNonNull):
            raise NulledError(located)
        self._collected.add(located, path)

    def _value(self, type_: GraphQLOutputType, found: Found, value: Any, at: tuple[int, int | None], path: Path) -> Any:
        field = found.plan
        if isinstance(value, Exception):
            raise value
        if isinstance(type_, GraphQLNonNull):
            completed = self._value(type_.of_type, found, value, at, path)
            if completed is None:
                raise TypeError(f"Cannot return null for non-nullable field {field.parent}.{field.field_name}.")
            return completed
        if value is None or value is Undefined:
            return None
        if isinstance(type_, GraphQLList):
            return self._list(type_.of_type, found, value, at[0], path)
        if is_leaf_type(type_):
            return _leaf(type_, value)
        place = found.place(*at)
        if place is None:
            raise self._refused(field, value)
        return self.object(*place, path)

    def _list(self, item_type: GraphQLOutputType, found: Found, values: Any, number: int, path: Path) -> list[Any]:
        if not is_iterable(values):
            field = found.plan
            raise GraphQLError(
                f"Expected Iterable, but did not find one for field '{field.parent}.{field.field_name}'."
            )
        completed: list[Any] = []
        for item, value in enumerate(values):
            place = path.add_key(item, None)
            try:
                completed.append(self._value(item_type, found, value, (number, item), place))
            except NulledError as error:
                self._catch(error.error, item_type, found.plan, place)
                completed.append(None)
            except Exception as error:  # noqa: BLE001 - whatever it is becomes an error of the answer
                self._catch(error, item_type, found.plan, place)
                completed.append(None)
        return completed

    def _refused(self, field: FieldPlan, value: Any) -> Exception:
        """Say why *value* is none of the objects that may be there."""
        info, type_ = info_of(field, self._given), field.named
        try:
            if is_abstract_type(type_):
                said = (type_.resolve_type or default_type_resolver)(value, info, type_)
                asked: Any = SimpleNamespace(schema=self._given.schema)
                type_ = Executor.ensure_valid_runtime_type(asked, said, type_, field.details, info, value)
        except Exception as error:  # noqa: BLE001 - that is why
            return error
        return invalid_return_type_error(type_, value, field.details)  # type: ignore[arg-type]  # an object's by now


def _leaf(type_: Any, value: Any) -> Any:
    written = type_.coerce_output_value(value)
    if written is Undefined or written is None:
        raise TypeError(
            f"Expected `{inspect(type_)}.coerce_output_value({inspect(value)})` to return non-nullable value,"
            f" returned: {inspect(written)}"
        )
    return written
