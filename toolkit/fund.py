"""One fund on one chain: its share classes with their feeds and vaults, and the coin it stands on.

```python
fund = Fund.deploy("deployments/terms/demo-fund.toml", issuance)
shares = fund.classes["A"]
day = shares.vaults["tUSD"].open_day()
```
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.amounts import Amount
from toolkit.bindings.distribution import Distribution
from toolkit.bindings.feed import AttestedFeed
from toolkit.bindings.share import FundShare
from toolkit.bindings.token import Stablecoin
from toolkit.bindings.vault import FundVault
from toolkit.deployment.access import kind_of
from toolkit.deployment.wiring import check_built_in, check_set
from toolkit.errors import ConfigurationError
from toolkit.issuance import Issuance

if TYPE_CHECKING:
    from toolkit.bindings.contract import Contract
    from toolkit.chain.anvil import Anvil
    from toolkit.chain.client import BlockRef, Client
    from toolkit.chain.signers import Signer
    from toolkit.deployment import DeploymentRecord, FundTerms, Progress

__all__ = ["Fund", "ShareClass"]


class ShareClass:
    """One share class: its share, the feed of its net asset value, and its vault for each coin's symbol."""

    def __init__(
        self, code: str, share: FundShare, feed: AttestedFeed, vaults: Mapping[str, FundVault]
    ) -> None:
        self.code = code
        self.share = share
        self.feed = feed
        self.vaults = dict(vaults)

    def __repr__(self) -> str:
        return f"ShareClass({self.code}, {self.share.address})"

    @cached_property
    def symbol(self) -> str:
        return self.share.symbol()

    @cached_property
    def decimals(self) -> int:
        return self.share.decimals()

    def amount(self, text: str) -> Amount:
        """An amount of the class's shares. Raises InvalidInput."""
        return Amount.parse(text, unit=self.symbol, decimals=self.decimals)

    def from_base_units(self, base_units: int) -> Amount:
        """An amount of the class's shares as the chain has it."""
        return Amount.from_base_units(base_units, unit=self.symbol, decimals=self.decimals)


class Fund:
    """A deployed fund. `issuance` is the coin in whose suite it stands, and has the senders.

    `classes` are by their code; `coins` and `distributions` by the coin's symbol. `terms` is None where only
    the record was given.
    """

    def __init__(
        self, issuance: Issuance, record: DeploymentRecord, *, terms: FundTerms | None = None
    ) -> None:
        self.issuance = issuance
        self.client = issuance.client
        self.record = record
        self.terms = terms
        self.coins = {
            symbol: Stablecoin(self.client, self._coin_address(symbol))
            for (symbol,) in self._named("Distribution")
        }
        self.distributions = {
            symbol: Distribution(self.client, record.address(f"Distribution {symbol}"))
            for symbol in self.coins
        }
        self.classes = {code: self._share_class(code) for (code,) in self._named("FundShare")}

    def __repr__(self) -> str:
        return f"Fund({', '.join(self.classes)}, chain {self.record.chain_id})"

    @classmethod
    def deploy(
        cls,
        terms: FundTerms | str | Path,
        issuance: Issuance,
        *,
        signers: Iterable[Signer] | Mapping[str, Signer] | None = None,
        record_path: str | Path | None = None,
        progress: Callable[[Progress], None] | None = None,
        timeout: float = 3600.0,
    ) -> Fund:
        """Makes the chain what the terms say, as far as the signers may now, and opens the fund.

        The coin's suite is governed already, so that settings and rights are scheduled where the coin's
        terms give ADMIN a delay: run again once it has passed. `signers` None means the development
        accounts that the terms name. Raises ConfigurationError for a fund of another coin, and what
        `toolkit.deployment.apply` raises.
        """
        from toolkit.deployment import FundTerms as TermsType
        from toolkit.deployment import apply
        from toolkit.deployment.suite import Suite

        read = terms if isinstance(terms, TermsType) else TermsType.load(terms)
        manager = Suite.of(read).address("AccessManager")
        if manager != issuance.access_manager.address:
            raise ConfigurationError(
                f"{read.file_name} stands on {read.home.file_name} with the access manager {manager}; the "
                f"issuance has {issuance.access_manager.address}: give the issuance of its first coin",
                expected=manager,
                found=issuance.access_manager.address,
            )
        record = apply(read, issuance.client, signers, record_path, progress, timeout=timeout)
        return cls(issuance, record, terms=read)

    @classmethod
    def load(
        cls,
        record: DeploymentRecord | str | Path,
        node: Issuance | Anvil | Client | str,
        *,
        terms: FundTerms | str | Path | None = None,
        publisher: Signer | None = None,
    ) -> Fund:
        """Opens the fund of a deployment record, after checking that the chain holds what it says.

        `node` is the coin's issuance, or where to reach the chain: then the coin is opened from the fund's
        record. Raises as `Issuance.load`.
        """
        from toolkit.deployment import DeploymentRecord as RecordType
        from toolkit.deployment import FundTerms as TermsType

        read = record if isinstance(record, RecordType) else RecordType.load(record)
        if isinstance(node, Issuance):
            issuance = node
            read.check(issuance.client)
        else:
            issuance = Issuance.load(record, node, publisher=publisher)
        given = terms if terms is None or isinstance(terms, TermsType) else TermsType.load(terms)
        fund = cls(issuance, read, terms=given)
        fund.check_wiring()
        return fund

    def check_wiring(self, *, block: BlockRef = "latest") -> None:
        """See that the contracts belong together and to the coin.

        Raises CodeMismatch where they can't have been deployed together, Drift where a vault or a feed was
        replaced, or is not named yet.
        """
        at = self.client.block(block)
        manager, registry = self.issuance.access_manager.address, self.issuance.registry.address
        built_in: list[tuple[Contract, str, str, str]] = []
        settings: list[tuple[str, str, str]] = []
        for item in self.classes.values():
            governed: list[Contract] = [item.share, item.feed, *item.vaults.values()]
            built_in += [(each, "authority", each.authority(block=at), manager) for each in governed]
            built_in.append((item.share, "registry", item.share.registry(block=at), registry))
            for symbol, vault in item.vaults.items():
                coin, name = self.coins[symbol].address, f"class {item.code}'s vault for {symbol}"
                built_in.append((vault, "share", vault.share(block=at), item.share.address))
                built_in.append((vault, "asset", vault.asset(block=at), coin))
                settings.append((name, item.share.vault(coin, block=at), vault.address))
                settings.append((f"the feed of {name}", vault.nav_feed(block=at), item.feed.address))
        for symbol, distribution in self.distributions.items():
            built_in += [
                (distribution, "authority", distribution.authority(block=at), manager),
                (distribution, "registry", distribution.registry(block=at), registry),
                (distribution, "coin", distribution.coin(block=at), self.coins[symbol].address),
            ]
        check_built_in(built_in)
        check_set(settings)

    def _named(self, kind: str) -> list[list[str]]:
        """Whose the recorded contracts of a kind are: `FundVault A tUSD` is [`A`, `tUSD`]."""
        return [name.split(" ")[1:] for name in self.record.contracts if kind_of(name) == kind]

    def _coin_address(self, symbol: str) -> str:
        foreign = f"Coin {symbol}"
        return self.record.address(foreign if foreign in self.record.contracts else "Stablecoin")

    def _share_class(self, code: str) -> ShareClass:
        def address(contract: str) -> str:
            return self.record.address(contract)

        vaults = {
            symbol: FundVault(self.client, address(f"FundVault {code} {symbol}"))
            for owner, symbol in self._named("FundVault")
            if owner == code
        }
        share = FundShare(self.client, address(f"FundShare {code}"))
        return ShareClass(code, share, AttestedFeed(self.client, address(f"NavFeed {code}")), vaults)
