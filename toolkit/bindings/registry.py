"""The investor registry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from toolkit.bindings.contract import Contract
from toolkit.bindings.structs import InvestorClass, Wallet, WalletEntry, WalletKind

if TYPE_CHECKING:
    from toolkit.chain.calls import Call
    from toolkit.chain.client import BlockRef

__all__ = ["InvestorRegistry"]


class InvestorRegistry(Contract):
    """`contracts/compliance/InvestorRegistry.sol`."""

    artifact = "InvestorRegistry"

    def wallet_of(self, account: str, *, block: BlockRef = "latest") -> Wallet:
        """What the registry knows of `account`; all zero if it was never registered."""
        row = self._read("walletOf", account, block=block)
        investor, verified_until, country, investor_class, kind = row.values()
        return Wallet(investor, verified_until, country, InvestorClass(investor_class), WalletKind(kind))

    def is_verified(self, account: str, *, block: BlockRef = "latest") -> bool:
        """Whether the wallet counts as verified at the block's time."""
        return self._bool("isVerified", account, block=block)

    def require_verified(self, accounts: Sequence[str], *, block: BlockRef = "latest") -> None:
        """Raises WalletNotVerified for the first account that isn't a verified wallet."""
        self._read("requireVerified", list(accounts), block=block)

    def set_wallets(self, entries: Sequence[WalletEntry]) -> Call:
        """Writes wallets. For the registrar."""
        return self._write("setWallets", list(entries), description=f"register {len(entries)} wallets")

    def remove_wallets(self, accounts: Sequence[str]) -> Call:
        """Removes wallets. For the registrar."""
        return self._write("removeWallets", list(accounts), description=f"remove {len(accounts)} wallets")

    def upgrade(self, implementation: str, data: bytes = b"") -> Call:
        """Points the proxy at another implementation. For the upgrader."""
        return self._write(
            "upgradeToAndCall", implementation, data, description=f"upgrade the registry to {implementation}"
        )
