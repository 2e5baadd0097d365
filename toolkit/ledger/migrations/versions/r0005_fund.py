"""The fund's orders, what they were dealt, and the fund's own records, in the same chain of events."""

import sqlalchemy as sa
from alembic import op

from toolkit.errors import LedgerError

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_COLUMNS = ("vault VARCHAR(42)", "share_class VARCHAR(128)", "dealing_date DATE", "dealing_day BIGINT")
_AMOUNT = sa.String(length=78)


def upgrade() -> None:
    # In SQL, since SQLite can add a column with its reference, and other tables refer to this one.
    for column in (
        "vault VARCHAR(42)",
        "share_class VARCHAR(128)",
        "dealing_date DATE",
        "dealing_day BIGINT",
    ):
        op.execute(f"ALTER TABLE orders ADD COLUMN {column}")
    op.execute(
        "ALTER TABLE orders ADD COLUMN funded_by VARCHAR(36) "
        "CONSTRAINT fk_orders_funded_by_orders REFERENCES orders (id) ON DELETE RESTRICT"
    )
    op.create_table(
        "fund_dealings",
        sa.Column("order_id", sa.String(length=36), nullable=False),
        sa.Column("day", sa.BigInteger(), autoincrement=False, nullable=False),
        *(sa.Column(name, _AMOUNT, nullable=False) for name in ("size", "due", "carried", "nav")),
        sa.Column("report", sa.String(length=66), nullable=False),
        sa.Column("transaction_hash", sa.String(length=66), nullable=False),
        sa.Column("dealt_at", sa.DateTime(timezone=True), nullable=False),
        *(sa.Column(name, _AMOUNT, nullable=False) for name in ("claimed", "held")),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_fund_dealings_order_id_orders"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("order_id", "day", name=op.f("pk_fund_dealings")),
    )
    op.create_table(
        "records",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("opened_seq", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_records")),
    )
    op.create_index("ix_records_kind_opened_seq", "records", ["kind", "opened_seq"], unique=False)
    op.create_table(
        "record_events",
        sa.Column(
            "seq", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("record_id", sa.String(length=200), nullable=False),
        sa.Column("from_state", sa.String(length=32), nullable=True),
        sa.Column("to_state", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence", sa.String(length=64), nullable=True),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"],
            ["records.id"],
            name=op.f("fk_record_events_record_id_records"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["actor"], ["persons.person_id"], name=op.f("fk_record_events_actor_persons"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_record_events")),
    )
    op.create_index("ix_record_events_record_id_seq", "record_events", ["record_id", "seq"], unique=False)


def downgrade() -> None:
    raise LedgerError("an account of what happened isn't unmade: restore a backup instead")
