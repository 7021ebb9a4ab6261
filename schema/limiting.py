"""Hold documents to their limits: before validation what they are, before they are run what they cost."""

from collections.abc import Iterator
from typing import Any

from graphql import FragmentDefinitionNode, OperationDefinitionNode
from strawberry.extensions import SchemaExtension

from domain.errors import IntrospectionOffError, TooCostlyError
from schema.costs import Costs, defaults_of
from schema.document_shape import DocumentLimits, asks_about_schema, check_document, check_variables


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
        name = context.operation_name
        fragments, operation = {}, None
        for each in document.definitions:
            if isinstance(each, FragmentDefinitionNode):
                fragments[each.name.value] = each
            elif isinstance(each, OperationDefinitionNode) and (
                name is None or (each.name and each.name.value == name)
            ):
                operation = each
        assert operation is not None
        variables = {**defaults_of(operation), **(context.variables or {})}
        most = context.context.limits.max_page if context.context is not None else 100
        return Costs(context.schema._schema, fragments, variables, most).of(operation)  # noqa: SLF001 - as Strawberry does
