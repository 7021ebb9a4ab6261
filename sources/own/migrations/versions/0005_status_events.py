"""What changed the status of leads and bookings."""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute(
        """
        CREATE TABLE gateway.status_event (
            id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
            tenant text NOT NULL,
            kind text NOT NULL,
            key text NOT NULL,
            at timestamptz NOT NULL,
            "from" text,
            "to" text NOT NULL,
            by text NOT NULL,
            note text,
            written_at timestamptz
        )
        """
    )
    op.execute("CREATE INDEX status_event_of ON gateway.status_event (tenant, kind, key, at, id)")


def downgrade() -> None:
    op.execute("DROP TABLE gateway.status_event")
