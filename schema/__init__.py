"""The public contract: Strawberry types, inputs, enums, root fields. Declarations, no logic, no I/O."""

import strawberry
from graphql import GraphQLError, GraphQLOneOfDirective
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext
from strawberry.types.base import get_object_definition

from schema.document_cache import ParsedDocuments, ValidatedDocuments
from schema.document_shape import USUAL, DocumentLimits
from schema.fields import RULE
from schema.limiting import Limiter
from schema.mutation import ERROR_TYPES, Mutation
from schema.one_operation import OneOperation
from schema.query import Query
from schema.scalars import SCALARS


class Schema(strawberry.Schema):
    """Be Strawberry's schema, save that errors are logged by whoever answers them: with a code, or masked."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Log nothing here."""


def build_schema(limits: DocumentLimits = USUAL) -> Schema:
    """Make the executable schema, which holds documents to *limits*; every root field of it has a rule."""
    roots = [field for root in (Query, Mutation) for field in get_object_definition(root, strict=True).fields]
    unruled = [field.name for field in roots if RULE not in field.metadata]
    if unruled:
        raise TypeError(f"Root fields without a rule: {', '.join(unruled)}")
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
        ],
    )
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
