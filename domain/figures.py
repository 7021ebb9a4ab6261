"""Figures that are made of others: shares of a whole, and the segment that a customer's bookings put it in."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from domain.status import Segment
from domain.time import FIRST


def share(part: int, whole: int) -> float | None:
    """Say what share of *whole* a *part* is, to four places; None of nothing."""
    return round(part / whole, 4) if whole else None


@dataclass(frozen=True, slots=True)
class SegmentBounds:
    """Be the instants that part segments: the first accepted booking makes NEW, the last ACTIVE or AT_RISK.

    A booking that starts just then, or later, is within; one that is still to come is.
    """

    new: datetime
    active: datetime
    at_risk: datetime

    @classmethod
    def ago(cls, now: datetime, *, new: int, active: int, at_risk: int) -> "SegmentBounds":
        """Count back so many days of 24 hours from *now*."""
        return cls(*(_before(now, days) for days in (new, active, at_risk)))

    def segment(self, first: datetime | None, last: datetime | None) -> Segment:
        """Say where starts of accepted bookings put a customer: the *first* and the *last* one."""
        if first is None or last is None:
            return Segment.PROSPECT
        if first >= self.new:
            return Segment.NEW
        if last >= self.active:
            return Segment.ACTIVE
        return Segment.AT_RISK if last >= self.at_risk else Segment.LAPSED


def _before(now: datetime, days: int) -> datetime:
    return now - timedelta(days=days) if days < (now - FIRST).days else FIRST
