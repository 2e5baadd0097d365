"""Gas of the fund's operations, on the demo fund's terms: entry and exit fee, swing, gate and minimums apply.

Class A asks class, country, expiry and freeze of each movement; class I counts holdings by investor as well,
with a maximum, a minimum, a holder limit and a lock-up. Allowances are infinite, shares have four decimals.
Somebody has asked before on each day, and `repeat` is an investor who has dealt before.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from gas_coin import ATTESTORS, COIN_TERMS, FAR, ROOT, TREASURER, UNIT, UNLIMITED, Meter, Row, person

from toolkit import Anvil, Fund, LocalSigner, Terms, dev_signer
from toolkit.bindings.fund_structs import DistributionClaim, DistributionTerms
from toolkit.bindings.structs import InvestorClass
from toolkit.chain.hexes import keccak
from toolkit.deployment import FundTerms
from toolkit.fund import ShareClass
from toolkit.funds.distributions import LEAF_TYPES
from toolkit.funds.merkle import StandardMerkleTree

FUND_TERMS = ROOT / "deployments" / "terms" / "demo-fund.toml"
MANAGER = dev_signer(19)
DAY = 86_400
COINS = 400_000 * UNIT  # of each investor
SUBSCRIPTION = 12_345 * UNIT + 670_000
REDEMPTION = 213_4567


# Measured on Anvil by the anchors' authors, each with its own compiler settings.
ROWS = {
    "share transfer: class, country, expiry, freeze": Row(
        63_500, "Spiko 59,387 (a group check only), USTB 67,380, CMTAT 70,861, T-REX 214,401 to 370,725"
    ),
    "share transfer, with limits by investor": Row(74_000, "T-REX 214,401 to 370,725"),
    "requestDeposit, first": Row(),
    "requestDeposit, repeat": Row(85_000, "OpenZeppelin 88,136, Lagoon 132,065"),
    "requestRedeem, first": Row(),
    "requestRedeem, repeat": Row(),
    "cancel a subscription": Row(),
    "claim back what was cancelled": Row(),
    "close a day": Row(),
    "settle a day, both sides, 2 orders": Row(160_000, "Lagoon 130,896 + 224,176 for deposits only"),
    "settle a day, both sides, 100 orders": Row(160_000, "Lagoon 130,896 + 224,176 for deposits only"),
    "settle a day, both sides, gated": Row(),
    "claim shares, pulled, repeat": Row(82_000, "Lagoon 101,612"),
    "claim proceeds, pulled, repeat": Row(),
    "shares pushed, 50, repeat, each": Row(31_000, "Lagoon 101,612 pulled"),
    "shares pushed, 50, first, each": Row(48_000, "Lagoon 101,612 pulled"),
    "shares pushed, 50, first, limits by investor, each": Row(),
    "proceeds pushed, 50, each": Row(),
    "onboard an investor": Row(67_500, "CMTAT 49,940 (no proxy, no investor), USTB 83,022, T-REX 765,893"),
    "onboard 50 investors, each": Row(30_500, "CMTAT 49,940 (no proxy, no investor)"),
    "distribution claim, one of 1,000 leaves": Row(),
    "distribution claims pushed, 50, each": Row(),
}


def fund_terms(folder: Path) -> FundTerms:
    """The demo fund on the demo coin, governed without delays, with a small least redemption."""
    coin = COIN_TERMS.read_text(encoding="utf-8")
    for delay in (', delay = "1d"', ', delay = "2d"'):
        coin = coin.replace(delay, "")
    (folder / COIN_TERMS.name).write_text(coin, encoding="utf-8")
    fund = FUND_TERMS.read_text(encoding="utf-8")
    for old, new in (
        ('redemption = "1000.0000"', 'redemption = "1.0000"'),
        ("primary_only = true", "primary_only = false"),
        ('further = "0.01"', 'further = "10000.00"'),
    ):
        assert old in fund, old
        fund = fund.replace(old, new)
    (folder / FUND_TERMS.name).write_text(fund, encoding="utf-8")
    return FundTerms.load(folder / FUND_TERMS.name)


class FundBench(Meter):
    """The fund's rows."""

    def __init__(self, node: Anvil) -> None:
        with TemporaryDirectory() as folder:
            terms = fund_terms(Path(folder))
            super().__init__(node, Terms.load(Path(folder) / COIN_TERMS.name))
        self.fund = Fund.deploy(terms, self.issuance)
        self.dealt, self.counted = self.fund.classes["A"], self.fund.classes["I"]
        self.people = [person(index) for index in range(52)]
        self.put = self.figures.__setitem__

    def run(self) -> dict[str, int]:
        self._prepare()
        self._by_investor()
        self._first_day()
        self._second_day()
        self._two_orders()
        self._many_orders()
        self._gated()
        self._transfers()
        self._distribution()
        return {name: self.figures[name] for name in ROWS}

    # ---------------------------------------------------------------------------------------- one dealing day

    def announce(self, item: ShareClass, days: int) -> None:
        """The next days, a day apart."""
        last = item.vaults["tUSD"].progress().announced
        cut_offs = [self.now + DAY * (index + 1) for index in range(days)]
        self.send(MANAGER, item.vaults["tUSD"].announce_days(last + 1, cut_offs))

    def subscribe(self, item: ShareClass, signer: LocalSigner, amount: int = SUBSCRIPTION) -> int:
        call = item.vaults["tUSD"].request_deposit(amount, signer.address, signer.address)
        return self.send(signer, call)

    def redeem(self, signer: LocalSigner, shares: int = REDEMPTION) -> int:
        call = self.dealt.vaults["tUSD"].request_redemption(shares, signer.address, signer.address)
        return self.send(signer, call)

    def close(self, item: ShareClass) -> int:
        vault = item.vaults["tUSD"]
        day = vault.progress().closed + 1
        self.now = vault.dealing_day(day).cut_off
        return self.send(MANAGER, vault.close_day(day))

    def settle(self, item: ShareClass) -> int:
        vault, nav = item.vaults["tUSD"], 10 if item is self.dealt else 100
        self.publish(item.feed, nav * 10**8 + self.now % 10**6, ATTESTORS[:2])
        return self.send(MANAGER, vault.settle_day(vault.progress().settled + 1))

    def push(self, item: ShareClass, people: Sequence[LocalSigner]) -> int:
        vault = item.vaults["tUSD"]
        call = vault.push_shares(vault.progress().settled, [signer.address for signer in people])
        return self.send(MANAGER, call) // len(people)

    # ----------------------------------------------------------------------------------------------- the rows

    def _prepare(self) -> None:
        for signer in self.people:
            self.fund_gas(signer)
        addresses = [signer.address for signer in self.people]
        batch, *_ = self.register(addresses[:50], InvestorClass.INSTITUTIONAL)
        self.put("onboard 50 investors, each", batch // 50)
        self.register(addresses[50:], InvestorClass.INSTITUTIONAL)
        custody = self.dealt.vaults["tUSD"].custody()
        (one,) = self.register([custody], InvestorClass.INSTITUTIONAL)
        self.put("onboard an investor", one)
        self.register([TREASURER.address], InvestorClass.INSTITUTIONAL)
        self.attest(ATTESTORS[:2])
        self.mint(addresses, COINS, approvers=2)
        self.mint([custody, TREASURER.address], COINS, approvers=2)
        for signer in self.people:
            for item in (self.dealt, self.counted):
                call = self.token.approve(item.vaults["tUSD"].address, UNLIMITED)
                self.send(signer, call)

    def _by_investor(self) -> None:
        """One day of class I, early, so that its lock-up is over in the end."""
        self.announce(self.counted, 1)
        for signer in self.people[:50]:
            self.subscribe(self.counted, signer)
        self.close(self.counted)
        self.settle(self.counted)
        each = self.push(self.counted, self.people[:50])
        self.put("shares pushed, 50, first, limits by investor, each", each)

    def _first_day(self) -> None:
        self.announce(self.dealt, 5)
        for signer in self.people[:50]:
            gas = self.subscribe(self.dealt, signer, SUBSCRIPTION * 5)
        self.put("requestDeposit, first", gas)
        self.close(self.dealt)
        self.settle(self.dealt)
        self.put("shares pushed, 50, first, each", self.push(self.dealt, self.people[:50]))

    def _second_day(self) -> None:
        vault, last = self.dealt.vaults["tUSD"], self.people[51]
        for signer in self.people[:50]:
            gas = self.subscribe(self.dealt, signer)
        self.put("requestDeposit, repeat", gas)
        for signer in self.people[:50]:
            gas = self.redeem(signer)
        self.put("requestRedeem, first", gas)
        self.subscribe(self.dealt, last)
        day = vault.progress().closed + 1
        self.put("cancel a subscription", self.send(last, vault.cancel_deposit(day, last.address)))
        call = vault.claim_cancelled_deposit(day, last.address, last.address)
        self.put("claim back what was cancelled", self.send(last, call))
        self.put("close a day", self.close(self.dealt))
        self.settle(self.dealt)
        self.put("shares pushed, 50, repeat, each", self.push(self.dealt, self.people[:50]))
        gas = self.send(MANAGER, vault.push_assets([signer.address for signer in self.people[:50]]))
        self.put("proceeds pushed, 50, each", gas // 50)

    def _two_orders(self) -> None:
        vault, one, other = self.dealt.vaults["tUSD"], self.people[1], self.people[2]
        self.subscribe(self.dealt, one)
        self.redeem(other)
        self.close(self.dealt)
        self.put("settle a day, both sides, 2 orders", self.settle(self.dealt))
        call = vault.claim_shares(vault.claimable_shares(one.address), one.address, one.address)
        self.put("claim shares, pulled, repeat", self.send(one, call))
        call = vault.claim_assets(vault.claimable_assets(other.address), other.address, other.address)
        self.put("claim proceeds, pulled, repeat", self.send(other, call))

    def _many_orders(self) -> None:
        for signer in self.people[:50]:
            self.subscribe(self.dealt, signer)
            gas = self.redeem(signer)
        self.put("requestRedeem, repeat", gas)
        self.close(self.dealt)
        self.put("settle a day, both sides, 100 orders", self.settle(self.dealt))
        self.push(self.dealt, self.people[:50])

    def _gated(self) -> None:
        """Thirty investors redeem three tenths of the class, and subscribe more."""
        vault = self.dealt.vaults["tUSD"]
        supply = self.dealt.share.total_supply()
        for signer in self.people[:30]:
            self.redeem(signer, supply // 100)
            self.subscribe(self.dealt, signer, 4 * SUBSCRIPTION)
        self.close(self.dealt)
        self.put("settle a day, both sides, gated", self.settle(self.dealt))
        assert vault.redemption_book(vault.progress().settled + 1).amount, "the gate did not close"

    def _transfers(self) -> None:
        one, other = self.people[30], self.people[31]
        call = self.dealt.share.transfer(other.address, REDEMPTION)
        self.put("share transfer: class, country, expiry, freeze", self.send(one, call))
        self.now += 31 * DAY
        call = self.counted.share.transfer(other.address, REDEMPTION // 10)
        self.put("share transfer, with limits by investor", self.send(one, call))

    def _distribution(self) -> None:
        contract = self.fund.distributions["tUSD"]
        self.send(TREASURER, self.token.approve(contract.address, UNLIMITED))
        accounts = [signer.address for signer in self.people]
        accounts += ["0x" + keccak(b"holder of shares %d" % index)[:20].hex() for index in range(948)]
        leaves = [(index, account, 123 * UNIT + index) for index, account in enumerate(accounts)]
        tree = StandardMerkleTree.of(leaves, LEAF_TYPES)
        terms = DistributionTerms(
            share=self.dealt.share.address,
            record_date=self.now,
            deadline=FAR,
            total=sum(amount for _, _, amount in leaves),
            root=tree.root,
            report=keccak(b"distribution"),
        )
        self.send(TREASURER, contract.create(terms))
        claims = [DistributionClaim(*leaf, tree.proof(leaf[0])) for leaf in leaves[:52]]
        self.send(MANAGER, contract.claim(1, claims[50]))
        gas = self.send(MANAGER, contract.claim(1, claims[51]))
        self.put("distribution claim, one of 1,000 leaves", gas)
        gas = self.send(MANAGER, contract.claim_many(1, claims[:50]))
        self.put("distribution claims pushed, 50, each", gas // 50)
