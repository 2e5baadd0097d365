"""The tables of screening, the travel rule and monitoring: what comes by the thousand, beside the records.

Of each, a record in the chain of events carries the digest of the rows that were written with it.
"""

from __future__ import annotations

import sqlalchemy as sa

from toolkit.ledger.schema import BaseUnits, UtcDateTime, metadata

__all__ = [
    "alert_outbox",
    "cleared_hits",
    "list_entries",
    "lists_in_force",
    "monitor_totals",
    "screenings",
    "travel_parties",
]

_Record = sa.String(200)
_Word = sa.String(32)
_Name = sa.String(128)
_Address = sa.String(42)
_Digest = sa.String(64)


def _fk(target: str) -> sa.ForeignKey:
    return sa.ForeignKey(target, ondelete="RESTRICT")


# Of each list the version that is in force. `confirmed_at` is when the source last had nothing newer.
lists_in_force = sa.Table(
    "lists_in_force",
    metadata,
    sa.Column("list", _Word, primary_key=True),
    sa.Column("version", _Name, nullable=False),
    sa.Column("dated", UtcDateTime, nullable=False),
    sa.Column("adopted_at", UtcDateTime, nullable=False),
    sa.Column("confirmed_at", UtcDateTime, nullable=False),
)

# Every version that was ever adopted, entry by entry. `value` is a wallet, or an investor's reference.
list_entries = sa.Table(
    "list_entries",
    metadata,
    sa.Column("list", _Word, primary_key=True),
    sa.Column("version", _Name, primary_key=True),
    sa.Column("kind", _Word, primary_key=True),
    sa.Column("value", _Address, primary_key=True),
    sa.Column("note", sa.Text, nullable=False),
    sa.Column("digest", _Digest, nullable=False),
    sa.Index("ix_list_entries_value_kind", "value", "kind"),
)

# Every decision of every run. `order_id` is null where a wallet was looked at by itself.
screenings = sa.Table(
    "screenings",
    metadata,
    sa.Column("run", _Record, _fk("records.id"), primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("investor", sa.String(34), nullable=False, index=True),
    sa.Column("wallet", _Address, nullable=True),
    sa.Column("order_id", sa.String(36), nullable=True, index=True),
    sa.Column("outcome", _Word, nullable=False),
)

# Entries that compliance found not to mean this investor, as long as the entry stays as it was.
cleared_hits = sa.Table(
    "cleared_hits",
    metadata,
    sa.Column("investor", sa.String(34), _fk("investors.reference"), primary_key=True),
    sa.Column("list", _Word, primary_key=True),
    sa.Column("entry", _Digest, primary_key=True),
    sa.Column("hit", _Record, _fk("records.id"), nullable=False),
)

# Who sends and who receives. Personal data, so nowhere else, and gone when it is erased; the record has the
# digest over `salt` and `data`.
travel_parties = sa.Table(
    "travel_parties",
    metadata,
    sa.Column("transfer", _Record, _fk("records.id"), primary_key=True),
    sa.Column("salt", sa.LargeBinary, nullable=True),
    sa.Column("data", sa.Text, nullable=True),
    sa.Column("erased_at", UtcDateTime, nullable=True),
)

# What the monitor has added up of each token so far, at its cursor.
monitor_totals = sa.Table(
    "monitor_totals",
    metadata,
    sa.Column("token", _Address, primary_key=True),
    sa.Column("supply", BaseUnits, nullable=False),
)

# Alerts on their way out. A row is gone from here when it was taken, and not before.
alert_outbox = sa.Table(
    "alert_outbox",
    metadata,
    sa.Column("alert", _Record, _fk("records.id"), primary_key=True),
    sa.Column("attempts", sa.Integer, nullable=False),
    sa.Column("next_at", UtcDateTime, nullable=False),
    sa.Column("delivered_at", UtcDateTime, nullable=True),
    sa.Column("error", sa.Text, nullable=False),
    sa.Index("ix_alert_outbox_delivered_at_next_at", "delivered_at", "next_at"),
)
