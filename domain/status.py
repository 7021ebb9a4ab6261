"""The statuses that the gateway speaks, the ways from one to another, and the questions that are asked of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Generic, NamedTuple, TypeVar


class CustomerStatus(Enum):
    ACTIVE = "ACTIVE"
    INACTIVE = "INACTIVE"
    TRIAL = "TRIAL"
    PAUSED = "PAUSED"
    UNKNOWN = "UNKNOWN"


class LeadStatus(Enum):
    NEW = "NEW"
    CONTACTED = "CONTACTED"
    QUALIFIED = "QUALIFIED"
    QUOTED = "QUOTED"
    WON = "WON"
    LOST = "LOST"
    UNKNOWN = "UNKNOWN"


class BookingStatus(Enum):
    REQUESTED = "REQUESTED"
    CONFIRMED = "CONFIRMED"
    IN_PROGRESS = "IN_PROGRESS"
    COMPLETED = "COMPLETED"
    CANCELLED = "CANCELLED"
    NO_SHOW = "NO_SHOW"
    UNKNOWN = "UNKNOWN"


class Segment(Enum):
    """By accepted bookings: none; the first not long ago; the last not long ago, longer, long ago."""

    PROSPECT = "PROSPECT"
    NEW = "NEW"
    ACTIVE = "ACTIVE"
    AT_RISK = "AT_RISK"
    LAPSED = "LAPSED"


#: The bookings that went well, or are agreed and to come.
ACCEPTED = (BookingStatus.CONFIRMED, BookingStatus.IN_PROGRESS, BookingStatus.COMPLETED)

S = TypeVar("S", bound=Enum)
_Lead, _Booking = LeadStatus, BookingStatus
#: Where a lead can go, unless the profile says otherwise. A status that is not listed has no way out.
LEAD_WAYS: Mapping[LeadStatus, tuple[LeadStatus, ...]] = {
    _Lead.NEW: (_Lead.CONTACTED, _Lead.QUALIFIED, _Lead.QUOTED, _Lead.WON, _Lead.LOST),
    _Lead.CONTACTED: (_Lead.QUALIFIED, _Lead.QUOTED, _Lead.WON, _Lead.LOST),
    _Lead.QUALIFIED: (_Lead.QUOTED, _Lead.WON, _Lead.LOST),
    _Lead.QUOTED: (_Lead.QUALIFIED, _Lead.WON, _Lead.LOST),
    _Lead.LOST: (_Lead.CONTACTED,),
    _Lead.WON: (),
}
#: Where a booking can go, unless the profile says otherwise.
BOOKING_WAYS: Mapping[BookingStatus, tuple[BookingStatus, ...]] = {
    _Booking.REQUESTED: (_Booking.CONFIRMED, _Booking.CANCELLED),
    _Booking.CONFIRMED: (_Booking.IN_PROGRESS, _Booking.COMPLETED, _Booking.CANCELLED, _Booking.NO_SHOW),
    _Booking.IN_PROGRESS: (_Booking.COMPLETED, _Booking.CANCELLED),
    _Booking.COMPLETED: (),
    _Booking.CANCELLED: (),
    _Booking.NO_SHOW: (),
}


class Transition(NamedTuple):
    """Be a way on: *to* a status, which the store calls *store_status*."""

    to: Enum
    store_status: str


@dataclass(frozen=True, slots=True)
class Machine(Generic[S]):
    """Say which word of a store may follow which.

    *words* of each status, the first one is written by default; *ways* from status to status, which *replaced*, from
    word to word, stands in for where it is given. *unknown* is what a word outside *words* means: it can be left for
    any status, and not entered.
    """

    words: Mapping[S, tuple[str, ...]]
    ways: Mapping[S, tuple[S, ...]]
    unknown: S
    replaced: Mapping[str, tuple[str, ...]] | None = None

    def meaning(self, word: str | None) -> S:
        return next((status for status, listed in self.words.items() if word in listed), self.unknown)

    def written(self, status: S) -> str | None:
        """Answer the word that is written for *status* where nobody names another; None where it has none."""
        return next(iter(self._words_of(status)), None)

    def allowed(self, word: str | None) -> list[Transition]:
        """List the ways on from *word*, in the order of the table that decides; none within one status but by words."""
        status = self.meaning(word)
        if status is self.unknown:
            return [Transition(to, way) for to in self.words if to is not self.unknown for way in self._words_of(to)]
        if self.replaced is not None:
            return [Transition(self.meaning(way), way) for way in self.replaced.get(word or "", ())]
        return [Transition(to, way) for to in self.ways.get(status, ()) for way in self._words_of(to)]

    def _words_of(self, status: S) -> tuple[str, ...]:
        return () if status is self.unknown else self.words.get(status, ())
