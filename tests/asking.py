"""Ask for any field of the schema: made from the schema itself, so that no field is left out when one is added."""

from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_composite_type,
    is_required_argument,
    is_required_input_field,
)

import schema

BUILT = schema.build_schema()._schema
assert BUILT.query_type is not None
assert BUILT.mutation_type is not None
QUERIES: dict[str, GraphQLField] = dict(BUILT.query_type.fields)
MUTATIONS: dict[str, GraphQLField] = dict(BUILT.mutation_type.fields)

#: A value for each scalar that is none of the usual.
SCALARS = {
    "Int": "1",
    "Float": "1.5",
    "Boolean": "true",
    "Date": '"2025-01-01"',
    "DateTime": '"2025-01-01T00:00:00Z"',
    "Decimal": '"1.50"',
}


def value_of(type_: GraphQLInputType, id: str, text: str = "1") -> str:  # noqa: A002 - the contract's word
    """Write a value of *type_*: *id* for every ID, *text* for every text, of inputs only what they need."""
    if isinstance(type_, GraphQLNonNull):
        return value_of(type_.of_type, id, text)
    if isinstance(type_, GraphQLList):
        return f"[{value_of(type_.of_type, id, text)}]"
    if isinstance(type_, GraphQLEnumType):
        return str(next(iter(type_.values)))
    if isinstance(type_, GraphQLInputObjectType):
        needed = {name: one for name, one in type_.fields.items() if is_required_input_field(one) or name == "id"}
        needed = needed or dict(list(type_.fields.items())[:1])
        return "{" + ", ".join(f"{name}: {value_of(one.type, id, text)}" for name, one in needed.items()) + "}"
    return f'"{id}"' if type_.name == "ID" else SCALARS.get(type_.name, f'"{text}"')


def selection(type_: Any, depth: int) -> str:
    """Select all of *type_* that needs no argument, *depth* levels of it."""
    named = get_named_type(type_)
    if not is_composite_type(named):
        return ""
    parts = ["__typename"]
    if isinstance(named, GraphQLObjectType | GraphQLInterfaceType):
        for name, one in named.fields.items():
            composite = is_composite_type(get_named_type(one.type))
            if any(is_required_argument(argument) for argument in one.args.values()) or (composite and depth <= 1):
                continue
            page = "(first: 2)" if "first" in one.args else ""
            parts.append(f"{name}{page}{selection(one.type, depth - 1)}")
    return " { " + " ".join(parts) + " }"


def asked(name: str, field: GraphQLField, id: str = "x", *, depth: int = 1) -> str:  # noqa: A002 - the contract's word
    """Ask for the root field *name*, with what it needs and *depth* levels of what it answers."""
    given = [
        f"{argument}: {value_of(one.type, id)}" for argument, one in field.args.items() if is_required_argument(one)
    ]
    if "first" in field.args:
        given.append("first: 2")
    arguments = f"({', '.join(given)})" if given else ""
    operation = "mutation" if MUTATIONS.get(name) is field else "query"
    return f"{operation} {{ {name}{arguments}{selection(field.type, depth)} }}"
