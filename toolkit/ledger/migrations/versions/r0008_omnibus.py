"""Omnibus accounts: clients' positions, the journal that moves them, commitments."""

from toolkit.errors import LedgerError

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise LedgerError("an account of what happened isn't unmade: restore a backup instead")
