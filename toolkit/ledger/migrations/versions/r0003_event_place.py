"""Events lie in the sequence of the chain, so that writing one costs the same however many there are.

An index over hashes touches another page for each event, and on SQLite a BIGINT key is an index beside the
table. That a hash is there once follows from the chain, which `verify` recomputes.
"""

import sqlalchemy as sa
from alembic import op

from toolkit.errors import LedgerError

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    if op.get_context().dialect.name == "postgresql":
        op.drop_constraint("uq_order_events_hash", "order_events", type_="unique")
        return
    with op.batch_alter_table("order_events", recreate="always") as table:
        table.drop_constraint("uq_order_events_hash", type_="unique")
        table.alter_column("seq", existing_type=sa.BigInteger(), type_=sa.Integer(), existing_nullable=False)


def downgrade() -> None:
    raise LedgerError("an account of what happened isn't unmade: restore a backup instead")
