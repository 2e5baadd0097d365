"""Lists in force, what stands on them, every screening made against them; the travel rule; alerts."""

import sqlalchemy as sa
from alembic import op

from toolkit.errors import LedgerError

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_WORD = sa.String(length=32)
_NAME = sa.String(length=128)
_ADDRESS = sa.String(length=42)
_DIGEST = sa.String(length=64)
_RECORD = sa.String(length=200)
_INVESTOR = sa.String(length=34)
_INSTANT = sa.DateTime(timezone=True)


def _references(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = op.f(f"fk_{table}_{column}_{target.partition('.')[0]}")
    return sa.ForeignKeyConstraint([column], [target], name=name, ondelete="RESTRICT")


def upgrade() -> None:
    _lists()
    _screenings()
    op.create_table(
        "travel_parties",
        sa.Column("transfer", _RECORD, nullable=False),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("data", sa.Text(), nullable=True),
        sa.Column("erased_at", _INSTANT, nullable=True),
        _references("travel_parties", "transfer", "records.id"),
        sa.PrimaryKeyConstraint("transfer", name=op.f("pk_travel_parties")),
    )
    op.create_table(
        "monitor_totals",
        sa.Column("token", _ADDRESS, nullable=False),
        sa.Column("supply", sa.String(length=78), nullable=False),
        sa.PrimaryKeyConstraint("token", name=op.f("pk_monitor_totals")),
    )
    op.create_table(
        "alert_outbox",
        sa.Column("alert", _RECORD, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", _INSTANT, nullable=False),
        sa.Column("delivered_at", _INSTANT, nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        _references("alert_outbox", "alert", "records.id"),
        sa.PrimaryKeyConstraint("alert", name=op.f("pk_alert_outbox")),
    )
    op.create_index(
        "ix_alert_outbox_delivered_at_next_at", "alert_outbox", ["delivered_at", "next_at"], unique=False
    )


def _lists() -> None:
    op.create_table(
        "lists_in_force",
        sa.Column("list", _WORD, nullable=False),
        sa.Column("version", _NAME, nullable=False),
        *(sa.Column(name, _INSTANT, nullable=False) for name in ("dated", "adopted_at", "confirmed_at")),
        sa.PrimaryKeyConstraint("list", name=op.f("pk_lists_in_force")),
    )
    op.create_table(
        "list_entries",
        sa.Column("list", _WORD, nullable=False),
        sa.Column("version", _NAME, nullable=False),
        sa.Column("kind", _WORD, nullable=False),
        sa.Column("value", _ADDRESS, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("digest", _DIGEST, nullable=False),
        sa.PrimaryKeyConstraint("list", "version", "kind", "value", name=op.f("pk_list_entries")),
    )
    op.create_index("ix_list_entries_value_kind", "list_entries", ["value", "kind"], unique=False)


def _screenings() -> None:
    op.create_table(
        "screenings",
        sa.Column("run", _RECORD, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("investor", _INVESTOR, nullable=False),
        sa.Column("wallet", _ADDRESS, nullable=True),
        sa.Column("order_id", sa.String(length=36), nullable=True),
        sa.Column("outcome", _WORD, nullable=False),
        _references("screenings", "run", "records.id"),
        sa.PrimaryKeyConstraint("run", "place", name=op.f("pk_screenings")),
    )
    op.create_index(op.f("ix_screenings_investor"), "screenings", ["investor"], unique=False)
    op.create_index(op.f("ix_screenings_order_id"), "screenings", ["order_id"], unique=False)
    op.create_table(
        "cleared_hits",
        sa.Column("investor", _INVESTOR, nullable=False),
        sa.Column("list", _WORD, nullable=False),
        sa.Column("entry", _DIGEST, nullable=False),
        sa.Column("hit", _RECORD, nullable=False),
        _references("cleared_hits", "investor", "investors.reference"),
        _references("cleared_hits", "hit", "records.id"),
        sa.PrimaryKeyConstraint("investor", "list", "entry", name=op.f("pk_cleared_hits")),
    )


def downgrade() -> None:
    raise LedgerError("an account of what happened isn't unmade: restore a backup instead")
