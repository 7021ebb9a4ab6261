"""The ways in which a field is declared: plain, computed, loaded, a loaded list, a guarded root field."""

import inspect
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import strawberry

from domain.access import Rule
from domain.along import Along
from domain.columns import Columnar
from domain.written import Attribute, Called, Fields, Id
from resolvers import selection
from resolvers.context import Context
from resolvers.loading import Loaded, LoadedPage
from resolvers.selection import Wanted, selected, wanted
from schema.costs import FORWARDS, IDS, PAGE, TOP, Cost, ListSize

Info = strawberry.Info[Context, None]
#: Where a field's declaration is kept, for whoever plans queries or checks the schema.
DECLARATION, RULE = "declaration", "rule"
#: Where it is kept which attributes of its record a field is made of; without that, it may be any.
NEEDS = "needs"
#: Where it is kept what a list asks loaders for that no declaration tells.
ALONG = "along"
#: A statement for all parents of a level, and whatever a root field begins with.
LOADED, ROOT = Cost(weight=2), Cost(weight=5)
#: Whatever goes through all of a period, if not through everything.
FIGURE = Cost(weight=20)


@dataclass(frozen=True, slots=True)
class KeyOf:
    """Be the key that an *attribute* of a parent is; of parents held as columns it is read at once."""

    attribute: str

    def __call__(self, parent: Any) -> Any:
        return getattr(parent, self.attribute)


#: The key of the CRM row of a customer.
CUSTOMER_KEY = KeyOf("crm_key")


@dataclass(frozen=True, slots=True)
class Computed:
    """Declare a field that *resolve* answers, given the context and the record.

    *many* answers the same for many records at once, with an exception in the place of what fails for one; where it
    raises, each is asked for itself, so it raises only before it has begun anything. *along*: what it asks loaders for
    by the record's key; *is_same*: what is selected below it is of the same record. *written*: what it is of a
    record that its store alone tells of.
    """

    resolve: Callable[[Context, Any], Any]
    many: Callable[[Context, Sequence[Any]], list[Any] | Columnar[Any]] | None = None
    along: Sequence[Along] = ()
    is_same: bool = False
    written: Attribute | Id | Called | None = None


def plain(description: str) -> Any:
    """Declare a field that is an attribute of its record."""
    return strawberry.field(description=description)


def computed(
    resolve: Callable[[Context, Any], Any],
    description: str,
    *,
    weight: Cost | None = None,
    needs: Collection[str] | None = None,
    many: Callable[[Context, Sequence[Any]], list[Any] | Columnar[Any]] | None = None,
    along: Sequence[Along] = (),
    is_same: bool = False,
    written: Attribute | Id | Called | None = None,
) -> Any:
    """Declare a field that *resolve* answers, given the context and the record; *weight* where that costs something.

    *needs*: the only attributes that it reads of a record that a store may be asked for in parts. *many* answers for
    many records at once; for that, *along*, *is_same* and *written* see `Computed`.
    """

    def resolver(root: Any, info: Info) -> Any:
        return resolve(info.context, root)

    return strawberry.field(
        resolver=resolver,
        description=description,
        metadata={DECLARATION: Computed(resolve, many, along, is_same, written), NEEDS: needs},
        directives=[weight] if weight else [],
    )


def selecting(resolve: Callable[..., Any], description: str, *, arguments: Callable[..., Any] | None = None) -> Any:
    """Declare a field that *resolve* answers, given the record, what is selected, and what *arguments* makes."""

    def resolver(root: Any, info: Info, **given: Any) -> Any:
        asked = () if arguments is None else (arguments(**given),)
        return resolve(root, selected_of(info), *asked)

    given = list(inspect.signature(arguments).parameters.values()) if arguments is not None else []
    _sign(resolver, arguments or resolve, [_parameter("root", Any), _parameter("info", Info), *given])
    return strawberry.field(resolver=resolver, description=description, directives=_costs(FIGURE, given, TOP))


def loaded(
    loader: str,
    *,
    key: Callable[[Any], Any],
    description: str,
    arguments: Callable[..., Any] | None = None,
    pick: str | None = None,
    needs: Collection[str] | None = None,
) -> Any:
    """Declare a field that comes from a *loader*, see `Loaded`; its resolver is derived from the declaration.

    *needs*: the attributes that *key* reads of a record that a store may be asked for in parts.
    """
    declaration = Loaded(loader, key, arguments, pick)

    def resolver(root: Any, info: Info, **given: Any) -> Any:
        picks = frozenset() if pick else selected_of(info)
        return declaration.resolve(info.context, root, given, picks)

    return _declared(resolver, arguments, {DECLARATION: declaration, NEEDS: needs}, description, TOP)


def loaded_page(
    pages: str,
    counts: str,
    *,
    key: Callable[[Any], Any],
    arguments: Callable[..., Any],
    description: str,
    needs: Collection[str] | None = None,
) -> Any:
    """Declare a list that belongs to its parent, see `LoadedPage`; *needs* as `loaded` has it."""
    declaration = LoadedPage(pages, counts, key, arguments)

    def resolver(root: Any, info: Info, **given: Any) -> Any:
        return declaration.resolve(info.context, root, given, wanted_of(info))

    return _declared(resolver, arguments, {DECLARATION: declaration, NEEDS: needs}, description)


def computed_page(
    resolve: Callable[..., Any], *, arguments: Callable[..., Any], description: str, along: Sequence[Along] = ()
) -> Any:
    """Declare a list that *resolve* answers, given the context, the parent, what *arguments* makes, what is wanted.

    *along*: what it asks loaders for by the parent's key.
    """

    def resolver(root: Any, info: Info, **given: Any) -> Any:
        return resolve(info.context, root, arguments(**given), wanted_of(info))

    given = inspect.signature(arguments).parameters.values()
    _sign(resolver, arguments, [_parameter("root", Any), _parameter("info", Info), *given])
    return strawberry.field(
        resolver=resolver, description=description, metadata={ALONG: along}, directives=_costs(LOADED, given)
    )


def guarded(
    rule: Rule, resolve: Callable[..., Any], description: str, *, arguments: Callable[..., Any] | None = None
) -> Any:
    """Declare a root field that *resolve* answers, for those whom *rule* lets through; decided before any I/O.

    *resolve* is given what *arguments* makes of the field's arguments; without that, it names them itself.
    """

    def resolver(info: Info, **given: Any) -> Any:
        info.context.access.check(rule)
        return resolve(info, **given) if arguments is None else resolve(info, arguments(**given))

    given = inspect.signature(resolve if arguments is None else arguments).parameters.values()
    own = [parameter for parameter in given if parameter.name != "info"]
    _sign(resolver, arguments or resolve, [_parameter("info", Info), *own])
    return strawberry.field(
        resolver=resolver, description=description, metadata={RULE: rule}, directives=_costs(ROOT, own)
    )


def selected_of(info: Info) -> frozenset[str]:
    """Name what is selected below a field."""
    return selected(info.context, info._raw_info)  # noqa: SLF001 - Strawberry offers no cheaper way


def wanted_of(info: Info) -> Wanted:
    """Say what of a connection is selected."""
    return wanted(info.context, info._raw_info)  # noqa: SLF001 - Strawberry offers no cheaper way


def written_of(info: Info) -> Fields | None:
    """Say how a store writes what is selected of what is found; None where it cannot."""
    return selection.written_of(info._raw_info)  # noqa: SLF001 - Strawberry offers no cheaper way


def along_of(info: Info) -> tuple[Along, ...]:
    """Say what will be asked for of what belongs to what is found."""
    return selection.along_of(info._raw_info)  # noqa: SLF001 - Strawberry offers no cheaper way


def _declared(
    resolver: Any,
    arguments: Callable[..., Any] | None,
    metadata: dict[str, object],
    description: str,
    size: ListSize | None = None,
) -> Any:
    given = list(inspect.signature(arguments).parameters.values()) if arguments is not None else []
    _sign(resolver, arguments or resolver, [_parameter("root", Any), _parameter("info", Info), *given])
    return strawberry.field(
        resolver=resolver,
        description=description,
        metadata=metadata,
        directives=_costs(LOADED, given, size),
    )


def _costs(weight: Cost, parameters: Iterable[inspect.Parameter], size: ListSize | None = None) -> list[object]:
    """Say in the schema what a field costs, and that it has a *size*, else a page's, where it takes `first`."""
    names = {parameter.name for parameter in parameters}
    page = PAGE if "last" in names else FORWARDS
    return [weight, *([size or page] if "first" in names else [IDS] if "ids" in names else [])]


def _sign(resolver: Any, like: Any, parameters: list[inspect.Parameter]) -> None:
    """Let Strawberry see the arguments of *like* in *resolver*."""
    resolver.__signature__ = inspect.Signature(parameters)
    resolver.__module__ = like.__module__


def _parameter(name: str, annotation: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=annotation)
