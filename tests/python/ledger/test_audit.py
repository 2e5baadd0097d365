"""The hash chain finds what was edited, removed, moved or cut off with plain SQL."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import rfc8785
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from support.databases import run_sql
from support.ledgers import CHECKER, Fixture, dollars

from toolkit.errors import InvalidInput, LedgerTampered
from toolkit.ledger import Role, State, order_verification, schema
from toolkit.ledger.canonical import GENESIS, digest, event_hash, event_hasher, instant


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


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE orders SET number = 9 WHERE state = 'paid'", "number is 9, but event .* 'redemption 1'"),
        ("UPDATE orders SET number = NULL WHERE state = 'paid'", "number is None, but event"),
        ("UPDATE orders SET due_at = created_at WHERE state = 'paid'", "due_at is .*, but event .* 'due at"),
        ("UPDATE orders SET held_from = 'funded' WHERE state = 'funded'", "is held from funded, but its"),
    ],
)
def test_what_an_order_was_given_later(
    desk: Fixture, sql: Callable[..., Any], statement: str, message: str
) -> None:
    sql(statement)
    _tampered(desk, message)


def test_a_copied_order(desk: Fixture, sql: Callable[..., Any]) -> None:
    sql(
        "INSERT INTO orders SELECT 'ghost', kind, 99, state, held_from, investor, wallet, amount, unit, "
        "decimals, currency, maker, bank_account, created_at, expires_at, due_at, batch_id, opened_seq, "
        "flight_id, vault, share_class, dealing_date, dealing_day, funded_by FROM orders "
        "WHERE state = 'funded'"
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


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        ("UPDATE orders SET id = 'ghost' WHERE state = 'funded'", "order .* of event .* is missing"),
        ("UPDATE orders SET id = 'ghost' WHERE state = 'paid'", "order .* of event .* is missing"),
        ("UPDATE orders SET state = 'approved' WHERE state = 'paid'", "is approved, but its last event"),
        ("DELETE FROM payouts", "payouts has no row for order"),
        ("DELETE FROM funds_receipts", "funds_receipts has no row for order"),
        ("UPDATE order_events SET order_id = 'later' WHERE seq = 1", "event 1 of order later was edited"),
    ],
)
def test_a_ledger_that_is_read_in_portions(
    desk: Fixture,
    sql: Callable[..., Any],
    monkeypatch: pytest.MonkeyPatch,
    statement: str,
    message: str,
) -> None:
    monkeypatch.setattr(order_verification, "_PORTION", 1)
    assert desk.ledger.verify() == desk.ledger.head()
    sql(statement)
    _tampered(desk, message)


def test_the_order_of_the_last_event_is_missing(desk: Fixture) -> None:
    order = desk.mint("a")
    assert run_sql(desk.url, "UPDATE orders SET id = '0' WHERE id = :id", id=order.id)[0] == 1
    _tampered(desk, f"order {order.id} of event 1 is missing")


def test_an_event_of_an_order_without_a_name(desk: Fixture, sql: Callable[..., Any]) -> None:
    order = desk.mint("d")
    sql("DELETE FROM idempotency_keys WHERE key = 'd'")
    sql("DELETE FROM orders WHERE id = :id", id=order.id)
    sql("UPDATE order_events SET order_id = '' WHERE order_id = :id", id=order.id)
    _rewrite(desk, "")
    _tampered(desk, "order .* of event .* is missing")


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


@pytest.mark.parametrize("text", ["abc", "z" * 64, "A" * 64, "\u0661" * 64])
def test_a_head_that_is_no_digest_is_built_upon_by_nobody(
    desk: Fixture, sql: Callable[..., Any], text: str
) -> None:
    sql("UPDATE event_head SET hash = :text", text=text)
    for act in (desk.ledger.head, lambda: desk.mint("d"), desk.ledger.verify):
        with pytest.raises(LedgerTampered, match=f"has '{text}' for a hash"):
            act()


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
        if engine.dialect.name == "postgresql":
            database.exec_driver_sql("SET session_replication_role = replica")  # no reference is checked
        previous = GENESIS
        for row in database.execute(sa.select(table).order_by(table.c.seq)).mappings().all():
            event = {**row, "reason": row["reason"] or reason, "previous_hash": previous}
            del event["hash"]
            event["hash"] = previous = digest(event)
            database.execute(sa.update(table).where(table.c.seq == row["seq"]).values(**event))
        database.execute(sa.update(schema.event_head).values(hash=previous))
    engine.dispose()


_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(
    st.dictionaries(
        st.text("abcdefghijklmnopqrstuvwxyz_", min_size=1, max_size=12),
        _TEXT | st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1),
        max_size=8,
    )
)
def test_digests_are_over_rfc_8785(fields: dict[str, Any]) -> None:
    assert digest(fields) == hashlib.sha256(rfc8785.dumps(fields)).hexdigest()


@given(
    st.fixed_dictionaries(
        {
            "seq": st.integers(1, 2**53 - 1),
            "order_id": _TEXT,
            "from_state": _TEXT | st.none(),
            "to_state": _TEXT,
            "actor": _TEXT,
            "role": _TEXT,
            "at": st.datetimes(timezones=st.just(UTC)).map(instant),
            "reason": _TEXT,
            "evidence": _TEXT | st.none(),
            "previous_hash": _TEXT,
        }
    )
)
def test_an_events_hash_is_over_rfc_8785(event: dict[str, Any]) -> None:
    assert event_hash(**event) == hashlib.sha256(rfc8785.dumps(event)).hexdigest()


@given(st.lists(st.tuples(_TEXT, st.sampled_from([None, "", "a", "b"])), max_size=8))
def test_the_events_of_an_act_are_hashed_as_each_by_itself(events: list[tuple[str, str | None]]) -> None:
    act = {"from_state": None, "to_state": "b", "actor": "c", "role": "d", "at": "e", "reason": "f"}
    hash_of = event_hasher(*act.values())  # type: ignore[arg-type]
    for seq, (order_id, evidence) in enumerate(events, start=1):
        event = {**act, "seq": seq, "order_id": order_id, "evidence": evidence, "previous_hash": "g"}
        expected = hashlib.sha256(rfc8785.dumps(event)).hexdigest()  # type: ignore[arg-type]
        assert hash_of(seq, order_id, evidence, "g") == expected


@pytest.mark.parametrize("value", [2**53, -(2**53), 0.5, b"", ["nested"]])
def test_what_json_can_not_say_exactly_is_not_hashed(value: Any) -> None:
    with pytest.raises(InvalidInput, match="amounts as text"):
        digest({"value": value})


def test_an_instant_is_in_utc_to_the_microsecond() -> None:
    hong_kong = datetime(2026, 11, 23, 12, 0, 0, 4, tzinfo=ZoneInfo("Asia/Hong_Kong"))
    assert instant(hong_kong) == "2026-11-23T04:00:00.000004Z"
    assert instant(hong_kong.replace(microsecond=0)) == "2026-11-23T04:00:00.000000Z"


def test_a_stranger_can_recompute_a_hash_from_the_documentation_alone(desk: Fixture) -> None:
    """RFC 8785 over the event's columns, sha256, the instant in UTC to the microsecond."""
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
