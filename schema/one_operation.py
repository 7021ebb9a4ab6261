"""Which operation of a document is meant: never guessed."""

from collections.abc import Iterator

from graphql import GraphQLError, OperationDefinitionNode
from strawberry.extensions import SchemaExtension


class OneOperation(SchemaExtension):
    """Refuse a document of several operations where none is named; Strawberry would run the first."""

    def on_parse(self) -> Iterator[None]:
        yield
        context = self.execution_context
        document, named = context.graphql_document, context._provided_operation_name  # noqa: SLF001 - told nowhere else
        if document is not None and named is None:
            operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
            if len(operations) > 1:
                raise GraphQLError("The document has several operations: name one in operationName.", operations)
