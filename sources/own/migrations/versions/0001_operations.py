"""Operations, the claims they hold, the trail of links, and mutations that may be sent twice."""

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = (
    """
    CREATE TABLE gateway.operation (
        id uuid PRIMARY KEY,
        tenant text NOT NULL,
        kind text NOT NULL,
        state text NOT NULL,
        by text NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        finished_at timestamptz,
        plan jsonb NOT NULL,
        done integer NOT NULL DEFAULT 0,
        total integer,
        counts jsonb NOT NULL DEFAULT '{}',
        lease_owner uuid,
        lease_until timestamptz,
        failure text
    )
    """,
    "CREATE INDEX operation_unfinished ON gateway.operation (lease_until) WHERE state IN ('RUNNING', 'PENDING')",
    """
    CREATE TABLE gateway.claim (
        tenant text NOT NULL,
        thing text NOT NULL,
        operation uuid NOT NULL REFERENCES gateway.operation ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
        PRIMARY KEY (tenant, thing)
    )
    """,
    "CREATE INDEX claim_operation ON gateway.claim (operation)",
    """
    CREATE TABLE gateway.link_event (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        tenant text NOT NULL,
        at timestamptz NOT NULL DEFAULT now(),
        kind text NOT NULL,
        records text[] NOT NULL,
        by text NOT NULL,
        rule text,
        reason text,
        plan jsonb NOT NULL DEFAULT '[]',
        operation uuid UNIQUE REFERENCES gateway.operation,
        undo_of bigint UNIQUE REFERENCES gateway.link_event,
        undone_by bigint REFERENCES gateway.link_event
    )
    """,
    "CREATE INDEX link_event_at ON gateway.link_event (tenant, at, id)",
    "CREATE INDEX link_event_records ON gateway.link_event USING gin (records)",
    """
    CREATE TABLE gateway.rejection (
        tenant text NOT NULL,
        one text NOT NULL,
        other text NOT NULL,
        event bigint NOT NULL REFERENCES gateway.link_event,
        PRIMARY KEY (tenant, one, other)
    )
    """,
    "CREATE INDEX rejection_event ON gateway.rejection (event)",
    """
    CREATE TABLE gateway.idempotency (
        tenant text NOT NULL,
        subject text NOT NULL,
        mutation text NOT NULL,
        key text NOT NULL,
        input_hash text NOT NULL,
        result jsonb NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant, subject, mutation, key)
    )
    """,
    "CREATE INDEX idempotency_created_at ON gateway.idempotency (created_at)",
)


def upgrade() -> None:
    for table in _TABLES:
        op.execute(table)


def downgrade() -> None:
    op.execute(
        "DROP TABLE gateway.idempotency, gateway.rejection, gateway.link_event, gateway.claim, gateway.operation"
    )
