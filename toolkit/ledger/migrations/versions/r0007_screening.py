"""Lists in force, what stands on them, and every screening made against them."""

from toolkit.errors import LedgerError

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise LedgerError("an account of what happened isn't unmade: restore a backup instead")
