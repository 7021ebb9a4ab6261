"""Compile a validated operation into a plan."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from graphql import (
    FragmentDefinitionNode,
    GraphQLLeafType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_object_type,
)
from graphql.execution.collect_fields import FieldDetails, FragmentDetails, collect_fields, collect_subfields
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.field import StrawberryField

from resolvers.selection import names_of
from schema.compiled.arguments import Arguments
from schema.compiled.columns import asks_of, column_maker, constant, is_same
from schema.compiled.leaves import column_writer
from schema.compiled.plan import AskAlong, Column, FieldPlan, Given, SelectionPlan
from schema.compiled.resolve_info import RawInfo, info_of
from schema.compiled.writing import fields_of, word, write_of
from schema.fields import NEEDS


class NotCompiledError(Exception):
    """Say why an operation is left to graphql-core."""


class Compiler:
    """Compile one *operation*, as it is with the values that *variables* give to its conditions."""

    def __init__(
        self,
        schema: GraphQLSchema,
        converter: GraphQLCoreConverter,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Any,
    ) -> None:
        self._schema = schema
        self._converter = converter
        self._operation = operation
        self._definitions = dict(fragments)
        self._fragments = {name: FragmentDetails(definition) for name, definition in fragments.items()}
        self._variables = variables

    def compile(self) -> SelectionPlan:
        """Raise NotCompiledError, and what graphql-core raises of conditions."""
        if self._operation.operation is OperationType.SUBSCRIPTION:
            raise NotCompiledError("subscription")
        root = self._schema.get_root_type(self._operation.operation)
        if root is None:
            raise NotCompiledError("no such root")
        collected = collect_fields(self._schema, self._fragments, self._variables, root, self._operation)
        plan = self._selection(root, collected.grouped_field_set)
        finding = [field for field in plan.fields if field.below]
        # Where several fields find customers, what belongs to these is asked for all at once.
        if len(finding) == 1 and self._operation.operation is OperationType.QUERY:
            finding[0].along = tuple(_asks(finding[0].below.values()) or _asks(_records(finding[0])))
            finding[0].written = fields_of(finding[0].below.values())
        return plan

    def _selection(self, type_: GraphQLObjectType, grouped: Mapping[str, list[FieldDetails]]) -> SelectionPlan:
        fields = [self._field(type_, name, details) for name, details in grouped.items()]
        return SelectionPlan(type_, fields, assembler([field.name for field in fields]))

    def _field(self, parent: GraphQLObjectType, name: str, details: list[FieldDetails]) -> FieldPlan:
        node = details[0].node
        definition = self._schema.get_field(parent, node.name.value)
        if definition is None or node.name.value in ("__schema", "__type"):
            raise NotCompiledError("introspection")
        if any(detail.defer_usage for detail in details):
            raise NotCompiledError("incremental delivery")
        inner = get_nullable_type(definition.type)
        item = get_nullable_type(inner.of_type) if isinstance(inner, GraphQLList) else inner
        if isinstance(item, GraphQLList):
            raise NotCompiledError("a list of lists")
        field = FieldPlan(
            name=name,
            details=details,
            parent=parent,
            returns=definition.type,
            named=get_named_type(definition.type),
            make=constant(parent.name),
            required=isinstance(definition.type, GraphQLNonNull),
            is_list=isinstance(inner, GraphQLList),
            items_required=isinstance(inner, GraphQLList) and isinstance(inner.of_type, GraphQLNonNull),
        )
        self._below(field)
        if node.name.value == "__typename":
            field.needs = frozenset()
            field.writes = word(parent.name)
        else:
            self._declare(field, definition)
        return field

    def _declare(self, field: FieldPlan, definition: Any) -> None:
        """Let *field* be made as its declaration says."""
        declared = (definition.extensions or {}).get(GraphQLCoreConverter.DEFINITION_BACKREF)
        if not isinstance(declared, StrawberryField) or declared.extensions:
            raise NotCompiledError(f"{field.parent}.{field.field_name} is not declared")
        arguments = Arguments(definition, declared, field.details[0].node, self._converter)
        raw: Callable[[Given], RawInfo] = lambda given: info_of(field, given)  # noqa: E731 - it closes over one field
        if declared.base_resolver is None:
            field.needs = frozenset({declared.python_name})
        elif (needs := declared.metadata.get(NEEDS)) is not None:
            field.needs = frozenset(needs)
        field.picks = _picks(field)
        names = self._names(field)
        field.make = column_maker(
            declared, arguments, names, raw, field.picks, is_leaf=field.write is not None and not field.is_list
        )
        field.is_constant = arguments.is_constant and field.is_constant_below
        field.writes = write_of(field, declared, arguments)
        field.asks, field.is_same = asks_of(declared, arguments, names, field.picks), is_same(declared)

    def _names(self, field: FieldPlan) -> frozenset[str]:
        """Name what is selected below *field*."""
        nodes = [detail.node for detail in field.details]
        info: Any = RawInfo(
            field.field_name,
            nodes,
            field.returns,
            field.parent,
            self._schema,
            self._definitions,
            self._operation,
            self._variables.coerced,
            None,
        )
        return names_of(info)

    def _below(self, field: FieldPlan) -> None:
        named: Any = field.named
        if is_leaf_type(named):
            leaf: GraphQLLeafType = named
            field.write = column_writer(leaf, required=field.items_required if field.is_list else field.required)
            return
        possible = self._schema.get_possible_types(named) if is_abstract_type(named) else [named]
        for type_ in possible:
            assert is_object_type(type_)
            collected = collect_subfields(
                self._schema, self._fragments, self._variables, self._operation, type_, field.details
            )
            field.below[type_.name] = self._selection(type_, collected.grouped_field_set)


def _records(field: FieldPlan) -> Iterator[SelectionPlan]:
    """List what is selected of the records of a connection: of its nodes, be it through edges."""
    for inner in (one for selection in field.below.values() for one in selection.fields):
        if inner.field_name == "nodes":
            yield from inner.below.values()
        elif inner.field_name == "edges":
            edges = (one for selection in inner.below.values() for one in selection.fields)
            yield from (node for one in edges if one.field_name == "node" for node in one.below.values())


def _asks(selections: Iterable[SelectionPlan]) -> list[AskAlong]:
    """List what the fields of *selections* ask loaders for."""
    found: list[AskAlong] = []
    for field in (one for selection in selections for one in selection.fields):
        if field.asks is not None:
            found.append(field.asks)
        if field.is_same:
            found += _asks(field.below.values())
    return found


def _picks(field: FieldPlan) -> frozenset[str]:
    """Name the attributes that are needed of the records of a connection; none where it may be any."""
    needs = [one.needs for selection in _records(field) for one in selection.fields]
    known = [one for one in needs if one is not None]
    return frozenset({"key"}).union(*known) if needs and len(known) == len(needs) else frozenset()


def assembler(names: Sequence[str]) -> Callable[[list[Column], int], list[dict[str, Any]]]:
    """Answer what makes objects of their columns: one comprehension, written for just these *names*."""
    if not names:
        return lambda _, count: [{} for _ in range(count)]
    values = [f"v{number}" for number in range(len(names))]
    pairs = ", ".join(f"{name!r}: {value}" for name, value in zip(names, values, strict=True))
    if len(names) == 1:
        source = f"lambda columns, _: [{{{pairs}}} for v0 in columns[0]]"
    else:
        source = f"lambda columns, _: [{{{pairs}}} for {', '.join(values)} in zip(*columns)]"
    made: Callable[[list[Column], int], list[dict[str, Any]]] = eval(source)  # noqa: S307 - names of GraphQL only
    return made
