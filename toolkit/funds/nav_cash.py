"""Where the cash is that a net asset value counts, so that none of it is counted twice (trap X3).

A fund may hold a coin, or the money behind a coin, and not both: the deposit that backs the coin is the
coin's, and coins that wait in the vault belong to the orders that they came with.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from toolkit.funds.fields import Model, Text
from toolkit.reserves.errors import DuplicateReference
from toolkit.reserves.positions import folded

if TYPE_CHECKING:
    from toolkit.reserves.report import ReserveReport

__all__ = ["CashHolding", "require_apart_from_orders", "require_apart_from_reserves", "require_once"]


class CashHolding(Model):
    """Cash that a value counts: `holder` is the bank or custodian and `reference` its name for the account;
    for coins the wallet's address and the coin's symbol.
    """

    holder: Text
    reference: Text

    @property
    def key(self) -> tuple[str, str]:
        """What makes two holdings the same."""
        return folded(self.holder), folded(self.reference)


def require_once(cash: Iterable[CashHolding]) -> None:
    """Raises `DuplicateReference` when a holding stands there twice."""
    seen: set[tuple[str, str]] = set()
    for holding in cash:
        if holding.key in seen:
            raise DuplicateReference(
                f"cash {holding.reference!r} at {holding.holder} stands in the statement twice: one holding "
                "counts once, remove the second",
                reference=holding.reference,
            )
        seen.add(holding.key)


def require_apart_from_reserves(cash: Iterable[CashHolding], pools: Iterable[ReserveReport]) -> None:
    """Raises `DuplicateReference` when a holding backs a coin: the fund counts the coin or nothing of it."""
    own = {holding.key for holding in cash}
    for pool in pools:
        for line in pool.positions:
            if (folded(line.custodian), folded(line.custodian_reference)) in own:
                raise DuplicateReference(
                    f"cash {line.custodian_reference!r} at {line.custodian} is line {line.line_id} of the "
                    f"reserve of {pool.token}: it backs the coin, so the fund can't count it too",
                    reference=line.custodian_reference,
                )


def require_apart_from_orders(cash: Iterable[CashHolding], vault: str) -> None:
    """Raises `DuplicateReference` when coins in the `vault` (its address) are counted as the fund's."""
    for holding in cash:
        if folded(holding.holder) == folded(vault):
            raise DuplicateReference(
                f"{holding.reference} in the vault {vault} belongs to orders until they are settled: count "
                "the coins that custody holds",
                reference=holding.reference,
            )
