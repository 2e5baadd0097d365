"""The fund's back office in the demo: days, values and cash, with a second set of books beside the chain."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from toolkit.cli.demo.fund_books import FundBooks
from toolkit.cli.demo.fund_cast import AGENT, BY_MONEY, DEALER, INVESTORS, Subscriber

if TYPE_CHECKING:
    from toolkit.chain.anvil import Anvil
    from toolkit.chain.calls import Call
    from toolkit.chain.signers import Signer
    from toolkit.cli.demo.narrator import Narrator
    from toolkit.cli.output import Output
    from toolkit.deployment import FundTerms
    from toolkit.desk import Desk
    from toolkit.fund import Fund
    from toolkit.funds.dealing import DayResult
    from toolkit.funds.distributions import Distribution
    from toolkit.funds.nav import NavStatement
    from toolkit.ledger.records import FundOrder

__all__ = ["FundOffice"]

_ATTESTORS = (7, 8)  # the administrator, the trustee
_CUSTODY = 18
_GAS_MONEY = 10**18
_UNLIMITED = 2**256 - 1


class FundOffice:
    """Class A of the fund: what happens at the desk, at the wallets, and in the books."""

    def __init__(self, tell: Narrator, output: Output, node: Anvil, desk: Desk, fund: Fund) -> None:
        from toolkit.desk import FundDesk
        from toolkit.errors import ConfigurationError
        from toolkit.funds.dealing import Scale

        if fund.terms is None:
            raise ConfigurationError("the demo's fund was opened without its terms")
        self._tell = tell
        self._output = output
        self._node = node
        self._desk = desk
        self.terms: FundTerms = fund.terms
        self.item = fund.classes["A"]
        self.vault = self.item.vaults["tUSD"]
        self._fund = fund
        self.fund_desk = FundDesk(desk, fund, "A")
        self._calendar = self.terms.dealing_calendar()
        scale = Scale(desk.issuance.token_decimals, self.item.decimals, self.terms.nav.decimals)
        self.books = FundBooks(self.terms.share_class("A"), scale)
        self._minted = 0

    # -------------------------------------------------------------------------------------------- the wallets

    def minted(self, item: Subscriber, amount: Decimal) -> None:
        """Enters an investor's coins in the books."""
        coins = self._desk.issuance.amount(str(amount)).base_units
        self.books.coins[item.wallet] += coins
        self._minted += coins

    def allow(self) -> None:
        """Every wallet lets the vault take what it subscribes; two have the desk ask for them."""
        token = self._desk.issuance.token
        for item in INVESTORS:
            self._node.set_balance(item.wallet, _GAS_MONEY)
        calls = [(item.signer, token.approve(self.vault.address, _UNLIMITED)) for item in INVESTORS]
        operator = self.fund_desk.operator
        calls += [(item.signer, self.vault.set_operator(operator, True)) for item in BY_MONEY]
        self._send(calls)

    def enter(self, orders: Iterable[FundOrder]) -> None:
        """The wallets ask the vault for what the desk has checked, and the desk finds it there."""
        from toolkit.ledger.machines import OrderKind

        signers = {item.wallet: item.signer for item in INVESTORS}
        calls: list[tuple[Signer, Call]] = []
        for order in orders:
            subscribes = order.kind is OrderKind.SUBSCRIPTION
            request = self.vault.request_deposit if subscribes else self.vault.request_redemption
            calls.append((signers[order.wallet], request(order.base_units, order.wallet, order.wallet)))
        self._send(calls)
        self.fund_desk.run(push=False)

    def _send(self, calls: Iterable[tuple[Signer, Call]]) -> None:
        """What the investors' own wallets send, all of it before any of it is waited for."""
        from toolkit.chain.journal import MemoryJournal

        issuance, sent = self._desk.issuance, []
        for signer, call in calls:
            sender = issuance.sender(signer, journal=MemoryJournal())
            sent.append((sender, sender.send(call)))
        for sender, item in sent:
            sender.wait(item)

    # ----------------------------------------------------------------------------------------------- the days

    def cut_off(self, number: int) -> datetime:
        """When the day closes, as the chain has it."""
        return datetime.fromtimestamp(self.vault.dealing_day(number).cut_off, UTC)

    def date(self, number: int) -> date:
        """The day's date."""
        return date.fromisoformat(self.fund_desk.day(number).data["date"])

    def order(self, order: FundOrder) -> FundOrder:
        """The order as it stands."""
        return next(item for item in self.fund_desk.orders() if item.id == order.id)

    def entered(self, number: int) -> list[FundOrder]:
        """The orders that are on chain for a day and have no price yet."""
        from toolkit.ledger.machines import State

        return [item for item in self.fund_desk.orders(state=State.IN_BATCH) if item.dealing_day == number]

    def statement(self, number: int, value: str, point: datetime | None = None) -> NavStatement:
        """The NAV agent's statement, valued half an hour after the cut-off unless `point` says otherwise."""
        from toolkit.funds.nav import NavStatement

        valued = (point or self.cut_off(number) + timedelta(minutes=30)).isoformat()
        return NavStatement.from_data(
            {
                "schema_version": 1,
                "fund": self.terms.fund.code,
                "share_class": self.item.code,
                "currency": self.terms.fund.currency,
                "decimals": self.terms.nav.decimals,
                "value": value,
                "dealing_day": self.date(number).isoformat(),
                "valuation_point": valued,
                "price_sources": [
                    {"source": "Demo Custodian", "reference": f"DEMO-PX-{number}", "as_of": valued}
                ],
                "version": 1,
                "prepared_by": AGENT,
            }
        )

    def strike(self, number: int) -> None:
        """A second person strikes what was received; administrator and trustee attest it."""
        from toolkit.chain.signers import dev_signer

        day = self.date(number)
        self.fund_desk.strike_nav(day, by="checker-1")
        signers = [dev_signer(index) for index in _ATTESTORS]
        self.fund_desk.publish_nav(day, self.fund_desk.nav_bundle(day, signers))
        nav = self.fund_desk.nav(day)
        self._tell.say(
            f"NAV {nav.statement.amount.display()} is struck by checker-1, prepared by {AGENT}, and attested"
        )

    def settle(
        self, number: int, subscriptions: Mapping[str, int], redemptions: Mapping[str, int]
    ) -> DayResult:
        """Deals the day on chain and in the books, which have to come to the same."""
        record = self.fund_desk.settle_day(number, by=DEALER)
        nav = self.fund_desk.nav(self.date(number)).statement.base_units
        day = self.books.deal(nav, subscriptions, redemptions)
        said = {name: int(value) for name, value in record.data["settlement"].items()}
        ours = (day.totals.subscriptions, day.minted, day.accepted, day.payable, day.carried)
        chain = tuple(
            said[name] for name in ("assets_in", "shares_out", "shares_in", "assets_out", "shares_carried")
        )
        self._tell.require(chain == ours, f"day {number} was settled at {chain}, and {ours} is right")
        self._show(number, day, len(subscriptions), len(redemptions))
        return day

    def _show(self, number: int, day: DayResult, bought: int, sold: int) -> None:
        coins, shares = self._desk.issuance.from_base_units, self.item.from_base_units
        totals = day.totals
        rows = [
            ["subscribed", str(bought), coins(totals.subscriptions).display(), shares(day.minted).display()],
            ["redeemed", str(sold), coins(day.payable).display(), shares(day.accepted).display()],
        ]
        if day.gated:
            rows.append(["over the gate", "", "", shares(day.carried).display()])
        self._output.table([f"day {number}", "orders>", "coins>", "shares>"], rows, indent="   ")
        if day.gated:
            self._tell.say("the gate lets a tenth of the class through; every order waits with the same part")

    def sweep(self, number: int) -> None:
        """What the roundings left goes back to the fund."""
        from toolkit.chain.signers import dev_signer

        self._desk.issuance.sender(dev_signer(_CUSTODY)).execute(self.vault.sweep_dust(number))
        swept = self.item.from_base_units(self.books.sweep())
        self._tell.say(f"{swept.display()} that the roundings left go back to the fund")

    # ----------------------------------------------------------------------------------------------- the cash

    def bring_cash(self, number: int) -> None:
        """Custody hands the treasury what the day's redemptions need beyond its subscriptions."""
        needed = -self.fund_desk.forecast(number).to_fund
        self._tell.require(needed > 0, f"day {number} needs no cash")
        self.to_treasury(needed)
        brought = self.fund_desk.fund_redemptions(by="treasurer-1")
        self._tell.say(f"redemptions exceed subscriptions: the treasury brings {brought.display()}")

    def to_treasury(self, coins: int) -> None:
        """Moves cash from custody to the treasury."""
        from toolkit.chain.signers import dev_signer

        token = self._desk.issuance.token
        self._desk.issuance.sender(dev_signer(_CUSTODY)).execute(token.transfer(self._treasury, coins))

    @property
    def _treasury(self) -> str:
        from toolkit.chain.signers import dev_signer

        return dev_signer(4).address

    def distribution(self, number: int, per_share: str) -> Distribution:
        """What the holders of a day are paid, out of the cash in custody."""
        from toolkit.funds.distributions import distribute, distribution_dates

        cash = self._desk.issuance.token.balance_of(self.vault.custody())
        return distribute(
            self.fund_desk.register(),
            self.terms,
            distribution_dates(self.terms, self._calendar, self.date(number)),
            per_share=per_share,
            coin=self._desk.issuance.from_base_units(cash),
        )

    # ---------------------------------------------------------------------------------------------- the books

    def close_books(self) -> None:
        """The register against the chain, and every coin against the books. Raises DemoFailed."""
        self._tell.act("The fund's books")
        token, share, books = self._desk.issuance.token, self.item.share, self.books
        coins = Counter({item.wallet: token.balance_of(item.wallet) for item in INVESTORS})
        shares = Counter({item.wallet: share.balance_of(item.wallet) for item in INVESTORS})
        wrong = books.difference(coins, shares)
        self._tell.require(not wrong, f"these wallets hold something else than they have to: {wrong}")
        self._registered(shares)
        accounts = (self.vault.custody(), self._treasury, self._fund.distributions["tUSD"].address)
        cash = sum(token.balance_of(account) for account in accounts)
        rows = [
            ("shares outstanding", share.total_supply(), books.supply, self.item.from_base_units),
            ("shares of the wallets", shares.total(), books.shares.total(), self.item.from_base_units),
            (
                "shares in the vault",
                share.balance_of(self.vault.address),
                books.waiting.total() + books.dust_shares,
                self.item.from_base_units,
            ),
            ("coins of the wallets", coins.total(), books.coins.total(), self._desk.issuance.from_base_units),
            (
                "coins in the vault",
                token.balance_of(self.vault.address),
                books.dust_coins,
                self._desk.issuance.from_base_units,
            ),
            ("cash of the fund", cash, books.cash, self._desk.issuance.from_base_units),
        ]
        self._output.table(
            ["figure", "chain>", "books>"],
            [[name, unit(chain).display(), unit(ours).display()] for name, chain, ours, unit in rows],
            indent="   ",
        )
        for name, chain, ours, _ in rows:
            self._tell.require(chain == ours, f"{name}: {chain} on chain, {ours} in the books")
        everywhere = coins.total() + token.balance_of(self.vault.address) + cash
        self._tell.require(
            everywhere == self._minted, f"{everywhere} coins of {self._minted} minted are left"
        )
        head = self._desk.ledger.verify()
        self._tell.require(self._desk.status().agrees, "chain and ledger differ")
        self._tell.say(f"the ledger's {head.seq} events recompute to {head.hash}")
        self._tell.say("register equal to the chain, cash equal to the last unit", cash_agrees=True)

    def _registered(self, shares: Mapping[str, int]) -> None:
        """Every holder's row says what the wallet holds and what waits for it in the vault."""
        register = self.fund_desk.register()
        register.require_known()
        rows = {row.account.wallets[0].address: row for row in register.holders}
        for item in INVESTORS:
            row = rows[item.wallet]
            found = (row.units.base_units, row.escrowed.base_units)
            ours = (shares[item.wallet], self.books.waiting[item.wallet])
            self._tell.require(found == ours, f"the register has {found} for {item.label}, not {ours}")
        held = sum(row.units.base_units for row in register.rows)
        self._tell.require(held == register.supply.base_units, "the register isn't the supply")
        self._tell.say(
            f"register {register.version_id}: {len(register.holders)} holders, {register.supply.display()}",
            register=register.to_data(),
        )
