"""The sections of a profile as tables: which columns a record is made of, and what lists can be narrowed by."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import Enum
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Text, and_, bindparam, cast, false, func, not_, or_, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.sql import Select

from domain.filters import BookingFilter, CustomerFilter, LeadFilter
from domain.money import Money
from domain.records import Booking, CrmRecord, Lead, RecordKind
from domain.status import BookingStatus, CustomerStatus, LeadStatus
from domain.time import Period, instant, micros, sane
from sources.postgres_mapping import MappedTable, MappingFaults, Reflected, quoted
from sources.postgres_rows import Owner, Record, RowStatements
from sources.postgres_time import TimeColumn
from sources.postgres_types import is_storable
from sources.profile import BookingSection, Condition, Field, Join, LeadSection, Path, Profile, Ref, Rows, StatusMap

S = TypeVar("S", bound=Enum)


def tables_of(profile: Profile) -> list[str]:
    """List, as quoted identifiers, the tables that *profile* reads records from."""
    sections: list[Rows | None] = [profile.customer, profile.lead, profile.booking, profile.revenue]
    return sorted({quoted(section.name_of) for section in sections if section is not None})


@dataclass(frozen=True, slots=True)
class RevenueStatements:
    """Sum what *profile* counts as revenue."""

    mapped: MappedTable
    owner: Owner | None
    amount: ColumnElement[Any]
    at: TimeColumn
    currency: ColumnElement[Any] | None

    def by_owner(self, period: Period | None) -> Select[Any]:
        """Sum by customer and currency, as stored: major or minor units, `total` numeric, `count` of the rows."""
        assert self.owner is not None
        currency = [] if self.currency is None else [self.currency.label("currency")]
        return (
            select(
                self.owner.key.label("owner"),
                func.sum(self.amount).label("total"),
                func.count(self.amount).label("count"),
                *currency,
            )
            .select_from(self.owner.joined)
            .where(*self.mapped.of_tenant(), self.owner.any_of(), *self.at.within(period))
            .group_by(self.owner.key, *currency)
        )


class Tables:
    """Be a profile, mapped onto the database as it is: *faults* lists what the database contradicts."""

    def __init__(self, profile: Profile, reflected: Reflected) -> None:
        self._profile = profile
        self.reflected = reflected
        self._zone = ZoneInfo(profile.store.timezone)
        self._found = MappingFaults()
        self.customers = self._customers()
        self._lead_table = self._map_lead()
        self.leads = self._leads()
        self.bookings = self._bookings()
        self.revenue = self._revenue()

    @property
    def faults(self) -> Sequence[str]:
        return self._found.found

    # ── customers ──

    def _customers(self) -> RowStatements[CrmRecord] | None:
        section = self._profile.customer
        if section is None:
            return None
        status = section.status
        mapped = self._map(
            "customer",
            section,
            {"key": section.key, "created_at": section.created_at, **_named(status=status.column if status else None)},
            [section.name, section.email, section.phone, section.source, section.area],
        )
        created = mapped.time("created_at")

        def make(row: Record) -> CrmRecord:
            return CrmRecord(
                key=str(row.key),
                name=clean(row.name),
                email=clean(row.email),
                phone=clean(row.phone),
                area=clean(row.area),
                source=clean(row.source),
                created_at=created.stored.read(row.created_at),
                status=status_of(status, row.status or None, CustomerStatus.UNKNOWN) if status else None,
            )

        columns = [
            mapped["key"].label("key"),
            created.selected.label("created_at"),
            mapped.first_of(section.name).label("name"),
            mapped.first_of(section.email).label("email"),
            mapped.first_of(section.phone).label("phone"),
            mapped.first_of(section.source).label("source"),
            mapped.first_of(section.area).label("area"),
            (mapped.text("status") if status else mapped.first_of(None)).label("status"),
        ]
        mapped.key_type()
        return RowStatements(mapped, kind=RecordKind.CRM, columns=columns, make=make, orders={"CREATED_AT": created})

    def customer_filters(self, chosen: CustomerFilter) -> list[ColumnElement[bool]]:
        assert self.customers is not None
        assert self._profile.customer is not None
        mapped = self.customers.mapped
        return [
            *_one_of(mapped, self._profile.customer.source, chosen.source),
            *self.customers.orders["CREATED_AT"].within(chosen.created_in),
        ]

    # ── leads ──

    def _map_lead(self) -> MappedTable | None:
        section = self._profile.lead
        if section is None:
            return None
        roles = _named(
            key=section.key,
            created_at=section.created_at,
            status=section.status.column,
            customer=section.customer.column if section.customer else None,
            updated_at=section.updated_at,
            next_follow_up_at=section.next_follow_up_at,
            contact_attempts=section.contact_attempts,
        )
        fields = [section.name, section.email, section.phone, section.source, section.service, section.notes]
        return self._map("lead", section, roles, fields)

    def _leads(self) -> RowStatements[Lead] | None:
        section, mapped = self._profile.lead, self._lead_table
        if section is None or mapped is None:
            return None
        times = {
            role: mapped.time(role) for role in ("created_at", "updated_at", "next_follow_up_at") if role in mapped
        }

        def make(row: Record) -> Lead:
            word = row.status
            return Lead(
                key=str(row.key),
                customer_key=_key(row.customer),
                name=clean(row.name),
                email=clean(row.email),
                phone=clean(row.phone),
                source=clean(row.source),
                service=clean(row.service),
                notes=clean(row.notes),
                status=status_of(section.status, word, LeadStatus.UNKNOWN) or LeadStatus.UNKNOWN,
                store_status=word,
                created_at=times["created_at"].stored.read(row.created_at),
                updated_at=times["updated_at"].stored.read(row.updated_at) if "updated_at" in times else None,
                next_follow_up_at=times["next_follow_up_at"].stored.read(row.next_follow_up_at)
                if "next_follow_up_at" in times
                else None,
                contact_attempts=None if row.contact_attempts is None else int(row.contact_attempts),
            )

        owner = self._owner(mapped, section.customer)
        nothing = mapped.first_of(None)
        columns = [
            mapped["key"].label("key"),
            mapped.text("status").label("status"),
            (nothing if owner is None else owner.key).label("customer"),
            *(
                times[role].selected.label(role) if role in times else nothing.label(role)
                for role in ("created_at", "updated_at", "next_follow_up_at")
            ),
            *(
                mapped.first_of(field).label(name)
                for name, field in {
                    "name": section.name,
                    "email": section.email,
                    "phone": section.phone,
                    "source": section.source,
                    "service": section.service,
                    "notes": section.notes,
                }.items()
            ),
            (mapped.number("contact_attempts") if "contact_attempts" in mapped else nothing).label("contact_attempts"),
        ]
        mapped.key_type()
        orders = {"CREATED_AT": times["created_at"]} | (
            {"UPDATED_AT": times["updated_at"]} if "updated_at" in times else {}
        )
        return RowStatements(mapped, kind=None, columns=columns, make=make, orders=orders, owner=owner)

    def lead_filters(self, chosen: LeadFilter | None) -> list[ColumnElement[bool]]:
        section = self._profile.lead
        assert self.leads is not None
        assert section is not None
        if chosen is None:
            return []
        return [
            *_in_status(self.leads.mapped, section.status, chosen.status, LeadStatus.UNKNOWN),
            *_one_of(self.leads.mapped, section.source, chosen.source),
            *self.leads.orders["CREATED_AT"].within(chosen.created_in),
        ]

    # ── bookings ──

    def _bookings(self) -> RowStatements[Booking] | None:
        section = self._profile.booking
        if section is None:
            return None
        roles = _named(
            key=section.key,
            created_at=section.created_at,
            status=section.status.column,
            customer=section.customer.column if section.customer else None,
            lead=section.lead,
            code=section.code,
            start_at=section.start_at,
            end_at=section.end_at,
            minutes=section.minutes,
            amount=section.amount,
            currency=section.currency,
        )
        paid = [(Path(column),) for column in section.paid or {}]
        mapped = self._map(
            "booking",
            section,
            roles,
            [
                section.service,
                section.location,
                section.staff,
                section.source,
                section.note,
                section.payment_status,
                *paid,
            ],
        )
        created = mapped.time("created_at")
        start = mapped.time("start_at").or_else(created) if "start_at" in mapped else created
        end = mapped.time("end_at") if "end_at" in mapped else None
        owner = self._owner(mapped, section.customer)
        nothing = mapped.first_of(None)
        columns = [
            mapped["key"].label("key"),
            mapped.text("status").label("status"),
            (nothing if owner is None else owner.key).label("customer"),
            (mapped["lead"] if "lead" in mapped else nothing).label("lead"),
            (mapped.text("code") if "code" in mapped else nothing).label("code"),
            created.selected.label("created_at"),
            start.selected.label("start_at"),
            (nothing if end is None else end.selected).label("end_at"),
            (mapped.number("minutes") if "minutes" in mapped else nothing).label("minutes"),
            (mapped.number("amount") if "amount" in mapped else nothing).label("amount"),
            (mapped.text("currency") if "currency" in mapped else nothing).label("currency"),
            *(
                mapped.first_of(field).label(name)
                for name, field in {
                    "service": section.service,
                    "location": section.location,
                    "staff": section.staff,
                    "source": section.source,
                    "note": section.note,
                    "payment_status": section.payment_status,
                }.items()
            ),
            (func.coalesce(and_(*mapped.where(section.paid)), false()) if section.paid else nothing).label("paid"),
        ]

        def make(row: Record) -> Booking:
            word = row.status
            start_at = start.stored.read(row.start_at)
            return Booking(
                key=str(row.key),
                customer_key=_key(row.customer),
                lead_key=_key(row.lead),
                code=clean(row.code),
                status=status_of(section.status, word, BookingStatus.UNKNOWN) or BookingStatus.UNKNOWN,
                store_status=word,
                start_at=start_at,
                created_at=created.stored.read(row.created_at),
                end_at=_later(start_at, row.minutes) if end is None else end.stored.read(row.end_at),
                service=clean(row.service),
                location=clean(row.location),
                staff=clean(row.staff),
                source=clean(row.source),
                note=clean(row.note),
                payment_status=clean(row.payment_status),
                amount=None
                if row.amount is None
                else Money.rounded(row.amount, self.currency_of(row.currency), minor=section.unit == "minor"),
                paid=row.paid if section.paid else None,
            )

        mapped.key_type()
        return RowStatements(
            mapped,
            kind=None,
            columns=columns,
            make=make,
            owner=owner,
            orders={"START_AT": start, "CREATED_AT": created},
        )

    def booking_filters(self, chosen: BookingFilter | None) -> list[ColumnElement[bool]]:
        section = self._profile.booking
        assert self.bookings is not None
        assert section is not None
        if chosen is None:
            return []
        return [
            *_in_status(self.bookings.mapped, section.status, chosen.status, BookingStatus.UNKNOWN),
            *_one_of(self.bookings.mapped, section.source, chosen.source),
            *self.bookings.orders["START_AT"].within(chosen.start_in),
            *self.bookings.orders["CREATED_AT"].within(chosen.created_in),
        ]

    # ── revenue ──

    def _revenue(self) -> RevenueStatements | None:
        section = self._profile.revenue
        if section is None:
            return None
        roles = _named(
            amount=section.amount,
            at=section.at,
            currency=section.currency,
            customer=section.customer.column if section.customer else None,
        )
        mapped = self._map("revenue", section, roles, [])
        currency = None
        if section.currency is not None:
            currency = func.upper(
                func.coalesce(func.nullif(func.btrim(mapped.text("currency")), ""), self._profile.store.currency)
            )
        return RevenueStatements(
            mapped, self._owner(mapped, section.customer), mapped.number("amount"), mapped.time("at"), currency
        )

    def currency_of(self, stored: str | None) -> str:
        """Say which currency a row is in: the store's own where the row says none."""
        return (clean(stored) or self._profile.store.currency).upper()

    # ── shared ──

    def _map(
        self, name: str, section: Rows, roles: Mapping[str, str], fields: Sequence[Field | Join | None]
    ) -> MappedTable:
        paths = [path for field in fields if field is not None for path in _paths(field)]
        return MappedTable(name, section, roles, paths, self.reflected, self._zone, self._found)

    def _owner(self, mapped: MappedTable, ref: Ref | None) -> Owner | None:
        if ref is None:
            return None
        if ref.through is None:
            return Owner(mapped["customer"], mapped.key_type("customer"), mapped.table)
        leads, lead = self._lead_table, self._profile.lead
        assert leads is not None
        assert lead is not None
        named, key = mapped["customer"], leads["key"]
        if mapped.info("customer").type != leads.info("key").type:
            named, key = cast(named, Text), cast(key, Text)
        same_tenant = [mapped["tenant"] == leads["tenant"]] if "tenant" in mapped and "tenant" in leads else []
        joined = mapped.table.outerjoin(leads.table, and_(named == key, *same_tenant, *leads.where(lead.where)))
        return Owner(leads["customer"], leads.key_type("customer"), joined)


def clean(stored: object) -> str | None:
    """Make of what a store holds a text that says something, or None."""
    if stored is None:
        return None
    return str(stored).strip() or None


def status_of(words: StatusMap[S], word: str | None, unknown: S) -> S | None:
    """Translate the store's *word*: *unknown* for one that the profile does not map, None for none."""
    if word is None:
        return None
    return next((status for status, listed in words.words.items() if word in listed), unknown)


def _named(**roles: str | None) -> dict[str, str]:
    return {role: column for role, column in roles.items() if column is not None}


def _paths(field: Field | Join) -> tuple[Path, ...]:
    return field.parts if isinstance(field, Join) else field


def _key(stored: object) -> str | None:
    return None if stored is None else str(stored)


def _later(start: datetime | None, minutes: Any) -> datetime | None:
    """Add *minutes* to *start*; None where that leaves the calendar."""
    if start is None or minutes is None:
        return None
    try:
        return sane(start + timedelta(minutes=float(minutes)))
    except OverflowError:
        return None


def _one_of(mapped: MappedTable, field: Field | None, chosen: Sequence[str] | None) -> list[ColumnElement[bool]]:
    if chosen is None:
        return []
    if field is None:
        return [false()]
    return [mapped.first_of(field) == func.any(_texts([text for text in chosen if is_storable(text)]))]


def _in_status(
    mapped: MappedTable, words: StatusMap[S], chosen: Sequence[S] | None, unknown: S
) -> list[ColumnElement[bool]]:
    if chosen is None:
        return []
    stored = mapped.text("status")
    listed = [word for status in chosen if status is not unknown for word in words.words.get(status, ())]
    known = stored == func.any(_texts(listed))
    if unknown not in chosen:
        return [known]
    every = [word for mapped_words in words.words.values() for word in mapped_words]
    return [or_(known, stored.is_(None), not_(stored == func.any(_texts(every))))]


def _texts(values: Sequence[str]) -> ColumnElement[Any]:
    return bindparam(None, list(values), type_=ARRAY(Text), unique=True)
