"""Run by Alembic on the connection that `toolkit.ledger.migrate` gives it, inside its transaction."""

from alembic import context

from toolkit.ledger.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
