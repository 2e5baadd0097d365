"""Signed transactions, on disk before they are sent: the ledger's side of `toolkit.chain.sender`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from threading import RLock
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.calendar import Clock
from toolkit.chain.hexes import from_hex, to_hex
from toolkit.chain.journal import JournalEntry, Outcome
from toolkit.errors import InvalidInput, LaneLost, LedgerError, StillPending
from toolkit.ledger import audit, checks, schema
from toolkit.ledger.errors import NotFound, StaleLedger
from toolkit.ledger.prepared import Prepared
from toolkit.ledger.records import Lease, TransactionRecord
from toolkit.ledger.store import Unit

if TYPE_CHECKING:
    from toolkit.ledger.ledger import Ledger, Transaction

__all__ = ["RECORDED", "LaneJournal", "Transactions"]

RECORDED = "recorded"
"""The state of a transaction without an outcome."""

# Built once: building a statement costs as much as running it.
_TABLE = schema.transactions
_ONE = sa.select(_TABLE).where(_TABLE.c.hash == sa.bindparam("wanted"))
_OF_NONCE = Prepared(
    sa.select(_TABLE).where(_TABLE.c.lane == sa.bindparam("lane"), _TABLE.c.nonce == sa.bindparam("nonce"))
)
_NEXT_NONCE = (
    sa.select(_TABLE.c.nonce)
    .where(_TABLE.c.lane == sa.bindparam("lane"), _TABLE.c.state != Outcome.REFUSED)
    .order_by(_TABLE.c.nonce.desc())
    .limit(1)
)
# What has no outcome, and what has the highest nonce that wasn't refused.
_NONCES = sa.select(_TABLE.c.nonce, _TABLE.c.state).where(_TABLE.c.lane == sa.bindparam("lane"))
_POSITION = Prepared(
    sa.union_all(
        _NONCES.where(_TABLE.c.state == RECORDED),
        _NONCES.where(_TABLE.c.nonce == _NEXT_NONCE.scalar_subquery()),
    )
)
_INSERT = Prepared(
    sa.insert(_TABLE), ["hash", "lane", "nonce", "raw", "purpose", "flight_id", "state", "created_at"]
)
_CHANGE = sa.update(_TABLE).where(_TABLE.c.hash == sa.bindparam("wanted"))
_ASSIGN = Prepared(_CHANGE.values(flight_id=sa.bindparam("flight")))
_PLACE = _CHANGE.values(block_number=sa.bindparam("number"), block_hash=sa.bindparam("block"))
_TO_FINISH = _CHANGE.where(_TABLE.c.state.in_([RECORDED, sa.bindparam("outcome")])).values(
    state=sa.bindparam("outcome")
)
_FINISH = Prepared(_TO_FINISH)
_LAND = Prepared(_TO_FINISH.values(block_number=sa.bindparam("number"), block_hash=sa.bindparam("block")))


@cache
def _matching(names: tuple[str, ...]) -> sa.Select[Any]:
    query = sa.select(_TABLE).order_by(_TABLE.c.lane, _TABLE.c.nonce, _TABLE.c.created_at, _TABLE.c.hash)
    return query.where(*(_TABLE.c[name] == sa.bindparam(name) for name in names))


@dataclass(frozen=True, slots=True)
class Transactions:
    """Every transaction that was signed, with its bytes and what became of it."""

    unit: Unit
    clock: Clock

    def record(
        self, *, lane: str, nonce: int, tx_hash: str, raw: bytes, purpose: str, flight_id: str | None = None
    ) -> TransactionRecord:
        """Stores the signed bytes; only once that is committed may they be sent.

        The same bytes again return the first record, open again if the node had refused them, and of
        `flight_id` if that is given. Several hashes under one nonce are replacements of each other, and are
        one flight. Raises `LedgerError` if the nonce is known to be used up in a block, or the bytes are
        another flight's and may still land.
        """
        row: dict[str, Any] = {
            "hash": checks.hash32(tx_hash, what="transaction hash"),
            "lane": lane,
            "nonce": nonce,
            "raw": bytes(raw),
            "purpose": purpose,
            "flight_id": flight_id,
            "state": RECORDED,
            "created_at": self.clock.now(),
        }
        with self.unit.writing() as connection:
            rows = _OF_NONCE.all(connection, {"lane": lane, "nonce": nonce})
            others = [TransactionRecord(*found) for found in rows]
            for known in others:
                if known.hash == tx_hash:
                    return _recorded_again(connection, known, flight_id)
            _check_nonce_free(others)
            row["flight_id"] = flight_id or _flight_of(others)
            _INSERT.change(connection, row)
        return TransactionRecord(**row, block_number=None, block_hash=None)

    def assign(self, tx_hash: str, flight_id: str) -> None:
        """Says which flight the transaction is. Raises `NotFound`."""
        with self.unit.writing() as connection:
            if _ASSIGN.change(connection, {"wanted": tx_hash, "flight": flight_id}) == 0:
                _require(connection, tx_hash)

    def require_sole(self, tx_hash: str) -> None:
        """Raises `StillPending` if another transaction of the same purpose may still land, or has.

        For what may happen once and moves money: called in the transaction that records `tx_hash`, so that
        of two workers one is first. A replacement, under the same nonce, is the same transaction.
        """
        with self.unit.writing() as connection:
            audit.lock(connection)
            mine = _require(connection, tx_hash)
            other = connection.execute(
                sa.select(_TABLE.c.hash).where(
                    _TABLE.c.purpose == mine.purpose,
                    _TABLE.c.state.in_([RECORDED, Outcome.MINED]),
                    sa.or_(_TABLE.c.lane != mine.lane, _TABLE.c.nonce != mine.nonce),
                )
            ).first()
        if other is not None:
            raise StillPending(
                f"transaction {other.hash} was sent for the same: {mine.purpose}; wait for it, nothing new "
                "was sent",
                tx_hash=other.hash,
            )

    def place(self, tx_hash: str, *, block_number: int | None, block_hash: str | None) -> TransactionRecord:
        """Where the transaction is seen now; None and None after a reorganisation. Raises `NotFound`."""
        if (block_number is None) != (block_hash is None):
            raise InvalidInput("a block has a number and a hash: give both or neither")
        with self.unit.writing() as connection:
            connection.execute(_PLACE, {"wanted": tx_hash, "number": block_number, "block": block_hash})
            return _require(connection, tx_hash)

    def finish(self, tx_hash: str, outcome: Outcome) -> None:
        """How it ended, for good. The same again changes nothing. Raises `NotFound`, or `LedgerError`
        if it is known to have ended otherwise."""
        with self.unit.writing() as connection:
            values = {"wanted": tx_hash, "outcome": Outcome(outcome)}
            _check_finished(connection, _FINISH.change(connection, values), tx_hash, outcome)

    def land(self, tx_hash: str, *, block_number: int, block_hash: str) -> None:
        """`place` and `finish` of one that is mined for good. Raises as they."""
        values = {"wanted": tx_hash, "outcome": Outcome.MINED, "number": block_number, "block": block_hash}
        with self.unit.writing() as connection:
            _check_finished(connection, _LAND.change(connection, values), tx_hash, Outcome.MINED)

    def reopen(self, hashes: Sequence[str]) -> None:
        """Takes back that these were mined for good: the chain broke its promise, and they are sent again."""
        table = schema.transactions
        with self.unit.writing() as connection:
            connection.execute(
                sa.update(table)
                .where(table.c.hash.in_(list(hashes)), table.c.state == Outcome.MINED)
                .values(state=RECORDED, block_number=None, block_hash=None)
            )

    def get(self, tx_hash: str) -> TransactionRecord:
        """The transaction. Raises `NotFound`."""
        with self.unit.reading() as connection:
            return _require(connection, tx_hash)

    def find(
        self,
        *,
        lane: str | None = None,
        nonce: int | None = None,
        flight_id: str | None = None,
        state: str | None = None,
    ) -> tuple[TransactionRecord, ...]:
        """The transactions that match, by lane, nonce and time."""
        asked = {"lane": lane, "nonce": nonce, "flight_id": flight_id, "state": state}
        wanted = {name: value for name, value in asked.items() if value is not None}
        rows = self.unit.rows(_matching(tuple(wanted)), wanted)
        return tuple(TransactionRecord(*row) for row in rows)

    def next_nonce(self, lane: str) -> int | None:
        """One past the highest nonce of `lane` that wasn't refused; None when there is none."""
        highest = self.unit.rows(_NEXT_NONCE, {"lane": lane})
        return int(highest[0][0]) + 1 if highest else None

    def position(self, lane: str) -> tuple[set[int], int | None]:
        """The nonces of the lane's transactions without an outcome, and `next_nonce`, at one moment."""
        found = self.unit.rows(_POSITION, {"lane": lane})
        waiting = {nonce for nonce, state in found if state == RECORDED}
        used = [nonce for nonce, state in found if state != Outcome.REFUSED]
        return waiting, max(used) + 1 if used else None


class LaneJournal:
    """The ledger as the `TransactionJournal` of one lane. Made by `ledger.journal(address)`.

    `alongside` puts further rows into the transaction that stores the signed bytes, so that an order
    is `submitted` exactly when its bytes are safe:

        with journal.alongside(lambda tx, entry: tx.orders.step_many(ids, State.SUBMITTED, ...)):
            sender.send(call)
    """

    def __init__(self, ledger: Ledger, address: str, chain_id: int, lease: Lease | None) -> None:
        self.address = address
        self.lease = lease
        self._ledger = ledger
        self._chain_id = chain_id
        self._threads = RLock()
        self._also: tuple[Callable[[Transaction, JournalEntry], object] | None, str | None] = (None, None)

    @contextmanager
    def lock(self) -> Iterator[None]:
        """See `TransactionJournal.lock`. It keeps this process's threads apart; against other processes
        the lease does, and nobody has to wait for one that is paused or dead.
        """
        with self._threads:
            yield

    @contextmanager
    def alongside(
        self, write: Callable[[Transaction, JournalEntry], object] | None, *, flight_id: str | None = None
    ) -> Iterator[None]:
        """Within the block, `record` calls `write` with its own transaction, before it commits; `flight_id`
        is the flight of what is recorded, where there is one already.

        Whatever `write` raises undoes the record, and nothing is sent.
        """
        with self.lock():
            before, self._also = self._also, (write, flight_id)
            try:
                yield
            finally:
                self._also = before

    def record(self, entry: JournalEntry) -> None:
        """See `TransactionJournal.record`. Raises `LaneLost` without the lane's lease, and `StaleLedger` for
        an entry of another lane or chain.
        """
        if (entry.chain_id, entry.sender) != (self._chain_id, self.address):
            raise StaleLedger(
                f"the journal of {self.address} on chain {self._chain_id} was given a transaction of "
                f"{entry.sender} on chain {entry.chain_id}: use that lane's journal"
            )
        with self.lock(), self._leased() as lease, self._ledger.transaction() as tx:
            write, flight_id = self._also
            tx.lanes.require(lease)
            tx.transactions.record(
                lane=self.address,
                nonce=entry.nonce,
                tx_hash=to_hex(entry.hash),
                raw=entry.raw,
                purpose=entry.description,
                flight_id=flight_id,
            )
            if write is not None:
                write(tx, entry)

    def finish(self, tx_hash: bytes, outcome: Outcome) -> None:
        """See `TransactionJournal.finish`.

        What is final on chain anyone may write. That the node refused it, and that its nonce is free
        therefore, only the holder of the lease: it raises `LaneLost` for others, who can't know what
        the holder has sent meanwhile.
        """
        if outcome is not Outcome.REFUSED:
            self._ledger.transactions.finish(to_hex(tx_hash), outcome)
            return
        with self.lock(), self._leased() as lease, self._ledger.transaction() as tx:
            tx.lanes.require(lease)
            tx.transactions.finish(to_hex(tx_hash), outcome)

    def find(self, tx_hash: bytes) -> JournalEntry | None:
        """See `TransactionJournal.find`."""
        try:
            record = self._ledger.transactions.get(to_hex(tx_hash))
        except NotFound:
            return None
        return self._entry(record) if record.lane == self.address else None

    def attempts(self, nonce: int) -> list[JournalEntry]:
        """See `TransactionJournal.attempts`."""
        found = self._ledger.transactions.find(lane=self.address, nonce=nonce)
        return [self._entry(record) for record in found if record.state != Outcome.REFUSED]

    def unfinished(self) -> list[JournalEntry]:
        """See `TransactionJournal.unfinished`."""
        found = self._ledger.transactions.find(lane=self.address, state=RECORDED)
        return [self._entry(record) for record in found]

    def next_nonce(self) -> int | None:
        """See `TransactionJournal.next_nonce`."""
        return self._ledger.transactions.next_nonce(self.address)

    def position(self) -> tuple[set[int], int | None]:
        """See `TransactionJournal.position`."""
        return self._ledger.transactions.position(self.address)

    @contextmanager
    def _leased(self) -> Iterator[Lease]:
        lease = self.lease
        if lease is None:
            raise LaneLost(
                f"lane {self.address} is not leased by this worker: nothing was recorded, and nothing sent",
                lane=self.address,
            )
        try:
            yield lease
        except LaneLost:
            if self.lease is lease:
                self.lease = None
            raise

    def _entry(self, record: TransactionRecord) -> JournalEntry:
        return JournalEntry(
            chain_id=self._chain_id,
            sender=self.address,
            nonce=record.nonce,
            hash=from_hex(record.hash, length=32),
            raw=record.raw,
            description=record.purpose,
        )


def _require(connection: Connection, tx_hash: str) -> TransactionRecord:
    row = connection.execute(_ONE, {"wanted": tx_hash}).mappings().one_or_none()
    if row is None:
        raise NotFound(f"no transaction {tx_hash!r} in the ledger", transaction=tx_hash)
    return TransactionRecord(**row)


def _recorded_again(
    connection: Connection, known: TransactionRecord, flight_id: str | None
) -> TransactionRecord:
    others = flight_id is not None and known.flight_id not in (None, flight_id)
    if others and known.state != Outcome.REFUSED:
        raise LedgerError(
            f"transaction {known.hash} is flight {known.flight_id}'s and {known.state}: it can't be flight "
            f"{flight_id}'s too"
        )
    state = RECORDED if known.state == Outcome.REFUSED else known.state
    again = replace(known, state=state, flight_id=flight_id or known.flight_id)
    if again != known:
        changes = {"state": again.state, "flight_id": again.flight_id}
        connection.execute(sa.update(_TABLE).where(_TABLE.c.hash == known.hash).values(changes))
    return again


def _check_finished(connection: Connection, changed: int, tx_hash: str, outcome: Outcome) -> None:
    if changed == 0:
        known = _require(connection, tx_hash)
        raise LedgerError(
            f"transaction {tx_hash} ended as {known.state} and can't be {outcome}: "
            "compare the ledger with the chain before anything else is sent",
            transaction=tx_hash,
        )


def _flight_of(others: Sequence[TransactionRecord]) -> str | None:
    """The flight of the transactions that another with their nonce replaces."""
    flights = (record.flight_id for record in others if record.state != Outcome.REFUSED)
    return next(flights, None)


def _check_nonce_free(others: Sequence[TransactionRecord]) -> None:
    for record in others:
        if record.state in (Outcome.MINED, Outcome.REVERTED):
            raise LedgerError(
                f"nonce {record.nonce} of lane {record.lane} was used by {record.hash}: "
                "allocate the next one",
                lane=record.lane,
                nonce=record.nonce,
            )
