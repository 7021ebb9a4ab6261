"""Documents of every shape over a schema: fragments, aliases, arguments, variables, conditions, abstract types."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_abstract_type,
    is_composite_type,
    is_required_argument,
    is_required_input_field,
)

#: Values of scalars: good ones, and some that a field has to refuse.
SCALARS: Mapping[str, Sequence[str]] = {
    "Int": ("1", "2", "3", "5", "0", "7", "100", "1000"),
    "Float": ("1.5",),
    "Boolean": ("true", "false"),
    "Date": ('"2025-01-01"',),
    "DateTime": ('"2025-01-01T00:00:00Z"', '"2025-03-01T00:00:00+01:00"', '"2026-01-01"'),
    "Decimal": ('"1.50"', '"-1"', '"60"'),
    "String": ('"web"', '"One"', '""', '"Zürich"', '"not a cursor"'),
}
#: Fields whose answers differ from one moment to the next.
RESTLESS = frozenset({"latencyMs"})


@dataclass(slots=True)
class Documents:
    """Write queries over *schema*, as *chance* has it, with *ids* where an id is wanted."""

    schema: GraphQLSchema
    chance: Random
    ids: Sequence[str]
    fragments: list[str] = field(default_factory=list)
    variables: dict[str, tuple[str, Any]] = field(default_factory=dict)
    left: int = 60

    def query(self) -> tuple[str, dict[str, Any]]:
        """Answer a document and the values of its variables."""
        assert self.schema.query_type is not None
        body = self._selection(self.schema.query_type, self.chance.randint(2, 6), top=True)
        declared = ", ".join(f"${name}: {type_}" for name, (type_, _) in self.variables.items())
        values = {name: value for name, (_, value) in self.variables.items()}
        head = f"query Asked({declared})" if declared else "query Asked"
        return " ".join([f"{head} {body}", *self.fragments]), values

    def _selection(self, type_: Any, depth: int, *, top: bool = False) -> str:
        wanted = self.chance.randint(1, 3 if top else 6)
        parts = [self._part(type_, depth, top=top) for _ in range(wanted)]
        if is_abstract_type(type_):
            possible = self.chance.sample(list(self.schema.get_possible_types(type_)), k=2)
            parts += [f"... on {one.name} {self._selection(one, depth - 1)}" for one in possible]
        return "{ " + " ".join(part for part in parts if part) + (" __typename }" if not any(parts) else " }")

    def _part(self, type_: Any, depth: int, *, top: bool) -> str:
        kind = self.chance.random()
        if kind < 0.05:
            return "__typename"
        if kind < 0.13 and depth > 1:
            inner = self._selection(type_, depth - 1, top=top)
            return f"...{self.chance.choice([f' on {type_.name}', ''])}{self._condition()} {inner}"
        if kind < 0.18 and depth > 1:
            inner = self._selection(type_, depth - 1, top=top)
            name = f"F{len(self.fragments)}"
            self.fragments.append(f"fragment {name} on {type_.name} {inner}")
            return f"...{name}{self._condition()}"
        return self._field(type_, depth)

    def _field(self, type_: Any, depth: int) -> str:
        if isinstance(type_, GraphQLUnionType):
            return "__typename"
        assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
        fields = [
            (name, one)
            for name, one in type_.fields.items()
            if name not in RESTLESS and (depth > 1 or not is_composite_type(get_named_type(one.type)))
        ]
        if not fields or self.left <= 0:
            return "__typename"
        self.left -= 1
        name, one = self.chance.choice(fields)
        # Fields of one name have to agree in their arguments, and are merged.
        alias = f"a{self.left}: " if one.args or self.chance.random() < 0.5 else ""
        below = (
            self._selection(get_named_type(one.type), depth - 1) if is_composite_type(get_named_type(one.type)) else ""
        )
        return f"{alias}{name}{self._arguments(one)}{self._condition()} {below}"

    def _arguments(self, one: GraphQLField) -> str:
        names = [name for name, each in one.args.items() if is_required_argument(each) or self.chance.random() < 0.3]
        if "first" in one.args and self.chance.random() < 0.6:
            names = [name for name in names if name not in ("first", "last", "before", "after")] + ["first"]
        given = [f"{name}: {self._given(one.args[name])}" for name in names]
        return f"({', '.join(given)})" if given else ""

    def _given(self, argument: GraphQLArgument) -> str:
        type_ = argument.type
        if self.chance.random() < 0.2 and get_named_type(type_).name in ("Int", "Boolean", "ID", "String"):
            name = f"v{len(self.variables)}"
            self.variables[name] = (str(type_), _plain(self._value(type_)))
            return f"${name}"
        return self._value(type_)

    def _value(self, type_: GraphQLInputType) -> str:
        if isinstance(type_, GraphQLNonNull):
            return self._value(type_.of_type)
        if isinstance(type_, GraphQLList):
            return "[" + ", ".join(self._value(type_.of_type) for _ in range(self.chance.randint(0, 3))) + "]"
        if isinstance(type_, GraphQLEnumType):
            return str(self.chance.choice(list(type_.values)))
        if isinstance(type_, GraphQLInputObjectType):
            names = [
                name
                for name, one in type_.fields.items()
                if is_required_input_field(one) or self.chance.random() < 0.25
            ]
            if not names and "key" in type_.name.lower():
                names = [self.chance.choice(list(type_.fields))]
            return "{" + ", ".join(f"{name}: {self._value(type_.fields[name].type)}" for name in names) + "}"
        if type_.name == "ID":
            return f'"{self.chance.choice(self.ids)}"'
        return self.chance.choice(SCALARS.get(type_.name, SCALARS["String"]))

    def _condition(self) -> str:
        if self.chance.random() > 0.12:
            return ""
        name, given = self.chance.choice(["skip", "include"]), self.chance.choice(["true", "false"])
        if self.chance.random() < 0.5:
            variable = f"v{len(self.variables)}"
            self.variables[variable] = ("Boolean!", given == "true")
            given = f"${variable}"
        return f" @{name}(if: {given})"


def _plain(text: str) -> Any:
    """Read a value as it would be sent for a variable."""
    readers: dict[str, Callable[[str], Any]] = {"[": lambda _: [], '"': lambda quoted: quoted[1:-1]}
    if text in ("true", "false"):
        return text == "true"
    return readers.get(text[0], int)(text)
