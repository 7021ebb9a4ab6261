"""What of an answer a store can write itself, as JSON: what is selected of records, and of what belongs to them."""

from typing import Any, NamedTuple

from domain.paging import PageRequest

#: What is selected of each record, by its name in the answer.
Fields = tuple[tuple[str, Any], ...]


class Word(NamedTuple):
    """Be the same for all: *text*."""

    text: str


class Attribute(NamedTuple):
    """Be the *attribute* of a record; *names* are what its values are called, where they are of an enum."""

    attribute: str
    names: tuple[tuple[Any, str], ...] | None = None


class Id(NamedTuple):
    """Be the id of a record of a *type*."""

    type: str


class Called(NamedTuple):
    """Be what a customer is called: its name, else its e-mail, its phone or its key."""


class Figure(NamedTuple):
    """Be the part *pick* of what a *loader* counts of a customer."""

    loader: str
    pick: str


class Amount(NamedTuple):
    """Be the *fields* of the money that a *loader* sums up of a customer."""

    loader: str
    fields: Fields


class Same(NamedTuple):
    """Be *fields* of the same record, together."""

    fields: Fields


class Listed(NamedTuple):
    """Be the page that *request* asks for of what a *loader* lists: *fields* of that list."""

    loader: str
    request: PageRequest
    fields: Fields


class Nodes(NamedTuple):
    """Be the *fields* of each record of a page."""

    fields: Fields


class WrittenAnswer(NamedTuple):
    """Be what a field is answered, as JSON."""

    json: bytes
