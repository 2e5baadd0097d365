"""Fewer indexes of what changes: the lines of flights and batches name their orders, and do so by an index.

PostgreSQL enters a row that changes in each index of its table. When an order was made, which never changes
and runs with the sequence of the rows, is said there of every few pages.
"""

import sqlalchemy as sa
from alembic import op

from toolkit.errors import LedgerError

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_orders_batch_id", "orders")
    op.drop_index("ix_orders_flight_id", "orders")
    if op.get_context().dialect.name == "postgresql":
        op.drop_index("ix_orders_created_at", "orders")
        op.execute(
            sa.text(
                "CREATE INDEX ix_orders_created_at ON orders USING brin (created_at) "
                "WITH (pages_per_range = 16, autosummarize = on)"
            )
        )


def downgrade() -> None:
    raise LedgerError("an account of what happened isn't unmade: restore a backup instead")
