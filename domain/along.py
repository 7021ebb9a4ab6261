"""What is asked for along with the things that it belongs to: before it is known which these are."""

from typing import Any, NamedTuple

#: The loader of what the other stores hold of the customers that CRM rows head. What is picked for it are the
#: attributes of a row of which one has to be silent before it is asked; it is asked for every row where none is picked.
LINKED = "linked_by_customer"


class Along(NamedTuple):
    """Ask for what a *loader* loads of those things, with its *arguments* and what is picked of it."""

    loader: str
    arguments: Any
    picks: frozenset[str]
