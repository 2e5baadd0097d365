"""EIP-1559 fees and gas, both with a ceiling that is a number someone chose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.errors import ConfigurationError, NotSent

if TYPE_CHECKING:
    from toolkit.chain.client import Client

__all__ = ["FeePolicy", "Fees"]

_GWEI = 10**9
_LEAST_BUMP = 10
"""Per cent that geth, Nethermind, Besu and Anvil ask of both fees before they replace a transaction."""


@dataclass(frozen=True, slots=True)
class Fees:
    """Wei per gas: `maxFeePerGas` and `maxPriorityFeePerGas`."""

    max_fee: int
    tip: int


@dataclass(frozen=True, slots=True)
class FeePolicy:
    """What a transaction may cost. Fees are in wei per gas.

    The tip is the `percentile` of what the last `blocks` blocks paid, brought between `min_tip` and
    `max_tip`. The fee offered is twice the next base fee, so that it survives six full blocks, plus the
    tip, and never more than `max_fee`. Gas is the node's estimate, `gas_headroom_percent` more, and
    `gas_headroom` for storage that was warm or full in the estimate and isn't in the block (a checkpoint of
    the second before, a transaction before it that was cancelled); never over `max_gas`.

    A transaction is stuck when it is its key's next and `stuck_blocks` blocks went by without it. It is
    then replaced by itself with fees `bump_percent` higher (at least 10, or nodes refuse it), or what
    is usual now if that is more, up to the same two ceilings and never beyond.
    """

    min_tip: int = _GWEI // 20
    max_tip: int = 5 * _GWEI
    max_fee: int = 500 * _GWEI
    percentile: int = 50
    blocks: int = 10
    gas_headroom_percent: int = 20
    gas_headroom: int = 60_000
    max_gas: int = 30_000_000
    bump_percent: int = 25
    stuck_blocks: int = 5

    def __post_init__(self) -> None:
        if not 0 <= self.min_tip <= self.max_tip <= self.max_fee or self.max_fee == 0:
            raise ConfigurationError(
                f"fees must satisfy 0 <= min_tip ({self.min_tip}) <= max_tip ({self.max_tip}) <= max_fee "
                f"({self.max_fee}), with max_fee above zero"
            )
        if not 0 <= self.percentile <= 100 or self.blocks < 1:
            raise ConfigurationError(
                f"percentile {self.percentile} must be 0 to 100, and blocks {self.blocks} at least 1"
            )
        if min(self.gas_headroom_percent, self.gas_headroom) < 0 or self.max_gas < 21_000:
            raise ConfigurationError(
                f"gas_headroom_percent {self.gas_headroom_percent} and gas_headroom {self.gas_headroom} must "
                f"be 0 or more, and max_gas {self.max_gas} at least 21000"
            )

        if self.bump_percent < _LEAST_BUMP or self.stuck_blocks < 1:
            raise ConfigurationError(
                f"bump_percent {self.bump_percent} must be at least {_LEAST_BUMP}, and stuck_blocks "
                f"{self.stuck_blocks} at least 1"
            )

    def quote(self, client: Client) -> Fees:
        """The fees to offer now. Raises NotSent when the base fee itself is over `max_fee`."""
        history = client.fees(percentile=self.percentile, blocks=self.blocks)
        base = history.next_base_fee
        if base > self.max_fee:
            raise NotSent(
                f"the base fee is {base} wei per gas, over the ceiling of {self.max_fee}; wait until it "
                "falls, or raise max_fee",
                base_fee=base,
                max_fee=self.max_fee,
            )
        usual = sorted(history.tips)[len(history.tips) // 2] if history.tips else self.min_tip
        tip = min(max(usual, self.min_tip), self.max_tip, self.max_fee)
        return Fees(max_fee=min(2 * base + tip, self.max_fee), tip=tip)

    def raised(self, before: Fees, usual: Fees) -> Fees:
        """The fees to offer in place of `before`, when `usual` is what a new transaction would offer.

        Raises NotSent when the ceilings leave no room for what nodes ask of a replacement.
        """
        wanted = _bumped(before, self.bump_percent)
        fees = Fees(
            max_fee=min(max(wanted.max_fee, usual.max_fee), self.max_fee),
            tip=min(max(wanted.tip, usual.tip), self.max_tip),
        )
        self.check_raised(before, fees)
        return fees

    def check_raised(self, before: Fees, fees: Fees) -> None:
        """Raises NotSent when `fees` are over the ceilings or too little for nodes to replace `before`."""
        least = _bumped(before, _LEAST_BUMP)
        over = fees.max_fee > self.max_fee or fees.tip > self.max_tip
        if over or fees.max_fee < least.max_fee or fees.tip < least.tip:
            raise NotSent(
                f"to replace a transaction that offers {before.max_fee} wei per gas, {before.tip} of it as a "
                f"tip, takes at least {least.max_fee} and {least.tip}; the ceilings are {self.max_fee} and "
                f"{self.max_tip}, and {fees.max_fee} and {fees.tip} were to be offered",
                max_fee=self.max_fee,
                max_tip=self.max_tip,
            )

    def gas_limit(self, estimate: int) -> int:
        """Estimate and headroom. Raises NotSent when the estimate itself is over `max_gas`."""
        if estimate > self.max_gas:
            raise NotSent(
                f"the transaction needs {estimate} gas, over the ceiling of {self.max_gas}; send less in one "
                "transaction, or raise max_gas",
                gas=estimate,
                max_gas=self.max_gas,
            )
        wanted = estimate * (100 + self.gas_headroom_percent) // 100 + self.gas_headroom
        return min(wanted, self.max_gas)


def _bumped(fees: Fees, percent: int) -> Fees:
    """Rounded up; by one wei at the least."""
    return Fees(*(max(-(-fee * (100 + percent) // 100), fee + 1) for fee in (fees.max_fee, fees.tip)))
