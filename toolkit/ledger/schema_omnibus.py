"""The tables of omnibus accounts: what each client has now, the journal that says why, and its lines.

A movement is a step of a record that was posted: its `seq` is that of the record's event in the hash chain.
Its lines are written with the record, before the movement where a second person has to approve it first.
"""

from __future__ import annotations

import sqlalchemy as sa

from toolkit.ledger.schema import BaseUnits, UtcDateTime, metadata

__all__ = ["omnibus_lines", "omnibus_movements", "omnibus_positions"]

_Address = sa.String(42)
_Client = sa.String(34)
_Word = sa.String(32)

omnibus_positions = sa.Table(
    "omnibus_positions",
    metadata,
    sa.Column("wallet", _Address, primary_key=True),
    sa.Column("token", _Address, primary_key=True),
    sa.Column("client", _Client, primary_key=True),
    sa.Column("available", BaseUnits, nullable=False),
    sa.Column("locked", BaseUnits, nullable=False),
    sa.Column("pending_in", BaseUnits, nullable=False),
    sa.Column("pending_out", BaseUnits, nullable=False),
)

omnibus_movements = sa.Table(
    "omnibus_movements",
    metadata,
    sa.Column(
        "seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False
    ),
    sa.Column("record_id", sa.String(200), sa.ForeignKey("records.id", ondelete="RESTRICT"), nullable=False),
    sa.Column("step", sa.Integer, nullable=False),
    sa.Column("wallet", _Address, nullable=False),
    sa.Column("token", _Address, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.UniqueConstraint("record_id", "step"),
    sa.Index("ix_omnibus_movements_wallet_token_seq", "wallet", "token", "seq"),
)

# `account` is a client's reference, or one of the two accounts that stand against all clients'.
omnibus_lines = sa.Table(
    "omnibus_lines",
    metadata,
    sa.Column(
        "record_id", sa.String(200), sa.ForeignKey("records.id", ondelete="RESTRICT"), primary_key=True
    ),
    sa.Column("step", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("account", _Client, nullable=False),
    sa.Column("bucket", _Word, nullable=False),
    sa.Column("sign", sa.SmallInteger, nullable=False),
    sa.Column("amount", BaseUnits, nullable=False),
)
