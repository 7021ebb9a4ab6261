"""What a resolver may know of the field it answers."""

from collections.abc import Callable
from dataclasses import dataclass
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
    root_value: None = None
    is_awaitable: Callable[[Any], bool] = is_awaitable


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
    )
