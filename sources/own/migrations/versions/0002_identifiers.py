"""What finds records by a normalised e-mail, phone or name, and how far whoever fills it has come."""

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

#: The index for searches within `search` is made apart, where the server has the extension that it needs.
_STATEMENTS = (
    """
    CREATE TABLE gateway.identifiers (
        tenant text COLLATE "C" NOT NULL,
        record text COLLATE "C" NOT NULL,
        key text COLLATE "C" NOT NULL,
        email text COLLATE "C",
        phone text COLLATE "C",
        search text COLLATE "C" NOT NULL,
        held_until timestamptz NOT NULL,
        PRIMARY KEY (tenant, record, key)
    )
    """,
    """
    CREATE INDEX identifiers_email ON gateway.identifiers (tenant, email) INCLUDE (record, key)
    WHERE email IS NOT NULL
    """,
    """
    CREATE INDEX identifiers_phone ON gateway.identifiers (tenant, phone) INCLUDE (record, key)
    WHERE phone IS NOT NULL
    """,
    """
    CREATE TABLE gateway.index_pass (
        tenant text NOT NULL,
        walker text NOT NULL,
        began_at timestamptz NOT NULL,
        record text,
        after text,
        sweeping boolean NOT NULL DEFAULT false,
        walked bigint NOT NULL DEFAULT 0,
        whole_at timestamptz,
        PRIMARY KEY (tenant, walker)
    )
    """,
    """
    CREATE TABLE gateway.lease (
        name text PRIMARY KEY,
        owner uuid NOT NULL,
        until timestamptz NOT NULL
    )
    """,
)


def upgrade() -> None:
    for statement in _STATEMENTS:
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TABLE gateway.lease, gateway.index_pass, gateway.identifiers")
