"""The gateway's own tables, as SQLAlchemy Core; the migrations make them, nothing here does.

All is kept by tenant, which is an empty text where the store has none. Values that come from MongoDB are kept as its
canonical extended JSON, so that they come back as the types they were.
"""

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text, Uuid
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TIMESTAMP

SCHEMA = "gateway"
metadata = MetaData(schema=SCHEMA)


def _at(name: str, *, nullable: bool = False) -> Column[object]:
    return Column(name, TIMESTAMP(timezone=True), nullable=nullable)


#: A write of more than one record. *plan* lists its writes, each with the value before and after; *lease_until* says
#: until when *lease_owner* is at work on it.
operations = Table(
    "operation",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("tenant", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("by", Text, nullable=False),
    _at("created_at"),
    _at("finished_at", nullable=True),
    Column("plan", JSONB, nullable=False),
    Column("done", Integer, nullable=False),
    Column("total", Integer, nullable=True),
    Column("counts", JSONB, nullable=False),
    Column("lease_owner", Uuid, nullable=True),
    _at("lease_until", nullable=True),
    Column("failure", Text, nullable=True),
)
#: What an operation has to itself until it is over: records (`ACCOUNT:key`) and identifiers (`EMAIL:value`).
claims = Table(
    "claim",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("thing", Text, primary_key=True),
    Column("operation", Uuid, nullable=False),
)
#: The audit trail of links: the *records* concerned, the *plan* that was written, the event by which it is *undone_by*.
link_events = Table(
    "link_event",
    metadata,
    Column("id", BigInteger, primary_key=True),
    Column("tenant", Text, nullable=False),
    _at("at"),
    Column("kind", Text, nullable=False),
    Column("records", ARRAY(Text), nullable=False),
    Column("by", Text, nullable=False),
    Column("rule", Text, nullable=True),
    Column("reason", Text, nullable=True),
    Column("plan", JSONB, nullable=False),
    Column("operation", Uuid, nullable=True),
    Column("undo_of", BigInteger, nullable=True),
    Column("undone_by", BigInteger, nullable=True),
)
#: Pairs of records that are not suggested any more, and the event that says why.
rejections = Table(
    "rejection",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("one", Text, primary_key=True),
    Column("other", Text, primary_key=True),
    Column("event", BigInteger, nullable=False),
)
#: What came of a mutation that somebody may send twice: *result* holds keys, never an answer.
idempotency = Table(
    "idempotency",
    metadata,
    Column("tenant", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("mutation", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("input_hash", Text, nullable=False),
    Column("result", JSONB, nullable=False),
    _at("created_at"),
)
