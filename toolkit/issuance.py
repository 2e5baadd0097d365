"""One coin on one chain: everything a caller holds on to.

```python
issuance = Issuance.deploy("deployments/terms/demo-coin.toml", node)
bundle = report.attest(issuance, signers=[custodian, auditor])
issuance.reserve.publish(bundle)
print(issuance.reserve.status())
```
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.amounts import Amount
from toolkit.bindings.access import AccessManager, GuardianGate
from toolkit.bindings.feed import AttestedFeed
from toolkit.bindings.market import PrimaryMarket
from toolkit.bindings.omnibus import OmnibusRegistry
from toolkit.bindings.registry import InvestorRegistry
from toolkit.bindings.token import Stablecoin
from toolkit.deployment.wiring import check_built_in, check_set
from toolkit.errors import ConfigurationError
from toolkit.reserves.tracker import DEFAULT_WARNING_AGE, ReserveTracker

if TYPE_CHECKING:
    from toolkit.bindings.contract import Contract
    from toolkit.chain.anvil import Anvil
    from toolkit.chain.client import BlockRef, Client
    from toolkit.chain.finality import Finality
    from toolkit.chain.journal import TransactionJournal
    from toolkit.chain.sender import Sender
    from toolkit.chain.signers import Signer
    from toolkit.deployment import DeploymentRecord, Progress, Terms
    from toolkit.reserves.attestation import FeedDomain
    from toolkit.reserves.bundle import AttestationBundle
    from toolkit.reserves.history import VerifiedRound
    from toolkit.reserves.publication import Publication
    from toolkit.reserves.tracker import ReserveStatus

__all__ = ["Issuance", "Reserve", "connect"]


class Issuance:
    """A deployed coin: its contracts, its reserve, and senders for the keys that act on it.

    Made by `deploy` or `load`. `terms` is None where only the record was given. May be shared between
    threads.
    """

    def __init__(
        self,
        client: Client,
        record: DeploymentRecord,
        *,
        terms: Terms | None = None,
        record_path: Path | None = None,
        publisher: Signer | None = None,
    ) -> None:
        self.client = client
        self.record = record
        self.terms = terms
        self.record_path = record_path
        self.publisher = publisher
        self.access_manager = AccessManager(client, record.address("AccessManager"))
        self.guardian_gate = GuardianGate(client, record.address("GuardianGate"))
        self.registry = InvestorRegistry(client, record.address("InvestorRegistry"))
        self.feed = AttestedFeed(client, record.address("ReserveFeed"))
        self.token = Stablecoin(client, record.address("Stablecoin"))
        self.market = PrimaryMarket(client, record.address("PrimaryMarket"))
        self.reserve = Reserve(self)
        self._senders: dict[str, Sender] = {}
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Issuance({self.token.address}, chain {self.record.chain_id})"

    @classmethod
    def deploy(
        cls,
        terms: Terms | str | Path,
        node: Anvil | Client | str,
        *,
        signers: Iterable[Signer] | Mapping[str, Signer] | None = None,
        record_path: str | Path | None = None,
        publisher: Signer | None = None,
        finality: Finality | None = None,
        progress: Callable[[Progress], None] | None = None,
        timeout: float = 3600.0,
    ) -> Issuance:
        """Makes the chain what the terms say (a no-op where it is) and opens the coin.

        `node` is an Anvil, a client, or a node's address. `signers` None means the development accounts
        that the terms name. The record is written to `record_path` and the journals beside it; without a
        path nothing is written. `publisher` sends attestations, by default the deployer. Raises what
        `toolkit.deployment.apply` raises.
        """
        from toolkit.chain.signers import dev_signer
        from toolkit.deployment import Terms as TermsType
        from toolkit.deployment import apply

        read = terms if isinstance(terms, TermsType) else TermsType.load(terms)
        given = None if signers is None else list(_values(signers))
        client = connect(node, chain_id=read.chain.id, finality=finality)
        record = apply(read, client, given, record_path, progress, timeout=timeout)
        deployer = read.chain.deployer
        if publisher is None and given is None and deployer in read.dev_accounts:
            publisher = dev_signer(read.dev_accounts[deployer])
        elif publisher is None:
            publisher = next((item for item in given or () if item.address == deployer), None)
        path = None if record_path is None else Path(record_path)
        return cls(client, record, terms=read, record_path=path, publisher=publisher)

    @classmethod
    def load(
        cls,
        record: DeploymentRecord | str | Path,
        node: Anvil | Client | str,
        *,
        terms: Terms | str | Path | None = None,
        publisher: Signer | None = None,
        finality: Finality | None = None,
    ) -> Issuance:
        """Opens the coin of a deployment record, after checking that the chain holds what it says.

        Raises StaleDeployment (another chain or Anvil instance), CodeMismatch (other code, or contracts
        of another coin), Drift (the token was pointed at another feed or market since), DeploymentError,
        ConfigurationError, NodeError.
        """
        from toolkit.deployment import DeploymentRecord as RecordType
        from toolkit.deployment import Terms as TermsType

        path = None if isinstance(record, RecordType) else Path(record)
        read = record if isinstance(record, RecordType) else RecordType.load(record)
        client = connect(node, finality=finality)
        read.check(client)
        given = terms if terms is None or isinstance(terms, TermsType) else TermsType.load(terms)
        issuance = cls(client, read, terms=given, record_path=path, publisher=publisher)
        issuance.check_wiring()
        return issuance

    def check_wiring(self, *, block: BlockRef = "latest") -> None:
        """See that the contracts belong together: one access manager, one token, market, feed, registry.

        Raises CodeMismatch where they can't have been deployed together, Drift where a setting of the
        token has changed since.
        """
        at = self.client.block(block)
        manager = self.access_manager.address
        governed: list[Contract] = [
            self.guardian_gate,
            self.registry,
            self.feed,
            self.token,
            self.market,
        ]
        omnibus = [self.omnibus] if "OmnibusRegistry" in self.record.contracts else []
        governed += omnibus
        built_in = [(contract, "authority", contract.authority(block=at), manager) for contract in governed]
        built_in += [
            (self.market, "token", self.market.token(block=at), self.token.address),
            (self.market, "registry", self.market.registry(block=at), self.registry.address),
        ]
        built_in += [(one, "registry", one.registry(block=at), self.registry.address) for one in omnibus]
        check_built_in(built_in)
        check_set(
            [
                ("the token's feed", self.token.feed(block=at), self.feed.address),
                ("the token's market", self.token.market(block=at), self.market.address),
            ]
        )

    @cached_property
    def omnibus(self) -> OmnibusRegistry:
        """Whose the tokens of omnibus wallets are. Raises DeploymentError for a suite from before there was
        one: `issuance deploy apply` adds it.
        """
        return OmnibusRegistry(self.client, self.record.address("OmnibusRegistry"))

    # --------------------------------------------------------------------------------------- what the coin is

    @property
    def chain_id(self) -> int:
        return self.record.chain_id

    @cached_property
    def name(self) -> str:
        return self.token.name()

    @cached_property
    def symbol(self) -> str:
        return self.token.symbol()

    @property
    def token_symbol(self) -> str:
        """The same as `symbol`, as attestations call it."""
        return self.symbol

    @cached_property
    def token_decimals(self) -> int:
        return self.token.decimals()

    @cached_property
    def currency(self) -> str:
        """ISO 4217 code of the reference currency."""
        return self.token.currency()

    @property
    def stablecoin_address(self) -> str:
        return self.token.address

    @property
    def attestors(self) -> tuple[str, ...]:
        """The feed's attestors now, read from the chain."""
        return self.feed.attestors()

    def feed_domain(self) -> FeedDomain:
        """The EIP-712 domain of the coin's feed."""
        from toolkit.reserves.attestation import FeedDomain

        return FeedDomain(self.chain_id, self.feed.address)

    def amount(self, text: str) -> Amount:
        """An amount of the coin, e.g. `amount("250000.00")`. Raises InvalidInput."""
        return Amount.parse(text, unit=self.symbol, decimals=self.token_decimals)

    def from_base_units(self, base_units: int) -> Amount:
        """An amount of the coin as the chain has it."""
        return Amount.from_base_units(base_units, unit=self.symbol, decimals=self.token_decimals)

    # ------------------------------------------------------------------------------------------------ sending

    def sender(self, signer: Signer, *, journal: TransactionJournal | None = None) -> Sender:
        """The sender of a key: one for each, with one journal, however often it is asked for.

        The journal is a file beside the record where there is one, else in memory; a `journal` of the
        caller's own counts for the first call only.
        """
        from toolkit.chain.sender import Sender

        with self._lock:
            if signer.address not in self._senders:
                journal = journal if journal is not None else self._journal(signer.address)
                self._senders[signer.address] = Sender(self.client, signer, journal)
            return self._senders[signer.address]

    def _journal(self, address: str) -> TransactionJournal:
        from toolkit.chain.journal import FileJournal, MemoryJournal

        if self.record_path is None:
            return MemoryJournal()
        return FileJournal.in_folder(
            self.record_path.parent / "journal",
            chain_id=self.chain_id,
            address=address,
            instance_id=self.record.instance_id,
        )


class Reserve:
    """The coin's reserve on chain: publishing attestations and following them."""

    def __init__(self, issuance: Issuance) -> None:
        self._issuance = issuance

    def tracker(self, *, warn_at: Fraction = DEFAULT_WARNING_AGE) -> ReserveTracker:
        """A tracker that warns from `warn_at` of the maximum age on."""
        first = self._issuance.record.first_block
        return ReserveTracker(self._issuance.token, from_block=first, warn_at=warn_at)

    def publish(
        self, bundle: AttestationBundle, *, signer: Signer | None = None, timeout: float = 120.0
    ) -> Publication:
        """Publishes an attestation and waits until it is final; see `toolkit.reserves.publication`.

        `signer` pays the gas, by default the issuance's publisher; anyone may.
        """
        from toolkit.reserves.publication import publish

        chosen = signer if signer is not None else self._issuance.publisher
        if chosen is None:
            raise ConfigurationError(
                "nobody was named to send the attestation: give `signer`, or `publisher` when opening the "
                "issuance; any account with gas money may send it"
            )
        return publish(self._issuance.feed, bundle, self._issuance.sender(chosen), timeout=timeout)

    def status(self, *, block: BlockRef = "latest") -> ReserveStatus:
        """All figures at one block, recomputed; see `ReserveTracker.status`."""
        return self.tracker().status(block=block)

    def history(self, *, block: BlockRef = "latest") -> tuple[VerifiedRound, ...]:
        """Every round, verified again; see `ReserveTracker.history`."""
        return self.tracker().history(block=block)


def connect(
    node: Anvil | Client | str, *, chain_id: int | None = None, finality: Finality | None = None
) -> Client:
    """A client whose reverts arrive as the classes of `toolkit.bindings.errors`.

    A client that is given is used as it is.
    """
    from toolkit.bindings.errors import registry
    from toolkit.chain.client import Client as ClientType

    if isinstance(node, ClientType):
        return node
    options: dict[str, Any] = {"finality": finality, "reverts": registry()}
    return ClientType(node, chain_id=chain_id, **options) if isinstance(node, str) else node.client(**options)


def _values(signers: Iterable[Signer] | Mapping[str, Signer]) -> Iterable[Signer]:
    return signers.values() if isinstance(signers, Mapping) else signers
