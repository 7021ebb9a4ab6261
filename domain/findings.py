"""What is wrong in a store, as whoever runs it is told: what was found, where, how often, and what mends it."""

from dataclasses import dataclass
from enum import Enum

from domain.records import Key


class Check(Enum):
    """The kinds of findings, by names that machines can rely on."""

    STORE_DOWN = "store-down"
    CONTRADICTION = "contradiction"
    MISSING_INDEX = "missing-index"
    DRIFTED_TOTAL = "drifted-total"
    MISSING_TOTAL = "missing-total"
    TOTAL_WITHOUT_CUSTOMER = "total-without-customer"
    UNMAPPED_STATUS = "unmapped-status"
    ORPHANED_LEAD = "orphaned-lead"
    ORPHANED_BOOKING = "orphaned-booking"
    ONE_WAY_LINK = "one-way-link"
    DANGLING_LINK = "dangling-link"
    CONTRADICTORY_LINK = "contradictory-link"
    DUPLICATE_IDENTIFIER = "duplicate-identifier"
    DUPLICATE_KEY = "duplicate-key"
    ODD_KEY = "odd-key"
    ODD_DATE = "odd-date"
    ODD_MONEY = "odd-money"
    EMPTY_MAPPING = "empty-mapping"
    UNIQUE_INDEX = "unique-index"
    COVERING_INDEX = "covering-index"

    @property
    def is_note(self) -> bool:
        """Say whether this is worth telling, but nothing is wrong: a store may be new, or do without."""
        return self in (Check.EMPTY_MAPPING, Check.UNIQUE_INDEX, Check.COVERING_INDEX)

    @property
    def is_of_the_store(self) -> bool:
        """Say whether this concerns how the store is made, and no rows of it."""
        return self.is_note or self in (Check.STORE_DOWN, Check.CONTRADICTION, Check.MISSING_INDEX)


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Be one row or document that is concerned: its *key*, and what is so about it (no personal data)."""

    key: Key
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Be one thing that is wrong.

    *where* is the section or key of the profile (`lead.status`), *count* the rows concerned, *examples* some of them,
    *mends* the statement or command that mends it, None where a person has to decide.
    """

    check: Check
    where: str
    message: str
    tenant: str | None = None
    count: int = 1
    examples: tuple[Example, ...] = ()
    mends: str | None = None
