"""Hold an answer against the schema and the document that it answers: names, their order, types, nulls, errors."""

from collections.abc import Iterator, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
    get_directive_values,
    is_abstract_type,
    is_composite_type,
)
from graphql.type import GraphQLIncludeDirective, GraphQLSkipDirective


def misfits(
    schema: GraphQLSchema, document: DocumentNode, body: Mapping[str, Any], variables: Mapping[str, Any] | None = None
) -> list[str]:
    """Tell what in *body* is no answer to the one operation of *document*."""
    fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
    (operation,) = (each for each in document.definitions if isinstance(each, OperationDefinitionNode))
    root = schema.get_root_type(operation.operation)
    assert root is not None
    if body.get("data") is None:
        return [] if body.get("errors") else ["neither data nor errors"]
    answer = _Answer(schema, fragments, variables or {})
    found = list(answer.misfits(root, [operation.selection_set], body["data"], ""))
    return found + [
        f"an error at {error['path']}, which is there" for error in body.get("errors", ()) if _is(error, body)
    ]


def _is(error: Mapping[str, Any], body: Mapping[str, Any]) -> bool:
    """Say whether there is something all the way where *error* happened."""
    value = body["data"]
    for step in error.get("path", ()):
        value = value[step]
        if value is None:
            return False
    return True


class _Answer:
    def __init__(
        self, schema: GraphQLSchema, fragments: Mapping[str, FragmentDefinitionNode], variables: Mapping[str, Any]
    ) -> None:
        self.schema, self.fragments, self.variables = schema, fragments, variables

    def misfits(self, type_: Any, sets: list[SelectionSetNode], value: Any, path: str) -> Iterator[str]:
        if isinstance(type_, GraphQLNonNull):
            type_ = type_.of_type
            if value is None:
                yield f"{path} is null"
        if value is not None:
            yield from self._there(type_, sets, value, path)

    def _there(self, type_: Any, sets: list[SelectionSetNode], value: Any, path: str) -> Iterator[str]:
        if isinstance(type_, GraphQLList):
            if isinstance(value, list):
                for number, item in enumerate(value):
                    yield from self.misfits(type_.of_type, sets, item, f"{path}[{number}]")
            else:
                yield f"{path} is no list"
        elif not is_composite_type(type_):
            if not _is_leaf(type_, value):
                yield f"{path} is no {type_}: {value!r}"
        elif not isinstance(value, dict):
            yield f"{path} is no object"
        else:
            # Without __typename nothing says which of several it is: one of them has to fit.
            types = (
                self.schema.get_possible_types(type_) if is_abstract_type(type_) else [cast(GraphQLObjectType, type_)]
            )
            yield from min((list(self._object(one, sets, value, path)) for one in types), key=len)

    def _object(
        self, type_: GraphQLObjectType, sets: list[SelectionSetNode], value: dict[str, Any], path: str
    ) -> Iterator[str]:
        fields: dict[str, list[FieldNode]] = {}
        for each in sets:
            self._collect(each, type_, fields)
        if list(value) != list(fields):
            yield f"{path} has {list(value)}, not {list(fields)}"
            return
        for name, nodes in fields.items():
            if nodes[0].name.value == "__typename":
                if value[name] != type_.name:
                    yield f"{path}.{name} is {value[name]}, not {type_.name}"
                continue
            inner = [node.selection_set for node in nodes if node.selection_set is not None]
            declared = type_.fields[nodes[0].name.value].type
            yield from self.misfits(declared, inner, value[name], f"{path}.{name}")

    def _collect(
        self, selections: SelectionSetNode, type_: GraphQLObjectType, into: dict[str, list[FieldNode]]
    ) -> None:
        for node in selections.selections:
            if not self._is_asked(node):
                continue
            if isinstance(node, FieldNode):
                into.setdefault((node.alias or node.name).value, []).append(node)
                continue
            inner: Any = self.fragments[node.name.value] if isinstance(node, FragmentSpreadNode) else node
            condition = self.schema.get_type(inner.type_condition.name.value) if inner.type_condition else type_
            if condition is type_ or (is_abstract_type(condition) and self.schema.is_sub_type(condition, type_)):
                self._collect(inner.selection_set, type_, into)

    def _is_asked(self, node: Any) -> bool:
        skip = get_directive_values(GraphQLSkipDirective, node, self.variables)  # type: ignore[arg-type]
        include = get_directive_values(GraphQLIncludeDirective, node, self.variables)  # type: ignore[arg-type]
        return not (skip and skip["if"]) and not (include and not include["if"])


def _is_leaf(type_: Any, value: Any) -> bool:
    if isinstance(type_, GraphQLEnumType):
        return value in type_.values
    if type_.name == "Boolean":
        return isinstance(value, bool)
    if type_.name in ("Int", "Float"):
        whole = isinstance(value, int) and not isinstance(value, bool)
        return (whole and -(2**31) <= value < 2**31) if type_.name == "Int" else whole or isinstance(value, float)
    return isinstance(value, str) and _reads(type_.name, value)


def _reads(name: str, value: str) -> bool:
    try:
        if name == "DateTime":
            return datetime.fromisoformat(value).tzinfo is not None
        if name == "Date":
            return date.fromisoformat(value).isoformat() == value
        return name != "Decimal" or Decimal(value).is_finite()
    except (ValueError, ArithmeticError):
        return False
