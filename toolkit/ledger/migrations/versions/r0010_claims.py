"""A formed flight names its orders itself, and an order is written once it flies.

The index of batches holds the orders that are in one.
"""

import json
from itertools import groupby

import sqlalchemy as sa
from alembic import op

from toolkit.errors import LedgerError

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

_FORMED = (
    "SELECT flights.id, orders.id FROM flights JOIN orders ON orders.flight_id = flights.id "
    "WHERE flights.state = 'formed' ORDER BY flights.id, orders.opened_seq"
)


def upgrade() -> None:
    op.add_column("flights", sa.Column("claimed", sa.Text(), nullable=True))
    connection = op.get_bind()
    found = connection.execute(sa.text(_FORMED)).all()
    op.execute("UPDATE flights SET claimed = '[]' WHERE state = 'formed'")
    for flight, rows in groupby(found, key=lambda row: row[0]):
        claimed = json.dumps([order for _, order in rows])
        connection.execute(
            sa.text("UPDATE flights SET claimed = :claimed WHERE id = :flight"),
            {"claimed": claimed, "flight": flight},
        )
        connection.execute(
            sa.text("UPDATE orders SET flight_id = NULL WHERE flight_id = :flight"), {"flight": flight}
        )
    op.drop_index("ix_orders_batch_id", "orders")
    op.create_index(
        "ix_orders_batch_id",
        "orders",
        ["batch_id"],
        sqlite_where=sa.text("batch_id IS NOT NULL"),
        postgresql_where=sa.text("batch_id IS NOT NULL"),
    )


def downgrade() -> None:
    raise LedgerError("an account of what happened isn't unmade: restore a backup instead")
