"""Who may be given a token and who may part with one: the facts, and the rules over them.

Nothing here asks the product. Times are Unix seconds. A reason is a word, and no reason means that a token
may move.
"""

from __future__ import annotations

from copy import deepcopy
from dataclasses import dataclass, field

from toolkit.chain.signers import LocalSigner
from toolkit.desk import Investor

LIST_LIFE = 24 * 3600
LOST = "lost"


@dataclass(eq=False)
class Wallet:
    """`admitted_until` is what the registry on chain says; `frozen_under` is why the account is frozen."""

    key: LocalSigner
    party: Party
    proven: bool = False
    admitted_until: int = 0
    frozen_under: set[str] = field(default_factory=set)

    @property
    def address(self) -> str:
        return self.key.address

    @property
    def is_lost(self) -> bool:
        return LOST in self.frozen_under


@dataclass(eq=False)
class Party:
    """`restricted_under` are the hits and cases that nobody has released. `perhaps_under` are hits that an
    order, or a wallet to be proven, may have brought onto the record before anybody looked at everyone.
    """

    investor: Investor
    reference: str
    verified_until: int
    class_until: int = 0
    wallets: list[Wallet] = field(default_factory=list)
    restricted_under: set[str] = field(default_factory=set)
    perhaps_under: set[str] = field(default_factory=set)

    @property
    def names(self) -> set[str]:
        """What an entry of a list may name them by."""
        return {self.reference, *(wallet.address for wallet in self.wallets)}


@dataclass(eq=False)
class Mint:
    wallet: Wallet
    amount: int
    expires_at: int
    executed: bool = False


@dataclass(eq=False)
class Redemption:
    wallet: Wallet
    amount: int
    open: bool = True


@dataclass(eq=False)
class Taking:
    """What compliance may move by force, once `decided`: from these wallets of `party` to `to`."""

    party: Party
    wallets: list[Wallet]
    to: str
    decided: bool = False


@dataclass(eq=False)
class World:
    """`listed` is what the list in force names; `cleared` the (party, name) that compliance has let pass."""

    listed: set[str] = field(default_factory=set)
    list_taken_at: int = 0
    professionals_only: bool = False
    parties: list[Party] = field(default_factory=list)
    cleared: set[tuple[str, str]] = field(default_factory=set)
    mints: dict[int, Mint] = field(default_factory=dict)
    redemptions: dict[int, Redemption] = field(default_factory=dict)
    takings: dict[str, Taking] = field(default_factory=dict)
    supply: int = 0

    def copied(self) -> World:
        """The same facts for another course, with the same keys."""
        return deepcopy(self, {id(wallet.key): wallet.key for wallet in self.wallets})

    @property
    def wallets(self) -> list[Wallet]:
        return [wallet for party in self.parties for wallet in party.wallets]

    def wallet(self, address: str) -> Wallet | None:
        return next((wallet for wallet in self.wallets if wallet.address == address), None)

    def escrowed(self, wallet: Wallet) -> bool:
        return any(item.open and item.wallet is wallet for item in self.redemptions.values())

    def hits(self, party: Party) -> set[str]:
        """The names of the list in force that mean the party."""
        return {name for name in party.names & self.listed if (party.reference, name) not in self.cleared}

    def has_no_list(self, at: int) -> bool:
        return at - self.list_taken_at > LIST_LIFE

    def against(self, party: Party, at: int) -> set[str]:
        """Why nothing is done for the party at all."""
        found = set()
        if self.has_no_list(at):
            found.add("no current list")
        if self.hits(party):
            found.add("listed")
        if party.restricted_under:
            found.add("restricted")
        return found

    def against_registering(self, wallet: Wallet, at: int) -> set[str]:
        """Why the wallet doesn't come into the registry."""
        found = self.against(wallet.party, at)
        if wallet.is_lost:
            found.add(LOST)
        if not wallet.proven:
            found.add("unproved")
        if at >= wallet.party.verified_until:
            found.add("lapsed")
        return found

    def against_redeeming(self, wallet: Wallet, at: int) -> set[str]:
        """Why tokens of the wallet are neither taken into escrow nor burned."""
        found = self.against(wallet.party, at)
        if wallet.frozen_under:
            found.add("frozen")
        return found

    def against_chain(self, wallet: Wallet, at: int) -> set[str]:
        """Why the contracts mint nothing to the wallet, whatever the desk thinks."""
        found = set()
        if wallet.frozen_under:
            found.add("frozen")
        if at >= wallet.admitted_until:
            found.add("not in the registry")
        return found

    def against_minting(self, wallet: Wallet, at: int) -> set[str]:
        """Why the wallet is given no new tokens."""
        found = self.against_registering(wallet, at) | self.against_chain(wallet, at)
        if self.professionals_only and at >= wallet.party.class_until:
            found.add("class")
        return found
