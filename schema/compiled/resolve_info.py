"""What a resolver may know of the field it answers."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

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
from schema.compiled.plan import FieldPlan, Given


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
    #: Says what will be asked for of what belongs to what the field finds.
    asks: Callable[[], tuple[Along, ...]] = tuple
    root_value: None = None
    is_awaitable: Callable[[Any], bool] = is_awaitable

    @property
    def along(self) -> tuple[Along, ...]:
        return self.asks()


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
    )


def _along(field: FieldPlan, given: Given) -> tuple[Along, ...]:
    """Say what *field* can ask for along with what it finds: of each loader once for the same arguments."""
    picked: dict[tuple[str, Any], frozenset[str]] = {}
    for asks in field.along:
        with suppress(Exception):  # the field itself says what is wrong with its arguments
            for loader, arguments, picks in tuple(asks(given)):
                picked[loader, arguments] = picked.get((loader, arguments), frozenset()) | picks
    return tuple(Along(*asked, picks) for asked, picks in picked.items())
