"""Bank lines as the bank stated them, reconciliations, reports and who signed them."""

from toolkit.errors import LedgerError

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise LedgerError("an account of what happened isn't unmade: restore a backup instead")
