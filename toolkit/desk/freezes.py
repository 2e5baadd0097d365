"""Freezing, which the guardian does at once, and unfreezing, which compliance does under a case."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from toolkit.amounts import Amount
from toolkit.bindings.events import CaseActed, Frozen
from toolkit.bindings.token import ACCOUNT_FROZEN
from toolkit.chain.addresses import checksum_address
from toolkit.chain.sender import Mined
from toolkit.desk.context import DeskContext, bytes32_text

if TYPE_CHECKING:
    from toolkit.desk.lanes import Lanes

__all__ = ["Freezes"]


class Freezes:
    """The guardian's lane and compliance's."""

    def __init__(self, context: DeskContext, lanes: Lanes) -> None:
        self._context = context
        self._lanes = lanes

    def freeze(self, account: str, amount: str | Decimal | Amount | None) -> Mined:
        """Freezes `amount` tokens of the account, or with None the account itself.

        The amount is absolute, what is frozen afterwards, and only rises. Raises FreezeMayOnlyRaise,
        EventMissing, and whatever sending raises.
        """
        token = self._context.token
        account = checksum_address(account, what="account")
        frozen = ACCOUNT_FROZEN if amount is None else self._context.amount(amount).base_units
        return self._lanes.execute(
            "guardian",
            token.freeze(account, frozen),
            token.expectation(Frozen, account=account, amount=frozen),
        )

    def unfreeze(self, account: str, case_id: str, amount: str | Decimal | Amount | None) -> Mined:
        """Lowers what is frozen to `amount` (None: nothing) under `case_id`, 1 to 32 bytes of text.

        Raises UnfreezeMayOnlyLower, EventMissing, and whatever sending raises.
        """
        token = self._context.token
        account = checksum_address(account, what="account")
        frozen = 0 if amount is None else self._context.amount(amount).base_units
        case = bytes32_text(case_id, what="case id")
        return self._lanes.execute(
            "compliance",
            token.unfreeze(account, frozen, case),
            token.expectation(Frozen, account=account, amount=frozen),
            token.expectation(CaseActed, case_id=case, account=account),
        )
