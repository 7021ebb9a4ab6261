"""The names of operations as labels: few, and none that a client could put somebody's data into.

Every label value is a series that whoever collects metrics keeps for good. So names are taken from trusted documents,
or as they come from those who have signed in, up to a bound; all others are one name.
"""

import re
from collections.abc import Iterable

OTHER = "other"
UNNAMED = "unnamed"
_MOST = 100
#: What a developer calls an operation. An id, a number or a made-up name per request has more digits, or is longer.
_USUAL = re.compile(r"(?=.{1,64}$)[A-Za-z_]+([0-9]{1,2}[A-Za-z_]*){0,2}")


class OperationNames:
    """Say what an operation is called in metrics: by its own name if it is one of *known*, where any are."""

    def __init__(self, known: Iterable[str] | None = None, most: int = _MOST) -> None:
        self._is_closed = known is not None
        self._names = set(known or ())
        self._most = most

    def label(self, name: str, *, signed_in: bool) -> str:
        if not name:
            return UNNAMED
        if name in self._names:
            return name
        if self._is_closed or not signed_in or len(self._names) >= self._most or not _USUAL.fullmatch(name):
            return OTHER
        self._names.add(name)
        return name
