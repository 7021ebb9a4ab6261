"""The steps of planned operations."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE gateway.step (
        operation uuid NOT NULL,
        number integer NOT NULL,
        kind text NOT NULL,
        records text[] NOT NULL,
        lead text,
        message text NOT NULL,
        details jsonb NOT NULL,
        done boolean NOT NULL,
        outcome text,
        PRIMARY KEY (operation, number)
    )
    """,
    """
    CREATE INDEX step_to_do ON gateway.step (operation, number) WHERE NOT done
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE gateway.step")
