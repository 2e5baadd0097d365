"""Omnibus accounts over one token: clients' positions beside what the chain says the wallet holds."""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any
from uuid import UUID

from toolkit.amounts import MAX_BASE_UNITS, Amount
from toolkit.chain.addresses import checksum_address
from toolkit.chain.hexes import to_hex
from toolkit.compliance.omnibus.errors import AllocationUnbacked
from toolkit.errors import InvalidInput
from toolkit.ledger.omnibus_lines import Position
from toolkit.ledger.record_words import RecordState

if TYPE_CHECKING:
    from toolkit.bindings.regulated_token import RegulatedToken
    from toolkit.chain.client import Block, BlockRef
    from toolkit.ledger.ledger import Ledger, Transaction
    from toolkit.ledger.records import LedgerRecord

__all__ = ["OmnibusAccounts", "Statement", "StatementRow", "client_reference"]

AnyAmount = str | Decimal | Amount


def client_reference(secret: bytes, client: UUID) -> str:
    """The keyed reference of a distributor's client: 0x and 32 hex digits, on no chain but in salted hashes.

    The first half of HMAC-SHA256 of the distributor's own identifier under the desk's secret.
    """
    if not isinstance(client, UUID):
        raise InvalidInput(f"client id {client!r} must be a uuid.UUID: a name or a number could be guessed")
    return to_hex(hmac.digest(secret, b"omnibus client" + client.bytes, "sha256")[:16])


@dataclass(frozen=True, slots=True)
class StatementRow:
    """One client's line of a statement."""

    client: str
    available: Amount
    locked: Amount
    pending_in: Amount
    pending_out: Amount


@dataclass(frozen=True, slots=True)
class Statement:
    """An omnibus wallet as of a block (regulation.md 4.13): `difference` is the balance less what the rows
    hold (available, locked and pending out), zero unless there is a break. `frozen` is what the token freezes
    of the wallet, `locked` what the clients' locks add up to.
    """

    wallet: str
    token: str
    chain_id: int
    block: Block
    rows: tuple[StatementRow, ...]
    balance: Amount
    frozen: Amount
    frozen_whole: bool
    held: Amount
    locked: Amount
    difference: Amount

    @property
    def agrees(self) -> bool:
        """Whether every token is a client's, and no client has one that isn't there."""
        return self.difference.is_zero

    @property
    def locks_are_frozen(self) -> bool:
        """Whether the token freezes at least what is locked for clients."""
        return self.frozen_whole or self.frozen >= self.locked

    def to_json(self) -> dict[str, Any]:
        """JSON data, amounts as decimal strings."""
        return {
            "wallet": self.wallet,
            "chain_id": self.chain_id,
            "token": self.token,
            "balance": str(self.balance),
            "rows": [
                {
                    "client": row.client,
                    "available": str(row.available),
                    "locked": str(row.locked),
                    "pending_in": str(row.pending_in),
                    "pending_out": str(row.pending_out),
                }
                for row in self.rows
            ],
            "sum": str(self.held),
            "difference": str(self.difference),
            "frozen": "all" if self.frozen_whole else str(self.frozen),
            "locked": str(self.locked),
            "as_of": {
                "block": self.block.number,
                "hash": to_hex(self.block.hash),
                "time": datetime.fromtimestamp(self.block.timestamp, UTC).isoformat(),
            },
        }


class OmnibusAccounts:
    """The omnibus wallets' sub-ledgers in one token. Amounts are given as text, Decimal or Amount."""

    def __init__(self, ledger: Ledger, token: RegulatedToken) -> None:
        self.ledger = ledger
        self.token = token

    @cached_property
    def symbol(self) -> str:
        return self.token.symbol()

    @cached_property
    def decimals(self) -> int:
        return self.token.decimals()

    def amount(self, value: AnyAmount) -> Amount:
        """An amount of the token. Raises InvalidInput, also for more decimals than it has."""
        if isinstance(value, Amount):
            if (value.unit, value.decimals) != (self.symbol, self.decimals):
                raise InvalidInput(f"{value} is not an amount of {self.symbol}")
            return value
        return Amount.parse(value, unit=self.symbol, decimals=self.decimals)

    def from_base_units(self, base_units: int) -> Amount:
        """An amount of the token as the chain has it; a difference may be negative."""
        return Amount.from_base_units(base_units, unit=self.symbol, decimals=self.decimals, signed=True)

    def unallocated(self, wallet: str, *, block: BlockRef = "latest") -> int:
        """Base units that the wallet holds and no client has; negative for a break the other way."""
        balance = self.token.balance_of(wallet, block=block)
        return balance - sum(item.held for item in self.ledger.omnibus.positions(wallet, self.token.address))

    def allocate(
        self,
        wallet: str,
        parts: Mapping[str, AnyAmount],
        *,
        total: AnyAmount,
        key: str,
        maker: str,
        reason: str = "",
    ) -> LedgerRecord:
        """Asks to allocate `total` of what arrived among clients, exactly; `approve` posts it.

        Raises AllocationUneven for parts that leave a unit over, AllocationUnbacked for more than arrived,
        and what `ledger.omnibus.allocate` raises.
        """
        whole = self.amount(total).base_units
        balance = self.token.balance_of(wallet)
        with self.ledger.transaction() as tx:
            record = tx.omnibus.allocate(
                wallet,
                self.token.address,
                {client: self.amount(part).base_units for client, part in parts.items()},
                total=whole,
                key=key,
                maker=maker,
                reason=reason,
            )
            if record.state is RecordState.ALLOCATION_PENDING:
                self.require_backed(tx, wallet, balance, whole)
        return record

    def transfer(
        self,
        wallet: str,
        giver: str,
        taker: str,
        amount: AnyAmount,
        *,
        key: str,
        maker: str,
        reason: str = "",
    ) -> LedgerRecord:
        """Asks to move tokens between two clients; `approve` posts it. Nothing happens on chain."""
        return self.ledger.omnibus.transfer(
            wallet,
            self.token.address,
            giver,
            taker,
            self.amount(amount).base_units,
            key=key,
            maker=maker,
            reason=reason,
        )

    def approve(self, record_id: str, *, checker: str) -> LedgerRecord:
        """Posts what another person asked for, an allocation only if the wallet holds it now.

        Raises AllocationUnbacked, and what `ledger.omnibus.approve` raises.
        """
        data = self.ledger.record_book.get(record_id).data
        if data.get("token") != self.token.address:
            raise InvalidInput(f"{record_id} is not of {self.symbol}: approve it with its own token")
        balance = self.token.balance_of(data["wallet"])
        with self.ledger.transaction() as tx:
            done = tx.omnibus.approve(record_id, checker=checker)
            if data["what"] == "allocate":
                self.require_backed(tx, data["wallet"], balance, 0)
        return done

    def lock(self, wallet: str, client: str, amount: AnyAmount, *, case: str, actor: str) -> LedgerRecord:
        """Locks a part of a client's position under a case; see `ledger.omnibus.lock`."""
        base_units = self.amount(amount).base_units
        return self.ledger.omnibus.lock(
            wallet, self.token.address, client, base_units, case=case, actor=actor
        )

    def unlock(self, wallet: str, client: str, *, case: str, actor: str) -> LedgerRecord:
        """Releases what the case locked: another person than who locked it."""
        return self.ledger.omnibus.unlock(wallet, self.token.address, client, case=case, actor=actor)

    def statement(self, wallet: str, *, block: int | None = None) -> Statement:
        """The wallet as of the chain's last block, or of an earlier one by the journal. Raises NodeError."""
        wallet, token = checksum_address(wallet, what="wallet"), self.token.address
        at = self.token.client.block("latest" if block is None else block)
        book = self.ledger.omnibus
        if block is None:
            positions = book.positions(wallet, token)
        else:
            positions = book.look_through(wallet, token, datetime.fromtimestamp(at.timestamp, UTC))
        balance = self.token.balance_of(wallet, block=at)
        frozen = self.token.frozen_of(wallet, block=at)
        held = sum(item.held for item in positions)
        whole = frozen > MAX_BASE_UNITS
        return Statement(
            wallet=wallet,
            token=token,
            chain_id=self.token.client.chain_id,
            block=at,
            rows=tuple(self._row(item) for item in positions),
            balance=self.from_base_units(balance),
            frozen=self.from_base_units(0 if whole else frozen),
            frozen_whole=whole,
            held=self.from_base_units(held),
            locked=self.from_base_units(sum(item.locked for item in positions)),
            difference=self.from_base_units(balance - held),
        )

    def require_backed(self, tx: Transaction, wallet: str, balance: int, more: int) -> None:
        """Nothing may be allocated that isn't there: what the clients have and `more`, within `balance`.

        In the transaction that allocates, so that two can't each count the same tokens. Raises
        AllocationUnbacked.
        """
        held = sum(item.held for item in tx.omnibus.positions(wallet, self.token.address))
        if held + more > balance:
            show = self.from_base_units
            raise AllocationUnbacked(
                f"the clients of {wallet} would have {show(held + more).display()} and it holds "
                f"{show(balance).display()}: allocate no more than arrived, or wait for the tokens",
                wallet=wallet,
                asked=held + more,
                balance=balance,
            )

    def _row(self, position: Position) -> StatementRow:
        return StatementRow(
            position.client,
            self.from_base_units(position.available),
            self.from_base_units(position.locked),
            self.from_base_units(position.pending_in),
            self.from_base_units(position.pending_out),
        )
