"""The first schema: everything the desk's ledger holds.

Types are spelled out here and not taken from `toolkit.ledger.schema`, so that this migration stays
what it was when the schema moves on.
"""

import sqlalchemy as sa
from alembic import op

from toolkit.errors import LedgerError

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_base_units = sa.String(78)
_instant = sa.DateTime(timezone=True)


def upgrade() -> None:
    _bookkeeping()
    _parties()
    _orders()
    _money()
    _chain()


def downgrade() -> None:
    raise LedgerError("an account of what happened isn't unmade: restore a backup instead")


def _bookkeeping() -> None:
    op.create_table(
        "meta",
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_meta")),
    )
    op.create_table(
        "counters",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )
    op.create_table(
        "event_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event_head")),
    )
    head = sa.table("event_head", sa.column("id"), sa.column("seq"), sa.column("hash"))
    op.bulk_insert(head, [{"id": 1, "seq": 0, "hash": "0" * 64}])
    counters = sa.table("counters", sa.column("name"), sa.column("value"))
    op.bulk_insert(counters, [{"name": "mint_number", "value": 0}])


def _parties() -> None:
    op.create_table(
        "investors",
        sa.Column("reference", sa.String(length=34), nullable=False),
        sa.Column("label", sa.String(length=128), nullable=False),
        sa.Column("investor_class", sa.String(length=32), nullable=False),
        sa.Column("jurisdiction", sa.String(length=2), nullable=False),
        sa.Column("regime", sa.String(length=32), nullable=False),
        sa.Column("verified_until", _instant, nullable=True),
        sa.Column("created_at", _instant, nullable=False),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_investors")),
    )
    op.create_table(
        "wallets",
        sa.Column("address", sa.String(length=42), nullable=False),
        sa.Column("investor", sa.String(length=34), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("proof_method", sa.String(length=32), nullable=True),
        sa.Column("challenge", sa.Text(), nullable=True),
        sa.Column("signature", sa.LargeBinary(), nullable=True),
        sa.Column("verified_at", _instant, nullable=True),
        sa.Column("created_at", _instant, nullable=False),
        sa.ForeignKeyConstraint(
            ["investor"],
            ["investors.reference"],
            name=op.f("fk_wallets_investor_investors"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_wallets")),
    )
    op.create_index(op.f("ix_wallets_investor"), "wallets", ["investor"], unique=False)
    op.create_table(
        "bank_accounts",
        sa.Column("reference", sa.String(length=128), nullable=False),
        sa.Column("investor", sa.String(length=34), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("verified_at", _instant, nullable=False),
        sa.ForeignKeyConstraint(
            ["investor"],
            ["investors.reference"],
            name=op.f("fk_bank_accounts_investor_investors"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_bank_accounts")),
    )
    op.create_index(op.f("ix_bank_accounts_investor"), "bank_accounts", ["investor"], unique=False)
    op.create_table(
        "persons",
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("label", sa.String(length=128), nullable=False),
        sa.Column("created_at", _instant, nullable=False),
        sa.PrimaryKeyConstraint("person_id", name=op.f("pk_persons")),
    )
    op.create_table(
        "person_roles",
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["persons.person_id"],
            name=op.f("fk_person_roles_person_id_persons"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("person_id", "role", name=op.f("pk_person_roles")),
    )
    op.create_table(
        "signing_keys",
        sa.Column("address", sa.String(length=42), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("created_at", _instant, nullable=False),
        sa.Column("revoked_at", _instant, nullable=True),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["persons.person_id"],
            name=op.f("fk_signing_keys_person_id_persons"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_signing_keys")),
    )
    op.create_index(op.f("ix_signing_keys_person_id"), "signing_keys", ["person_id"], unique=False)


def _orders() -> None:
    op.create_table(
        "batches",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("digest", sa.String(length=66), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", _instant, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_batches")),
    )
    op.create_index(op.f("ix_batches_digest"), "batches", ["digest"], unique=False)
    op.create_index("ix_batches_state_created_at", "batches", ["state", "created_at"], unique=False)
    op.create_table(
        "orders",
        sa.Column("id", sa.String(length=36), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("held_from", sa.String(length=32), nullable=True),
        sa.Column("investor", sa.String(length=34), nullable=False),
        sa.Column("wallet", sa.String(length=42), nullable=False),
        sa.Column("amount", _base_units, nullable=False),
        sa.Column("unit", sa.String(length=32), nullable=False),
        sa.Column("decimals", sa.SmallInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("maker", sa.String(length=64), nullable=False),
        sa.Column("bank_account", sa.String(length=128), nullable=True),
        sa.Column("created_at", _instant, nullable=False),
        sa.Column("expires_at", _instant, nullable=True),
        sa.Column("due_at", _instant, nullable=True),
        sa.Column("batch_id", sa.String(length=36), nullable=True),
        sa.Column("opened_seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["bank_account"],
            ["bank_accounts.reference"],
            name=op.f("fk_orders_bank_account_bank_accounts"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_orders_batch_id_batches"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["investor"],
            ["investors.reference"],
            name=op.f("fk_orders_investor_investors"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["maker"], ["persons.person_id"], name=op.f("fk_orders_maker_persons"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["wallet"], ["wallets.address"], name=op.f("fk_orders_wallet_wallets"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("kind", "number", name=op.f("uq_orders_kind_number")),
    )
    op.create_index(op.f("ix_orders_batch_id"), "orders", ["batch_id"], unique=False)
    op.create_index(op.f("ix_orders_investor"), "orders", ["investor"], unique=False)
    op.create_index(
        "ix_orders_kind_state_opened_seq", "orders", ["kind", "state", "opened_seq"], unique=False
    )
    op.create_table(
        "order_events",
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("order_id", sa.String(length=36), nullable=False),
        sa.Column("from_state", sa.String(length=32), nullable=True),
        sa.Column("to_state", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("at", _instant, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence", sa.String(length=64), nullable=True),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["actor"], ["persons.person_id"], name=op.f("fk_order_events_actor_persons"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_order_events_order_id_orders"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_order_events")),
        sa.UniqueConstraint("hash", name=op.f("uq_order_events_hash")),
    )
    op.create_index("ix_order_events_order_id_seq", "order_events", ["order_id", "seq"], unique=False)
    op.create_table(
        "idempotency_keys",
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("order_id", sa.String(length=36), nullable=False),
        sa.Column("created_at", _instant, nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_idempotency_keys_order_id_orders"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_idempotency_keys")),
        sa.UniqueConstraint("order_id", name=op.f("uq_idempotency_keys_order_id")),
    )
    op.create_table(
        "batch_orders",
        sa.Column("batch_id", sa.String(length=36), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("order_id", sa.String(length=36), nullable=False),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_batch_orders_batch_id_batches"), ondelete="RESTRICT"
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_batch_orders_order_id_orders"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("batch_id", "position", name=op.f("pk_batch_orders")),
    )
    op.create_index(op.f("ix_batch_orders_order_id"), "batch_orders", ["order_id"], unique=False)
    op.create_table(
        "approvals",
        sa.Column("digest", sa.String(length=66), nullable=False),
        sa.Column("person_id", sa.String(length=64), nullable=False),
        sa.Column("signer", sa.String(length=42), nullable=False),
        sa.Column("signature", sa.LargeBinary(), nullable=False),
        sa.Column("created_at", _instant, nullable=False),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["persons.person_id"],
            name=op.f("fk_approvals_person_id_persons"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["signer"],
            ["signing_keys.address"],
            name=op.f("fk_approvals_signer_signing_keys"),
            ondelete="RESTRICT",
        ),
        sa.PrimaryKeyConstraint("digest", "person_id", name=op.f("pk_approvals")),
    )


def _money() -> None:
    op.create_table(
        "funds_receipts",
        sa.Column("reference", sa.String(length=128), nullable=False),
        sa.Column("amount", _base_units, nullable=False),
        sa.Column("decimals", sa.SmallInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("payer_matches", sa.Boolean(), nullable=False),
        sa.Column("value_date", sa.Date(), nullable=False),
        sa.Column("received_at", _instant, nullable=False),
        sa.Column("order_id", sa.String(length=36), nullable=True),
        sa.Column("returned_reference", sa.String(length=128), nullable=True),
        sa.Column("returned_at", _instant, nullable=True),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_funds_receipts_order_id_orders"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_funds_receipts")),
        sa.UniqueConstraint("order_id", name=op.f("uq_funds_receipts_order_id")),
        sa.UniqueConstraint("returned_reference", name=op.f("uq_funds_receipts_returned_reference")),
    )
    op.create_table(
        "payouts",
        sa.Column("reference", sa.String(length=128), nullable=False),
        sa.Column("order_id", sa.String(length=36), nullable=False),
        sa.Column("bank_account", sa.String(length=128), nullable=False),
        sa.Column("amount", _base_units, nullable=False),
        sa.Column("decimals", sa.SmallInteger(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("paid_at", _instant, nullable=False),
        sa.Column("recorded_at", _instant, nullable=False),
        sa.ForeignKeyConstraint(
            ["bank_account"],
            ["bank_accounts.reference"],
            name=op.f("fk_payouts_bank_account_bank_accounts"),
            ondelete="RESTRICT",
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["orders.id"], name=op.f("fk_payouts_order_id_orders"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("reference", name=op.f("pk_payouts")),
        sa.UniqueConstraint("order_id", name=op.f("uq_payouts_order_id")),
    )


def _chain() -> None:
    op.create_table(
        "lanes",
        sa.Column("address", sa.String(length=42), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("created_at", _instant, nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_lanes")),
        sa.UniqueConstraint("name", name=op.f("uq_lanes_name")),
    )
    op.create_table(
        "transactions",
        sa.Column("hash", sa.String(length=66), nullable=False),
        sa.Column("lane", sa.String(length=42), nullable=False),
        sa.Column("nonce", sa.BigInteger(), nullable=False),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.String(length=36), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.Column("created_at", _instant, nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=True),
        sa.Column("block_hash", sa.String(length=66), nullable=True),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["batches.id"], name=op.f("fk_transactions_batch_id_batches"), ondelete="RESTRICT"
        ),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_transactions")),
    )
    op.create_index(op.f("ix_transactions_batch_id"), "transactions", ["batch_id"], unique=False)
    op.create_index("ix_transactions_lane_nonce", "transactions", ["lane", "nonce"], unique=False)
    op.create_index("ix_transactions_state_created_at", "transactions", ["state", "created_at"], unique=False)
    op.create_table(
        "attestations",
        sa.Column("feed", sa.String(length=42), nullable=False),
        sa.Column("as_of", _instant, nullable=False),
        sa.Column("value", _base_units, nullable=False),
        sa.Column("report", sa.String(length=66), nullable=False),
        sa.Column("transaction_hash", sa.String(length=66), nullable=False),
        sa.Column("recorded_at", _instant, nullable=False),
        sa.PrimaryKeyConstraint("feed", "as_of", name=op.f("pk_attestations")),
    )
    op.create_table(
        "chain_events",
        sa.Column("block_hash", sa.String(length=66), nullable=False),
        sa.Column("log_index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("transaction_hash", sa.String(length=66), nullable=False),
        sa.Column("address", sa.String(length=42), nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("arguments", sa.Text(), nullable=False),
        sa.Column("orphaned_at", _instant, nullable=True),
        sa.PrimaryKeyConstraint("block_hash", "log_index", name=op.f("pk_chain_events")),
    )
    op.create_index(
        "ix_chain_events_block_number_log_index", "chain_events", ["block_number", "log_index"], unique=False
    )
    op.create_index(
        op.f("ix_chain_events_transaction_hash"), "chain_events", ["transaction_hash"], unique=False
    )
    op.create_table(
        "cursors",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("block_number", sa.BigInteger(), nullable=False),
        sa.Column("block_hash", sa.String(length=66), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_cursors")),
    )
