"""Classifications, acknowledgements, restrictions and limits: what an order is admitted on."""

import sqlalchemy as sa
from alembic import op

from toolkit.errors import LedgerError

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_WORD = sa.String(length=32)
_RECORD = sa.String(length=200)
_AT = sa.DateTime(timezone=True)


def _reference(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    name = f"fk_{table}_{column}_{target.partition('.')[0]}"
    return sa.ForeignKeyConstraint([column], [target], name=op.f(name), ondelete="RESTRICT")


def upgrade() -> None:
    op.create_table(
        "restrictions",
        sa.Column("id", _RECORD, nullable=False),
        sa.Column("investor", sa.String(length=34), nullable=False),
        sa.Column("wallet", sa.String(length=42), nullable=True),
        sa.Column("case_id", _RECORD, nullable=False),
        sa.Column("imposed_at", _AT, nullable=False),
        sa.Column("lifted_at", _AT, nullable=True),
        _reference("restrictions", "id", "records.id"),
        _reference("restrictions", "investor", "investors.reference"),
        _reference("restrictions", "wallet", "wallets.address"),
        _reference("restrictions", "case_id", "records.id"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restrictions")),
    )
    op.create_index("ix_restrictions_investor_lifted_at", "restrictions", ["investor", "lifted_at"])
    op.create_index(op.f("ix_restrictions_case_id"), "restrictions", ["case_id"])
    op.create_table(
        "standings",
        sa.Column("investor", sa.String(length=34), nullable=False),
        sa.Column("distributor", _WORD, nullable=False),
        sa.Column("investor_class", _WORD, nullable=True),
        sa.Column("classified_until", _AT, nullable=True),
        sa.Column("classification", _RECORD, nullable=True),
        _reference("standings", "investor", "investors.reference"),
        _reference("standings", "classification", "records.id"),
        sa.PrimaryKeyConstraint("investor", name=op.f("pk_standings")),
    )
    key = ("subject", "scope", "order_kind", "unit", "window_seconds")
    op.create_table(
        "limits",
        sa.Column("subject", sa.String(length=64), nullable=False),
        *(sa.Column(name, _WORD, nullable=False) for name in ("scope", "order_kind", "unit")),
        sa.Column("window_seconds", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("most", sa.String(length=78), nullable=True),
        sa.Column("record_id", _RECORD, nullable=False),
        _reference("limits", "record_id", "records.id"),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_limits")),
    )
    op.create_index(op.f("ix_limits_record_id"), "limits", ["record_id"])
    op.create_index("ix_orders_created_at", "orders", ["created_at"])
    # What the desk wrote before there were two regimes.
    op.execute("UPDATE investors SET regime = 'stablecoin_only' WHERE regime = 'hong-kong'")


def downgrade() -> None:
    raise LedgerError("an account of what happened isn't unmade: restore a backup instead")
