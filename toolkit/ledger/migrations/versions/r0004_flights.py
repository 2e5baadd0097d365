"""A batch outlives its transactions: each transaction is a flight that knows which orders it carries.

Every batch that had a transaction becomes a flight under the batch's own id. A batch that was under way
is open again, its orders in the flight; what only served to carry one transaction is closed.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.engine import Connection

from toolkit.errors import LedgerError

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_SIGNED = ("mint", "acceptance", "rejection")


def upgrade() -> None:
    op.create_table(
        "flights",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("lane", sa.String(length=42), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_flights")),
    )
    op.create_index("ix_flights_state_created_at", "flights", ["state", "created_at"], unique=False)
    op.create_table(
        "flight_orders",
        sa.Column("flight_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("order_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["flight_id"],
            ["flights.id"],
            name=op.f("fk_flight_orders_flight_id_flights"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_flight_orders_order_id_orders"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("flight_id", "position", name=op.f("pk_flight_orders")),
    )
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("acknowledged_by", sa.String(length=64), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["acknowledged_by"],
            ["persons.person_id"],
            name=op.f("fk_incidents_acknowledged_by_persons"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
    )
    # In SQL, since SQLite can add a column with its reference, and other tables refer to this one.
    op.execute(
        "ALTER TABLE orders ADD COLUMN flight_id VARCHAR(36) "
        "CONSTRAINT fk_orders_flight_id_flights REFERENCES flights (id) ON DELETE RESTRICT"
    )
    flying = sa.text("flight_id IS NOT NULL")
    op.create_index(
        "ix_orders_flight_id", "orders", ["flight_id"], sqlite_where=flying, postgresql_where=flying
    )
    with op.batch_alter_table("transactions") as table:
        table.add_column(sa.Column("flight_id", sa.String(length=36), nullable=True))
        table.create_foreign_key(
            op.f("fk_transactions_flight_id_flights"), "flights", ["flight_id"], ["id"], ondelete="RESTRICT"
        )
    _move_rows(op.get_bind())
    with op.batch_alter_table("transactions") as table:
        table.drop_constraint(op.f("fk_transactions_batch_id_batches"), type_="foreignkey")
        table.drop_index(op.f("ix_transactions_batch_id"))
        table.drop_column("batch_id")
        table.create_index(op.f("ix_transactions_flight_id"), ["flight_id"], unique=False)


def _move_rows(connection: Connection) -> None:
    run = connection.exec_driver_sql
    run(
        "INSERT INTO flights (id, purpose, lane, nonce, state, created_at) "
        "SELECT b.id, b.purpose, t.lane, t.nonce, "
        "CASE WHEN b.state = 'sent' THEN 'flying' WHEN t.state = 'mined' THEN 'landed' ELSE 'returned' END, "
        "b.created_at FROM batches b JOIN transactions t ON t.hash = ("
        # The last that wasn't refused; of a batch that only had refused ones, the last of those.
        "SELECT c.hash FROM transactions c WHERE c.batch_id = b.id "
        "ORDER BY CASE WHEN c.state = 'mined' THEN 0 WHEN c.state = 'refused' THEN 2 ELSE 1 END, "
        "c.created_at DESC, c.hash LIMIT 1)"
    )
    run(
        "INSERT INTO flight_orders (flight_id, position, order_id) "
        "SELECT o.batch_id, o.position, o.order_id FROM batch_orders o JOIN flights f ON f.id = o.batch_id"
    )
    run("UPDATE transactions SET flight_id = batch_id WHERE batch_id IS NOT NULL")
    run(
        "UPDATE orders SET flight_id = batch_id WHERE batch_id IN "
        "(SELECT id FROM flights WHERE state = 'flying')"
    )
    signed = ", ".join(f"'{purpose}'" for purpose in _SIGNED)
    carriers = f"SELECT id FROM batches WHERE purpose NOT IN ({signed})"  # noqa: S608 - words of our own
    run(f"UPDATE orders SET batch_id = NULL WHERE batch_id IN ({carriers})")  # noqa: S608 - as above
    run(f"UPDATE batches SET state = 'closed' WHERE purpose NOT IN ({signed})")  # noqa: S608 - as above
    run("UPDATE batches SET state = 'open' WHERE state = 'sent'")


def downgrade() -> None:
    raise LedgerError("an account of what happened isn't unmade: restore a backup instead")
