"""Notes: what somebody wrote down about a customer."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Be a note about the customer that a *record* belongs to, however its records are linked by then."""

    id: int
    record: str
    at: datetime
    by: str
    text: str
