"""Say what of an answer a store can write itself: what is selected of customers, as `domain.written` has it.

None wherever a field is made in another way than its declaration says, and wherever null may not be and could.
"""

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any

from graphql import GraphQLEnumType
from strawberry.types.field import StrawberryField

from domain.records import BookingStats
from domain.written import Amount, Attribute, Called, Fields, Figure, Id, Listed, Nodes, Same, Word
from resolvers.loading import Loaded, LoadedPage
from schema.compiled.arguments import Arguments
from schema.compiled.plan import FieldPlan, Given, SelectionPlan, Write
from schema.fields import CUSTOMER_KEY, DECLARATION, Computed

#: Attributes that are never null where they are leaves.
_NEVER_NULL = frozenset({"key", "amount", "currency"})


def word(text: str) -> Write:
    """Write the same for all."""
    written = Word(json.dumps(text))
    return lambda _: written


def write_of(field: FieldPlan, declared: StrawberryField, arguments: Arguments) -> Write | None:
    """Answer what says how *field* is written, given a request; None where the store cannot write it."""
    declaration = declared.metadata.get(DECLARATION)
    if declared.base_resolver is None:
        return _attribute(field, declared.python_name)
    if isinstance(declaration, Computed):
        return _computed(field, declaration)
    if isinstance(declaration, Loaded) and declaration.key == CUSTOMER_KEY and declaration.pick is not None:
        return _loaded(field, declaration, declaration.pick, arguments)
    if isinstance(declaration, LoadedPage) and declaration.key == CUSTOMER_KEY:
        return _listed(field, declaration, arguments)
    return None


def fields_of(selections: Iterable[SelectionPlan]) -> Callable[[Given], Fields] | None:
    """Answer what says how objects of the one type that is selected are written."""
    known = list(selections)
    if len(known) != 1:
        return None
    writes = [(one.name, one.writes) for one in known[0].fields]
    if any(write is None for _, write in writes):
        return None

    def fields(given: Given) -> Fields:
        return tuple((name, write(given)) for name, write in writes if write is not None)

    return fields


def _attribute(field: FieldPlan, name: str) -> Write | None:
    if field.write is None:
        below = fields_of(field.below.values())
        return None if name != "nodes" or below is None else lambda given: Nodes(below(given))
    if field.is_list:
        return None
    names = _names(field.named)
    if field.required and names is None and name not in _NEVER_NULL:
        return None
    attribute = Attribute(name, names)
    return lambda _: attribute


def _names(type_: Any) -> tuple[tuple[Any, str], ...] | None:
    """List what the members of an enum are called."""
    class_ = getattr(type_, "wrapped_cls", None)
    if not isinstance(type_, GraphQLEnumType) or class_ is None:
        return None
    found = []
    for member in class_:
        with suppress(Exception):  # it is none that may be answered
            found.append((member, str(type_.serialize(member))))
    return tuple(found)


def _computed(field: FieldPlan, declaration: Computed) -> Write | None:
    if declaration.is_same:
        below = fields_of(field.below.values())
        return None if below is None else lambda given: Same(below(given))
    match declaration.written:
        case Attribute(name):
            return _attribute(field, name)
        case Id() | Called() as what:
            return lambda _: what
    return None


def _loaded(field: FieldPlan, declaration: Loaded, pick: str, arguments: Arguments) -> Write | None:
    if field.write is not None:
        # What is counted is a field of its own; what is made of that is not.
        if field.is_list or pick not in BookingStats.__dataclass_fields__ or pick in ("segment", "last_touched_at"):
            return None
        figure = Figure(declaration.loader, pick)
        return lambda given: _unless_narrowed(declaration, arguments, given, figure)
    below = fields_of(field.below.values())
    if below is None or declaration.loader != "revenue_by_customer" or pick != "total":
        return None
    return lambda given: _unless_narrowed(declaration, arguments, given, Amount(declaration.loader, below(given)))


def _unless_narrowed(declaration: Loaded, arguments: Arguments, given: Given, what: Any) -> Any:
    """Write *what* where the field takes no arguments of its own. Raises ValueError for others."""
    if getattr(given.context.loaders, declaration.loader) is None:
        raise ValueError(declaration.loader)
    if declaration.arguments is not None and declaration.arguments(**arguments.read(given)) is not None:
        raise ValueError(declaration.loader)
    return what


def _listed(field: FieldPlan, declaration: LoadedPage, arguments: Arguments) -> Write | None:
    below = fields_of(field.below.values())
    if below is None:
        return None

    def write(given: Given) -> Listed:
        context = given.context
        if getattr(context.loaders, declaration.pages) is None or getattr(context.loaders, declaration.counts) is None:
            raise ValueError(declaration.pages)
        asked = declaration.arguments(**arguments.read(given))
        if asked.chosen is not None:
            raise ValueError(declaration.pages)
        request = asked.page.request(asked.order, context.tenant, longest=context.limits.max_page)
        return Listed(declaration.pages, request, below(given))

    return write
