"""The tables of reconciliation: the bank's lines as the bank stated them, and the replays' checkpoints.

A statement is a record, whose document has its dates, its balances and the digest over all its lines; only
the lines themselves stand here, as there are many. A checkpoint is what one closed day leaves for the next.
"""

from __future__ import annotations

import sqlalchemy as sa

from toolkit.ledger.schema import BaseUnits, UtcDateTime, funds_receipts, metadata, payouts

__all__ = ["bank_lines", "checkpoints"]

# What the bank calls an entry names it on its account, whatever its amount and day.
bank_lines = sa.Table(
    "bank_lines",
    metadata,
    sa.Column("account", sa.String(128), primary_key=True),
    sa.Column("entry", sa.String(128), primary_key=True),
    sa.Column("statement", sa.String(200), sa.ForeignKey("records.id", ondelete="RESTRICT"), nullable=False),
    sa.Column("position", sa.Integer, nullable=False),
    sa.Column("direction", sa.String(6), nullable=False),
    sa.Column("amount", BaseUnits, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("booked_on", sa.Date, nullable=False),
    sa.Column("value_on", sa.Date, nullable=False),
    sa.Column("reference", sa.String(128), nullable=True),
    sa.Column("remitter", sa.String(128), nullable=True),
    sa.Column("reversal", sa.Boolean, nullable=False),
    sa.Index("ix_bank_lines_statement_position", "statement", "position", unique=True),
    sa.Index("ix_bank_lines_reference", "reference"),
    sa.Index("ix_bank_lines_booked_on", "booked_on"),
    sa.Index("ix_bank_lines_entry", "entry"),
)

checkpoints = sa.Table(
    "checkpoints",
    metadata,
    sa.Column("record_id", sa.String(200), primary_key=True),
    sa.Column("digest", sa.String(64), nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

# A day's money is asked for by when it came.
sa.Index("ix_funds_receipts_received_at", funds_receipts.c.received_at)
sa.Index("ix_funds_receipts_returned_at", funds_receipts.c.returned_at)
sa.Index("ix_payouts_paid_at", payouts.c.paid_at)
