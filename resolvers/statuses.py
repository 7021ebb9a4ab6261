"""How leads and bookings may change: by the profile's words and ways, else by the domain's."""

from domain.records import Booking, Lead
from domain.status import BOOKING_WAYS, LEAD_WAYS, BookingStatus, LeadStatus, Machine, Transition
from resolvers.context import Context
from sources.profile import Profile


def lead_machine(profile: Profile) -> Machine[LeadStatus]:
    """Be the machine of leads, which *profile* has to map."""
    assert profile.lead is not None
    status = profile.lead.status
    return Machine(status.words, LEAD_WAYS, LeadStatus.UNKNOWN, status.transitions)


def booking_machine(profile: Profile) -> Machine[BookingStatus]:
    """Be the machine of bookings, which *profile* has to map."""
    assert profile.booking is not None
    status = profile.booking.status
    return Machine(status.words, BOOKING_WAYS, BookingStatus.UNKNOWN, status.transitions)


def lead_transitions(context: Context, lead: Lead) -> list[Transition]:
    return lead_machine(context.stores.profile).allowed(lead.store_status)


def booking_transitions(context: Context, booking: Booking) -> list[Transition]:
    return booking_machine(context.stores.profile).allowed(booking.store_status)
