"""Make of a filter what it means in these stores."""

from domain.choosing import Choice, Known
from domain.filters import CustomerFilter
from domain.records import RecordKind
from sources.stores import Stores


def choice_of(stores: Stores, chosen: CustomerFilter) -> Choice:
    """Say what *chosen* chooses by, as far as the profile maps it."""
    return Choice(chosen, known_of(stores))


def known_of(stores: Stores) -> Known:
    """Say what *stores* can know of customers."""
    profile = stores.profile
    sections = zip(RecordKind, (profile.customer, profile.account, profile.delivery), strict=True)
    mapped = {kind: section for kind, section in sections if section is not None}

    def saying(field: str) -> frozenset[RecordKind]:
        return frozenset(kind for kind, section in mapped.items() if getattr(section, field, None) is not None)

    booking, revenue = profile.booking, profile.revenue
    return Known(
        kinds=frozenset(mapped),
        status=saying("status"),
        email=saying("email"),
        area=saying("area"),
        bookings=booking is not None and booking.customer is not None,
        revenue=revenue is not None and revenue.customer is not None,
        region=profile.store.phone_region,
    )
