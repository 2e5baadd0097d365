"""What a case does on a chain, as the ledger keeps it and the desk sends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

__all__ = ["WHOLE_ACCOUNT", "Act", "ActKind"]

WHOLE_ACCOUNT = 2**128 - 1
"""The frozen amount that freezes the account itself, in contracts/token/Account.sol."""


class ActKind(StrEnum):
    """The compliance functions of the contracts, and the registrar's two."""

    FREEZE = "freeze"
    UNFREEZE = "unfreeze"
    FORCED_TRANSFER = "forced_transfer"
    BURN = "burn"
    SEIZE_ESCROW = "seize_escrow"
    REGISTER_WALLET = "register_wallet"
    REMOVE_WALLET = "remove_wallet"


@dataclass(frozen=True, slots=True)
class Act:
    """One act under one case.

    `contract` is the token, for an escrow the market, for a wallet the registry. `amount` is in base units:
    what moves, or for a freeze what is frozen afterwards. `to` receives; `number` is a redemption's.
    `transaction` (0x and 64 digits) did it for good, "" as long as none has; `error` says why not. What was
    found done by another hand is `done` without a transaction of this case.
    """

    kind: ActKind
    chain_id: int
    contract: str
    account: str
    case_id: str
    amount: int = 0
    to: str = ""
    number: int = 0
    done: bool = False
    transaction: str = ""
    error: str = ""

    def to_data(self, at: str) -> dict[str, Any]:
        """As a case's document keeps what was done, with the ledger's time."""
        return {
            "do": self.kind.value,
            "chain": self.chain_id,
            "contract": self.contract,
            "account": self.account,
            "amount": str(self.amount),
            "to": self.to,
            "number": self.number,
            "transaction": self.transaction,
            "at": at,
        }

    def is_row(self, row: Mapping[str, Any]) -> bool:
        """Whether a document's row is of this act, however much it came to."""
        names = ("chain", "contract", "account", "number")
        mine = (self.chain_id, self.contract, self.account, self.number)
        return row["do"] == self.kind and tuple(row[name] for name in names) == mine
