"""Notes of customers."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_NOTES = (
    """
    CREATE TABLE gateway.note (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        tenant text NOT NULL,
        record text NOT NULL,
        at timestamptz NOT NULL DEFAULT now(),
        by text NOT NULL,
        text text NOT NULL
    )
    """,
    "CREATE INDEX note_of_record ON gateway.note (tenant, record, at, id)",
)


def upgrade() -> None:
    for statement in _NOTES:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE gateway.note")
