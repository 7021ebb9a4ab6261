"""Run Alembic's migrations on the connection that it is handed, in the schema `gateway` alone."""

from alembic import context

from sources.own.tables import SCHEMA, metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, version_table_schema=SCHEMA)
with context.begin_transaction():
    context.run_migrations()
