"""The enums of the contract, with what each value means."""

from enum import Enum
from typing import Any

import strawberry

from domain.access import Role
from domain.dashboard import Interval
from domain.identifiers import IdentifierKind as LinkRule
from domain.linkage import LinkageHealth
from domain.mutation_errors import ErrorCode
from domain.operations import LinkEventKind, OperationKind, OperationState
from domain.paging import Direction
from domain.planning import StepKind as OperationStepKind
from domain.records import LinkState
from domain.records import RecordKind as RecordStore
from domain.status import BookingStatus, CustomerStatus, LeadStatus, Segment
from domain.suggestions import LinkCertainty
from resolvers.stores import Capability

__all__ = [
    "BookingOrderField",
    "BookingStatus",
    "Capability",
    "CustomerOrderField",
    "CustomerStatus",
    "Direction",
    "ErrorCode",
    "Interval",
    "LeadOrderField",
    "LeadStatus",
    "LinkCertainty",
    "LinkEventKind",
    "LinkRule",
    "LinkState",
    "LinkageHealth",
    "OperationKind",
    "OperationState",
    "OperationStepKind",
    "RecordStore",
    "Role",
    "Segment",
]


def _described(enum: Any, name: str, description: str, **values: str) -> Any:
    """Give *enum* to GraphQL as *name*, every value with its meaning."""
    strawberry.enum(enum, name=name, description=description)
    for value in enum.__strawberry_definition__.values:
        value.description = values[value.name]
    return enum


def meanings(enum: Any) -> dict[Any, str]:
    """Say what each value of *enum* means, as GraphiQL shows it."""
    return {enum[value.name]: value.description for value in enum.__strawberry_definition__.values}


_described(
    CustomerStatus,
    "CustomerStatus",
    "How a customer stands.",
    ACTIVE="Is served.",
    INACTIVE="Is not served any more.",
    TRIAL="Tries the service out.",
    PAUSED="Takes a break from it.",
    UNKNOWN="The store has a word that the profile does not map.",
)
_described(
    LeadStatus,
    "LeadStatus",
    "How far a lead has come.",
    NEW="Nobody has reacted yet.",
    CONTACTED="Somebody has been in touch.",
    QUALIFIED="Worth an offer.",
    QUOTED="Has an offer.",
    WON="Became a customer's order.",
    LOST="Came to nothing.",
    UNKNOWN="The store has a word that the profile does not map: see storeStatus.",
)
_described(
    BookingStatus,
    "BookingStatus",
    "How far a booking has come.",
    REQUESTED="Waits for a person.",
    CONFIRMED="Is agreed.",
    IN_PROGRESS="Is being carried out.",
    COMPLETED="Was carried out.",
    CANCELLED="Was called off.",
    NO_SHOW="The customer did not come.",
    UNKNOWN="The store has a word that the profile does not map: see storeStatus.",
)
_described(
    Interval,
    "Interval",
    "What a series is counted by: where the store is, whatever its clocks do.",
    DAY="Days.",
    WEEK="Weeks of ISO 8601, which begin on Monday.",
    MONTH="Months.",
)
_described(
    Segment,
    "Segment",
    "How a customer stands by its accepted bookings; the profile may set other days.",
    PROSPECT="Has none.",
    NEW="The first starts within the last 30 days, or is still to come.",
    ACTIVE="The last starts within the last 90 days, or is still to come.",
    AT_RISK="The last starts within the last 180 days.",
    LAPSED="The last was longer ago.",
)
_described(
    RecordStore,
    "RecordStore",
    "The kinds of records about a customer, in the order in which they head one.",
    CRM="A row of the CRM in PostgreSQL.",
    ACCOUNT="A login account in MongoDB.",
    DELIVERY="A delivery and billing record in MongoDB.",
)
_described(
    LinkState,
    "LinkState",
    "How far the records of a customer are linked.",
    COMPLETE="A record of every mapped kind; where one kind is mapped, always.",
    PARTIAL="Records of some kinds.",
    UNLINKED="A record of one kind only.",
    CONFLICT="Its stores contradict each other.",
)
_described(
    Direction,
    "Direction",
    "Which end of a list comes first.",
    ASC="The smallest or oldest.",
    DESC="The largest or newest.",
)
_described(
    Role,
    "Role",
    "What somebody may do.",
    PLATFORM_ADMIN="Everything in any tenant, which X-Tenant names.",
    CLIENT_ADMIN="Everything in the own tenant.",
    READER="Reads what CLIENT_ADMIN reads and writes nothing: for dashboards.",
    SUPPORT="Sees nothing of customers.",
)
_described(
    Capability,
    "Capability",
    "What the profile maps, so that a page can leave out what the store does not have.",
    CUSTOMERS="Customers of the CRM.",
    ACCOUNTS="Login accounts.",
    DELIVERY="Delivery and billing records.",
    LEADS="Leads.",
    BOOKINGS="Bookings.",
    REVENUE="Revenue.",
    HISTORY="The store's own history of statuses.",
    SNAPSHOTS="What was booked, as it was then.",
    SHIPMENTS="Shipments of bookings.",
    EXTERNAL_ACCOUNTS="Ids at outside providers.",
    LOCATIONS="Locations of bookings.",
    TENANTS="Several tenants in one store.",
    REFERRERS="Who refers others.",
    NOTES="Notes of customers, which the gateway keeps.",
)


class CustomerOrderField(Enum):
    CREATED_AT = "CREATED_AT"
    NAME = "NAME"
    TOTAL_REVENUE = "TOTAL_REVENUE"
    LAST_BOOKING_AT = "LAST_BOOKING_AT"


class LeadOrderField(Enum):
    CREATED_AT = "CREATED_AT"
    UPDATED_AT = "UPDATED_AT"


class BookingOrderField(Enum):
    START_AT = "START_AT"
    CREATED_AT = "CREATED_AT"


_described(
    CustomerOrderField,
    "CustomerOrderField",
    "What customers are ordered by.",
    CREATED_AT="When the head record was created.",
    NAME="The head record's name, by code points as it is stored; blank and very long ones last.",
    TOTAL_REVENUE="All of its revenue: a page goes through all revenue of the store.",
    LAST_BOOKING_AT="The start of its last accepted booking: a page goes through all bookings of the store.",
)
_described(
    LeadOrderField,
    "LeadOrderField",
    "What leads are ordered by.",
    CREATED_AT="When the lead was created.",
    UPDATED_AT="When the lead was last changed.",
)
_described(
    BookingOrderField,
    "BookingOrderField",
    "What bookings are ordered by.",
    START_AT="When the booking starts.",
    CREATED_AT="When the booking was created.",
)
_described(
    ErrorCode,
    "ErrorCode",
    "What a user can do wrong in a mutation.",
    NOT_FOUND="There is no such thing; also the answer for what belongs to another tenant.",
    INVALID="The input cannot be meant.",
    REQUIRED="Something that the store needs is left out.",
    TOO_LONG="A text has more characters than can be kept.",
    DUPLICATE="There is one already.",
    CONSTRAINT="What the store holds stands in the way.",
    NOT_MAPPED="The profile maps no such thing.",
    INVALID_TRANSITION="The status cannot become this one from what it is.",
    STALE="It is no longer as it was expected to be.",
    ALREADY_LINKED="A record is linked to, or claimed by, another one.",
    ALREADY_CHANGED="Something else came first.",
    AMBIGUOUS="Several could be meant.",
    SUGGESTION_OUTDATED="The records are no longer as they were when this was suggested.",
    NOT_A_CUSTOMER="The record is no customer's: staff, for one.",
    TOKEN_INVALID="The token is unknown, was used, or is too old.",  # noqa: S106 - a description
    RATE_LIMITED="This was asked for too often: try again later.",
    IDEMPOTENCY_MISMATCH="The idempotencyKey came with another input before.",
)
_described(
    LinkEventKind,
    "LinkEventKind",
    "What happened to links.",
    LINKED="Records became one customer.",
    UNLINKED="A record was cut loose.",
    REJECTED="Records are not to be suggested any more.",
    REPAIRED="A link that one side said is said by both.",
    BACKFILLED="An account was made and linked by a backfill.",
)
_described(
    OperationKind,
    "OperationKind",
    "What an operation does.",
    CREATE_CUSTOMER="Creates a customer in every store that it belongs to.",
    CREATE_ACCOUNT="Creates a login account for a customer.",
    CONVERT_LEAD="Makes a lead won, and its customer's.",
    LINK="Makes one customer of records.",
    UNLINK="Cuts a record loose.",
    UNDO="Restores what an event found.",
    BACKFILL="Links what is certain, repairs links, creates missing accounts.",
    ATTACH_LEADS="Attaches orphaned leads to their customers.",
    ASSIGN_COURIER="Says who delivers.",
    UPDATE_CUSTOMER="Writes what is new of a customer to each of its records.",
)
_described(
    OperationState,
    "OperationState",
    "How an operation stands.",
    PLANNED="Nothing is written yet: applyOperation does that.",
    RUNNING="A gateway is at work on it.",
    PENDING="A store went down on the way; it is resumed by itself.",
    APPLIED="All of it is done.",
    FAILED="It was turned back: a record was changed by somebody else meanwhile.",
)
_described(
    LinkCertainty,
    "LinkCertainty",
    "How certain it is that customers are one.",
    CERTAIN="One to one on a trusted identifier, and none contradicts.",
    LIKELY="One to one, but unverified or contradicted.",
    AMBIGUOUS="Several candidates.",
)
_described(
    LinkRule,
    "LinkRule",
    "What records share.",
    EMAIL="The e-mail, in either case.",
    PHONE="The phone number, however it is written.",
)
_described(
    LinkageHealth,
    "LinkageHealth",
    "Whether somebody should look after the links.",
    HEALTHY="All that could be linked is, and nothing is wrong.",
    NEEDS_ATTENTION="Something is one-way, dangling, contradictory, ambiguous, orphaned or not linked yet.",
)
_described(
    OperationStepKind,
    "OperationStepKind",
    "What a step does.",
    LINK="Makes one customer of records.",
    UNLINK="Cuts a record loose.",
    REPAIR="Lets both sides say what one side says.",
    CREATE="Creates a record.",
    ATTACH="Attaches a lead to its customer.",
    UPDATE="Writes what is new of a record.",
    LEAVE_FOR_REVIEW="Nothing: a person has to decide.",
)
