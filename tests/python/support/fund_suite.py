"""A deployed fund to act on: the demo fund beside the demo coin, and what tests do with a dealing day."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from support.refusals.cases import raw
from support.suite import FOR_EVER, REPORT, Suite
from support.tiny import place

from toolkit.bindings.roles import Role
from toolkit.bindings.share import FundShare
from toolkit.bindings.structs import InvestorClass, WalletEntry
from toolkit.chain.anvil import Anvil
from toolkit.chain.calls import Call
from toolkit.chain.signers import LocalSigner, dev_signer
from toolkit.deployment import FundTerms
from toolkit.fund import Fund
from toolkit.issuance import Issuance
from toolkit.reserves.attestation import Attestation, FeedDomain
from toolkit.reserves.bundle import AttestationBundle
from toolkit.reserves.publication import Publication, publish

FUND_TERMS = Path(__file__).resolve().parents[3] / "deployments" / "terms" / "demo-fund.toml"
ADMIN_DELAY = 2 * 86_400

COIN = 10**6
SHARE = 10**4
NAV = 10 * 10**8
"""Ten dollars a share."""
HOUR = 3600
HONG_KONG = 344


def deploy_fund(issuance: Issuance, node: Anvil) -> Fund:
    """The demo fund, with ADMIN's delay waited out."""
    Fund.deploy(FUND_TERMS, issuance)
    node.advance_time(ADMIN_DELAY + 1)
    return Fund.deploy(FUND_TERMS, issuance)


class FundSuite(Suite):
    """Class A of the fund: `share`, `nav` and `vault`; class I is `institutional`."""

    def __init__(self, node: Anvil, deployed: Fund) -> None:
        super().__init__(node, deployed.issuance)
        terms = FundTerms.load(FUND_TERMS)
        self.fund = Fund(self.issuance, deployed.record, terms=terms)
        first = self.fund.classes["A"]
        self.share, self.nav, self.vault = first.share, first.feed, first.vaults["tUSD"]
        self.institutional = self.fund.classes["I"]
        self.distribution = self.fund.distributions["tUSD"]
        self.dealer = self.signer(Role.DEALING_MANAGER)

    # --- investors ---------------------------------------------------------------------------------------

    def investor(
        self,
        account: str,
        *,
        of: str | None = None,
        investor_class: InvestorClass = InvestorClass.INSTITUTIONAL,
        country: int = HONG_KONG,
        verified_until: int = FOR_EVER,
    ) -> bytes:
        """Registers the account as a wallet of its own investor, or of the account `of`'s; the investor."""
        wallet = replace(
            self.wallet(of or account, verified_until=verified_until),
            country=country,
            investor_class=investor_class,
        )
        self.send(Role.REGISTRAR, self.registry.set_wallets([WalletEntry(account, wallet)]))
        return wallet.investor

    def mint_coins(self, who: LocalSigner, amount: int, *, number: int = 1) -> None:
        """Coins of a verified investor, and the vault's allowance of all of them."""
        self.attest(10**13)
        self.investor(who.address)
        self.mint(number, amount, who.address)
        self.send(who, self.token.approve(self.vault.address, 2**256 - 1))

    def give_shares(self, who: LocalSigner, amount: int, *, share: FundShare | None = None) -> str:
        """Shares of a verified investor, from a vault that does as it is told; that vault."""
        share = share or self.share
        self.investor(who.address)
        puppet = self.puppet(share)
        self.deliver(puppet, share, who.address, amount)
        return puppet

    # --- a vault that does as it is told -----------------------------------------------------------------

    def puppet(self, share: FundShare, number: int = 1) -> str:
        """A contract that `share` has marked as a vault, and that passes on to it what anyone says."""
        puppet = self.unmarked_puppet(share, number)
        self.govern(share.set_vault(_asset(number), puppet))
        return puppet

    def unmarked_puppet(self, share: FundShare, number: int) -> str:
        """The same before it is marked, as the vault for the asset `number`."""
        return place(self.node, _puppet_code(share.address, _asset(number)), 100 + number)

    def deliver(self, puppet: str, share: FundShare, to: str, amount: int) -> None:
        """New shares, by way of a puppet."""
        for function, args in (
            ("issue", [amount]),
            ("deliver(address,uint256,uint40)", [to, amount, self.now()]),
        ):
            self.send(self.stranger, self.by(puppet, share, function, *args))

    def by(self, puppet: str, share: FundShare, function: str, *args: object) -> Call:
        """A call of the share that the puppet makes."""
        return Call(puppet, raw(share, function, *args).data)

    # --- a dealing day -----------------------------------------------------------------------------------

    def announce(self, days: int = 1) -> list[int]:
        """Days an hour apart, from day 1 on; their cut-offs."""
        cut_offs = [self.now() + HOUR * number for number in range(1, days + 1)]
        self.send(self.dealer, self.vault.announce_days(1, cut_offs))
        return cut_offs

    def pass_time(self, until: int) -> None:
        """Blocks from here on are of `until` (Unix time) or later."""
        self.node.advance_time(max(until - self.now(), 0) + 1)

    def subscribe(self, who: LocalSigner, assets: int) -> int:
        """A request for the open day, of coins that there are; the day."""
        self.send(who, self.vault.request_deposit(assets, who.address, who.address))
        open_day = self.vault.open_day()
        assert open_day is not None
        return open_day[0]

    def redeem_shares(self, who: LocalSigner, shares: int) -> None:
        self.send(who, self.vault.request_redemption(shares, who.address, who.address))

    def close(self, day: int = 1) -> None:
        """Waits for the cut-off and closes the day."""
        self.pass_time(self.vault.dealing_day(day).cut_off)
        self.send(self.dealer, self.vault.close_day(day))

    def publish_nav(self, value: int = NAV, *, as_of: int | None = None) -> Publication:
        """A net asset value of class A, by default as of now, signed by all attestors."""
        if as_of is None:
            as_of = self.now() + 1
            self.node.advance_time(2)
            self.node.mine()
        statement = Attestation(value, as_of, REPORT)
        bundle = AttestationBundle(
            statement, FeedDomain(self.client.chain_id, self.nav.address), self.nav.attestors()
        )
        terms = self.fund.terms
        assert terms is not None
        for account in terms.nav.attestors:
            bundle.sign(dev_signer(terms.dev_accounts[account]))
        return publish(self.nav, bundle, self.issuance.sender(dev_signer(0)), timeout=120)

    def settle(self, day: int = 1) -> None:
        """Closes the day, publishes its price and settles it."""
        self.close(day)
        self.publish_nav()
        self.send(self.dealer, self.vault.settle_day(day))


def _asset(number: int) -> str:
    return f"0x{number:040x}"


def _puppet_code(share: str, asset: str) -> bytes:
    """Answers `asset()` and `share()`, passes everything else on to the share, and on its answer."""
    to_share = "73" + share[2:].lower()
    answer = "5f5260205ff3"
    head = "5f3560e01c" + "8063" + "38d52e0f" + "1461{:04x}57" + "63" + "a8d5fd65" + "1461{:04x}57"
    pass_on = "365f5f37" + "5f5f365f5f" + to_share + "5af1" + "3d5f5f3e" + "61{:04x}57" + "3d5ffd"
    size = len((head + pass_on).format(0, 0, 0)) // 2
    done = "5b3d5ff3"
    the_asset = "5b73" + asset[2:] + answer
    at_asset = size + len(done) // 2
    at_share = at_asset + len(the_asset) // 2
    code = (head + pass_on).format(at_asset, at_share, size) + done + the_asset + "5b" + to_share + answer
    return bytes.fromhex(code)
