"""Tokens by which a password is set or a login confirmed, and how often somebody has asked for such things."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_STATEMENTS = (
    """
    CREATE TABLE gateway.token (
        tenant text COLLATE "C" NOT NULL,
        account text COLLATE "C" NOT NULL,
        purpose text COLLATE "C" NOT NULL,
        hash bytea NOT NULL UNIQUE,
        details jsonb NOT NULL,
        expires_at timestamptz NOT NULL,
        used_at timestamptz,
        PRIMARY KEY (tenant, account, purpose)
    )
    """,
    "CREATE INDEX token_expires_at ON gateway.token (expires_at)",
    """
    CREATE TABLE gateway.rate (
        who bytea PRIMARY KEY,
        count integer NOT NULL,
        until timestamptz NOT NULL
    )
    """,
    "CREATE INDEX rate_until ON gateway.rate (until)",
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE gateway.rate, gateway.token")
