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
        if document is None:
            return
        operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
        if named is None and len(operations) > 1:
            raise GraphQLError("The document has several operations: name one in operationName.", operations)
        names = [one.name.value for one in operations if one.name is not None]
        if context.context is not None:
            context.context.meter.operation = names[0] if named is None and names else named if named in names else ""
