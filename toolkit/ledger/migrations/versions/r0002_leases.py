"""Lanes are leased, and a lane's open transactions are found without reading the others."""

import sqlalchemy as sa
from alembic import op

from toolkit.errors import LedgerError

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("lanes", sa.Column("holder", sa.String(length=64), nullable=True))
    op.add_column("lanes", sa.Column("fence", sa.BigInteger(), server_default="0", nullable=False))
    op.add_column("lanes", sa.Column("leased_until", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_transactions_lane_state_nonce", "transactions", ["lane", "state", "nonce"], unique=False
    )


def downgrade() -> None:
    raise LedgerError("an account of what happened isn't unmade: restore a backup instead")
