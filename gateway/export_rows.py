"""The rows of an export: pages of a list as the API answers it, one after the other, each row flat."""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import reduce
from typing import Any

from domain.access import Access, Role, Viewer
from domain.errors import SourceUnavailableError
from gateway.answers import error_body
from resolvers.context import Context, Limits
from schema import Schema, build_schema
from sources.stores import Stores

#: Rows that are read, and held in memory, at a time.
PAGE = 500
Row = dict[str, Any]


class Kind(Enum):
    """What a cell holds: a text of somebody's, or what the gateway itself has written."""

    TEXT = "text"
    WORD = "word"
    TIME = "time"
    NUMBER = "number"
    FLAG = "flag"


@dataclass(frozen=True, slots=True)
class Column:
    """Be a column: its *name*, the *path* to its value in what the API answers, and what *kind* of value that is."""

    name: str
    path: tuple[str, ...]
    kind: Kind = Kind.TEXT

    def of(self, node: Mapping[str, Any]) -> Any:
        """Find the value in *node*; None where something on the way to it is not there."""
        found: Any = node
        for name in self.path:
            found = None if found is None else found.get(name)
        return found


@dataclass(frozen=True, slots=True)
class Export:
    """Be what can be exported of a *list*: its *columns*, and the name of its filter's type."""

    list: str
    filter: str
    columns: Sequence[Column]

    @property
    def query(self) -> str:
        """Ask for a page of them, the oldest first."""
        asked: dict[str, Any] = {}
        for column in self.columns:
            reduce(lambda level, name: level.setdefault(name, {}), column.path, asked)
        more = "pageInfo { hasNextPage endCursor }" + (" missingStores" if self.list == "customers" else "")
        order = "orderBy: {by: CREATED_AT, direction: ASC}"
        return (
            f"query ($first: Int, $after: String, $filter: {self.filter}, $counted: Boolean!) {{"
            f" {self.list}(first: $first, after: $after, filter: $filter, {order}) {{"
            f" totalCount @include(if: $counted) {more} nodes {_selected(asked)}"
            " } }"
        )


def _selected(fields: Mapping[str, Any]) -> str:
    inner = (f"{name} {_selected(below) if below else ''}" for name, below in fields.items())
    return "{ " + " ".join(inner) + " }"


def _column(path: str, kind: Kind = Kind.TEXT, name: str | None = None) -> Column:
    parts = path.split(".")
    return Column(name or parts[0] + "".join(part[0].upper() + part[1:] for part in parts[1:]), tuple(parts), kind)


_ID, _KEY, _NAME = _column("id", Kind.WORD), _column("key"), _column("name")
_CREATED = _column("createdAt", Kind.TIME)
_STATUS = _column("status", Kind.WORD)
_CONTACT = (_NAME, _column("email"), _column("phone"))
_CUSTOMER = (_column("customer.id", Kind.WORD), _column("customer.name"))
EXPORTS = {
    "customers": Export(
        "customers",
        "CustomerFilter",
        (
            _ID,
            *_CONTACT,
            _STATUS,
            _column("source"),
            _column("area"),
            _CREATED,
            _column("firstSeenAt", Kind.TIME),
            _column("linkage", Kind.WORD),
            _column("account.key"),
            _column("account.canLogIn", Kind.FLAG, "canLogIn"),
            _column("delivery.key"),
            _column("delivery.address"),
            _column("totalLeads", Kind.NUMBER),
            _column("totalBookings", Kind.NUMBER),
            _column("totalRevenue.amount", Kind.NUMBER, "totalRevenue"),
            _column("totalRevenue.currency", Kind.WORD, "currency"),
        ),
    ),
    "leads": Export(
        "leads",
        "LeadFilter",
        (
            _ID,
            _KEY,
            *_CONTACT,
            _column("source"),
            _column("service"),
            _STATUS,
            _column("storeStatus"),
            _CREATED,
            _column("updatedAt", Kind.TIME),
            _column("nextFollowUpAt", Kind.TIME),
            _column("contactAttempts", Kind.NUMBER),
            _column("notes"),
            *_CUSTOMER,
        ),
    ),
    "bookings": Export(
        "bookings",
        "BookingFilter",
        (
            _ID,
            _KEY,
            _column("code"),
            _STATUS,
            _column("storeStatus"),
            _column("startAt", Kind.TIME),
            _column("endAt", Kind.TIME),
            _CREATED,
            _column("service"),
            _column("location"),
            _column("staff"),
            _column("source"),
            _column("amount.amount", Kind.NUMBER, "amount"),
            _column("amount.currency", name="currency"),
            _column("paymentStatus"),
            _column("paid", Kind.FLAG),
            _column("note"),
            *_CUSTOMER,
        ),
    ),
}


class ExportError(Exception):
    """Say why nothing can be exported, as the API would."""


@dataclass(frozen=True, slots=True)
class Page:
    rows: Sequence[Row]
    total: int | None


async def pages_of(
    stores: Stores, tenant: str | None, export: Export, chosen: Mapping[str, Any] | None, *, counted: bool
) -> AsyncGenerator[Page, None]:
    """Go through the pages of *export* in *tenant*; the first says how many rows there are, if they are *counted*.

    Raises ExportError for what the API refuses, and for a store that is down: an export is whole or none.
    """
    schema, limits = build_schema(), Limits(max_page=PAGE)
    after: str | None = None
    while True:
        variables = {"first": PAGE, "after": after, "filter": chosen, "counted": counted and after is None}
        found = await _page(schema, export, variables, Context(_access(stores, tenant), stores, limits))
        if found is None:
            raise ExportError(f"The profile {stores.profile.store.name} maps no {export.list}.")
        rows = [{column.name: column.of(node) for column in export.columns} for node in found["nodes"]]
        yield Page(rows, found.get("totalCount"))
        if not found["pageInfo"]["hasNextPage"]:
            return
        after = found["pageInfo"]["endCursor"]


async def _page(schema: Schema, export: Export, variables: dict[str, Any], context: Context) -> Any:
    result = await schema.execute(export.query, variable_values=variables, context_value=context)
    for error in result.errors or ():
        body = error_body(error)
        if error.path != [export.list, "totalCount"]:
            raise ExportError(body["message"])
    assert result.data is not None
    found = result.data[export.list]
    for store in (found or {}).get("missingStores", ()):
        raise ExportError(str(SourceUnavailableError(store)))
    return found


def _access(stores: Stores, tenant: str | None) -> Access:
    """Be whoever runs commands: they have the stores themselves."""
    viewer = Viewer("export", frozenset({Role.CLIENT_ADMIN}), tenant)
    return Access(viewer, tenant, store_has_tenants=stores.profile.has_tenants)
