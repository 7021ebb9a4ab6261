"""The public contract: Strawberry types, inputs, enums, root fields. Declarations, no logic, no I/O."""

from collections.abc import Mapping
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLOneOfDirective
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.base import get_object_definition

from resolvers.context import Context
from schema.compiled.answering import answer
from schema.compiled.cache import Operations
from schema.compiled.extension import CompiledPath
from schema.compiled.operation import Operation
from schema.document_cache import CacheUse, ParsedDocuments, ValidatedDocuments, use_of_caches
from schema.document_shape import USUAL, DocumentLimits, check_variables
from schema.fields import RULE
from schema.limiting import Limiter, cost_of
from schema.mutation import ERROR_TYPES, Mutation
from schema.one_operation import OneOperation
from schema.query import Query
from schema.scalars import SCALARS


class Schema(strawberry.Schema):
    """Be Strawberry's schema, save that errors are logged by whoever answers them: with a code, or masked."""

    #: What was validated before.
    operations: Operations
    limits: DocumentLimits

    async def answer(
        self, query: str, variables: dict[str, Any] | None, context: Context, operation_name: str | None
    ) -> ExecutionResult:
        """Answer a document: without reading it again where it was validated before and is within its limits.

        Dates in the data may still be dates, which orjson writes as the schema does.
        """
        known = self.operations.find(query, operation_name)
        cost = None if known is None else self._cost_of(known, variables, context)
        if known is not None and cost is not None:
            result = await answer(known, self._schema, self.schema_converter, context, variables)
            if result is not None:
                return ExecutionResult(result.data, result.errors, {"cost": cost})
        return await self.execute(
            query, variable_values=variables, context_value=context, operation_name=operation_name
        )

    def _cost_of(self, operation: Operation, variables: dict[str, Any] | None, context: Context) -> int | None:
        """Compute what *operation* costs; None where it is beyond a limit, of which Strawberry's path speaks."""
        try:
            check_variables(variables, self.limits.list_length)
        except GraphQLError:
            return None
        cost = cost_of(operation, self._schema, variables, context.limits.max_page)
        return cost if cost <= self.limits.cost else None

    def caches(self) -> Mapping[str, CacheUse]:
        """Tell what is kept of documents, and how often that was of use."""
        counts = self.operations.counts
        return {"compiled_operations": CacheUse(counts.hits, counts.misses, len(self.operations)), **use_of_caches()}

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Log nothing here."""


def build_schema(limits: DocumentLimits = USUAL, *, compiled: bool = True) -> Schema:
    """Make the executable schema, which holds documents to *limits*; every root field of it has a rule.

    Where nothing is *compiled*, graphql-core answers everything: to compare with.
    """
    roots = [field for root in (Query, Mutation) for field in get_object_definition(root, strict=True).fields]
    unruled = [field.name for field in roots if RULE not in field.metadata]
    if unruled:
        raise TypeError(f"Root fields without a rule: {', '.join(unruled)}")
    operations = Operations()
    built = Schema(
        query=Query,
        mutation=Mutation,
        types=ERROR_TYPES,
        config=StrawberryConfig(scalar_map=SCALARS),
        extensions=[
            lambda: Limiter(limits),
            OneOperation,
            ParsedDocuments,
            ValidatedDocuments,
            *([lambda: CompiledPath(operations)] if compiled else []),
        ],
    )
    built.operations, built.limits = operations, limits
    _describe_directives(built)
    return built


def _describe_directives(built: Schema) -> None:
    """Say of directives what Strawberry does not: what their arguments are, and what `oneOf` is, which it prints."""
    for directive in built._schema_graphql_directives.values():  # noqa: SLF001 - what is printed is nowhere else
        for one in directive.extensions["strawberry-definition"].fields:
            directive.args[built.config.name_converter.get_graphql_name(one)].description = one.description
        if directive.name == GraphQLOneOfDirective.name:
            directive.description = GraphQLOneOfDirective.description


def sdl() -> str:
    """Print the contract as GraphQL's schema definition language."""
    return build_schema().as_str() + "\n"
