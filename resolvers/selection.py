"""What a field selects below itself: known before anything is read, so that only that is read."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLResolveInfo,
    InlineFragmentNode,
    SelectionNode,
    SelectionSetNode,
    VariableNode,
)
from strawberry.types.nodes import get_variable_values

from domain.along import Along
from domain.written import Fields
from resolvers.context import Context

#: The fields of a connection that need its page.
PAGE_FIELDS = frozenset({"nodes", "edges", "pageInfo", "missingStores"})


def selected(context: Context, info: GraphQLResolveInfo[Any]) -> frozenset[str]:
    """Name the fields selected below *info*'s field, through fragments, as @skip and @include leave them."""
    key = tuple(map(id, info.field_nodes))
    found = context.selections.get(key)
    if found is None:
        found = context.selections[key] = names_of(info)
    return found


def names_of(info: GraphQLResolveInfo[Any]) -> frozenset[str]:
    """Name the fields selected below *info*'s field, whatever was found of it before."""
    return frozenset(name for node in info.field_nodes for name in _names(node.selection_set, info))


@dataclass(frozen=True, slots=True)
class Wanted:
    """Be what is selected of a connection: something that needs its *page*, its *count*.

    *picks*: the attributes that are needed of the records of its page; none where it may be any. *along*: what will be
    asked for of what belongs to them. *written*: how a store writes the connection itself, where it can.
    """

    page: bool
    count: bool
    picks: frozenset[str] = frozenset()
    along: tuple[Along, ...] = ()
    written: Fields | None = None


def wanted(context: Context, info: GraphQLResolveInfo[Any]) -> Wanted:
    """Say what of a connection is selected."""
    return wanted_in(selected(context, info), getattr(info, "picks", frozenset()), along_of(info), written_of(info))


def wanted_in(
    fields: frozenset[str],
    picks: frozenset[str] = frozenset(),
    along: tuple[Along, ...] = (),
    written: Fields | None = None,
) -> Wanted:
    """Say what the *fields* of a connection need: *picks* of its records, what *along*, and how it is *written*."""
    return Wanted(not PAGE_FIELDS.isdisjoint(fields), "totalCount" in fields, picks, along, written)


def along_of(info: Any) -> tuple[Along, ...]:
    """Say what will be asked for of what *info*'s field finds, where that is known."""
    return getattr(info, "along", ())


def written_of(info: Any) -> Fields | None:
    """Say how a store writes what is selected of what *info*'s field finds; None where it cannot."""
    return getattr(info, "written", None)


def _names(selections: SelectionSetNode | None, info: GraphQLResolveInfo[Any]) -> Iterator[str]:
    for node in selections.selections if selections else ():
        if not _is_included(node, info):
            continue
        if isinstance(node, FieldNode):
            yield node.name.value
        elif isinstance(node, InlineFragmentNode):
            yield from _names(node.selection_set, info)
        elif isinstance(node, FragmentSpreadNode):
            yield from _names(info.fragments[node.name.value].selection_set, info)


def _is_included(node: SelectionNode, info: GraphQLResolveInfo[Any]) -> bool:
    return all(
        _condition(directive, info) is (directive.name.value == "include")
        for directive in node.directives or ()
        if directive.name.value in ("include", "skip")
    )


def _condition(directive: DirectiveNode, info: GraphQLResolveInfo[Any]) -> bool:
    """Read the one argument of @skip and @include; graphql-core's own reading wants more than Strawberry leaves it."""
    (argument,) = directive.arguments or ()
    if isinstance(argument.value, VariableNode):
        return bool(get_variable_values(info).get(argument.value.name.value))
    return isinstance(argument.value, BooleanValueNode) and argument.value.value
