"""Bank lines as the bank stated them, and the checkpoints of closed days."""

import sqlalchemy as sa
from alembic import op

from toolkit.errors import LedgerError

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bank_lines",
        sa.Column("account", sa.String(length=128), nullable=False),
        sa.Column("entry", sa.String(length=128), nullable=False),
        sa.Column("statement", sa.String(length=200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("direction", sa.String(length=6), nullable=False),
        sa.Column("amount", sa.String(length=78), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("value_on", sa.Date(), nullable=False),
        sa.Column("reference", sa.String(length=128), nullable=True),
        sa.Column("remitter", sa.String(length=128), nullable=True),
        sa.Column("reversal", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["statement"], ["records.id"], name=op.f("fk_bank_lines_statement_records"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("account", "entry", name=op.f("pk_bank_lines")),
    )
    op.create_index("ix_bank_lines_statement_position", "bank_lines", ["statement", "position"], unique=True)
    for column in ("reference", "booked_on", "entry"):
        op.create_index(f"ix_bank_lines_{column}", "bank_lines", [column], unique=False)
    op.create_table(
        "checkpoints",
        sa.Column("record_id", sa.String(length=200), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("record_id", name=op.f("pk_checkpoints")),
    )
    for table, column in (
        ("funds_receipts", "received_at"),
        ("funds_receipts", "returned_at"),
        ("payouts", "paid_at"),
    ):
        op.create_index(f"ix_{table}_{column}", table, [column], unique=False)


def downgrade() -> None:
    raise LedgerError("an account of what happened isn't unmade: restore a backup instead")
