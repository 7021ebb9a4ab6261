"""Put a first draft of a whole profile together from what the stores look like."""

from collections.abc import Iterator, Sequence

import iso4217

from sources.draft import Draft, Line, Part, State
from sources.draft_columns import Columns, written_name
from sources.draft_documents import account_parts, courier_part, delivery_parts, pick_account, pick_delivery
from sources.draft_links import link_part
from sources.draft_names import words_of
from sources.draft_revenue import revenue_parts
from sources.draft_satellites import satellites_of, snapshot_of, stored_totals
from sources.draft_tables import Picked, crm_parts, finish, pick, tenant_parts
from sources.draft_tenants import tenant_place, with_tenants
from sources.draft_vocabulary import CURRENCY
from sources.inspection import Column, Holds, Place
from sources.profile_grammar import GRAMMAR

HEADING = (
    "A first draft of a store profile, made from some of what the stores hold; docs/profiles.md explains every key.",
    "needed: nothing was found for it, and the profile is refused without. unsure: take the # away if it is right.",
)
_CURRENCIES = {one.code for one in iso4217.Currency if one.exponent is not None}
_MOST_NAMED = 100
_FEW = 1_000


def draft_profile(places: Sequence[Place], *, name: str) -> Draft:
    """Draft the profile of the store *name*, whose tables and collections are *places*."""
    known = with_tenants(places)
    tables = [one for one in known if one.kind == "table"]
    collections = [one for one in known if one.kind == "collection"]
    draft = Draft(heading=HEADING)
    tenants = any(one.tenant for one in known)
    crm = _Crm(tables, tenants=tenants)
    documents = _documents(collections, crm.customer, tenants=tenants)
    picked = [*crm.picked, *(one for one in documents if isinstance(one, Picked))]
    parts = [*crm.parts(), *(part for one in documents for part in (finish(one) if isinstance(one, Picked) else [one]))]
    draft.parts = [_store(name, known, [one.place for one in picked]), *parts]
    if not any(one.section in GRAMMAR.one_of for one in picked):
        draft.sections_needed = GRAMMAR.one_of
        draft.notes.append("needed: no table or collection is called as customers, accounts or deliveries are;")
        draft.notes.append("at least one of [customer], [account] and [delivery] has to be there.")
    used = {(key, line.value) for part in parts for key, line in part.lines.items() if key in ("table", "collection")}
    unused = [one for one in known if (one.kind, one.name) not in used]
    if unused:
        draft.notes.append("Tables and collections without a use here, with how many rows they have:")
        draft.notes += [f"  {written_name(one.name)} ({_about(one.rows)})" for one in unused[:_MOST_NAMED]]
    return draft


class _Crm:
    """Draft what stands in tables: customers, then what belongs to them."""

    def __init__(self, tables: Sequence[Place], *, tenants: bool) -> None:
        self._tables, self._has_tenants = tables, tenants
        self.tenants = tenant_place(tables)
        left = [one for one in tables if one is not self.tenants]
        self.customer = pick("customer", left)
        left = self._left(left, self.customer)
        self.lead = pick("lead", left, self._owners())
        left = self._left(left, self.lead)
        self.booking = pick("booking", left, self._owners())
        self._rest = self._left(left, self.booking)
        self.picked = [one for one in (self.customer, self.lead, self.booking) if one is not None]

    def _owners(self) -> list[Place]:
        return [self.customer.place] if self.customer else []

    @staticmethod
    def _left(places: Sequence[Place], taken: Picked | None) -> list[Place]:
        return [one for one in places if taken is None or one is not taken.place]

    def parts(self) -> list[Part]:
        found = tenant_parts(self.tenants) if self.tenants is not None and self._has_tenants else []
        for one in self.picked:
            crm_parts(one, customer=self.customer, lead=self.lead, tenants=self._has_tenants)
        revenue = revenue_parts(
            self._rest,
            customer=self.customer,
            lead=self.lead,
            booking=self.booking,
            tenants=self._has_tenants,
        )
        counted = {str(part.value("table")) for part in revenue}
        rest = [one for one in self._rest if one.name not in counted]
        for one in self.picked:
            self._inside(one, rest)
            found += finish(one)
        return [*found, *revenue]

    def _inside(self, one: Picked, rest: list[Place]) -> None:
        satellites = satellites_of(one, rest)
        taken = {str(part.value("table")) for part in satellites}
        rest[:] = [place for place in rest if place.name not in taken]
        if one.section == "customer":
            totals = stored_totals(one, rest)
            one.parts += [totals] if totals else []
        else:
            snapshot = snapshot_of(one, self._tables)
            one.parts += [snapshot] if snapshot else []
        one.parts += satellites


def _documents(collections: Sequence[Place], customer: Picked | None, *, tenants: bool) -> list[Picked | Part]:
    """Draft what stands in collections; the links of each to the others come with it."""
    account = pick_account(collections)
    delivery = pick_delivery(collections, account)
    left = [one for one in collections if not delivery or one is not delivery.place]
    courier = courier_part(left, account, tenants=tenants) if delivery else None
    found: list[Picked | Part] = []
    if account is not None:
        account_parts(account, tenants=tenants)
        account.parts.insert(1, link_part(account, {"delivery": delivery, "crm": customer}))
        found.append(account)
    if delivery is not None:
        delivery_parts(delivery, courier, tenants=tenants)
        delivery.parts.insert(1, link_part(delivery, {"account": account, "crm": customer}))
        found.append(delivery)
    return [*found, *([courier] if courier else [])]


def _store(name: str, places: Sequence[Place], mapped: Sequence[Place]) -> Part:
    part = Part("store")
    part.sure("name", name)
    counted = [
        word.strip().upper()
        for place in places
        for match in [Columns(place, ()).find(CURRENCY, lambda one: one.holds is Holds.TEXT)]
        if match is not None and match.exact
        for word in list(match.column.counted)[:1]
    ]
    stored = next((word for word in counted if word in _CURRENCIES), None)
    named = next((code for place in mapped for column in place.columns.values() for code in _codes(column)), None)
    if stored is not None:
        part.sure("currency", stored, "the one that a column of currencies has most often")
    elif named is not None:
        part.lines["currency"] = Line(State.NEEDED, named, "a column of amounts is called so; is it this one?")
    else:
        part.needed("currency", f"{part.section.keys['currency'].expected}; no column tells it")
    part.unsure("timezone", "UTC", "where days and months begin, and dates without zone are")
    part.unsure("phone_region", None, "the country of the numbers that are written without +")
    return part


def _about(rows: int) -> str:
    return f"about {rows:,}" if rows >= _FEW else "few"


def _codes(column: Column) -> Iterator[str]:
    """Find the currency that a column of amounts is called after."""
    words = words_of(column.name)
    if len(words) > 1 and words[-1].upper() in _CURRENCIES and column.holds in (Holds.INTEGER, Holds.NUMBER):
        yield words[-1].upper()
