"""The hash chain finds what was edited, removed, moved or cut off with plain SQL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import rfc8785
import sqlalchemy as sa
from support.databases import run_sql
from support.ledgers import CHECKER, Fixture, dollars

from toolkit.errors import LedgerTampered
from toolkit.ledger import Role, State, schema
from toolkit.ledger.canonical import GENESIS, digest, instant


@pytest.fixture
def sql(desk: Fixture) -> Callable[..., Any]:
    """One mint settled, one funded, one redemption paid; then SQL behind the ledger's back."""
    first, second, third = desk.mint("a"), desk.mint("b"), desk.redemption("c")
    desk.drive(first.id, State.FUNDED, State.APPROVED, State.SUBMITTED, State.MINED, State.SETTLED)
    desk.take(second.id, State.FUNDED)
    desk.drive(third.id, State.VALID, State.ESCROWED, State.APPROVED, State.BURNED, State.PAID)
    desk.ledger.verify()

    def run(statement: str, **values: Any) -> None:
        assert run_sql(desk.url, statement, **values)[0] > 0

    return run


def _tampered(desk: Fixture, message: str) -> None:
    with pytest.raises(LedgerTampered, match=message):
        desk.ledger.verify()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("actor", "maker"),
        ("role", "compliance"),
        ("reason", "nothing to see"),
        ("at", "2020-01-01 00:00:00.000000"),
        ("evidence", "0" * 64),
        ("from_state", "approved"),
        ("to_state", "mined"),
        ("previous_hash", "1" * 64),
        ("hash", "1" * 64),
    ],
)
def test_an_edited_event(desk: Fixture, sql: Callable[..., Any], column: str, value: str) -> None:
    sql(f"UPDATE order_events SET {column} = '{value}' WHERE seq = 5")
    _tampered(desk, "event [56] of order .* (was edited|doesn't follow event)")


def test_an_event_given_to_another_order(desk: Fixture, sql: Callable[..., Any]) -> None:
    sql("UPDATE order_events SET order_id = (SELECT order_id FROM order_events WHERE seq = 2) WHERE seq = 5")
    _tampered(desk, "event 5 of order .* was edited")


@pytest.mark.parametrize(("seq", "message"), [(1, "event 1 is missing"), (6, "event 6 is missing")])
def test_a_removed_event(desk: Fixture, sql: Callable[..., Any], seq: int, message: str) -> None:
    sql("DELETE FROM order_events WHERE seq = :seq", seq=seq)
    _tampered(desk, message)


def test_events_cut_off_at_the_end(desk: Fixture, sql: Callable[..., Any]) -> None:
    last = desk.ledger.head().seq
    sql("DELETE FROM order_events WHERE seq = :seq", seq=last)
    _tampered(desk, f"ends at event {last - 1} but event {last} was written")


def test_two_events_that_changed_places(desk: Fixture, sql: Callable[..., Any]) -> None:
    sql("UPDATE order_events SET seq = 1000 WHERE seq = 5")
    sql("UPDATE order_events SET seq = 5 WHERE seq = 6")
    sql("UPDATE order_events SET seq = 6 WHERE seq = 1000")
    _tampered(desk, "event 5 of order .* doesn't follow event 4")


def test_an_event_slipped_in_at_the_end(desk: Fixture, sql: Callable[..., Any]) -> None:
    last = desk.ledger.head()
    order = desk.ledger.orders.by_idempotency_key("b")
    event: dict[str, Any] = {
        "seq": last.seq + 1,
        "order_id": order.id,
        "from_state": "funded",
        "to_state": "approved",
        "actor": CHECKER,
        "role": "checker",
        "at": instant(desk.clock.now()),
        "reason": "",
        "evidence": None,
        "previous_hash": last.hash,
    }
    event["hash"] = digest(event)
    sql(
        f"INSERT INTO order_events ({', '.join(event)}) SELECT :seq, :order_id, :from_state, :to_state, "
        ":actor, :role, at, :reason, :evidence, :previous_hash, :hash FROM order_events WHERE seq = 1",
        **{name: value for name, value in event.items() if name != "at"},
    )
    _tampered(desk, f"ends at event {last.seq + 1} but event {last.seq} was written")


def test_an_order_whose_state_is_not_what_its_events_say(desk: Fixture, sql: Callable[..., Any]) -> None:
    sql("UPDATE orders SET state = 'approved' WHERE state = 'funded'")
    _tampered(desk, r"is approved, but its last event \(\d+\) says funded")


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("amount", "999000000"),
        ("wallet", None),
        ("number", 77),
        ("currency", "HKD"),
        ("decimals", 2),
        ("maker", "checker"),
        ("opened_seq", 99),
        ("expires_at", "2030-01-01 00:00:00.000000"),
    ],
)
def test_an_order_whose_terms_were_changed(
    desk: Fixture, sql: Callable[..., Any], column: str, value: Any
) -> None:
    if column == "wallet":
        sql("UPDATE orders SET wallet = (SELECT max(address) FROM wallets) WHERE state = 'funded'")
    else:
        sql(f"UPDATE orders SET {column} = '{value}' WHERE state = 'funded'")
    _tampered(desk, "is not what was ordered")


def test_an_order_without_events_and_events_without_an_order(desk: Fixture, sql: Callable[..., Any]) -> None:
    sql("UPDATE orders SET id = 'ghost' WHERE state = 'funded'")
    _tampered(desk, "is missing")


def test_a_copied_order(desk: Fixture, sql: Callable[..., Any]) -> None:
    sql(
        "INSERT INTO orders SELECT 'ghost', kind, 99, state, held_from, investor, wallet, amount, unit, "
        "decimals, currency, maker, bank_account, created_at, expires_at, due_at, batch_id, opened_seq "
        "FROM orders WHERE state = 'funded'"
    )
    _tampered(desk, "order ghost has no event")


@pytest.mark.parametrize("table", ["funds_receipts", "payouts"])
def test_money_that_was_changed(desk: Fixture, sql: Callable[..., Any], table: str) -> None:
    sql(f"UPDATE {table} SET amount = '1'")
    _tampered(desk, f"{table} row .* is not the one that order")


@pytest.mark.parametrize("table", ["funds_receipts", "payouts"])
def test_money_that_was_removed(desk: Fixture, sql: Callable[..., Any], table: str) -> None:
    sql(f"DELETE FROM {table}")
    _tampered(desk, f"{table} has no row for order")


def test_the_head_itself(desk: Fixture, sql: Callable[..., Any]) -> None:
    sql("DELETE FROM event_head")
    _tampered(desk, "head of the chain of events is missing")
    with pytest.raises(LedgerTampered):
        desk.ledger.head()
    with pytest.raises(LedgerTampered):
        desk.mint("d")


def test_an_anchor_finds_a_history_that_was_rewritten_whole(desk: Fixture, sql: Callable[..., Any]) -> None:
    anchor = desk.ledger.head()
    desk.mint("d")
    desk.ledger.verify(anchor)
    _rewrite(desk, "everything is as it should be")
    desk.ledger.verify()
    with pytest.raises(LedgerTampered, match=f"event {anchor.seq} is not the one that was anchored"):
        desk.ledger.verify(anchor)


def test_an_anchor_finds_a_history_that_was_shortened(desk: Fixture, sql: Callable[..., Any]) -> None:
    desk.mint("d")
    anchor = desk.ledger.head()
    before = desk.ledger.history(desk.ledger.orders.by_idempotency_key("d").id)[0]
    sql("DELETE FROM order_events WHERE seq = :seq", seq=anchor.seq)
    sql("DELETE FROM idempotency_keys WHERE key = 'd'")
    sql("DELETE FROM orders WHERE id = :id", id=before.order_id)
    sql("UPDATE event_head SET seq = :seq, hash = :hash", seq=anchor.seq - 1, hash=before.previous_hash)
    desk.ledger.verify()
    with pytest.raises(LedgerTampered, match=f"but event {anchor.seq} was anchored"):
        desk.ledger.verify(anchor)


def _rewrite(desk: Fixture, reason: str) -> None:
    """What somebody with the whole database can do: every hash anew."""
    table = schema.order_events
    engine = sa.create_engine(desk.url)
    with engine.begin() as database:
        previous = GENESIS
        for row in database.execute(sa.select(table).order_by(table.c.seq)).mappings().all():
            event = {**row, "reason": reason, "previous_hash": previous}
            del event["hash"]
            event["hash"] = previous = digest(event)
            database.execute(sa.update(table).where(table.c.seq == row["seq"]).values(**event))
        database.execute(sa.update(schema.event_head).values(hash=previous))
    engine.dispose()


def test_a_stranger_can_recompute_a_hash_from_the_documentation_alone(desk: Fixture) -> None:
    """RFC 8785 over the event's columns, sha256, the instant in UTC to the microsecond."""
    import hashlib

    order = desk.fund(desk.mint())
    event = desk.ledger.history(order.id)[1]
    receipt = desk.ledger.funds.get("bank-line-1")
    assert receipt.amount == dollars("100.00")
    text = rfc8785.dumps(
        {
            "seq": 2,
            "order_id": order.id,
            "from_state": "requested",
            "to_state": "funded",
            "actor": "treasurer",
            "role": Role.TREASURER.value,
            "at": "2026-11-23T04:00:00.000000Z",
            "reason": "",
            "evidence": event.evidence,
            "previous_hash": event.previous_hash,
        }
    )
    assert hashlib.sha256(text).hexdigest() == event.hash
