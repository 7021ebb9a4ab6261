"""Measure a document before it is validated: validation itself takes long on one that is made to be costly."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    ListValueNode,
    Node,
    ObjectValueNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    ValueNode,
)

from domain.errors import LimitError

#: What lists of a schema's description may be nested in each other, each as long as the schema is.
_DESCRIBING = frozenset({"fields", "inputFields", "interfaces", "possibleTypes", "args"})


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLimits:
    """Bound what a document may be; the defaults are more than clients write, and little enough to look at."""

    tokens: int = 10_000
    depth: int = 20
    aliases: int = 100
    root_fields: int = 30
    directives: int = 50
    fragments: int = 100
    #: How often lists of a schema's description may be nested: GraphiQL nests two.
    introspection: int = 3
    list_length: int = 1_000
    cost: int = 50_000


USUAL = DocumentLimits()


@dataclass(slots=True)
class _Height:
    depth: int = 0
    introspection: int = 0


@dataclass(slots=True)
class _Measure:
    """Walk each definition of a document once, counting; what is below a fragment is kept for whoever spreads it."""

    limits: DocumentLimits
    fragments: dict[str, FragmentDefinitionNode]
    heights: dict[str, _Height | None] = field(default_factory=dict)
    aliases: int = 0
    directives: int = 0
    spreads: int = 0

    def below(self, selections: SelectionSetNode | None, level: int, described: int) -> _Height:
        """Answer how deep *selections* go, which stand at *level* and below *described* lists of a description."""
        height = _Height()
        if selections is None:
            return height
        named: set[str] = set()
        for each in selections.selections:
            self._count_directives(each)
            found = self._of(each, level, described, named)
            height.depth = max(height.depth, found.depth)
            height.introspection = max(height.introspection, found.introspection)
        return height

    def _of(self, node: SelectionNode, level: int, described: int, named: set[str]) -> _Height:
        if isinstance(node, FieldNode):
            return self._field(node, level, described, named)
        self.spreads += 1
        _check("fragments", self.spreads, self.limits.fragments, node)
        if isinstance(node, FragmentSpreadNode):
            return self._spread(node, level, described)
        return self.below(getattr(node, "selection_set", None), level, described)

    def _field(self, node: FieldNode, level: int, described: int, named: set[str]) -> _Height:
        name = node.name.value
        # A name that is said again costs validation as much as an alias does.
        response = node.alias.value if node.alias else name
        self.aliases += node.alias is not None or response in named
        named.add(response)
        _check("aliases", self.aliases, self.limits.aliases, node)
        _check("depth", level, self.limits.depth, node)
        for argument in node.arguments or ():
            self._check_lists(argument.value)
        describing = int(name in _DESCRIBING)
        _check("introspection", described + describing, self.limits.introspection, node)
        found = self.below(node.selection_set, level + 1, described + describing)
        return _Height(found.depth + 1, found.introspection + describing)

    def _spread(self, node: FragmentSpreadNode, level: int, described: int) -> _Height:
        name = node.name.value
        definition = self.fragments.get(name)
        if definition is None:
            return _Height()  # validation says that it is not there
        if name not in self.heights:
            self.heights[name] = None  # a circle, which validation refuses, ends here
            self._count_directives(definition)
            self.heights[name] = self.below(definition.selection_set, level, described)
        found = self.heights[name] or _Height()
        _check("depth", level - 1 + found.depth, self.limits.depth, node)
        _check("introspection", described + found.introspection, self.limits.introspection, node)
        return found

    def _count_directives(self, node: Node) -> None:
        directives = getattr(node, "directives", None) or ()
        self.directives += len(directives)
        if directives:
            _check("directives", self.directives, self.limits.directives, directives[0])
        for each in directives:
            for argument in each.arguments or ():
                self._check_lists(argument.value)

    def _check_lists(self, value: ValueNode) -> None:
        if isinstance(value, ListValueNode):
            _check("list_length", len(value.values), self.limits.list_length, value)
            for each in value.values:
                self._check_lists(each)
        elif isinstance(value, ObjectValueNode):
            for one in value.fields:
                self._check_lists(one.value)


def check_document(document: DocumentNode, limits: DocumentLimits) -> None:
    """Raise a GraphQLError with the code of the first of *limits* that *document* does not keep."""
    fragments = {
        definition.name.value: definition
        for definition in document.definitions
        if isinstance(definition, FragmentDefinitionNode)
    }
    measure = _Measure(limits, fragments)
    for definition in document.definitions:
        if isinstance(definition, OperationDefinitionNode):
            _check("root_fields", _root_fields(definition, fragments), limits.root_fields, definition)
            measure._count_directives(definition)  # noqa: SLF001 - of this module
            for variable in definition.variable_definitions or ():
                measure._count_directives(variable)  # noqa: SLF001 - of this module
                if variable.default_value is not None:
                    measure._check_lists(variable.default_value)  # noqa: SLF001 - of this module
            measure.below(definition.selection_set, 1, 0)
    _check("fragments", len(fragments), limits.fragments, document)
    for name, fragment in fragments.items():
        if name not in measure.heights:
            measure.below(fragment.selection_set, 1, 0)


def asks_about_schema(document: DocumentNode) -> bool:
    """Say whether anything in *document* asks for the schema, be it only in a fragment that nobody spreads."""
    left: list[Iterable[SelectionNode]] = [
        definition.selection_set.selections
        for definition in document.definitions
        if isinstance(definition, OperationDefinitionNode | FragmentDefinitionNode)
    ]
    while left:
        for node in left.pop():
            if isinstance(node, FieldNode) and node.name.value in ("__schema", "__type"):
                return True
            inner = getattr(node, "selection_set", None)
            if inner is not None:
                left.append(inner.selections)
    return False


def check_variables(variables: object, longest: int) -> None:
    """Raise a GraphQLError where a list anywhere in *variables* is longer than *longest*."""
    left = [variables] if variables else []
    while left:
        value = left.pop()
        if isinstance(value, list):
            _check("list_length", len(value), longest, None)
        if isinstance(value, list | dict):
            left.extend(value.values() if isinstance(value, dict) else value)


def _root_fields(operation: OperationDefinitionNode, fragments: dict[str, FragmentDefinitionNode]) -> int:
    """Count the fields that *operation* asks for at its root, however they are spread."""
    count, seen = 0, set()
    left: list[Iterable[SelectionNode]] = [operation.selection_set.selections]
    while left:
        for node in left.pop():
            if isinstance(node, FieldNode):
                count += 1
            elif isinstance(node, FragmentSpreadNode):
                if node.name.value not in seen and node.name.value in fragments:
                    seen.add(node.name.value)
                    left.append(fragments[node.name.value].selection_set.selections)
            else:
                left.append(node.selection_set.selections)  # type: ignore[attr-defined]  # an inline fragment
    return count


def _check(limit: str, found: int, most: int, node: Node | None) -> None:
    if found > most:
        cause = LimitError(limit, most)
        raise GraphQLError(str(cause), node, original_error=cause)
