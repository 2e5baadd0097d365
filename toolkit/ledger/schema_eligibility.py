"""The tables that an order is admitted on, beside the records that they follow.

Each row is written in the transaction of a step of its record, whose document states the same: the record
hangs on the chain of events, and `ledger verify` compares the two.
"""

from __future__ import annotations

import sqlalchemy as sa

from toolkit.ledger.schema import BaseUnits, UtcDateTime, metadata, orders

__all__ = ["limits", "restrictions", "standings"]

_Word = sa.String(32)
_RecordId = sa.String(200)


def _fk(target: str) -> sa.ForeignKey:
    return sa.ForeignKey(target, ondelete="RESTRICT")


# What compliance keeps of a party from moving, and the case behind it. No wallet: all of the investor's.
restrictions = sa.Table(
    "restrictions",
    metadata,
    sa.Column("id", _RecordId, _fk("records.id"), primary_key=True),
    sa.Column("investor", sa.String(34), _fk("investors.reference"), nullable=False),
    sa.Column("wallet", sa.String(42), _fk("wallets.address"), nullable=True),
    sa.Column("case_id", _RecordId, _fk("records.id"), nullable=False, index=True),
    sa.Column("imposed_at", UtcDateTime, nullable=False),
    sa.Column("lifted_at", UtcDateTime, nullable=True),
    sa.Index("ix_restrictions_investor_lifted_at", "investor", "lifted_at"),
)

# How an investor stands with compliance: their class as it was approved, and who brought them.
standings = sa.Table(
    "standings",
    metadata,
    sa.Column("investor", sa.String(34), _fk("investors.reference"), primary_key=True),
    sa.Column("distributor", _Word, nullable=False),
    sa.Column("investor_class", _Word, nullable=True),
    sa.Column("classified_until", UtcDateTime, nullable=True),
    sa.Column("classification", _RecordId, _fk("records.id"), nullable=True),
)

# The limits in force. `most` is null where it was decided that there is no limit.
limits = sa.Table(
    "limits",
    metadata,
    sa.Column("subject", sa.String(64), primary_key=True),
    sa.Column("scope", _Word, primary_key=True),
    sa.Column("order_kind", _Word, primary_key=True),
    sa.Column("unit", _Word, primary_key=True),
    sa.Column("window_seconds", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("most", BaseUnits, nullable=True),
    sa.Column("record_id", _RecordId, _fk("records.id"), nullable=False, index=True),
)

# What was asked for within a window of time, without reading every order.
sa.Index(
    "ix_orders_created_at",
    orders.c.created_at,
    postgresql_using="brin",
    postgresql_with={"pages_per_range": 16, "autosummarize": True},
)
