"""The loaders of one operation, bound to its tenant."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any

from domain.filters import Children
from domain.money import Money
from domain.notes import Note
from domain.paging import Page
from domain.records import (
    Booking,
    BookingNote,
    BookingStats,
    Courier,
    ExternalAccount,
    ExternalId,
    Key,
    Lead,
    Revenue,
    ServiceCount,
    Shipment,
    Snapshot,
    Stats,
    StatusEvent,
)
from loaders.batched import Batched, ByKey, ByOwner
from loaders.customers import CustomersByRecord, LinkedByCustomer
from loaders.link_events import LinkEventsByRecords
from sources.histories import history, status_events_by_customer
from sources.own.notes import note_stats_by_customer, notes_by_customer
from sources.postgres import PostgresSource
from sources.postgres_customer_pages import Known
from sources.profile import Profile
from sources.stores import Stores

#: A loader's name, and what makes it.
Maker = tuple[str, Callable[[], Batched[Any]]]


class Loaders:
    """Be all loaders, named value-by-key; None where the profile does not map what they load.

    Each is made when it is first asked for: an operation uses few of them.
    """

    customers_by_record: CustomersByRecord
    linked_by_customer: LinkedByCustomer | None
    leads_by_key: ByKey[Key, Lead] | None
    leads_by_customer: ByOwner[Page[Lead]] | None
    lead_stats_by_customer: ByOwner[Stats] | None
    bookings_by_key: ByKey[Key, Booking] | None
    bookings_by_customer: ByOwner[Page[Booking]] | None
    booking_stats_by_customer: ByOwner[BookingStats] | None
    favorite_services_by_customer: ByOwner[Sequence[ServiceCount]] | None
    booking_notes_by_customer: ByOwner[Sequence[BookingNote]] | None
    referrers_by_customer: ByOwner[bool] | None
    revenue_by_customer: ByOwner[Revenue] | None
    bookings_by_code: ByKey[Key, Sequence[Booking]] | None
    bookings_by_token: ByKey[Key, Sequence[Booking]] | None
    external_accounts_by_customer: ByOwner[Sequence[ExternalAccount]] | None
    customers_by_external_id: ByKey[ExternalId, Sequence[Key]] | None
    shipments_by_booking: ByOwner[Sequence[Shipment]] | None
    snapshots_by_lead: ByKey[Key, Snapshot] | None
    snapshots_by_booking: ByKey[Key, Snapshot] | None
    lead_events_by_customer: ByOwner[Page[StatusEvent]] | None
    booking_events_by_customer: ByOwner[Page[StatusEvent]] | None
    link_events_by_records: LinkEventsByRecords | None
    notes_by_customer: ByOwner[Page[Note]] | None
    note_stats_by_customer: ByOwner[Stats] | None
    history_by_lead: ByOwner[Page[StatusEvent]] | None
    history_stats_by_lead: ByOwner[Stats] | None
    history_by_booking: ByOwner[Page[StatusEvent]] | None
    history_stats_by_booking: ByOwner[Stats] | None
    couriers_by_key: ByKey[Key, Courier] | None

    def __init__(self, makers: Mapping[str, Callable[[], Batched[Any]]]) -> None:
        self._makers = makers

    def __getattr__(self, name: str) -> Any:
        if name not in Loaders.__annotations__:
            raise AttributeError(name)
        maker = self._makers.get(name)
        loader = None if maker is None else maker()
        setattr(self, name, loader)
        return loader

    def know(self, known: Iterable[Known]) -> None:
        """Let loaders know what was found before they are asked for it."""
        for asked, keys, found in known:
            loader: ByOwner[Any] = getattr(self, asked.loader)
            loader.know(keys, asked.arguments, asked.picks, found)


def loaders_for(stores: Stores, tenant: str | None) -> Loaders:
    """Make the loaders of one operation; to be used inside its event loop."""
    return Loaders(_makers(stores, tenant))


@lru_cache(maxsize=1_000)
def _makers(stores: Stores, tenant: str | None) -> Mapping[str, Callable[[], Batched[Any]]]:
    """Say how each loader of *tenant* is made: the same for all its operations."""
    mapped = list(_of_mongo(stores, tenant))
    if stores.postgres is not None:
        mapped += _by_key(stores.profile, stores.postgres, tenant)
        mapped += _by_customer(stores.profile, stores.postgres, tenant)
        mapped += _by_parent(stores, stores.postgres, tenant)
    if stores.own is not None:
        own = stores.own
        mapped.append(("link_events_by_records", partial(LinkEventsByRecords, own, tenant)))
        mapped.append(_owned("notes_by_customer", partial(notes_by_customer, own, tenant), _no_page))
        mapped.append(_owned("note_stats_by_customer", partial(note_stats_by_customer, own, tenant), _no_stats))
    mapped.append(("customers_by_record", partial(CustomersByRecord, stores, tenant)))
    if stores.mongo_kinds:
        mapped.append(("linked_by_customer", partial(LinkedByCustomer, stores, tenant)))
    return dict(mapped)


def _keyed(name: str, source: Callable[..., Any]) -> Maker:
    return name, partial(ByKey, name, source)


def _owned(name: str, source: Callable[..., Any], missing: Callable[[Any], Any]) -> Maker:
    return name, partial(ByOwner, name, source, missing)


def _of_mongo(stores: Stores, tenant: str | None) -> Iterator[Maker]:
    if stores.mongo is not None and stores.profile.courier is not None:
        yield _keyed("couriers_by_key", partial(stores.mongo.couriers_by_key, tenant))


def _by_key(profile: Profile, crm: PostgresSource, tenant: str | None) -> Iterator[Maker]:
    booking = profile.booking
    for name, section, source in (
        ("leads_by_key", profile.lead, crm.leads_by_key),
        ("bookings_by_key", booking, crm.bookings_by_key),
        ("bookings_by_code", booking and booking.code, crm.bookings_by_code),
        ("bookings_by_token", booking and booking.tracking_token, crm.bookings_by_token),
    ):
        if section is not None:
            yield _keyed(name, partial(source, tenant))


def _by_customer(profile: Profile, crm: PostgresSource, tenant: str | None) -> Iterator[Maker]:
    no_revenue = Revenue(total=Money.zero(profile.store.currency), count=0)
    by_owner: tuple[tuple[str, Any, Any, Callable[[Any], Any]], ...] = (
        ("leads_by_customer", profile.lead, crm.leads_by_customer, _no_page),
        ("lead_stats_by_customer", profile.lead, crm.lead_stats_by_customer, _no_stats),
        ("bookings_by_customer", profile.booking, crm.bookings_by_customer, _no_page),
        ("booking_stats_by_customer", profile.booking, crm.booking_stats_by_customer, _no_bookings),
        ("revenue_by_customer", profile.revenue, crm.revenue_by_customer, lambda _: no_revenue),
    )
    for name, section, source, missing in by_owner:
        if section is not None and section.customer is not None:
            yield _owned(name, partial(source, tenant), missing)
    booking = profile.booking
    if booking is not None and booking.customer is not None:
        if booking.service is not None:
            yield _owned("favorite_services_by_customer", partial(crm.favorite_services_by_customer, tenant), _nothing)
        if booking.note is not None:
            yield _owned("booking_notes_by_customer", partial(crm.booking_notes_by_customer, tenant), _nothing)
    if profile.customer is not None and profile.customer.referrer is not None:
        yield _owned("referrers_by_customer", partial(crm.referrers_by_customer, tenant), lambda _: False)
    if profile.customer is not None and profile.customer.external is not None:
        yield _owned("external_accounts_by_customer", partial(crm.external_accounts_by_customer, tenant), _nothing)
        yield _keyed("customers_by_external_id", partial(crm.customers_by_external_id, tenant))


def _by_parent(stores: Stores, crm: PostgresSource, tenant: str | None) -> Iterator[Maker]:
    """Make the loaders of what hangs on a lead or a booking."""
    profile = stores.profile
    for parent, section in (("lead", profile.lead), ("booking", profile.booking)):
        if section is not None and section.snapshot is not None:
            yield _keyed(f"snapshots_by_{parent}", partial(crm.snapshots, tenant, parent))
        if section is not None and (section.history is not None or stores.own is not None):
            if section.customer is not None:
                events = partial(status_events_by_customer, stores, tenant, parent)
                yield _owned(f"{parent}_events_by_customer", events, _no_page)
            yield _owned(f"history_by_{parent}", partial(history, stores, tenant, parent), _no_page)
            yield _owned(f"history_stats_by_{parent}", partial(crm.history_stats, tenant, parent), _no_stats)
    if profile.booking is not None and profile.booking.shipments is not None:
        yield _owned("shipments_by_booking", partial(crm.shipments_by_booking, tenant), _nothing)


def _no_page(asked: Children[Any]) -> Page[Any]:
    return Page(asked.request)


def _no_stats(_: object) -> Stats:
    return Stats()


def _no_bookings(_: object) -> BookingStats:
    return BookingStats()


def _nothing(_: object) -> Sequence[Any]:
    return ()
