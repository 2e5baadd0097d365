"""Omnibus accounts: clients' positions, the journal that moves them, commitments."""

import sqlalchemy as sa
from alembic import op

from toolkit.errors import LedgerError

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


_AMOUNT = sa.String(length=78)
_ADDRESS = sa.String(length=42)
_CLIENT = sa.String(length=34)


def upgrade() -> None:
    op.create_table(
        "omnibus_positions",
        sa.Column("wallet", _ADDRESS, nullable=False),
        sa.Column("token", _ADDRESS, nullable=False),
        sa.Column("client", _CLIENT, nullable=False),
        *(
            sa.Column(name, _AMOUNT, nullable=False)
            for name in ("available", "locked", "pending_in", "pending_out")
        ),
        sa.PrimaryKeyConstraint("wallet", "token", "client", name=op.f("pk_omnibus_positions")),
    )
    op.create_table(
        "omnibus_movements",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("record_id", sa.String(length=200), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("wallet", _ADDRESS, nullable=False),
        sa.Column("token", _ADDRESS, nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["records.id"],
            name=op.f("fk_omnibus_movements_record_id_records"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_omnibus_movements")),
        sa.UniqueConstraint("record_id", "step", name=op.f("uq_omnibus_movements_record_id_step")),
    )
    op.create_index(
        "ix_omnibus_movements_wallet_token_seq",
        "omnibus_movements",
        ["wallet", "token", "seq"],
        unique=False,
    )
    op.create_table(
        "omnibus_lines",
        sa.Column("record_id", sa.String(length=200), nullable=False),
        sa.Column("step", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("account", _CLIENT, nullable=False),
        sa.Column("bucket", sa.String(length=32), nullable=False),
        sa.Column("sign", sa.SmallInteger(), nullable=False),
        sa.Column("amount", _AMOUNT, nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["records.id"],
            name=op.f("fk_omnibus_lines_record_id_records"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("record_id", "step", "position", name=op.f("pk_omnibus_lines")),
    )


def downgrade() -> None:
    raise LedgerError("an account of what happened isn't unmade: restore a backup instead")
