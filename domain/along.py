"""What is asked for along with the things that it belongs to: before it is known which these are."""

from typing import Any, NamedTuple


class Along(NamedTuple):
    """Ask for what a *loader* loads of those things, with its *arguments* and what is picked of it."""

    loader: str
    arguments: Any
    picks: frozenset[str]
