"""What is on its way into an omnibus wallet and out of it, client by client, until the chain has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.bindings.events import Transfer
from toolkit.chain.hexes import from_hex, to_hex
from toolkit.compliance.omnibus.errors import FlowNotOnChain
from toolkit.errors import InvalidInput
from toolkit.ledger.machines import Role
from toolkit.ledger.record_words import RecordKind, RecordState

if TYPE_CHECKING:
    from toolkit.compliance.omnibus.accounts import AnyAmount, OmnibusAccounts
    from toolkit.ledger.ledger import Transaction
    from toolkit.ledger.records import LedgerRecord

__all__ = ["ClientFlows"]

_IN = "in"


class ClientFlows:
    """Pending in and pending out, over one token's omnibus wallets (regulation.md 4.13)."""

    def __init__(self, accounts: OmnibusAccounts) -> None:
        self._accounts = accounts
        self._ledger = accounts.ledger
        self._token = accounts.token

    def announce(
        self, wallet: str, client: str, amount: AnyAmount, *, key: str, maker: str, reason: str = ""
    ) -> LedgerRecord:
        """Tokens of the client that are on their way to the wallet. Raises as `ledger.omnibus.announce`."""
        units = self._accounts.amount(amount).base_units
        book, token = self._ledger.omnibus, self._token.address
        return book.announce(wallet, token, client, units, key=key, maker=maker, reason=reason)

    def reserve(
        self, wallet: str, client: str, amount: AnyAmount, *, key: str, maker: str, reason: str = ""
    ) -> LedgerRecord:
        """Sets aside what is to leave the wallet for the client. Raises as `ledger.omnibus.reserve`."""
        units = self._accounts.amount(amount).base_units
        book, token = self._ledger.omnibus, self._token.address
        return book.reserve(wallet, token, client, units, key=key, maker=maker, reason=reason)

    def settle(self, record_id: str, *, transaction: str, by: str) -> LedgerRecord:
        """What was pending has arrived or left, in `transaction` (0x and 64 hexadecimal digits): final, and
        with transfers of the token to or from the wallet that cover all that was settled by it.

        `by` is a checker, not who entered it, or the worker. Raises FlowNotOnChain, AllocationUnbacked for
        tokens that were allocated as they arrived, NodeError, NotAuthorised, IllegalTransition, NotFound.
        """
        data = self._ledger.record_book.get(record_id).data
        if data.get("token") != self._token.address or data["what"] not in ("in", "out"):
            raise InvalidInput(f"{record_id} is no flow of {self._accounts.symbol}: settle it as what it is")
        wallet, tx_hash = data["wallet"], from_hex(transaction, length=32)
        moved = self._moved(tx_hash, wallet, arriving=data["what"] == _IN)
        balance = self._token.balance_of(wallet)
        role = self._role(by, Role.CHECKER, Role.OPERATOR)
        with self._ledger.transaction() as tx:
            done = tx.omnibus.settle(record_id, transaction=to_hex(tx_hash), by=by, role=role)
            self._require_covered(tx, done, moved)
            if data["what"] == _IN:
                self._accounts.require_backed(tx, wallet, balance, 0)
        return done

    def retract(self, record_id: str, *, by: str, reason: str) -> LedgerRecord:
        """Gives up a flow that is pending, or an allocation or transfer that waits: by maker or checker."""
        role = self._role(by, Role.MAKER, Role.CHECKER)
        return self._ledger.omnibus.retract(record_id, by=by, role=role, reason=reason)

    # ------------------------------------------------------------------------------------------------ inside

    def _moved(self, tx_hash: bytes, wallet: str, *, arriving: bool) -> int:
        """Base units that the final transaction moved to the wallet, or from it."""
        client = self._token.client
        receipt = client.receipt(tx_hash)
        if receipt is None or not client.is_final(receipt.block_number):
            raise FlowNotOnChain(
                f"transaction {to_hex(tx_hash)} is not final on chain {client.chain_id}: wait until it is",
                transaction=to_hex(tx_hash),
            )
        transfers = [
            Transfer.from_log(log)
            for log in receipt.logs
            if log.address == self._token.address and log.topics[0] == Transfer.topic0()
        ]
        return sum(
            item.amount
            for item in transfers
            if (item.recipient if arriving else item.sender) == wallet and item.sender != item.recipient
        )

    def _require_covered(self, tx: Transaction, done: LedgerRecord, moved: int) -> None:
        """All that was settled by the transaction in this direction, this flow included, was moved by it."""
        data = done.data
        mine = [data[name] for name in ("token", "what", "transaction")]
        settled = tx.record_book.find(
            RecordKind.CLIENT_FLOW, prefix=f"client_flow/{data['wallet']}/", state=RecordState.SETTLED
        )
        total = sum(
            int(item.data["amount"])
            for item in settled
            if [item.data.get(name) for name in ("token", "what", "transaction")] == mine
        )
        if total > moved:
            show = self._accounts.from_base_units
            raise FlowNotOnChain(
                f"{data['transaction']} moved {show(moved).display()} {data['what']} and "
                f"{show(total).display()} would be settled by it: name the transaction of this flow",
                transaction=data["transaction"],
                moved=moved,
                settled=total,
            )

    def _role(self, by: str, first: Role, second: Role) -> Role:
        return first if first in self._ledger.persons.get(by).roles else second
