"""Classifications, acknowledgements, restrictions and limits: what an order is admitted on."""

from toolkit.errors import LedgerError

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass


def downgrade() -> None:
    raise LedgerError("an account of what happened isn't unmade: restore a backup instead")
