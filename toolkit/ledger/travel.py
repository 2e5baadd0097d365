"""Transfers to and from other institutions, and the register of those institutions (regulation.md 4.12).

A transfer is a record; who sends and who receives is personal data and lies in a table of its own, from which
it can be erased: the record has only a salted digest. No event, no message and no chain ever carries it.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.calendar import Clock
from toolkit.errors import IllegalTransition
from toolkit.ledger import checks, schema
from toolkit.ledger import schema_screening as tables
from toolkit.ledger.bulk import Among, insert_rows
from toolkit.ledger.canonical import instant
from toolkit.ledger.errors import NotFound, TransferNotAcknowledged
from toolkit.ledger.machines import Role
from toolkit.ledger.prepared import Prepared
from toolkit.ledger.record_book import RecordBook
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.ledger.records import LedgerRecord, Order
from toolkit.ledger.store import Joined, Unit

__all__ = ["INSTITUTIONAL", "Travel", "counterparty_id", "party_digest", "transfer_id"]

INSTITUTIONAL = frozenset({"custodial", "platform", "omnibus"})
"""The kinds of wallet that are another institution's: what goes there has to be announced to it."""

_PARTIES, _RECORDS = tables.travel_parties, schema.records
_KINDS = Prepared(
    sa.select(schema.wallets.c.address).where(
        Among(schema.wallets.c.address, "wallets"),
        sa.or_(*(schema.wallets.c.kind == kind for kind in sorted(INSTITUTIONAL))),
    )
)
_NAMED = sa.select(_RECORDS.c.id, _RECORDS.c.state, _RECORDS.c.data).where(Among(_RECORDS.c.id, "ids"))


def transfer_id(transfer: str) -> str:
    """The record of a transfer, which is called as its order is."""
    return f"travel/{transfer}"


def counterparty_id(key: str) -> str:
    """The record of an institution."""
    return f"counterparty/{key}"


def party_digest(salt: bytes, data: str) -> str:
    """What the record keeps of the parties. Without the salt nobody can try out names and numbers."""
    return hashlib.sha256(salt + data.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Travel:
    """Transfers, their parties, and the register of counterparties."""

    unit: Unit
    clock: Clock

    def open(
        self,
        transfer: str,
        state: RecordState,
        data: Mapping[str, Any],
        parties: Mapping[str, Any],
        *,
        actor: str,
        role: Role,
        reason: str = "",
    ) -> LedgerRecord:
        """Puts a transfer on record with its parties. Raises as `RecordBook.open`."""
        with self.unit.writing() as connection:
            salt, text = secrets.token_bytes(16), _text(parties)
            record = RecordBook(Joined(connection), self.clock).open(
                transfer_id(transfer),
                RecordKind.TRAVEL,
                state,
                {**data, "parties": party_digest(salt, text)},
                actor=actor,
                role=role,
                reason=reason,
            )
            insert_rows(connection, _PARTIES, [(record.id, salt, text, None)])
        return record

    def step(
        self,
        transfer: str,
        to: RecordState,
        *,
        actor: str,
        role: Role,
        reason: str = "",
        data: Mapping[str, Any] | None = None,
        parties: Mapping[str, Any] | None = None,
    ) -> LedgerRecord:
        """Takes a transfer on, with these entries of its document changed, and other parties where given.

        Raises `NotFound`, `IllegalTransition`, `NotAuthorised`.
        """
        with self.unit.writing() as connection:
            book = RecordBook(Joined(connection), self.clock)
            document = {**book.get(transfer_id(transfer)).data, **(data or {})}
            if parties is not None:
                salt, text = secrets.token_bytes(16), _text(parties)
                document["parties"] = party_digest(salt, text)
                connection.execute(
                    sa.update(_PARTIES)
                    .where(_PARTIES.c.transfer == transfer_id(transfer))
                    .values(salt=salt, data=text, erased_at=None)
                )
            return book.step(transfer_id(transfer), to, actor=actor, role=role, reason=reason, data=document)

    def get(self, transfer: str) -> LedgerRecord:
        """The transfer. Raises `NotFound`."""
        with self.unit.reading() as connection:
            return RecordBook(Joined(connection), self.clock).get(transfer_id(transfer))

    def find(self, state: RecordState | None = None) -> tuple[LedgerRecord, ...]:
        """The transfers, oldest first."""
        with self.unit.reading() as connection:
            return RecordBook(Joined(connection), self.clock).find(RecordKind.TRAVEL, state=state)

    def parties(self, transfer: str) -> dict[str, Any] | None:
        """Who sends and who receives; None once that was erased. Raises `NotFound`."""
        query = sa.select(_PARTIES.c.data).where(_PARTIES.c.transfer == transfer_id(transfer))
        with self.unit.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise NotFound(f"no transfer {transfer!r} is on record", transfer=transfer)
        return None if row.data is None else json.loads(row.data)

    def erase(self, transfer: str, *, by: str, reason: str) -> datetime:
        """Removes the parties of a transfer for good; the record and its digest stay. Returns when.

        By compliance. Raises `NotFound`, `NotAuthorised`, and `IllegalTransition` while the transfer isn't at
        an end.
        """
        reason = checks.one_line(reason, what="reason", longest=500)
        with self.unit.writing() as connection:
            book = RecordBook(Joined(connection), self.clock)
            record = book.get(transfer_id(transfer))
            done = record.state is RecordState.RETURNED or record.data.get("transaction") is not None
            if not done:
                raise IllegalTransition(
                    f"transfer {transfer} is {record.state} and not executed: its parties are needed",
                    transfer=transfer,
                )
            now = self.clock.now()
            erased = {**record.data, "erased_at": instant(now)}
            book.step(record.id, record.state, actor=by, role=Role.COMPLIANCE, reason=reason, data=erased)
            connection.execute(
                sa.update(_PARTIES)
                .where(_PARTIES.c.transfer == record.id)
                .values(salt=None, data=None, erased_at=now)
            )
        return now

    # -------------------------------------------------------------------------------------- counterparties

    def register(
        self,
        key: str,
        to: RecordState,
        data: Mapping[str, Any] | None = None,
        *,
        actor: str,
        role: Role,
        reason: str = "",
    ) -> LedgerRecord:
        """Proposes an institution, accepts or suspends it. Raises as `RecordBook.step`."""
        name = counterparty_id(checks.word(key, what="counterparty"))
        with self.unit.writing() as connection:
            book = RecordBook(Joined(connection), self.clock)
            try:
                found = book.get(name)
            except NotFound:
                if to is not RecordState.PROPOSED:
                    raise
                return book.open(
                    name, RecordKind.COUNTERPARTY, to, data or {}, actor=actor, role=role, reason=reason
                )
            document = found.data if data is None else {**found.data, **data}
            return book.step(name, to, actor=actor, role=role, reason=reason, data=document)

    def counterparty(self, key: str) -> LedgerRecord:
        """The institution. Raises `NotFound`."""
        with self.unit.reading() as connection:
            return RecordBook(Joined(connection), self.clock).get(counterparty_id(key))

    def counterparties(self) -> tuple[LedgerRecord, ...]:
        """The register, oldest first."""
        with self.unit.reading() as connection:
            return RecordBook(Joined(connection), self.clock).find(RecordKind.COUNTERPARTY)

    # --------------------------------------------------------------------------------------- before it moves

    def require_acknowledged(self, order: Order) -> None:
        """Raises the `TransferNotAcknowledged` of `unacknowledged`."""
        for refusal in self.unacknowledged([order]).values():
            raise refusal

    def unacknowledged(self, orders: Sequence[Order]) -> dict[str, TransferNotAcknowledged]:
        """By order id, why those of these orders mustn't move yet that go to another institution's wallet, or
        come from one: without a record that is `acked`, of that wallet and amount, by an institution that
        compliance has accepted.
        """
        with self.unit.reading() as connection:
            return unacknowledged(connection, orders, at=self.clock.now())


def unacknowledged(
    connection: Connection, orders: Sequence[Order], *, at: datetime
) -> dict[str, TransferNotAcknowledged]:
    """See `Travel.unacknowledged`. An order of another kind of wallet needs nothing."""
    wallets = {order.wallet for order in orders}
    institutional = set(_KINDS.scalars(connection, {"wallets": sorted(wallets)}))
    concerned = [order for order in orders if order.wallet in institutional]
    if not concerned:
        return {}
    transfers = _records(connection, [transfer_id(order.id) for order in concerned])
    keys = {str(data["counterparty"]) for _, data in transfers.values()}
    institutions = _records(connection, [counterparty_id(key) for key in sorted(keys)])
    refused: dict[str, TransferNotAcknowledged] = {}
    for order in concerned:
        why = _why_not(order, transfers.get(transfer_id(order.id)), institutions, at)
        if why is not None:
            refused[order.id] = TransferNotAcknowledged(
                f"order {order.id} is of another institution's wallet {order.wallet}: {why}",
                order=order.id,
                wallet=order.wallet,
            )
    return refused


_Found = tuple[RecordState, dict[str, Any]]


def _why_not(
    order: Order, transfer: _Found | None, institutions: Mapping[str, _Found], at: datetime
) -> str | None:
    if transfer is None:
        return "no travel rule record was sent for it: make one"
    state, data = transfer
    if state is not RecordState.ACKED:
        return f"its travel rule record is {state}: it waits until the institution has acknowledged"
    if (data["wallet"], data["base_units"]) != (order.wallet, str(order.base_units)):
        return "its travel rule record is of another wallet or amount: make the right one"
    status, institution = institutions[counterparty_id(data["counterparty"])]
    if status is not RecordState.ACCEPTED:
        return f"the institution {data['counterparty']} is {status}: compliance has to accept it first"
    if instant(at) >= institution["expires_at"]:
        return f"the due diligence on {data['counterparty']} lapsed at {institution['expires_at']}: renew it"
    return None


def _records(connection: Connection, ids: Sequence[str]) -> dict[str, _Found]:
    rows = connection.execute(_NAMED, {"ids": list(ids)})
    return {row.id: (RecordState(row.state), json.loads(row.data)) for row in rows}


def _text(parties: Mapping[str, Any]) -> str:
    return json.dumps(parties, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
