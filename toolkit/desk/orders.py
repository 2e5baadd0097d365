"""What a customer asks for, as it comes from outside: a CSV line, a JSON body, a form.

A request is text until it is checked here. `place` hands it to the ledger, which gives back the
`MintOrder` or `RedemptionOrder`: the same one for the same `idempotency_key`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, ValidationError

from toolkit.amounts import Amount
from toolkit.errors import InvalidInput
from toolkit.ledger import Ledger, MintOrder, Order, RedemptionOrder, Transaction

__all__ = ["MintOrder", "MintRequest", "Order", "RedemptionOrder", "RedemptionRequest"]


class _Request(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")

    idempotency_key: str
    investor: str
    wallet: str
    amount: str
    currency: str

    @classmethod
    def read(cls, fields: Mapping[str, Any]) -> Self:
        """The request in `fields`. Raises `InvalidInput` naming every field that is missing, unknown or
        not text (a number is refused: amounts are decimal strings).
        """
        try:
            return cls.model_validate(dict(fields))
        except ValidationError as error:
            wrong = "; ".join(
                f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}" for problem in error.errors()
            )
            raise InvalidInput(f"the request can't be read ({wrong}): correct these fields") from error

    def tokens(self, *, unit: str, decimals: int) -> Amount:
        """The amount in the token `unit`. Raises `InvalidInput`."""
        return Amount.parse(self.amount, unit=unit, decimals=decimals)


class MintRequest(_Request):
    """Tokens for money in `currency`, to `wallet`."""

    def place(
        self, ledger: Ledger | Transaction, *, unit: str, decimals: int, maker: str, lifetime: timedelta
    ) -> MintOrder:
        """Asks the ledger for the order; raises what `ledger.orders.request_mint` raises."""
        return ledger.orders.request_mint(
            investor=self.investor,
            wallet=self.wallet,
            amount=self.tokens(unit=unit, decimals=decimals),
            currency=self.currency,
            maker=maker,
            idempotency_key=self.idempotency_key,
            lifetime=lifetime,
        )


class RedemptionRequest(_Request):
    """Money in `currency` for tokens of `wallet`, to `bank_account`, which is in the customer's own name."""

    bank_account: str

    def place(self, ledger: Ledger | Transaction, *, unit: str, decimals: int, maker: str) -> RedemptionOrder:
        """Asks the ledger for the order; raises what `ledger.orders.request_redemption` raises."""
        return ledger.orders.request_redemption(
            investor=self.investor,
            wallet=self.wallet,
            amount=self.tokens(unit=unit, decimals=decimals),
            currency=self.currency,
            bank_account=self.bank_account,
            maker=maker,
            idempotency_key=self.idempotency_key,
        )
