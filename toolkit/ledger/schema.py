"""The tables, the same on SQLite and PostgreSQL.

Amounts are stored as plain decimal digits in text. A token amount may need 112 bits: SQLite's
integers end at 63 and its NUMERIC falls back to binary floating point without saying so. Plain
digits, not padded ones, because there is exactly one way to write a number, so equality works in
SQL, an auditor can read the column, and PostgreSQL can cast it to NUMERIC; nothing here sorts or
sums amounts in SQL. Hashes and addresses are text with 0x, as people and block explorers show them;
only signed bytes and signatures are binary. Times are UTC.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator

__all__ = ["BaseUnits", "UtcDateTime", "metadata"]


class BaseUnits(TypeDecorator[int]):
    """A whole number from 0 to 2^256 - 1, stored as its decimal digits."""

    impl = sa.String(78)
    cache_ok = True

    def process_bind_param(self, value: Any, _dialect: Dialect) -> str | None:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**256:
            raise ValueError(f"{value!r} is not a whole number of 256 bits")
        return str(value)

    def process_result_value(self, value: Any, _dialect: Dialect) -> int | None:
        return None if value is None else int(value)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, stored as UTC, read as UTC. A naive one is refused."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value!r} has no time zone")
        return value if value.tzinfo is UTC else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

    def result_processor(self, dialect: Dialect, coltype: Any) -> Any:
        """See SQLAlchemy, whose way takes SQLite's text to an instant in six times the time."""
        if dialect.name == "sqlite":
            return _instant
        return super().result_processor(dialect, coltype)


@lru_cache(maxsize=1024)  # what happens together has one instant
def _instant(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(f"{text}+00:00")


metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_Id = sa.String(36)
_Word = sa.String(32)
_Name = sa.String(128)
_Address = sa.String(42)
_Hash = sa.String(66)
_Digest = sa.String(64)  # sha256 of the ledger's own, without 0x


def _fk(target: str) -> sa.ForeignKey:
    return sa.ForeignKey(target, ondelete="RESTRICT")


def _fk_at_once(target: str) -> sa.ForeignKey:
    """The same, but on PostgreSQL a trigger holds it, once for a statement: migration 0011."""
    return sa.ForeignKey(target, ondelete="RESTRICT", info={"postgresql": "trigger"})


meta = sa.Table(
    "meta",
    metadata,
    sa.Column("key", sa.String(64), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)

counters = sa.Table(
    "counters",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("value", sa.BigInteger, nullable=False),
)

# One row: the end of the chain of events. Writers on PostgreSQL queue up on it.
event_head = sa.Table(
    "event_head",
    metadata,
    sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("seq", sa.BigInteger, nullable=False),
    sa.Column("hash", _Digest, nullable=False),
)

investors = sa.Table(
    "investors",
    metadata,
    sa.Column("reference", sa.String(34), primary_key=True),
    sa.Column("label", _Name, nullable=False),
    sa.Column("investor_class", _Word, nullable=False),
    sa.Column("jurisdiction", sa.String(2), nullable=False),
    sa.Column("regime", _Word, nullable=False),
    sa.Column("verified_until", UtcDateTime, nullable=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

wallets = sa.Table(
    "wallets",
    metadata,
    sa.Column("address", _Address, primary_key=True),
    sa.Column("investor", sa.String(34), _fk("investors.reference"), nullable=False, index=True),
    sa.Column("kind", _Word, nullable=False),
    sa.Column("proof_method", _Word, nullable=True),
    sa.Column("challenge", sa.Text, nullable=True),
    sa.Column("signature", sa.LargeBinary, nullable=True),
    sa.Column("verified_at", UtcDateTime, nullable=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

bank_accounts = sa.Table(
    "bank_accounts",
    metadata,
    sa.Column("reference", _Name, primary_key=True),
    sa.Column("investor", sa.String(34), _fk("investors.reference"), nullable=False, index=True),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("verified_at", UtcDateTime, nullable=False),
)

persons = sa.Table(
    "persons",
    metadata,
    sa.Column("person_id", sa.String(64), primary_key=True),
    sa.Column("label", _Name, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

person_roles = sa.Table(
    "person_roles",
    metadata,
    sa.Column("person_id", sa.String(64), _fk("persons.person_id"), primary_key=True),
    sa.Column("role", _Word, primary_key=True),
)

signing_keys = sa.Table(
    "signing_keys",
    metadata,
    sa.Column("address", _Address, primary_key=True),
    sa.Column("person_id", sa.String(64), _fk("persons.person_id"), nullable=False, index=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("revoked_at", UtcDateTime, nullable=True),
)

batches = sa.Table(
    "batches",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    sa.Column("purpose", _Word, nullable=False),
    sa.Column("digest", _Hash, nullable=False, index=True),
    sa.Column("state", _Word, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Index("ix_batches_state_created_at", "state", "created_at"),
)

# One transaction: `nonce` is null until it is signed. `claimed` are the ids of the orders of a formed one, as
# JSON: a claim is one row, since one written to each order's would cost as much as a step of them.
flights = sa.Table(
    "flights",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    sa.Column("purpose", _Word, nullable=False),
    sa.Column("lane", _Address, nullable=False),
    sa.Column("nonce", sa.BigInteger, nullable=True),
    sa.Column("state", _Word, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("claimed", sa.Text, nullable=True),
    sa.Index("ix_flights_state_created_at", "state", "created_at"),
)

orders = sa.Table(
    "orders",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    sa.Column("kind", _Word, nullable=False),
    sa.Column("number", sa.BigInteger, nullable=True),
    sa.Column("state", _Word, nullable=False),
    sa.Column("held_from", _Word, nullable=True),
    sa.Column("investor", sa.String(34), _fk("investors.reference"), nullable=False, index=True),
    sa.Column("wallet", _Address, _fk("wallets.address"), nullable=False),
    sa.Column("amount", BaseUnits, nullable=False),
    sa.Column("unit", _Word, nullable=False),
    sa.Column("decimals", sa.SmallInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("maker", sa.String(64), _fk("persons.person_id"), nullable=False),
    sa.Column("bank_account", _Name, _fk("bank_accounts.reference"), nullable=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("expires_at", UtcDateTime, nullable=True),
    sa.Column("due_at", UtcDateTime, nullable=True),
    sa.Column("batch_id", _Id, _fk("batches.id"), nullable=True),
    sa.Column("flight_id", _Id, _fk("flights.id"), nullable=True),
    # The sequence number of the order's first event: first come, first served.
    sa.Column("opened_seq", sa.BigInteger, nullable=False),
    # Of the fund's orders: where and when they deal. `funded_by` is the mint order that pays for one.
    sa.Column("vault", _Address, nullable=True),
    sa.Column("share_class", _Name, nullable=True),
    sa.Column("dealing_date", sa.Date, nullable=True),
    sa.Column("dealing_day", sa.BigInteger, nullable=True),
    sa.Column("funded_by", _Id, _fk("orders.id"), nullable=True),
    sa.UniqueConstraint("kind", "number"),
    # Which orders a batch or a flight has is found by its own lines: an index more is written at each step.
    sa.Index("ix_orders_kind_state_opened_seq", "kind", "state", "opened_seq"),
)

# What one dealing day brought of a fund order: a gated one has several. `claimed` and `held` (in
# quarantine) are parts of `due`, and grow as the chain says.
fund_dealings = sa.Table(
    "fund_dealings",
    metadata,
    sa.Column("order_id", _Id, _fk("orders.id"), primary_key=True),
    sa.Column("day", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("size", BaseUnits, nullable=False),
    sa.Column("due", BaseUnits, nullable=False),
    sa.Column("carried", BaseUnits, nullable=False),
    sa.Column("nav", BaseUnits, nullable=False),
    sa.Column("report", _Hash, nullable=False),
    sa.Column("transaction_hash", _Hash, nullable=False),
    sa.Column("dealt_at", UtcDateTime, nullable=False),
    sa.Column("claimed", BaseUnits, nullable=False),
    sa.Column("held", BaseUnits, nullable=False),
)

# What is on record beside orders, each a document: net asset values, cases, reports, ... (`record_words`).
records = sa.Table(
    "records",
    metadata,
    sa.Column("id", sa.String(200), primary_key=True),
    sa.Column("kind", _Word, nullable=False),
    sa.Column("state", _Word, nullable=False),
    sa.Column("data", sa.Text, nullable=False),
    sa.Column("opened_seq", sa.BigInteger, nullable=False),
    sa.Index("ix_records_kind_opened_seq", "kind", "opened_seq"),
)

# Links of the same chain as the orders' events; `seq` runs through both tables.
record_events = sa.Table(
    "record_events",
    metadata,
    sa.Column(
        "seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False
    ),
    sa.Column("record_id", sa.String(200), _fk_at_once("records.id"), nullable=False),
    sa.Column("from_state", _Word, nullable=True),
    sa.Column("to_state", _Word, nullable=False),
    sa.Column("actor", sa.String(64), _fk_at_once("persons.person_id"), nullable=False),
    sa.Column("role", _Word, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("evidence", _Digest, nullable=True),
    sa.Column("previous_hash", _Digest, nullable=False),
    sa.Column("hash", _Digest, nullable=False),
    sa.Index("ix_record_events_record_id_seq", "record_id", "seq"),
)

order_events = sa.Table(
    "order_events",
    metadata,
    # On SQLite an INTEGER key is the place of the row itself: events lie in their sequence.
    sa.Column(
        "seq", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True, autoincrement=False
    ),
    sa.Column("order_id", _Id, _fk_at_once("orders.id"), nullable=False),
    sa.Column("from_state", _Word, nullable=True),
    sa.Column("to_state", _Word, nullable=False),
    sa.Column("actor", sa.String(64), _fk_at_once("persons.person_id"), nullable=False),
    sa.Column("role", _Word, nullable=False),
    sa.Column("at", UtcDateTime, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("evidence", _Digest, nullable=True),
    sa.Column("previous_hash", _Digest, nullable=False),
    sa.Column("hash", _Digest, nullable=False),
    sa.Index("ix_order_events_order_id_seq", "order_id", "seq"),
)

idempotency_keys = sa.Table(
    "idempotency_keys",
    metadata,
    sa.Column("key", _Name, primary_key=True),
    sa.Column("body_hash", _Digest, nullable=False),
    sa.Column("order_id", _Id, _fk("orders.id"), nullable=False, unique=True),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

batch_orders = sa.Table(
    "batch_orders",
    metadata,
    sa.Column("batch_id", _Id, _fk("batches.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("order_id", _Id, _fk("orders.id"), nullable=False, index=True),
)

flight_orders = sa.Table(
    "flight_orders",
    metadata,
    sa.Column("flight_id", _Id, _fk_at_once("flights.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("order_id", _Id, _fk_at_once("orders.id"), nullable=False),
)

incidents = sa.Table(
    "incidents",
    metadata,
    sa.Column("id", _Id, primary_key=True),
    sa.Column("kind", _Word, nullable=False),
    sa.Column("opened_at", UtcDateTime, nullable=False),
    sa.Column("summary", sa.Text, nullable=False),
    sa.Column("details", sa.Text, nullable=False),
    sa.Column("acknowledged_at", UtcDateTime, nullable=True),
    sa.Column("acknowledged_by", sa.String(64), _fk("persons.person_id"), nullable=True),
    sa.Column("note", sa.Text, nullable=True),
)

approvals = sa.Table(
    "approvals",
    metadata,
    sa.Column("digest", _Hash, primary_key=True),
    sa.Column("person_id", sa.String(64), _fk("persons.person_id"), primary_key=True),
    sa.Column("signer", _Address, _fk("signing_keys.address"), nullable=False),
    sa.Column("signature", sa.LargeBinary, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
)

funds_receipts = sa.Table(
    "funds_receipts",
    metadata,
    sa.Column("reference", _Name, primary_key=True),
    sa.Column("amount", BaseUnits, nullable=False),
    sa.Column("decimals", sa.SmallInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("payer_matches", sa.Boolean, nullable=False),
    sa.Column("value_date", sa.Date, nullable=False),
    sa.Column("received_at", UtcDateTime, nullable=False),
    sa.Column("order_id", _Id, _fk("orders.id"), nullable=True, unique=True),
    sa.Column("returned_reference", _Name, nullable=True, unique=True),
    sa.Column("returned_at", UtcDateTime, nullable=True),
)

payouts = sa.Table(
    "payouts",
    metadata,
    sa.Column("reference", _Name, primary_key=True),
    sa.Column("order_id", _Id, _fk("orders.id"), nullable=False, unique=True),
    sa.Column("bank_account", _Name, _fk("bank_accounts.reference"), nullable=False),
    sa.Column("amount", BaseUnits, nullable=False),
    sa.Column("decimals", sa.SmallInteger, nullable=False),
    sa.Column("currency", sa.String(3), nullable=False),
    sa.Column("paid_at", UtcDateTime, nullable=False),
    sa.Column("recorded_at", UtcDateTime, nullable=False),
)

lanes = sa.Table(
    "lanes",
    metadata,
    sa.Column("address", _Address, primary_key=True),
    sa.Column("name", sa.String(64), nullable=False, unique=True),
    sa.Column("purpose", _Word, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("holder", sa.String(64), nullable=True),
    sa.Column("fence", sa.BigInteger, nullable=False, server_default="0"),
    sa.Column("leased_until", UtcDateTime, nullable=True),
)

transactions = sa.Table(
    "transactions",
    metadata,
    sa.Column("hash", _Hash, primary_key=True),
    sa.Column("lane", _Address, nullable=False),
    sa.Column("nonce", sa.BigInteger, nullable=False),
    sa.Column("raw", sa.LargeBinary, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("flight_id", _Id, _fk("flights.id"), nullable=True, index=True),
    sa.Column("state", _Word, nullable=False),
    sa.Column("created_at", UtcDateTime, nullable=False),
    sa.Column("block_number", sa.BigInteger, nullable=True),
    sa.Column("block_hash", _Hash, nullable=True),
    sa.Index("ix_transactions_lane_nonce", "lane", "nonce"),
    sa.Index("ix_transactions_lane_state_nonce", "lane", "state", "nonce"),
    sa.Index("ix_transactions_state_created_at", "state", "created_at"),
)

attestations = sa.Table(
    "attestations",
    metadata,
    sa.Column("feed", _Address, primary_key=True),
    sa.Column("as_of", UtcDateTime, primary_key=True),
    sa.Column("value", BaseUnits, nullable=False),
    sa.Column("report", _Hash, nullable=False),
    sa.Column("transaction_hash", _Hash, nullable=False),
    sa.Column("recorded_at", UtcDateTime, nullable=False),
)

chain_events = sa.Table(
    "chain_events",
    metadata,
    sa.Column("block_hash", _Hash, primary_key=True),
    sa.Column("log_index", sa.Integer, primary_key=True, autoincrement=False),
    sa.Column("block_number", sa.BigInteger, nullable=False),
    sa.Column("transaction_hash", _Hash, nullable=False, index=True),
    sa.Column("address", _Address, nullable=False),
    sa.Column("name", sa.String(64), nullable=False),
    sa.Column("arguments", sa.Text, nullable=False),
    sa.Column("orphaned_at", UtcDateTime, nullable=True),
    sa.Index("ix_chain_events_block_number_log_index", "block_number", "log_index"),
)

cursors = sa.Table(
    "cursors",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("block_number", sa.BigInteger, nullable=False),
    sa.Column("block_hash", _Hash, nullable=False),
)
