"""The schema as a frontend meets it: guarded, described, and null wherever a store may have nothing to say."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import graphql
import pytest
import strawberry
from strawberry.types.base import get_object_definition

import schema
from domain.access import Rule
from schema.fields import RULE
from schema.mutation import Mutation
from schema.query import Query
from tests.running import Gateway

ROOT = Path(__file__).parents[2]
PRINTED = schema.sdl()
CONTRACT = graphql.build_schema(PRINTED)
TYPES = {name: type_ for name, type_ in CONTRACT.type_map.items() if not name.startswith("__")}
SPECIFIED = {*graphql.specified_scalar_types}
PAGE = {"first": "Int", "after": "String", "last": "Int", "before": "String"}

#: All that is never null: ids and keys, what is decided from the row in hand, and what lists and pages are made of.
NEVER_NULL = {
    "Query": {"nodes", "viewer", "stores"},
    "Node": {"id"},
    "Customer": {"id", "name"},
    "CustomerRecord": {"store", "key"},
    "Account": {"key", "isActive", "canLogIn", "emailIsPlaceholder"},
    "DeliveryProfile": {"key"},
    "Lead": {"id", "key", "status", "allowedTransitions"},
    "Booking": {"id", "key", "status", "allowedTransitions"},
    "LeadTransition": {"to", "storeStatus"},
    "BookingTransition": {"to", "storeStatus"},
    "LeadPayload": {"errors"},
    "BookingPayload": {"errors"},
    "InvalidTransition": {"code", "message", "path", "to", "allowed"},
    "BookingSnapshot": {"images"},
    "Courier": {"key"},
    "ExternalAccount": set(),
    "Shipment": set(),
    "StatusEvent": {"at", "to"},
    "StatusEventConnection": {"edges", "nodes", "pageInfo"},
    "StatusEventEdge": {"cursor", "node"},
    "Tenant": {"key"},
    "Mutation": set(),
    "CustomerPayload": {"errors"},
    "LinkPayload": {"customers", "retiredIds", "errors"},
    "Note": {"id", "at", "by", "text"},
    "NoteConnection": {"edges", "nodes", "pageInfo"},
    "NoteEdge": {"cursor", "node"},
    "NotePayload": {"errors"},
    "LinkEvent": {"id", "at", "kind", "by"},
    "LinkEventConnection": {"edges", "nodes", "pageInfo"},
    "LinkEventEdge": {"cursor", "node"},
    "InvitationPayload": {"errors"},
    "PasswordPayload": {"ok", "errors"},
    "OperationPayload": {"errors"},
    "OperationStep": {"kind", "message", "done"},
    "OperationStepConnection": {"edges", "nodes", "pageInfo"},
    "OperationStepEdge": {"cursor", "node"},
    "LinkageReport": set(),
    "LinkSuggestion": {"id", "records", "customers", "certainty", "evidence"},
    "LinkEvidence": {"rule", "value"},
    "LinkSuggestionConnection": {"edges", "nodes", "pageInfo"},
    "LinkSuggestionEdge": {"cursor", "node"},
    "Operation": {"id", "kind", "state", "createdAt", "by", "done", "counts"},
    "OperationCounts": {"linked", "repaired", "created", "attached", "leftForReview", "failed"},
    "MutationError": {"code", "message", "path"},
    "UserError": {"code", "message", "path"},
    "LinkConflict": {"code", "message", "path", "record"},
    "DuplicateCustomer": {"code", "message", "path"},
    "Money": {"amount", "currency"},
    "Revenue": {"total", "count", "byMonth", "otherCurrencies"},
    "MonthlyRevenue": {"month", "total", "count"},
    "CustomerAnalytics": {"segment", "acceptedBookings", "cancelledBookings", "noShows"},
    "ServiceCount": {"service", "bookings"},
    "TimelineConnection": {"edges", "nodes", "pageInfo"},
    "TimelineEdge": {"cursor", "node"},
    "Dashboard": set(),
    "CustomerCounts": set(),
    "LeadCounts": set(),
    "BookingCounts": set(),
    "SourceCount": {"count"},
    "SegmentCount": {"segment", "count"},
    "LeadStatusCount": {"status", "count"},
    "BookingStatusCount": {"status", "count"},
    "DashboardPoint": {"start"},
    "BookingNote": {"bookingId", "text"},
    "PageInfo": {"hasNextPage", "hasPreviousPage"},
    "CustomerConnection": {"missingStores", "edges", "nodes", "pageInfo"},
    "LeadConnection": {"edges", "nodes", "pageInfo"},
    "BookingConnection": {"edges", "nodes", "pageInfo"},
    "CustomerEdge": {"cursor", "node"},
    "LeadEdge": {"cursor", "node"},
    "BookingEdge": {"cursor", "node"},
    "Viewer": {"subject", "roles"},
    "StoreStatus": {"store", "kind", "up", "profile", "maps"},
}


def output_types() -> Iterator[graphql.GraphQLObjectType | graphql.GraphQLInterfaceType]:
    for type_ in TYPES.values():
        if isinstance(type_, graphql.GraphQLObjectType | graphql.GraphQLInterfaceType):
            yield type_


def described() -> Iterator[tuple[str, str | None]]:
    """Go through everything that has a name, with what is said of it."""
    for name, type_ in TYPES.items():
        if name not in SPECIFIED:
            yield name, type_.description
        if isinstance(type_, graphql.GraphQLEnumType):
            yield from ((f"{name}.{value}", one.description) for value, one in type_.values.items())
        if isinstance(type_, graphql.GraphQLInputObjectType):
            yield from ((f"{name}.{field}", one.description) for field, one in type_.fields.items())
    for output in output_types():
        for field, declared in output.fields.items():
            yield f"{output.name}.{field}", declared.description
            for argument, one in declared.args.items():
                yield f"{output.name}.{field}({argument})", one.description


def test_every_root_field_has_a_rule() -> None:
    roots = [field for root in (Query, Mutation) for field in get_object_definition(root, strict=True).fields]
    fields = {field.name: field.metadata.get(RULE) for field in roots}
    assert fields
    assert {name for name, rule in fields.items() if not isinstance(rule, Rule)} == set()


def test_a_root_field_without_a_rule_is_no_schema(monkeypatch: pytest.MonkeyPatch) -> None:
    @strawberry.type
    class Unguarded:
        secret: str = "told to everyone"

    monkeypatch.setattr(schema, "Query", Unguarded)
    with pytest.raises(TypeError, match="secret"):
        schema.build_schema()


def test_everything_that_has_a_name_is_described() -> None:
    assert [name for name, description in described() if not (description or "").strip()] == []


def test_whatever_may_be_null_says_when() -> None:
    """Itself, or the type that it is of."""
    silent = [
        f"{output.name}.{name}"
        for output in output_types()
        for name, declared in output.fields.items()
        if not isinstance(declared.type, graphql.GraphQLNonNull)
        and "null" not in f"{declared.description} {output.description}".lower()
        and output.name not in SPECIFIED
    ]
    assert silent == []


def test_only_keys_and_what_is_decided_from_the_row_in_hand_are_never_null() -> None:
    never_null = {
        output.name: {name for name, field in output.fields.items() if graphql.is_non_null_type(field.type)}
        for output in output_types()
    }
    assert never_null == NEVER_NULL


def test_lists_hold_no_nulls_save_where_one_of_many_may_be_missing() -> None:
    nullable = {
        f"{output.name}.{name}"
        for output in output_types()
        for name, field in output.fields.items()
        if graphql.is_list_type(graphql.get_nullable_type(field.type))
        and not graphql.is_non_null_type(graphql.get_nullable_type(field.type).of_type)
    }
    assert nullable == {"Query.nodes"}


def test_every_list_is_paged_in_both_directions_save_histories() -> None:
    paged = {
        f"{output.name}.{name}": {name: str(argument.type) for name, argument in field.args.items()}
        for output in output_types()
        for name, field in output.fields.items()
        if graphql.get_named_type(field.type).name.endswith("Connection")
    }
    one_way = {
        name: paged.pop(name)
        for name in (
            "Lead.history",
            "Booking.history",
            "Query.linkHistory",
            "Query.linkSuggestions",
            "Operation.steps",
            "Customer.timeline",
            "Customer.notes",
        )
    }
    for arguments in one_way.values():
        assert arguments.keys() - {"customerId", "certainty"} == {"first", "after"}
    assert len(paged) == 5
    for arguments in paged.values():
        assert arguments.items() >= PAGE.items()
        assert arguments.keys() - PAGE.keys() == {"filter", "orderBy"}


def test_one_key_is_asked_for_at_a_time() -> None:
    key = TYPES["CustomerKey"]
    assert isinstance(key, graphql.GraphQLInputObjectType)
    assert key.is_one_of
    types = {name: str(field.type) for name, field in key.fields.items()}
    named = ("email", "phone", "crm", "account", "delivery")
    assert types == dict.fromkeys(named, "String") | {"external": "ExternalKey"}


@pytest.mark.parametrize("order", ["CustomerOrder", "LeadOrder", "BookingOrder"])
def test_an_order_has_defaults(order: str) -> None:
    type_ = TYPES[order]
    assert isinstance(type_, graphql.GraphQLInputObjectType)
    defaults = {name: graphql.print_ast(field.ast_node.default_value) for name, field in type_.fields.items()}
    assert defaults == {"by": "START_AT" if order == "BookingOrder" else "CREATED_AT", "direction": "DESC"}


def test_the_schema_that_is_kept_is_the_one_that_is_printed() -> None:
    command = [sys.executable, "-m", "gateway", "schema"]
    printed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout  # noqa: S603
    assert printed == (ROOT / "schema.graphql").read_text() == PRINTED


async def test_the_schema_that_is_kept_is_the_one_that_is_served(demo: Gateway) -> None:
    answer = await demo.http.get(f"{demo.url}/schema.graphql")
    assert answer.text == (ROOT / "schema.graphql").read_text()
    assert answer.headers["content-type"].startswith("text/plain")
