"""What a resolver may know of the field it answers."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    OperationDefinitionNode,
)
from graphql.pyutils import is_awaitable

from domain.along import Along
from domain.written import Fields
from schema.compiled.plan import FieldPlan, Given

T = TypeVar("T")
_MOST_KEPT = 1_000


@dataclass(slots=True)
class RawInfo:
    """Be to a resolver what graphql-core's GraphQLResolveInfo is, save that it answers many parents: without a path."""

    field_name: str
    field_nodes: list[FieldNode]
    return_type: GraphQLOutputType
    parent_type: GraphQLObjectType
    schema: GraphQLSchema
    fragments: dict[str, FragmentDefinitionNode]
    operation: OperationDefinitionNode
    variable_values: dict[str, Any]
    context: Any
    #: Of a connection, the attributes that are needed of its records.
    picks: frozenset[str] = frozenset()
    #: Says what will be asked for of what belongs to what the field finds, and how a store writes all of that itself.
    asks: Callable[[], tuple[Along, ...]] = tuple
    writes: Callable[[], Fields | None] = lambda: None
    root_value: None = None
    is_awaitable: Callable[[Any], bool] = is_awaitable

    @property
    def along(self) -> tuple[Along, ...]:
        return self.asks()

    @property
    def written(self) -> Fields | None:
        return self.writes()


def info_of(field: FieldPlan, given: Given) -> Any:
    return RawInfo(
        field.field_name,
        [detail.node for detail in field.details],
        field.returns,
        field.parent,
        given.schema,
        given.fragments,
        given.operation,
        given.variable_values,
        given.context,
        field.picks,
        partial(_along, field, given),
        partial(_written, field, given),
    )


def _along(field: FieldPlan, given: Given) -> tuple[Along, ...]:
    """Say what *field* can ask for along with what it finds: of each loader once for the same arguments."""

    def said() -> tuple[Along, ...]:
        picked: dict[tuple[str, Any], frozenset[str]] = {}
        for asks in field.along:
            with suppress(Exception):  # the field itself says what is wrong with its arguments
                for loader, arguments, picks in tuple(asks(given)):
                    picked[loader, arguments] = picked.get((loader, arguments), frozenset()) | picks
        return tuple(Along(*asked, picks) for asked, picks in picked.items())

    return _once("along", field, given, said)


def _written(field: FieldPlan, given: Given) -> Fields | None:
    """Say how a store writes what is selected of what *field* finds; None where it cannot."""
    written = field.written
    if written is None:
        return None

    def said() -> Fields | None:
        with suppress(Exception):  # the field itself says what is wrong with its arguments
            return written(given)
        return None

    return _once("written", field, given, said)


def _once(what: str, field: FieldPlan, given: Given, say: Callable[[], T]) -> T:
    """Answer what is to *say* of *field*: once for all requests of a tenant, where these cannot change it."""
    context = given.context
    if not field.is_constant_below:
        return say()
    key = (what, context.stores, context.tenant, context.limits.max_page)
    if key not in field.kept:
        if len(field.kept) >= _MOST_KEPT:
            field.kept.clear()
        field.kept[key] = say()
    kept: T = field.kept[key]
    return kept
