"""Hold documents to their limits: before validation what they are, before they are run what they cost."""

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

from graphql import GraphQLSchema
from strawberry.extensions import SchemaExtension

from domain.errors import IntrospectionOffError, TooCostlyError
from schema.compiled.operation import Operation
from schema.costs import Costs, whole
from schema.document_shape import DocumentLimits, asks_about_schema, check_document, check_variables

#: Costs that are kept of an operation, one for each way in which its variables say how much is asked for.
_MOST_COSTS = 100


class Limiter(SchemaExtension):
    """Refuse what does not keep *limits*, and report the cost of the rest."""

    def __init__(self, limits: DocumentLimits) -> None:
        self._limits = limits
        self._cost: int | None = None

    def on_operation(self) -> Iterator[None]:
        self.execution_context.parse_options["max_tokens"] = self._limits.tokens
        yield

    def on_validate(self) -> Iterator[None]:
        document = self.execution_context.graphql_document
        assert document is not None
        if asks_about_schema(document) and not self.execution_context.context.may_introspect:
            raise IntrospectionOffError
        check_document(document, self._limits)
        check_variables(self.execution_context.variables, self._limits.list_length)
        yield

    def on_execute(self) -> Iterator[None]:
        self._cost = self._found()
        if self._cost > self._limits.cost:
            raise TooCostlyError(self._cost, self._limits.cost)
        yield

    def get_results(self) -> dict[str, Any]:
        return {} if self._cost is None else {"cost": self._cost}

    def _found(self) -> int:
        context = self.execution_context
        document = context.graphql_document
        assert document is not None
        operation = Operation.of(document, context.operation_name)
        assert operation is not None
        most = context.context.limits.max_page if context.context is not None else 100
        return cost_of(operation, context.schema._schema, context.variables, most)  # noqa: SLF001 - as Strawberry does


def cost_of(operation: Operation, schema: GraphQLSchema, variables: Mapping[str, Any] | None, most: int) -> int:
    """Compute what *operation* costs with *variables* on pages of *most* items, unless that was done for their like."""
    given = {**operation.defaults, **(variables or {})}
    key = (most, *[_likeness(given.get(name)) for name in operation.variables])
    cost = operation.costs.get(key)
    if cost is None:
        cost = Costs(schema, operation.fragments, given, most).of(operation.node)
        if len(operation.costs) >= _MOST_COSTS:
            operation.costs.clear()
        operation.costs[key] = cost
    return cost


def _likeness(value: object) -> Hashable:
    """Be what a cost can depend on of the value of a variable."""
    if isinstance(value, list):
        return "a list", len(value)
    return (type(value), value) if isinstance(value, bool) else whole(value)
