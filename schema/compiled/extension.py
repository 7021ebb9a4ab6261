"""The compiled path within Strawberry's: for documents that come for the first time."""

from collections.abc import AsyncIterator

import orjson
from graphql import ExecutionResult
from strawberry.extensions import SchemaExtension

from schema.compiled.answering import answer
from schema.compiled.cache import Operations
from schema.compiled.operation import Operation
from schema.document_cache import LONGEST_KEPT
from schema.document_shape import asks_about_schema


class CompiledPath(SchemaExtension):
    """Answer what was validated on the compiled path where that can be, and keep it among *operations*."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    async def on_execute(self) -> AsyncIterator[None]:
        context = self.execution_context
        document, query = context.graphql_document, context.query or ""
        assert document is not None
        operation = Operation.of(document, context.operation_name)
        if operation is not None:
            schema = context.schema
            result = await answer(
                operation,
                schema._schema,  # noqa: SLF001 - as Strawberry does
                schema.schema_converter,
                context.context,
                context.variables,
            )
            if result is not None:
                # Dates that are left to orjson become what it writes of them, as whoever calls Strawberry expects it.
                context.result = ExecutionResult(orjson.loads(orjson.dumps(result.data)), result.errors)
            # Who may ask about the schema is looked at each time.
            if len(query) <= LONGEST_KEPT and not asks_about_schema(document):
                self._operations.keep(query, context._provided_operation_name, operation)  # noqa: SLF001 - see OneOperation
        yield
